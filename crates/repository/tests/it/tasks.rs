use std::time::Duration;

use abu_application::platform::{
    jobs::Lane,
    ports::{Clock, Ids, NewJob, NewTask, RunAt, TaskEnd},
    system::{SystemClock, SystemIds},
};
use abu_domain::{
    TaskId,
    platform::task::{Progress, Task, TaskState},
};
use abu_test_support::TestDatabase;
use serde_json::json;

const LEASE: Duration = Duration::from_secs(3_600);

fn new_task() -> NewTask {
    NewTask {
        id: SystemIds.random().into(),
        kind: "count",
        subject: None,
        permission: Some("can_view_mail"),
        created_by: None,
        created_at: SystemClock.now(),
    }
}

fn new_job() -> NewJob {
    NewJob {
        id: SystemIds.time_ordered().into(),
        lane: Lane::Bulk,
        kind: "count",
        key: Some("one".to_owned()),
        payload: json!({}),
        run_at: RunAt::Now,
    }
}

fn start(database: &TestDatabase) -> TaskId {
    let task = new_task();
    let started = database.transaction(|tx| tx.start_task(&task, &new_job()));
    assert!(started.unwrap());
    task.id
}

fn task(database: &TestDatabase, id: TaskId) -> Task {
    database.read(|tx| tx.task(id)).unwrap().unwrap()
}

fn progress(phase: &str, done: u64) -> Progress {
    Progress {
        phase: phase.to_owned(),
        done,
        total: Some(1_000),
        unit: "rows".to_owned(),
    }
}

#[test]
fn a_task_begins_with_its_job_unless_the_key_is_taken() {
    let database = TestDatabase::new();
    let first = start(&database);
    let claimed = database
        .transaction(|tx| tx.claim_job(Lane::Bulk, &["count"], LEASE))
        .unwrap()
        .unwrap();
    assert_eq!(claimed.task, Some(first));
    let second = new_task();
    let started = database.transaction(|tx| tx.start_task(&second, &new_job()));
    assert!(!started.unwrap());
    assert_eq!(database.read(|tx| tx.task(second.id)).unwrap(), None);
}

#[test]
fn a_task_shows_its_states_and_progress() {
    let database = TestDatabase::new();
    let id = start(&database);
    let queued = task(&database, id);
    assert_eq!((queued.state, &queued.progress), (TaskState::Queued, &None));
    let late = progress("stage", 1);
    database
        .transaction(|tx| tx.note_progress(id, &late))
        .unwrap();
    assert_eq!(task(&database, id), queued, "no worker has it");

    database.transaction(|tx| tx.run_task(id)).unwrap();
    let stage = progress("stage", 250);
    database
        .transaction(|tx| tx.note_progress(id, &stage))
        .unwrap();
    let first = task(&database, id);
    assert_eq!(
        (first.state, &first.progress),
        (TaskState::Running, &Some(stage))
    );
    database
        .transaction(|tx| tx.note_progress(id, &progress("stage", 500)))
        .unwrap();
    let second = task(&database, id);
    assert_eq!(second.phase_began_at, first.phase_began_at);
    assert!(second.last_modified > first.last_modified);
    database
        .transaction(|tx| tx.note_progress(id, &progress("judge", 1)))
        .unwrap();
    assert!(task(&database, id).phase_began_at > second.phase_began_at);

    database.transaction(|tx| tx.requeue_task(id)).unwrap();
    assert_eq!(task(&database, id).state, TaskState::Queued);
    database
        .transaction(|tx| tx.end_task(id, TaskEnd::Failed("It is broken.")))
        .unwrap();
    let failed = task(&database, id);
    assert_eq!(
        (failed.state, failed.failure.as_deref()),
        (TaskState::Failed, Some("It is broken."))
    );
    database
        .transaction(|tx| tx.end_task(id, TaskEnd::Done))
        .unwrap();
    database.transaction(|tx| tx.run_task(id)).unwrap();
    assert_eq!(task(&database, id), failed, "the end is the end");
}

#[test]
fn a_canceled_task_asks_its_job_to_end() {
    let database = TestDatabase::new();
    let id = start(&database);
    let cancel = || database.transaction(|tx| tx.cancel_task(id)).unwrap();
    assert!(cancel());
    assert!(cancel());
    assert_eq!(task(&database, id).state, TaskState::Canceling);
    let claimed = database
        .transaction(|tx| tx.claim_job(Lane::Bulk, &["count"], LEASE))
        .unwrap()
        .unwrap();
    assert!(claimed.is_canceled);
    database
        .transaction(|tx| tx.end_task(id, TaskEnd::Canceled))
        .unwrap();
    assert!(!cancel());
    assert_eq!(task(&database, id).state, TaskState::Canceled);
}

#[test]
fn revived_and_deleted_jobs_show_in_their_tasks() {
    let database = TestDatabase::new();
    let id = start(&database);
    let claimed = database
        .transaction(|tx| tx.claim_job(Lane::Bulk, &["count"], LEASE))
        .unwrap()
        .unwrap();
    let successor = SystemIds.time_ordered().into();
    database
        .transaction(|tx| {
            tx.bury_job(&claimed.lease, "broken", successor)?;
            tx.end_task(id, TaskEnd::Failed("It is broken."))
        })
        .unwrap();
    database
        .transaction(|tx| tx.revive_job(claimed.id))
        .unwrap();
    let revived = task(&database, id);
    assert_eq!((revived.state, revived.failure), (TaskState::Queued, None));
    database
        .transaction(|tx| tx.delete_job(claimed.id))
        .unwrap();
    assert_eq!(task(&database, id).state, TaskState::Canceled);
}

#[test]
fn ended_tasks_are_erased_after_their_time() {
    let database = TestDatabase::new();
    let ended = start(&database);
    database
        .transaction(|tx| tx.end_task(ended, TaskEnd::Done))
        .unwrap();
    database.execute("DELETE FROM jobs; UPDATE tasks SET ended_at = now() - interval '1 hour'");
    let running = start(&database);
    let erase = |keep| database.transaction(|tx| tx.erase_tasks(keep, 10)).unwrap();
    assert_eq!(erase(LEASE + Duration::from_secs(60)), 0);
    assert_eq!(erase(LEASE), 1);
    assert_eq!(database.read(|tx| tx.task(ended)).unwrap(), None);
    assert_eq!(task(&database, running).state, TaskState::Queued);
}
