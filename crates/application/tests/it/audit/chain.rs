use abu_application::platform::audit::{Broken, Flaw, Mark, VerificationError, Verified, verify};

use crate::support::{Member, TestApp, role_draft};

/// An application with a log of several use cases.
async fn office() -> (TestApp, Member) {
    let app = TestApp::new();
    let admin = app.member().super_admin().create();
    let (accounts, member) = (&app.use_cases.identity.accounts, app.member().create());
    app.log_in(&member).await;
    accounts.suspend(admin.caller(), member.id()).await.unwrap();
    accounts
        .activate(admin.caller(), member.id())
        .await
        .unwrap();
    for name in ["one_role", "two_role"] {
        let created = app
            .use_cases
            .access
            .control
            .create_named(admin.caller(), role_draft(name, &[]));
        created.await.unwrap();
    }
    (app, admin)
}

fn verified(app: &TestApp, known: &[Mark]) -> Result<Verified, Broken> {
    match verify(&*app.database.store(), None, known) {
        Ok(verified) => Ok(verified),
        Err(VerificationError::Broken(broken)) => Err(broken),
        Err(VerificationError::Store(error)) => panic!("{error}"),
    }
}

/// Runs statements that the log refuses otherwise.
fn tamper(app: &TestApp, statements: &str) {
    app.database.execute(&format!(
        "ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only; {statements}"
    ));
}

#[tokio::test]
async fn the_log_of_use_cases_is_one_whole_chain() {
    let (app, _) = office().await;
    let verified = verified(&app, &[]).unwrap();
    assert_eq!(verified.entries, 5);
    assert_eq!(verified.head.seq, 5);
}

#[tokio::test]
async fn entries_of_changes_at_once_are_one_chain() {
    let (app, admin) = office().await;
    let access = &app.use_cases.access.control;
    let create = |name: &str| access.create_named(admin.caller(), role_draft(name, &[]));
    let (a, b, c) = tokio::join!(create("aaa"), create("bbb"), app.log_in(&admin));
    a.unwrap();
    b.unwrap();
    drop(c);
    assert_eq!(verified(&app, &[]).unwrap().entries, 8);
}

#[tokio::test]
async fn a_changed_entry_is_found() {
    let (app, _) = office().await;
    tamper(
        &app,
        "UPDATE audit_log SET target_id = 'another' WHERE seq = 3",
    );
    let (seq, flaw) = (3, Flaw::Changed);
    assert_eq!(verified(&app, &[]), Err(Broken { seq, flaw }));
}

#[tokio::test]
async fn a_removed_entry_is_found() {
    let (app, _) = office().await;
    tamper(&app, "DELETE FROM audit_log WHERE seq = 3");
    let (seq, flaw) = (3, Flaw::Missing);
    assert_eq!(verified(&app, &[]), Err(Broken { seq, flaw }));
}

#[tokio::test]
async fn a_noted_mark_proves_that_the_log_was_not_written_anew() {
    let (app, admin) = office().await;
    let noted = verified(&app, &[]).unwrap().head;
    app.log_in(&admin).await;
    assert_eq!(verified(&app, &[noted]).unwrap().entries, 6);
    let other = Mark {
        hash: [7; 32],
        ..noted
    };
    let (seq, flaw) = (noted.seq, Flaw::NotAsNoted);
    assert_eq!(verified(&app, &[other]), Err(Broken { seq, flaw }));
}
