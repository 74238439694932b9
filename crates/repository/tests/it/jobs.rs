use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use abu_application::{
    platform::{
        jobs::{JobState, Lane, time_of_day},
        lists::Seek,
        ports::{
            After, ClaimedJob, Due, Ids, JobCanceling, JobFilter, JobRecord, NewJob, RunAt,
            Schedule, StoreError,
        },
        system::SystemIds,
    },
    store::Store,
};
use abu_domain::JobId;
use abu_repository::PgStore;
use abu_test_support::TestDatabase;
use chrono::NaiveTime;
use serde_json::{Value, json};

/// Exceeds the duration of any test.
const LEASE: Duration = Duration::from_secs(3_600);

fn job(payload: Value) -> NewJob {
    NewJob {
        id: SystemIds.time_ordered().into(),
        lane: Lane::Bulk,
        kind: "count",
        key: None,
        payload,
        run_at: RunAt::Now,
    }
}

fn keyed(payload: Value) -> NewJob {
    NewJob {
        key: Some("one".to_owned()),
        ..job(payload)
    }
}

fn enqueue(database: &TestDatabase, job: &NewJob) -> JobId {
    database.transaction(|tx| tx.enqueue_job(job)).unwrap()
}

fn claim(database: &TestDatabase) -> Option<ClaimedJob> {
    claim_of(database, Lane::Bulk, &["count"])
}

fn claim_of(database: &TestDatabase, lane: Lane, kinds: &[&str]) -> Option<ClaimedJob> {
    database
        .transaction(|tx| tx.claim_job(lane, kinds, LEASE))
        .unwrap()
}

fn finish(database: &TestDatabase, claimed: &ClaimedJob) -> bool {
    database
        .transaction(|tx| tx.finish_job(&claimed.lease))
        .unwrap()
}

fn record(database: &TestDatabase, id: JobId) -> Option<JobRecord> {
    database.read(|tx| tx.job(id)).unwrap()
}

fn let_leases_end(database: &TestDatabase) {
    database.execute("UPDATE jobs SET leased_until = now() - interval '1 second'");
}

#[test]
fn a_job_is_claimed_by_one_and_gone_when_done() {
    let database = TestDatabase::new();
    let id = enqueue(&database, &job(json!({"n": 1})));
    let claimed = claim(&database).unwrap();
    assert_eq!((claimed.id, claimed.lease.attempt), (id, 1));
    assert_eq!(
        (&claimed.payload, &claimed.cursor),
        (&json!({"n": 1}), &None)
    );
    assert!(claim(&database).is_none(), "it is leased");
    assert!(finish(&database, &claimed));
    assert_eq!(record(&database, id), None);
    assert!(!finish(&database, &claimed));
}

#[test]
fn workers_claim_their_lane_and_the_kinds_they_know() {
    let database = TestDatabase::new();
    enqueue(&database, &job(json!(1)));
    assert!(claim_of(&database, Lane::Interactive, &["count"]).is_none());
    assert!(claim_of(&database, Lane::Bulk, &["other"]).is_none());
    assert!(claim_of(&database, Lane::Bulk, &[]).is_none());
    assert!(claim_of(&database, Lane::Bulk, &["count", "other"]).is_some());
}

#[test]
fn jobs_are_claimed_by_due_time_and_future_ones_not() {
    let database = TestDatabase::new();
    let first = enqueue(&database, &job(json!(1)));
    let second = enqueue(&database, &job(json!(2)));
    let later = NewJob {
        run_at: RunAt::In(LEASE),
        ..job(json!(3))
    };
    enqueue(&database, &later);
    database.execute(&format!(
        "UPDATE jobs SET next_attempt_at = now() - interval '1 hour' WHERE id = '{second}'"
    ));
    assert_eq!(claim(&database).unwrap().id, second);
    assert_eq!(claim(&database).unwrap().id, first);
    assert!(claim(&database).is_none());
}

#[test]
fn a_lost_lease_changes_nothing() {
    let database = TestDatabase::new();
    let id = enqueue(&database, &job(json!(1)));
    let late = claim(&database).unwrap().lease;
    let_leases_end(&database);
    let other = claim(&database).unwrap();
    assert_eq!((other.id, other.lease.attempt), (id, 2));
    let before = record(&database, id);

    let successor = SystemIds.time_ordered().into();
    let changed = database.transaction(|tx| {
        Ok([
            tx.finish_job(&late)?,
            tx.postpone_job(&late, LEASE, "late")?,
            tx.bury_job(&late, "late", successor)?,
            tx.renew_job(&late, LEASE)?.is_some(),
            tx.checkpoint_job(&late, &json!(9), After::Keep(LEASE))?
                .is_some(),
            tx.checkpoint_job(&late, &json!(9), After::GiveBack(LEASE))?
                .is_some(),
        ])
    });
    assert_eq!(changed.unwrap(), [false; 6]);
    assert_eq!(record(&database, id), before);
}

