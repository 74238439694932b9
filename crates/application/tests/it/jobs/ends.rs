//! Failures, dead letters, cancellation, and the stop of a server.

use std::sync::Arc;

use abu_application::platform::{
    jobs::{JobError, JobState, Next},
    ports::{FileError, StoreError},
    retries::MAX_ATTEMPTS,
};
use abu_test_support::TestDatabase;
use parking_lot::Mutex;
use serde_json::json;

use super::rig::*;

fn done() -> Result<Next, JobError> {
    Ok(Next::Done)
}

#[test]
fn a_failed_job_is_tried_again_with_growing_waits() {
    let database = TestDatabase::new();
    let handler = Scripted::new(|step| match step.attempt() {
        3 => step.commit(|_tx| done()),
        _ => Err(JobError::Retry("busy".to_owned())),
    });
    let workers = workers(&database, 2, [handler]);
    let id = enqueue_one(&database);
    let mut waits = Vec::new();
    for attempt in 1..3 {
        let failed = wait_for(&database, id, |job| {
            job.attempts == attempt && job.leased_until.is_none()
        });
        assert_eq!(failed.last_error.as_deref(), Some("busy"));
        waits.push(failed.next_attempt_at.unwrap() - failed.failed_at.unwrap());
        make_due(&database);
    }
    wait_for_end(&database, id);
    // Each is rounded to a microsecond.
    let doubled = waits[1] - waits[0] * 2;
    assert!(
        doubled.abs() <= chrono::TimeDelta::microseconds(2),
        "{waits:?}"
    );
    assert!(waits[0] > chrono::TimeDelta::seconds(5) - chrono::TimeDelta::milliseconds(1));
    assert!(waits[0] <= chrono::TimeDelta::seconds(10));
    workers.stop();
}

