use std::sync::Arc;

use abu_application::{
    alumni::{
        imports::{CommitJob, ImportError, JudgeJob, RollBackJob, Unwatched, Watch},
        ports::RunStart,
    },
    platform::{jobs::JobHandler, ports::TaskEnd},
};
use abu_domain::{
    ImportId,
    alumni::import_state::{ImportState, Verdict::Ready},
    platform::task::Progress,
};
use serde_json::json;

use super::{Register, counts};
use crate::support::{assert_refused, new_id};

const AMINA: &str = "Bello,Amina,Sani,U15CS1070,CS,BSc,2015,amina@example.com,";

/// Ends a step at its first progress.
struct Impatient;

impl Watch for Impatient {
    fn progress(&self, _progress: Progress) -> bool {
        false
    }
}

#[test]
fn one_import_runs_at_a_time() {
    let register = Register::new();
    let (first, second) = (register.judged(&[AMINA]), register.judged(&[AMINA]));
    let begun = register.app.store(|tx| {
        tx.begin_run(
            first.id,
            new_id(),
            &[ImportState::Judged],
            ImportState::Committing,
        )
    });
    assert_eq!(begun, RunStart::Begun);
    assert_refused!(register.try_commit(second.id), ImportError::Busy);
    assert_refused!(
        register.imports().judge(second.id, &Unwatched),
        ImportError::Busy
    );
}

#[test]
fn the_import_of_a_dead_process_is_taken_over() {
    let register = Register::new();
    for (from, through) in [
        (ImportState::Uploaded, ImportState::Judging),
        (ImportState::Judged, ImportState::Committing),
    ] {
        let import = register.judged(&[AMINA]);
        register.app.database.execute(&format!(
            "UPDATE imports SET state = '{}' WHERE id = '{}'",
            from.name(),
            import.id
        ));
        let dead = new_id();
        let begun = register
            .app
            .store(|tx| tx.begin_run(import.id, dead, &[from], through));
        assert_eq!(begun, RunStart::Begun);
        register
            .app
            .database
            .execute("UPDATE imports SET heartbeat_at = heartbeat_at - interval '61 s' WHERE run_id IS NOT NULL");
        assert_eq!(counts(&register.judge(import.id)), [(Ready, 1)]);
        let is_alive = register.app.store(|tx| tx.beat_run(import.id, dead));
        assert!(!is_alive, "the dead process cannot commit any more");
    }
}

#[test]
fn an_interrupted_judgment_begins_anew() {
    let register = Register::new();
    let uploaded = register
        .try_upload(
            format!("{}\n{AMINA}\n", super::register::HEADER).as_bytes(),
            |_| {},
        )
        .unwrap();
    let id = uploaded.import.id;
    let interrupted = register.imports().judge(id, &Impatient);
    assert_refused!(interrupted, ImportError::Interrupted);
    assert_eq!(register.import(id).state, ImportState::Uploaded);
    assert_eq!(counts(&register.judge(id)), [(Ready, 1)]);
    assert_eq!(register.count("import_rows"), 1);
}

#[test]
fn staging_that_a_crash_emptied_is_no_judgment() {
    let register = Register::new();
    let import = register.judged(&[AMINA]);
    register
        .app
        .database
        .execute("TRUNCATE import_rows, import_verdicts");
    // What the verdicts named is gone, so the commit has nothing to write.
    let refused = register.try_commit(import.id);
    assert_refused!(refused, ImportError::StagingLost);
    assert_eq!(register.import(import.id).state, ImportState::Judged);
    assert_eq!(counts(&register.judge(import.id)), [(Ready, 1)]);
}

/// Leaves the import in the hands of a process that died.
fn abandon(register: &Register, import: ImportId, from: ImportState, through: ImportState) {
    let begun = register
        .app
        .store(|tx| tx.begin_run(import, new_id(), &[from], through));
    assert_eq!(begun, RunStart::Begun);
}

#[test]
fn a_canceled_step_of_a_dead_process_gives_the_import_back() {
    let register = Register::new();
    let imports = register.imports();
    let handlers: [(Arc<dyn JobHandler>, _, _); 3] = [
        (
            Arc::new(JudgeJob(imports.clone())),
            ImportState::Uploaded,
            ImportState::Judging,
        ),
        (
            Arc::new(CommitJob(imports.clone())),
            ImportState::Judged,
            ImportState::Committing,
        ),
        (
            Arc::new(RollBackJob(imports.clone())),
            ImportState::Committed,
            ImportState::RollingBack,
        ),
    ];
    for (handler, from, through) in handlers {
        let import = register.judged(&[AMINA]);
        register.app.database.execute(&format!(
            "UPDATE imports SET state = '{}' WHERE id = '{}'",
            from.name(),
            import.id
        ));
        abandon(&register, import.id, from, through);
        assert_eq!(register.import(import.id).state, through);
        let payload = json!({"import": import.id, "user": null, "skip": false});
        register
            .app
            .store(|tx| handler.ended(tx, &payload, TaskEnd::Canceled));
        assert_eq!(register.import(import.id).state, from);
    }
}

#[tokio::test]
async fn the_office_goes_on_with_the_import_of_a_dead_process() {
    let register = Register::new();
    let office = register.office();
    let import = register.judged(&[AMINA]);
    abandon(
        &register,
        import.id,
        ImportState::Judged,
        ImportState::Judging,
    );
    let imports = register.imports();
    assert_refused!(
        imports.judge_again(office.caller(), import.id).await,
        ImportError::WrongState(ImportState::Judging)
    );
    register
        .app
        .database
        .execute("UPDATE imports SET heartbeat_at = heartbeat_at - interval '61 s'");
    imports
        .judge_again(office.caller(), import.id)
        .await
        .unwrap();
}
