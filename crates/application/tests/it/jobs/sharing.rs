//! Which worker does what, how often, and in which order.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use abu_application::{
    platform::{
        jobs::{
            Handlers, JobError, JobHandler, JobRunner, JobTimes, JobWakes, JobWorkers, Lane, Next,
            Scheduled,
        },
        ports::{NewJob, Schedule},
        system::SystemIds,
    },
    store::Store,
};
use abu_repository::PgStore;
use abu_test_support::TestDatabase;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::rig::*;

fn done() -> Result<Next, JobError> {
    Ok(Next::Done)
}

/// Counts its runs by payload.
fn counting(runs: &Arc<Mutex<BTreeMap<u64, u32>>>) -> Scripted {
    let runs = Arc::clone(runs);
    Scripted::new(move |step| {
        let n: u64 = step.payload()?;
        *runs.lock().entry(n).or_default() += 1;
        step.commit(|_tx| done())
    })
}

#[test]
fn two_servers_on_one_database_do_each_job_once() {
    let database = TestDatabase::new();
    let runs = Arc::default();
    let one = workers(&database, 3, [counting(&runs)]);
    let other = workers(&database, 3, [counting(&runs)]);
    let ids: Vec<_> = (0..200)
        .map(|n| enqueue(&database, &job(json!(n))))
        .collect();
    for id in ids {
        wait_for_end(&database, id);
    }
    let expected: BTreeMap<u64, u32> = (0..200).map(|n| (n, 1)).collect();
    assert_eq!(*runs.lock(), expected);
    one.stop();
    other.stop();
}

#[test]
fn a_job_of_a_killed_worker_comes_back_at_its_checkpoint() {
    let database = TestDatabase::new();
    let id = enqueue_one(&database);
    // The worker dies in the second step: it never says anything again.
    let claimed = database
        .transaction(|tx| tx.claim_job(Lane::Bulk, &[KIND], LONG))
        .unwrap()
        .unwrap();
    let keep = abu_application::platform::ports::After::Keep(LONG);
    database
        .transaction(|tx| tx.checkpoint_job(&claimed.lease, &json!(41), keep))
        .unwrap()
        .unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let said = Arc::clone(&seen);
    let workers = workers(
        &database,
        2,
        [Scripted::new(move |step| {
            said.lock().push((step.attempt(), step.cursor::<u32>()?));
            step.commit(|_tx| done())
        })],
    );
    assert!(record(&database, id).is_some(), "it is leased still");
    database.execute("UPDATE jobs SET leased_until = now()");
    wait_for_end(&database, id);
    assert_eq!(*seen.lock(), [(2, Some(41))]);
    workers.stop();
}

#[test]
fn a_late_worker_commits_nothing() {
    let database = TestDatabase::new();
    let (gate, barrier) = gate();
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let said = Arc::clone(&outcomes);
    let (text, attempts) = (json!("effect"), Arc::new(Mutex::new(0)));
    let late = Scripted::new(move |step| {
        let attempt = {
            let mut attempts = attempts.lock();
            *attempts += 1;
            *attempts
        };
        if attempt == 1 {
            barrier.pass(attempt);
        }
        let effect = NewJob {
            kind: "effect",
            ..job(text.clone())
        };
        let settled = step.commit(|tx| {
            tx.enqueue_job(&effect)?;
            done()
        });
        said.lock().push((attempt, settled.is_ok()));
        settled
    });
    let workers = workers(&database, 3, [late]);
    let id = enqueue_one(&database);
    gate.wait();
    // Its lease ends while it works, so another worker does the job.
    database.execute("UPDATE jobs SET leased_until = now()");
    wait_for_end(&database, id);
    gate.open();
    workers.stop();
    assert_eq!(*outcomes.lock(), [(2, true), (1, false)]);
    let effects = database.texts("SELECT payload::text FROM jobs WHERE kind = 'effect'");
    assert_eq!(effects, ["\"effect\""]);
}

/// A job whose one step waits for the gate keeps its lease, and is done once.
#[track_caller]
fn assert_keeps_its_lease(gate: &Gate, long: Scripted, steps: &Mutex<u32>) {
    let database = TestDatabase::new();
    let times = JobTimes {
        lease: Duration::from_millis(600),
        ..JobTimes::default()
    };
    let workers = workers_with(&database, 3, [long], times);
    let id = enqueue_one(&database);
    gate.wait();
    // Three leases later no other worker has taken it.
    for _ in 0..9 {
        let last = record(&database, id).unwrap().leased_until;
        wait_for(&database, id, |job| job.leased_until > last);
    }
    gate.open();
    wait_for_end(&database, id);
    assert_eq!(*steps.lock(), 1);
    workers.stop();
}