#[test]
fn each_renewal_and_checkpoint_sets_a_new_fencing_token() {
    let database = TestDatabase::new();
    enqueue(&database, &job(json!(1)));
    let first = claim(&database).unwrap().lease;
    let second = database
        .transaction(|tx| tx.renew_job(&first, LEASE))
        .unwrap()
        .unwrap();
    let third = database
        .transaction(|tx| tx.checkpoint_job(&second, &json!(7), After::Keep(LEASE)))
        .unwrap()
        .unwrap();
    let third = third.lease.unwrap();
    assert!(first.until < second.until && second.until < third.until);
    for lost in [first, second] {
        let renewed = database.transaction(|tx| tx.renew_job(&lost, LEASE));
        assert_eq!(renewed.unwrap(), None);
    }
}

#[test]
fn a_checkpoint_is_kept_and_begins_the_attempts_anew() {
    let database = TestDatabase::new();
    let id = enqueue(&database, &job(json!(1)));
    for _ in 0..3 {
        claim(&database).unwrap();
        let_leases_end(&database);
    }
    let claimed = claim(&database).unwrap();
    assert_eq!(claimed.lease.attempt, 4);
    let given_back = database
        .transaction(|tx| {
            tx.checkpoint_job(&claimed.lease, &json!(7), After::GiveBack(Duration::ZERO))
        })
        .unwrap()
        .unwrap();
    assert_eq!(given_back.lease, None);
    let again = claim(&database).unwrap();
    assert_eq!((again.id, again.lease.attempt), (id, 1));
    assert_eq!(again.cursor, Some(json!(7)));
}

#[test]
fn a_key_has_one_waiting_job_with_the_newest_payload() {
    let database = TestDatabase::new();
    let later = NewJob {
        run_at: RunAt::In(LEASE),
        ..keyed(json!(1))
    };
    let id = enqueue(&database, &later);
    assert_eq!(enqueue(&database, &keyed(json!(2))), id);
    assert_eq!(enqueue(&database, &later), id);
    let other_kind = NewJob {
        kind: "other",
        ..keyed(json!(3))
    };
    assert_ne!(enqueue(&database, &other_kind), id);
    let claimed = claim(&database).unwrap();
    assert_eq!((claimed.id, claimed.payload), (id, json!(1)));
    assert!(claim(&database).is_none());
}

#[test]
fn work_that_comes_while_its_job_runs_runs_after_it() {
    let database = TestDatabase::new();
    let id = enqueue(&database, &keyed(json!(1)));
    let claimed = claim(&database).unwrap();
    for n in [2, 3] {
        assert_eq!(enqueue(&database, &keyed(json!(n))), id);
    }
    assert!(claim(&database).is_none(), "not at the same time");
    assert!(finish(&database, &claimed));
    let next = claim(&database).unwrap();
    assert_eq!(
        (next.id, &next.payload, next.lease.attempt),
        (id, &json!(3), 1)
    );
    assert!(finish(&database, &next));
    assert_eq!(record(&database, id), None);
}

#[test]
fn work_that_comes_between_two_steps_does_not_replace_a_checkpoint() {
    let database = TestDatabase::new();
    enqueue(&database, &keyed(json!(1)));
    let claimed = claim(&database).unwrap();
    let back = After::GiveBack(Duration::ZERO);
    database
        .transaction(|tx| tx.checkpoint_job(&claimed.lease, &json!("half"), back))
        .unwrap();
    enqueue(&database, &keyed(json!(2)));
    let claimed = claim(&database).unwrap();
    assert_eq!(
        (claimed.payload.clone(), claimed.cursor.clone()),
        (json!(1), Some(json!("half")))
    );
    assert!(finish(&database, &claimed));
    let next = claim(&database).unwrap();
    assert_eq!((next.payload, next.cursor), (json!(2), None));
}

/// The enqueueing transaction commits while the worker ends the job.
#[test]
fn work_that_comes_in_the_moment_of_the_end_is_not_lost() {
    let database = TestDatabase::new();
    for round in 0..50 {
        enqueue(&database, &keyed(json!(0)));
        let claimed = claim(&database).unwrap();
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                enqueue(&database, &keyed(json!(round)));
            });
            barrier.wait();
            assert!(finish(&database, &claimed));
        });
        let next = claim(&database).unwrap();
        assert_eq!(next.payload, json!(round));
        assert!(finish(&database, &next));
    }
}

