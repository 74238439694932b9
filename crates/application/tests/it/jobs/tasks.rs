//! Tasks: who sees them, what they show, and how they end.

use std::sync::Arc;

use abu_application::{
    access::TaskError,
    platform::{
        jobs::{JobError, JobState, Lane, Next},
        ports::{Clock, Ids, NewJob, NewTask, RunAt},
        system::{SystemClock, SystemIds},
    },
};
use abu_domain::{
    JobId, TaskId, UserId,
    access::Permission,
    platform::task::{Progress, Task, TaskState},
};
use abu_test_support::TestDatabase;
use serde_json::json;

use super::rig::*;
use crate::support::{Member, TestApp, assert_refused, new_id};

/// A task of this user, for holders of `can_view_mail` too.
fn start(database: &TestDatabase, user: Option<UserId>) -> (TaskId, JobId) {
    let task = NewTask {
        id: SystemIds.random().into(),
        kind: KIND,
        subject: None,
        permission: Some(Permission::ViewMail.name()),
        created_by: user,
        created_at: SystemClock.now(),
    };
    let job = NewJob {
        id: SystemIds.time_ordered().into(),
        lane: Lane::Bulk,
        kind: KIND,
        key: None,
        payload: json!({}),
        run_at: RunAt::Now,
    };
    assert!(
        database
            .transaction(|tx| tx.start_task(&task, &job))
            .unwrap()
    );
    (task.id, job.id)
}

fn task(database: &TestDatabase, id: TaskId) -> Task {
    database.read(|tx| tx.task(id)).unwrap().unwrap()
}

async fn see(app: &TestApp, member: &Member, id: TaskId) -> Result<Task, TaskError> {
    app.use_cases.access.tasks.get(member.caller(), id).await
}

#[tokio::test]
async fn a_task_is_seen_by_its_creator_and_by_holders_of_its_permission() {
    let app = TestApp::new();
    let creator = app.member().create();
    let staff = app.member().holding(&[Permission::ViewMail]).create();
    let other = app.member().holding(&[Permission::ModifyMail]).create();
    let (id, _job) = start(&app.database, Some(creator.user.id));
    for member in [&creator, &staff] {
        assert_eq!(see(&app, member, id).await.unwrap().id, id);
    }
    // Foreign and unknown are the same.
    assert_refused!(see(&app, &other, id).await, TaskError::NotFound);
    assert_refused!(
        see(&app, &creator, new_id().into()).await,
        TaskError::NotFound
    );
    let cancel = |member: &Member, id| app.use_cases.access.tasks.cancel(member.caller(), id);
    assert_refused!(cancel(&other, id).await, TaskError::NotFound);
    assert_eq!(task(&app.database, id).state, TaskState::Queued);
}

#[tokio::test]
async fn a_task_of_the_operator_is_seen_by_staff_alone() {
    let app = TestApp::new();
    let staff = app.member().holding(&[Permission::ViewMail]).create();
    let other = app.member().create();
    let (id, _job) = start(&app.database, None);
    assert!(see(&app, &staff, id).await.is_ok());
    assert_refused!(see(&app, &other, id).await, TaskError::NotFound);
}

#[tokio::test]
async fn a_running_task_is_canceled_between_two_steps() {
    let app = TestApp::new();
    let creator = app.member().create();
    let (gate, barrier) = gate();
    let endless = Scripted::new(move |step| {
        barrier.pass(1);
        step.commit(|_tx| Next::go_on(&1))
    });
    let ends = Arc::clone(&endless.ends);
    let workers = workers(&app.database, 2, [endless]);
    let (id, job) = start(&app.database, Some(creator.user.id));
    gate.wait();
    let cancel = || app.use_cases.access.tasks.cancel(creator.caller(), id);
    assert_eq!(cancel().await.unwrap().state, TaskState::Canceling);
    gate.open();
    wait_for_end(&app.database, job);
    assert_eq!(task(&app.database, id).state, TaskState::Canceled);
    assert_eq!(*ends.lock(), ["{} Canceled"]);
    // Asked once more, it is what was asked for.
    assert_eq!(cancel().await.unwrap().state, TaskState::Canceled);
    workers.stop();
}

