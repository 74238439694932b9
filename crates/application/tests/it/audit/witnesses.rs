//! Heads of the log that the server noted and sealed.

use abu_application::platform::{
    audit::{Broken, Flaw, Mark, VerificationError, note_head, sealed_heads, verify},
    ports::AuditWitness,
};
use abu_security::HmacHeadSealer;

use crate::support::TestApp;

fn sealer() -> HmacHeadSealer {
    HmacHeadSealer::new(&"the key of the test, which no database has".into())
}

fn note(app: &TestApp) -> Option<Mark> {
    note_head(&*app.database.store(), &sealer(), app.now()).unwrap()
}

fn witnesses(app: &TestApp) -> Vec<AuditWitness> {
    app.database.read(|tx| tx.audit_witnesses(0)).unwrap()
}

/// Verifies the log against the noted heads, as `abu-admin` does.
fn verified(app: &TestApp) -> Result<usize, Broken> {
    let heads = sealed_heads(&witnesses(app), &sealer())?;
    match verify(&*app.database.store(), None, &heads) {
        Ok(_) => Ok(heads.len()),
        Err(VerificationError::Broken(broken)) => Err(broken),
        Err(VerificationError::Store(error)) => panic!("{error}"),
    }
}

/// Statements that the triggers refuse otherwise.
fn tamper(app: &TestApp, statements: &str) {
    app.database.execute(&format!(
        "ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only;
         ALTER TABLE audit_witnesses DISABLE TRIGGER audit_witnesses_append_only;
         {statements}"
    ));
}

async fn log_in(app: &TestApp) {
    app.log_in(&app.member().create()).await;
}

#[tokio::test]
async fn an_empty_log_has_no_head_to_note() {
    let app = TestApp::new();
    assert_eq!(note(&app), None);
    assert_eq!(witnesses(&app), []);
}

#[tokio::test]
async fn noted_heads_agree_with_the_log_that_grew_since() {
    let app = TestApp::new();
    log_in(&app).await;
    let first = note(&app).unwrap();
    assert_eq!((first.seq, note(&app)), (1, Some(first)));
    log_in(&app).await;
    assert_eq!(note(&app).unwrap().seq, 2);
    log_in(&app).await;
    let places: Vec<i64> = witnesses(&app).iter().map(|witness| witness.seq).collect();
    assert_eq!(places, [1, 2]);
    assert_eq!(verified(&app), Ok(2));
}

#[tokio::test]
async fn a_log_that_was_rewritten_contradicts_the_noted_heads() {
    let app = TestApp::new();
    log_in(&app).await;
    note(&app);
    tamper(
        &app,
        "DELETE FROM audit_log; UPDATE audit_log_head SET seq = 0, hash = decode(repeat('00', 32), 'hex')",
    );
    let (seq, flaw) = (1, Flaw::Missing);
    assert_eq!(verified(&app), Err(Broken { seq, flaw }));
    // The other chain is whole by itself.
    log_in(&app).await;
    assert!(verify(&*app.database.store(), None, &[]).is_ok());
    let (seq, flaw) = (1, Flaw::NotAsNoted);
    assert_eq!(verified(&app), Err(Broken { seq, flaw }));
}

#[tokio::test]
async fn a_noted_head_that_was_changed_bears_no_seal() {
    let app = TestApp::new();
    log_in(&app).await;
    note(&app);
    log_in(&app).await;
    let flaw = Flaw::Unsealed;
    tamper(&app, "UPDATE audit_witnesses SET seq = 2");
    assert_eq!(verified(&app), Err(Broken { seq: 2, flaw }));
    tamper(&app, "UPDATE audit_witnesses SET seq = 1, hash = '\\x00'");
    assert_eq!(verified(&app), Err(Broken { seq: 1, flaw }));
    tamper(
        &app,
        "UPDATE audit_witnesses SET hash = (SELECT hash FROM audit_log WHERE seq = 2)",
    );
    assert_eq!(verified(&app), Err(Broken { seq: 1, flaw }));
}

#[tokio::test]
async fn a_seal_that_was_changed_is_no_seal() {
    let app = TestApp::new();
    log_in(&app).await;
    note(&app);
    app.database
        .execute("UPDATE audit_witnesses SET seal = hash");
    let (seq, flaw) = (1, Flaw::Unsealed);
    assert_eq!(verified(&app), Err(Broken { seq, flaw }));
}

#[test]
fn noted_heads_are_neither_changed_nor_deleted_by_statements() {
    let app = TestApp::new();
    for statement in [
        "UPDATE audit_witnesses SET seq = seq + 1",
        "UPDATE audit_witnesses SET hash = seal",
        "UPDATE audit_witnesses SET noted_at = now(), seal = hash",
        "DELETE FROM audit_witnesses",
        "TRUNCATE audit_witnesses",
    ] {
        app.database.execute(&format!(
            "DO $$ BEGIN
                 EXECUTE '{statement}';
                 RAISE EXCEPTION 'it was allowed';
             EXCEPTION WHEN insufficient_privilege THEN NULL;
             END $$"
        ));
    }
}