#[test]
fn the_heartbeat_keeps_the_lease_of_a_long_step() {
    let ((gate, barrier), steps) = (gate(), Arc::new(Mutex::new(0)));
    let counted = Arc::clone(&steps);
    let long = Scripted::new(move |step| {
        *counted.lock() += 1;
        barrier.pass(1);
        step.commit(|_tx| done())
    });
    assert_keeps_its_lease(&gate, long, &steps);
}

#[test]
fn the_heartbeat_keeps_the_lease_of_a_long_transaction() {
    let ((gate, barrier), steps) = (gate(), Arc::new(Mutex::new(0)));
    let counted = Arc::clone(&steps);
    let long = Scripted::new(move |step| {
        *counted.lock() += 1;
        step.commit(|_tx| {
            barrier.pass(1);
            done()
        })
    });
    assert_keeps_its_lease(&gate, long, &steps);
}

#[test]
fn bulk_jobs_do_not_keep_interactive_ones_waiting() {
    let database = TestDatabase::new();
    let (gate, barrier) = gate();
    let bulk = Scripted::new(move |step| {
        barrier.pass(1);
        step.commit(|_tx| done())
    });
    let quick = Scripted {
        kind: "quick",
        ..Scripted::new(|step| step.commit(|_tx| done()))
    };
    let workers = workers(&database, 2, [bulk, quick]);
    let slow: Vec<_> = (0..3).map(|_| enqueue_one(&database)).collect();
    gate.wait();
    let interactive = NewJob {
        lane: Lane::Interactive,
        kind: "quick",
        ..job(json!({}))
    };
    let id = enqueue(&database, &interactive);
    wait_for_end(&database, id);
    assert!(slow.iter().all(|id| record(&database, *id).is_some()));
    for id in slow {
        gate.open();
        wait_for_end(&database, id);
    }
    workers.stop();
}

#[test]
fn long_jobs_take_turns_after_each_other() {
    let database = TestDatabase::new();
    let order = Arc::new(Mutex::new(Vec::new()));
    let said = Arc::clone(&order);
    let long = Scripted::new(move |step| {
        let (name, n): (String, u32) = (step.payload()?, step.cursor()?.unwrap_or(0));
        said.lock().push(name);
        step.commit(|_tx| match n {
            2 => done(),
            n => Next::go_on(&(n + 1)),
        })
    });
    let ids = ["a", "b"].map(|name| enqueue(&database, &job(json!(name))));
    let times = JobTimes {
        turn: Duration::ZERO,
        ..JobTimes::default()
    };
    let workers = workers_with(&database, 1, [long], times);
    for id in ids {
        wait_for_end(&database, id);
    }
    assert_eq!(*order.lock(), ["a", "b", "a", "b", "a", "b"]);
    workers.stop();
}

#[test]
fn a_job_that_waits_for_something_fails_nothing() {
    let database = TestDatabase::new();
    let ready = Arc::new(Mutex::new(false));
    let asked = Arc::clone(&ready);
    let patient = Scripted::new(move |step| {
        let is_ready = *asked.lock();
        step.commit(|_tx| match is_ready {
            true => done(),
            false => Ok(Next::Wait(json!("asked"), LONG)),
        })
    });
    let workers = workers(&database, 2, [patient]);
    let id = enqueue_one(&database);
    let waiting = wait_for(&database, id, |job| job.cursor.is_some());
    assert_eq!((waiting.attempts, waiting.failed_at), (0, None));
    assert_eq!(waiting.leased_until, None);
    *ready.lock() = true;
    make_due(&database);
    wait_for_end(&database, id);
    workers.stop();
}

#[test]
fn a_kind_of_a_newer_release_is_left_for_it() {
    let database = TestDatabase::new();
    let newer = NewJob {
        kind: "newer",
        ..job(json!({}))
    };
    let left = enqueue(&database, &newer);
    let known = enqueue_one(&database);
    let handler = Scripted::new(|step| step.commit(|_tx| done()));
    let workers = workers(&database, 2, [handler]);
    wait_for_end(&database, known);
    workers.stop();
    let left = record(&database, left).unwrap();
    assert_eq!((left.attempts, left.leased_until), (0, None));
}