#[tokio::test]
async fn a_long_step_learns_from_its_progress_that_it_should_end() {
    let app = TestApp::new();
    let creator = app.member().create();
    let (gate, barrier) = gate();
    let long = Scripted::new(move |step| {
        barrier.pass(step.attempt());
        for done in 0.. {
            step.progress(Progress {
                phase: "stage".to_owned(),
                done,
                total: None,
                unit: "rows".to_owned(),
            })?;
            if step.should_stop() {
                break;
            }
            std::thread::yield_now();
        }
        Err(JobError::Stopped)
    });
    let ends = Arc::clone(&long.ends);
    let workers = workers(&app.database, 2, [long]);
    let (id, job) = start(&app.database, Some(creator.user.id));
    gate.wait();
    let canceled = app.use_cases.access.tasks.cancel(creator.caller(), id);
    canceled.await.unwrap();
    gate.open();
    wait_for_end(&app.database, job);
    assert_eq!(task(&app.database, id).state, TaskState::Canceled);
    assert_eq!(*ends.lock(), ["{} Canceled"]);
    workers.stop();
}

#[tokio::test]
async fn a_queued_task_is_canceled_before_its_first_step() {
    let app = TestApp::new();
    let creator = app.member().create();
    let (id, job) = start(&app.database, Some(creator.user.id));
    let canceled = app.use_cases.access.tasks.cancel(creator.caller(), id);
    canceled.await.unwrap();
    let never = Scripted::new(|_step| panic!("it is canceled"));
    let workers = workers(&app.database, 2, [never]);
    wait_for_end(&app.database, job);
    assert_eq!(task(&app.database, id).state, TaskState::Canceled);
    workers.stop();
}

#[tokio::test]
async fn an_ended_task_is_not_canceled() {
    let app = TestApp::new();
    let creator = app.member().create();
    let handler = Scripted::new(|step| step.commit(|_tx| Ok::<_, JobError>(Next::Done)));
    let workers = workers(&app.database, 2, [handler]);
    let (id, job) = start(&app.database, Some(creator.user.id));
    wait_for_end(&app.database, job);
    let canceled = app.use_cases.access.tasks.cancel(creator.caller(), id);
    assert_refused!(canceled.await, TaskError::Ended);
    assert_eq!(task(&app.database, id).state, TaskState::Done);
    workers.stop();
}

#[test]
fn a_task_shows_its_progress_while_it_runs_and_at_its_end() {
    let database = TestDatabase::new();
    let progress = |done| Progress {
        phase: "stage".to_owned(),
        done,
        total: Some(1_000),
        unit: "rows".to_owned(),
    };
    let (gate, barrier) = gate();
    let handler = Scripted::new(move |step| {
        for done in 1..=500 {
            step.progress(progress(done))?;
        }
        barrier.pass(1);
        for done in 501..=1_000 {
            step.progress(progress(done))?;
        }
        step.commit(|_tx| Ok::<_, JobError>(Next::Done))
    });
    let workers = workers(&database, 2, [handler]);
    let (id, job) = start(&database, None);
    gate.wait();
    let running = task(&database, id);
    assert_eq!(running.state, TaskState::Running);
    // The first is written at once, and no other within a second.
    let written = running.progress.unwrap().done;
    assert!((1..500).contains(&written), "{written}");
    gate.open();
    wait_for_end(&database, job);
    let done = task(&database, id);
    assert_eq!(
        (done.state, done.progress),
        (TaskState::Done, Some(progress(1_000)))
    );
    workers.stop();
}

#[test]
fn the_creator_reads_why_a_task_failed_and_nothing_internal() {
    let database = TestDatabase::new();
    for (error, failure) in [
        (
            (|| JobError::Permanent("The file has no header.".to_owned())) as fn() -> JobError,
            "The file has no header.",
        ),
        (
            || JobError::Retry("connection to 10.0.0.7 refused".to_owned()),
            "It failed inside the server. The operator sees why.",
        ),
    ] {
        let (id, job) = start(&database, None);
        // The next attempt is the last one.
        database.execute("UPDATE jobs SET attempts = 11");
        let workers = workers(&database, 2, [Scripted::new(move |_step| Err(error()))]);
        wait_for(&database, job, |job| job.state == JobState::Dead);
        let failed = task(&database, id);
        assert_eq!(
            (failed.state, failed.failure.as_deref()),
            (TaskState::Failed, Some(failure))
        );
        workers.stop();
    }
}