#[test]
fn a_job_is_a_dead_letter_after_twelve_attempts() {
    let database = TestDatabase::new();
    let handler = Scripted::new(|_step| Err(JobError::Retry("busy".to_owned())));
    let ends = Arc::clone(&handler.ends);
    let workers = workers(&database, 2, [handler]);
    let id = enqueue_one(&database);
    for attempt in 1..MAX_ATTEMPTS {
        let failed = wait_for(&database, id, |job| {
            job.attempts == attempt && job.leased_until.is_none()
        });
        assert_eq!(failed.state, JobState::Pending);
        make_due(&database);
    }
    let dead = wait_for(&database, id, |job| job.state == JobState::Dead);
    assert_eq!(dead.attempts, 12);
    assert_eq!(
        *ends.lock(),
        [r#"{} Failed("It failed inside the server. The operator sees why.")"#]
    );
    workers.stop();
}

#[test]
fn a_job_whose_workers_all_died_is_a_dead_letter() {
    let database = TestDatabase::new();
    let id = enqueue_one(&database);
    database.execute("UPDATE jobs SET attempts = 12, leased_until = now()");
    let handler = Scripted::new(|step| step.commit(|_tx| done()));
    let workers = workers(&database, 2, [handler]);
    let dead = wait_for(&database, id, |job| job.state == JobState::Dead);
    assert_eq!(
        dead.last_error.as_deref(),
        Some("too many attempts were broken off")
    );
    workers.stop();
}

#[test]
fn what_cannot_succeed_is_a_dead_letter_at_once() {
    let database = TestDatabase::new();
    for (error, reason) in [
        (|| JobError::Permanent("no such import".to_owned())) as fn() -> JobError,
        || JobError::File(FileError::NotFound),
    ]
    .into_iter()
    .zip(["no such import", "there is no such file"])
    {
        let handler = Scripted::new(move |_step| Err(error()));
        let workers = workers(&database, 2, [handler]);
        let id = enqueue_one(&database);
        let dead = wait_for(&database, id, |job| job.state == JobState::Dead);
        assert_eq!(
            (dead.attempts, dead.last_error.as_deref()),
            (1, Some(reason))
        );
        workers.stop();
    }
}

#[test]
fn a_full_disk_passes() {
    let database = TestDatabase::new();
    let full = || {
        JobError::from(FileError::from(std::io::Error::from(
            std::io::ErrorKind::StorageFull,
        )))
    };
    let handler = Scripted::new(move |step| match step.attempt() {
        1 => Err(full()),
        _ => step.commit(|_tx| done()),
    });
    let workers = workers(&database, 2, [handler]);
    let id = enqueue_one(&database);
    let failed = wait_for(&database, id, |job| job.failed_at.is_some());
    assert_eq!(failed.state, JobState::Pending);
    assert_eq!(
        failed.last_error.as_deref(),
        Some("the store of files is full")
    );
    make_due(&database);
    wait_for_end(&database, id);
    workers.stop();
}

#[test]
fn a_panic_is_a_failed_attempt_and_the_worker_goes_on() {
    let database = TestDatabase::new();
    let handler = Scripted::new(|step| {
        if step.payload::<bool>()? {
            panic!("on purpose");
        }
        step.commit(|_tx| done())
    });
    let workers = workers(&database, 1, [handler]);
    let bad = enqueue(&database, &job(json!(true)));
    let failed = wait_for(&database, bad, |job| job.failed_at.is_some());
    assert_eq!((failed.attempts, failed.state), (1, JobState::Pending));
    assert_eq!(failed.last_error.as_deref(), Some("its handler panicked"));
    let good = enqueue(&database, &job(json!(false)));
    wait_for_end(&database, good);
    workers.stop();
}

#[test]
fn the_effects_of_a_failed_commit_are_rolled_back() {
    let database = TestDatabase::new();
    let handler = Scripted::new(|step| {
        let attempt = step.attempt();
        step.commit(|tx| {
            let effect = abu_application::platform::ports::NewJob {
                kind: "effect",
                ..job(json!(attempt))
            };
            tx.enqueue_job(&effect)?;
            match attempt {
                1 => Err(JobError::from(StoreError::Other("on purpose".into()))),
                2 => panic!("on purpose"),
                _ => done(),
            }
        })
    });
    let workers = workers(&database, 2, [handler]);
    let id = enqueue_one(&database);
    for attempt in 1..3 {
        wait_for(&database, id, |job| {
            job.attempts == attempt && job.leased_until.is_none()
        });
        make_due(&database);
    }
    wait_for_end(&database, id);
    let effects = database.texts("SELECT payload::text FROM jobs WHERE kind = 'effect'");
    assert_eq!(effects, ["3"]);
    workers.stop();
}

#[test]
fn stored_parameters_of_another_form_are_a_dead_letter() {
    let database = TestDatabase::new();
    let handler = Scripted::new(|step| {
        let _: u32 = step.payload()?;
        step.commit(|_tx| done())
    });
    let workers = workers(&database, 2, [handler]);
    let id = enqueue(&database, &job(json!("no number")));
    let dead = wait_for(&database, id, |job| job.state == JobState::Dead);
    let reason = dead.last_error.unwrap();
    assert_eq!(reason, "what is stored of it cannot be read");
    workers.stop();
}

#[test]
fn a_handler_that_cannot_undo_keeps_no_job_alive() {
    let database = TestDatabase::new();
    let handler = Scripted {
        cannot_undo: true,
        ..Scripted::new(|_step| Err(JobError::Permanent("broken".to_owned())))
    };
    let workers = workers(&database, 2, [handler]);
    let id = enqueue_one(&database);
    wait_for(&database, id, |job| job.state == JobState::Dead);
    workers.stop();
}

#[test]
fn a_canceled_job_ends_between_two_steps() {
    let database = TestDatabase::new();
    let (gate, barrier) = gate();
    let steps = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&steps);
    let endless = Scripted::new(move |step| {
        *counted.lock() += 1;
        barrier.pass(1);
        step.commit(|_tx| Next::go_on(&1))
    });
    let ends = Arc::clone(&endless.ends);
    let workers = workers(&database, 2, [endless]);
    let id = enqueue_one(&database);
    gate.wait();
    gate.open();
    gate.wait();
    database.transaction(|tx| tx.cancel_job(id)).unwrap();
    assert!(record(&database, id).is_some(), "a step is not cut");
    gate.open();
    wait_for_end(&database, id);
    assert_eq!(
        (*steps.lock(), &**ends.lock()),
        (2, &["{} Canceled".to_owned()][..])
    );
    workers.stop();
}

#[test]
fn a_stop_finishes_the_step_and_gives_the_job_back() {
    let database = TestDatabase::new();
    let (gate, barrier) = gate();
    let endless = Scripted::new(move |step| {
        let n: u32 = step.cursor()?.unwrap_or(0);
        barrier.pass(n);
        step.commit(|_tx| Next::go_on(&(n + 1)))
    });
    let workers = workers(&database, 2, [endless]);
    let id = enqueue_one(&database);
    assert_eq!(gate.wait(), 0);
    workers.take_no_more();
    gate.open();
    workers.stop();
    let left = record(&database, id).unwrap();
    assert_eq!((left.cursor, left.leased_until), (Some(json!(1)), None));
    assert_eq!((left.attempts, left.failed_at), (0, None));
}

#[test]
fn a_long_step_that_ends_early_for_a_stop_costs_no_attempt() {
    let database = TestDatabase::new();
    let (gate, barrier) = gate();
    let long = Scripted::new(move |step| {
        barrier.pass(1);
        assert!(step.should_stop());
        Err(JobError::Stopped)
    });
    let workers = workers(&database, 2, [long]);
    let id = enqueue_one(&database);
    gate.wait();
    workers.take_no_more();
    gate.open();
    workers.stop();
    let left = record(&database, id).unwrap();
    assert_eq!((left.attempts, left.leased_until), (0, None));
    assert!(left.next_attempt_at <= Some(chrono::Utc::now()));
}