#[test]
fn work_of_the_same_key_is_done_after_and_not_lost() {
    let database = TestDatabase::new();
    let (gate, barrier) = gate();
    let runs = Arc::new(Mutex::new(Vec::new()));
    let said = Arc::clone(&runs);
    let handler = Scripted::new(move |step| {
        let n: u32 = step.payload()?;
        barrier.pass(n);
        said.lock().push(n);
        step.commit(|_tx| done())
    });
    let workers = workers(&database, 3, [handler]);
    let keyed = |n: u32| NewJob {
        key: Some("one".to_owned()),
        ..job(json!(n))
    };
    let id = enqueue(&database, &keyed(1));
    assert_eq!(gate.wait(), 1);
    for n in [2, 3] {
        assert_eq!(enqueue(&database, &keyed(n)), id);
    }
    gate.open();
    assert_eq!(gate.wait(), 3);
    gate.open();
    wait_for_end(&database, id);
    assert_eq!(*runs.lock(), [1, 3]);
    workers.stop();
}

fn scheduled(step: Scripted) -> Scripted {
    Scripted {
        scheduled: Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Every(LONG),
        }),
        ..step
    }
}

#[test]
fn a_schedule_runs_once_on_two_servers() {
    let database = TestDatabase::new();
    let runs = Arc::new(Mutex::new(0));
    let handler = || {
        let runs = Arc::clone(&runs);
        scheduled(Scripted::new(move |step| {
            let settled = step.commit(|_tx| done());
            *runs.lock() += 1;
            settled
        }))
    };
    let servers = [
        workers(&database, 2, [handler()]),
        workers(&database, 2, [handler()]),
    ];
    let all = || {
        database.read(|tx| {
            tx.list_jobs(
                &Default::default(),
                abu_application::platform::lists::Seek::START,
                10,
            )
        })
    };
    let only = loop {
        if let [job] = &all().unwrap()[..] {
            break job.clone();
        }
    };
    assert!(only.next_attempt_at > Some(chrono::Utc::now()));
    make_due(&database);
    let next = wait_for(&database, only.id, |job| {
        job.created_at > only.created_at && job.next_attempt_at > only.next_attempt_at
    });
    assert_eq!(next.leased_until, None);
    for server in servers {
        server.stop();
    }
    assert_eq!(*runs.lock(), 1);
    assert_eq!(all().unwrap().len(), 1);
}

#[test]
fn a_schedule_goes_on_after_a_failure_for_good() {
    let database = TestDatabase::new();
    let broken = Scripted::new(|_step| Err(JobError::Permanent("broken".to_owned())));
    let workers = workers(&database, 2, [scheduled(broken)]);
    let list = || {
        let all = Default::default();
        let start = abu_application::platform::lists::Seek::START;
        database.read(|tx| tx.list_jobs(&all, start, 10)).unwrap()
    };
    while list().is_empty() {}
    make_due(&database);
    let jobs = loop {
        let jobs = list();
        if jobs.len() == 2 {
            break jobs;
        }
    };
    let waiting = jobs.iter().find(|job| job.next_attempt_at.is_some());
    assert!(waiting.unwrap().next_attempt_at > Some(chrono::Utc::now()));
    workers.stop();
}

#[test]
fn a_commit_wakes_the_workers() {
    let database = TestDatabase::new();
    let wakes = JobWakes::new(2);
    let waking = wakes.clone();
    let store = PgStore::connect(database.settings()).after_commit(move |_due| waking.job_is_due());
    let store: Arc<dyn Store> = Arc::new(store);
    let (gate, barrier) = gate();
    let handler = Scripted::new(move |step| {
        barrier.pass(1);
        step.commit(|_tx| done())
    });
    let handler: Arc<dyn JobHandler> = Arc::new(handler);
    let workers = JobWorkers::start(JobRunner {
        store: Arc::clone(&store),
        ids: Arc::new(SystemIds),
        handlers: Handlers::new([handler]),
        wakes,
        poll_interval: LONG,
        times: JobTimes::default(),
    })
    .unwrap();
    for _ in 0..3 {
        store
            .transaction(|tx| tx.enqueue_job(&job(Value::Null)))
            .unwrap();
        gate.wait();
        gate.open();
    }
    workers.stop();
}