#[test]
fn many_who_enqueue_one_key_make_one_job() {
    let database = TestDatabase::new();
    thread::scope(|scope| {
        for n in 0..8 {
            let database = &database;
            scope.spawn(move || enqueue(database, &keyed(json!(n))));
        }
    });
    let claimed = claim(&database).unwrap();
    assert!(claim(&database).is_none());
    assert!(finish(&database, &claimed));
    assert!(claim(&database).is_none());
}

#[test]
fn a_dead_letter_gives_its_key_to_the_work_that_came_meanwhile() {
    let database = TestDatabase::new();
    let dead = enqueue(&database, &keyed(json!(1)));
    let claimed = claim(&database).unwrap();
    enqueue(&database, &keyed(json!(2)));
    let successor = SystemIds.time_ordered().into();
    let buried = database.transaction(|tx| tx.bury_job(&claimed.lease, "broken", successor));
    assert!(buried.unwrap());
    let letter = record(&database, dead).unwrap();
    assert_eq!(
        (letter.state, letter.last_error.as_deref()),
        (JobState::Dead, Some("broken"))
    );
    let next = claim(&database).unwrap();
    assert_eq!((next.id, next.payload), (successor, json!(2)));

    let revived = database.transaction(|tx| tx.revive_job(dead));
    let Err(StoreError::Conflict { constraint }) = revived else {
        panic!("two pending jobs have one key")
    };
    assert_eq!(constraint, "jobs_key");
}

#[test]
fn a_revived_dead_letter_goes_on_at_its_checkpoint() {
    let database = TestDatabase::new();
    let id = enqueue(&database, &job(json!(1)));
    let lease = claim(&database).unwrap().lease;
    let left = database
        .transaction(|tx| tx.checkpoint_job(&lease, &json!(7), After::Keep(LEASE)))
        .unwrap()
        .unwrap();
    let successor = SystemIds.time_ordered().into();
    database
        .transaction(|tx| tx.bury_job(&left.lease.unwrap(), "broken", successor))
        .unwrap();
    assert!(claim(&database).is_none());
    assert!(database.transaction(|tx| tx.revive_job(id)).unwrap());
    assert!(!database.transaction(|tx| tx.revive_job(id)).unwrap());
    let again = claim(&database).unwrap();
    assert_eq!(
        (again.id, again.lease.attempt, again.cursor),
        (id, 1, Some(json!(7)))
    );
}

#[test]
fn a_canceled_job_is_due_at_once_and_a_dead_one_is_deleted() {
    let database = TestDatabase::new();
    let later = NewJob {
        run_at: RunAt::In(LEASE),
        ..keyed(json!(1))
    };
    let id = enqueue(&database, &later);
    let cancel = |id| database.transaction(|tx| tx.cancel_job(id)).unwrap();
    assert_eq!(cancel(id), Some(JobCanceling::Asked));
    // New work must outlive the cancellation.
    enqueue(&database, &keyed(json!(2)));
    let claimed = claim(&database).unwrap();
    assert!(claimed.is_canceled);
    assert_eq!(claimed.payload, json!(1));
    assert!(finish(&database, &claimed));
    let next = claim(&database).unwrap();
    assert_eq!((next.payload.clone(), next.is_canceled), (json!(2), false));

    let successor = SystemIds.time_ordered().into();
    database
        .transaction(|tx| tx.bury_job(&next.lease, "broken", successor))
        .unwrap();
    assert_eq!(cancel(id), Some(JobCanceling::Deleted));
    assert_eq!(cancel(id), None);
}

#[test]
fn a_canceled_job_neither_backs_off_nor_waits() {
    let database = TestDatabase::new();
    for after in ["postponed", "given back"] {
        let id = enqueue(&database, &job(json!(1)));
        let claimed = claim(&database).unwrap();
        database.transaction(|tx| tx.cancel_job(id)).unwrap();
        database
            .transaction(|tx| match after {
                "postponed" => tx.postpone_job(&claimed.lease, LEASE, "busy").map(|_| ()),
                _ => tx
                    .checkpoint_job(&claimed.lease, &json!(1), After::GiveBack(LEASE))
                    .map(|_| ()),
            })
            .unwrap();
        let claimed = claim(&database).unwrap();
        assert!(claimed.is_canceled, "{after}");
        assert!(finish(&database, &claimed));
    }
}

