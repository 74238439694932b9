use std::sync::Barrier;

use abu_application::{
    messaging::ports::ChatTicket,
    platform::{
        ports::{Clock, StoreError},
        system::SystemClock,
    },
};
use abu_domain::UserId;
use abu_test_support::TestDatabase;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

fn ticket(user_id: UserId, now: DateTime<Utc>) -> ChatTicket {
    ChatTicket {
        user_id,
        session_id: abu_test_support::session_of(user_id),
        expires_at: now + TimeDelta::seconds(30),
        access_expires_at: now + TimeDelta::minutes(15),
    }
}

#[test]
fn a_ticket_is_good_for_one() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    let ticket = ticket(database.user().create().id, now);
    database
        .transaction(|tx| tx.insert_ticket(b"hash", &ticket, now))
        .unwrap();
    assert_eq!(
        database.transaction(|tx| tx.take_ticket(b"other")).unwrap(),
        None
    );
    assert_eq!(
        database.transaction(|tx| tx.take_ticket(b"hash")).unwrap(),
        Some(ticket)
    );
    assert_eq!(
        database.transaction(|tx| tx.take_ticket(b"hash")).unwrap(),
        None
    );
}

#[test]
fn of_many_who_come_with_one_ticket_one_gets_it() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    let ticket = ticket(database.user().create().id, now);
    database
        .transaction(|tx| tx.insert_ticket(b"hash", &ticket, now))
        .unwrap();
    let start = Barrier::new(4);
    let take = || {
        start.wait();
        database.transaction(|tx| tx.take_ticket(b"hash")).unwrap()
    };
    let taken = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap())
            .count()
    });
    assert_eq!(taken, 1);
}

#[test]
fn a_new_ticket_sweeps_out_the_expired_and_no_other() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    let user = database.user().create().id;
    let insert = |hash: &[u8], at| {
        database
            .transaction(|tx| tx.insert_ticket(hash, &ticket(user, at), at))
            .unwrap();
    };
    insert(b"old", now);
    insert(b"young", now + TimeDelta::seconds(20));
    insert(b"new", now + TimeDelta::seconds(31));
    assert_eq!(
        database.transaction(|tx| tx.take_ticket(b"old")).unwrap(),
        None
    );
    assert!(
        database
            .transaction(|tx| tx.take_ticket(b"young"))
            .unwrap()
            .is_some()
    );
    assert!(
        database
            .transaction(|tx| tx.take_ticket(b"new"))
            .unwrap()
            .is_some()
    );
}

#[test]
fn unknown_users_get_no_ticket() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    let ticket = ticket(UserId::new(Uuid::new_v4()), now);
    let refused = database.transaction(|tx| tx.insert_ticket(b"hash", &ticket, now));
    assert!(
        matches!(refused, Err(StoreError::Conflict { .. })),
        "{refused:?}"
    );
}
