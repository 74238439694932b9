use std::sync::Barrier;

use abu_application::{
    access::idempotency::{ABANDONED_AFTER, KEPT_FOR},
    platform::{
        ports::{Clock, KnownRequest, RequestKey, StoreError, StoredResponse},
        system::SystemClock,
    },
};
use abu_domain::UserId;
use abu_test_support::TestDatabase;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::{RunQueryDsl, dsl::sql, sql_types::BigInt};
use uuid::Uuid;

fn key() -> RequestKey {
    RequestKey {
        user: Some(UserId::new(Uuid::from_u128(1))),
        route: "/things".to_owned(),
        key: Uuid::from_u128(2),
    }
}

fn answer() -> StoredResponse {
    StoredResponse {
        status: 201,
        content_type: Some("application/json".to_owned()),
        location: Some("/things/7".to_owned()),
        etag: None,
        body: b"{}".to_vec(),
    }
}

fn claim(database: &TestDatabase, key: &RequestKey, print: &[u8], now: DateTime<Utc>) -> bool {
    let work = |tx: &mut dyn abu_application::store::Writes| -> Result<bool, StoreError> {
        tx.claim_key(key, print, now, now + KEPT_FOR, now - ABANDONED_AFTER)
    };
    database.transaction(work).unwrap()
}

fn known(database: &TestDatabase, key: &RequestKey) -> Option<KnownRequest> {
    database.read(|tx| tx.known_request(key)).unwrap()
}

fn keep(database: &TestDatabase, claimed_at: DateTime<Utc>, answer: &StoredResponse) {
    database
        .transaction(|tx| tx.keep_answer(&key(), claimed_at, answer))
        .unwrap();
}

fn release(database: &TestDatabase, claimed_at: DateTime<Utc>) {
    database
        .transaction(|tx| tx.release_key(&key(), claimed_at))
        .unwrap();
}

fn rows(database: &TestDatabase) -> i64 {
    sql::<BigInt>("SELECT count(*) FROM idempotency_keys")
        .get_result(&mut database.connection())
        .unwrap()
}

#[test]
fn a_key_is_claimed_once_and_answered_ever_after() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    assert_eq!(known(&database, &key()), None);
    assert!(claim(&database, &key(), b"print", now));
    let under_way = KnownRequest {
        fingerprint: b"print".to_vec(),
        answer: None,
    };
    assert_eq!(known(&database, &key()), Some(under_way));
    assert!(!claim(&database, &key(), b"print", now));

    keep(&database, now, &answer());
    let done = KnownRequest {
        fingerprint: b"print".to_vec(),
        answer: Some(answer()),
    };
    let almost_a_day = now + KEPT_FOR - TimeDelta::seconds(1);
    assert!(!claim(&database, &key(), b"print", almost_a_day));
    assert_eq!(known(&database, &key()), Some(done));
}

#[test]
fn keys_of_others_and_of_other_routes_are_other_keys() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    for other in [
        key(),
        RequestKey {
            user: None,
            ..key()
        },
        RequestKey {
            user: Some(UserId::new(Uuid::from_u128(9))),
            ..key()
        },
        RequestKey {
            route: "/others".to_owned(),
            ..key()
        },
        RequestKey {
            key: Uuid::from_u128(9),
            ..key()
        },
    ] {
        assert!(claim(&database, &other, b"print", now));
    }
}

#[test]
fn a_key_that_was_let_go_is_free() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    assert!(claim(&database, &key(), b"print", now));
    release(&database, now);
    assert_eq!(known(&database, &key()), None);
    assert!(claim(&database, &key(), b"other", now));
}

#[test]
fn an_answer_is_not_let_go() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    assert!(claim(&database, &key(), b"print", now));
    keep(&database, now, &answer());
    release(&database, now);
    assert!(known(&database, &key()).unwrap().answer.is_some());
}

#[test]
fn an_abandoned_key_is_taken_over_by_the_same_request_alone() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    let later = now + ABANDONED_AFTER + TimeDelta::microseconds(1);
    assert!(claim(&database, &key(), b"print", now));
    assert!(!claim(&database, &key(), b"print", now + ABANDONED_AFTER));
    assert!(!claim(&database, &key(), b"other", later));
    assert!(claim(&database, &key(), b"print", later));

    // The previous claim can no longer store a response.
    keep(&database, now, &answer());
    assert_eq!(known(&database, &key()).unwrap().answer, None);
    release(&database, now);
    assert!(known(&database, &key()).is_some());
    keep(&database, later, &answer());
    assert_eq!(known(&database, &key()).unwrap().answer, Some(answer()));
}

#[test]
fn after_a_day_a_key_is_new() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    assert!(claim(&database, &key(), b"print", now));
    keep(&database, now, &answer());
    let next_day = now + KEPT_FOR + TimeDelta::microseconds(1);
    assert!(claim(&database, &key(), b"other", next_day));
    let renewed = KnownRequest {
        fingerprint: b"other".to_vec(),
        answer: None,
    };
    assert_eq!(known(&database, &key()), Some(renewed));
}

#[test]
fn of_many_who_come_with_one_key_one_claims_it() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    let start = Barrier::new(4);
    let take = || {
        start.wait();
        claim(&database, &key(), b"print", now)
    };
    let claimed = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
        let claimed = threads.into_iter().map(|thread| thread.join().unwrap());
        claimed.filter(|claimed| *claimed).count()
    });
    assert_eq!(claimed, 1);
}

#[test]
fn a_new_key_sweeps_out_some_of_the_expired_and_no_other() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    let numbered = |number| RequestKey {
        key: Uuid::from_u128(number),
        ..key()
    };
    database.execute(
        "INSERT INTO idempotency_keys (scope, route, key, request_hash, created_at, expires_at)
         SELECT 'anonymous', '/old', gen_random_uuid(), '', now() - interval '2 days',
                now() - interval '1 day'
         FROM generate_series(1, 150)",
    );
    assert!(claim(&database, &numbered(1), b"print", now));
    assert_eq!(rows(&database), 51);
    assert!(claim(&database, &numbered(2), b"print", now));
    assert_eq!(rows(&database), 2);
    assert!(claim(&database, &numbered(3), b"print", now));
    assert_eq!(rows(&database), 3);
}

#[test]
fn debug_output_shows_nothing_of_an_answer() {
    assert_eq!(format!("{:?}", answer()), "StoredResponse(201, …)");
}