#[test]
fn a_job_that_no_worker_has_can_be_deleted() {
    let database = TestDatabase::new();
    let id = enqueue(&database, &job(json!(1)));
    let delete = |id| database.transaction(|tx| tx.delete_job(id)).unwrap();
    claim(&database).unwrap();
    assert!(!delete(id));
    let_leases_end(&database);
    assert!(delete(id));
    assert!(!delete(id));
}

#[test]
fn times_of_day_are_those_of_nigeria() {
    const TIMES: [NaiveTime; 2] = [time_of_day(2, 0), time_of_day(14, 30)];
    let database = TestDatabase::new();
    let id = database
        .transaction(|tx| tx.enqueue_scheduled(&keyed(json!({})), Schedule::Daily(&TIMES)))
        .unwrap();
    let due = record(&database, id).unwrap().next_attempt_at.unwrap();
    // Nigeria is an hour ahead of UTC, all year.
    let local = due.naive_utc().time() + chrono::TimeDelta::hours(1);
    assert!(TIMES.contains(&local), "{due}");
    let wait = due - chrono::Utc::now();
    assert!(wait <= chrono::TimeDelta::minutes(12 * 60 + 30), "{wait}");
    assert!(wait > chrono::TimeDelta::seconds(-5), "{wait}");

    // A restart of the server does not move it.
    let again = database
        .transaction(|tx| tx.enqueue_scheduled(&keyed(json!({})), Schedule::Daily(&TIMES)))
        .unwrap();
    assert_eq!(again, id);
    assert_eq!(record(&database, id).unwrap().next_attempt_at, Some(due));
}

#[test]
fn the_backlog_counts_each_lane_and_the_age_of_what_waits() {
    let database = TestDatabase::new();
    let backlog = || database.read(|tx| tx.job_backlog()).unwrap();
    let empty = backlog();
    assert_eq!(empty.lanes.len(), Lane::ALL.len());
    assert!(
        empty
            .lanes
            .iter()
            .all(|lane| lane.pending == 0 && lane.oldest.is_zero())
    );
    for _ in 0..2 {
        enqueue(&database, &job(json!(1)));
    }
    database.execute("UPDATE jobs SET next_attempt_at = now() - interval '1 hour'");
    let full = backlog();
    let bulk = full
        .lanes
        .iter()
        .find(|lane| lane.lane == Lane::Bulk)
        .unwrap();
    assert_eq!((bulk.pending, full.dead), (2, 0));
    assert!(bulk.oldest >= LEASE);
    // One is under way, one is dead: neither waits.
    claim(&database).unwrap();
    let lease = claim(&database).unwrap().lease;
    let successor = SystemIds.time_ordered().into();
    database
        .transaction(|tx| tx.bury_job(&lease, "broken", successor))
        .unwrap();
    let after = backlog();
    let bulk = after
        .lanes
        .iter()
        .find(|lane| lane.lane == Lane::Bulk)
        .unwrap();
    assert_eq!(
        (bulk.pending, after.dead, bulk.oldest),
        (1, 1, Duration::ZERO)
    );
}

#[test]
fn jobs_are_listed_newest_first_by_state_and_kind() {
    let database = TestDatabase::new();
    let ids: Vec<_> = (0..3).map(|n| enqueue(&database, &job(json!(n)))).collect();
    let list = |filter: &JobFilter| {
        let listed = database.read(|tx| tx.list_jobs(filter, Seek::START, 10));
        listed
            .unwrap()
            .into_iter()
            .map(|job| job.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(list(&JobFilter::default()), [ids[2], ids[1], ids[0]]);
    let dead = JobFilter {
        state: Some(JobState::Dead),
        kind: None,
    };
    assert!(list(&dead).is_empty());
    let other = JobFilter {
        state: None,
        kind: Some("other".to_owned()),
    };
    assert!(list(&other).is_empty());
}

#[test]
fn only_a_commit_wakes_the_workers() {
    let database = TestDatabase::new();
    let woken = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&woken);
    let store = PgStore::connect(database.settings()).after_commit(move |due| {
        assert_eq!(due, Due::Jobs);
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let store: &dyn Store = &store;
    let failed: Result<(), StoreError> = store.transaction(|tx| {
        tx.enqueue_job(&job(json!(1)))?;
        Err(StoreError::Other("on purpose".into()))
    });
    assert!(failed.is_err());
    assert_eq!(woken.load(Ordering::Relaxed), 0);
    store
        .transaction(|tx| tx.enqueue_job(&job(json!(1))))
        .unwrap();
    assert_eq!(woken.load(Ordering::Relaxed), 1);
}
