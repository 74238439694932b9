use std::sync::Barrier;

use abu_application::{
    identity::ports::RecoveryHash,
    platform::{
        ports::{Clock, StoreError},
        system::SystemClock,
    },
};
use abu_domain::UserId;
use abu_test_support::TestDatabase;
use uuid::Uuid;

fn confirmed(database: &TestDatabase, codes: &[RecoveryHash]) -> UserId {
    let (user, now) = (database.user().create().id, SystemClock.now());
    let done = database.transaction(|tx| {
        assert!(tx.insert_totp(user, b"sealed", now)?);
        assert!(tx.confirm_totp(user, 7, now)?);
        tx.replace_recovery_codes(user, codes)
    });
    done.unwrap();
    user
}

fn codes_left(database: &TestDatabase, user: UserId) -> Vec<RecoveryHash> {
    let record = database.read(|tx| tx.totp(user)).unwrap().unwrap();
    let mut codes = record.recovery_codes;
    codes.sort_unstable();
    codes
}

#[test]
fn a_secret_is_replaced_until_it_is_confirmed_and_not_after() {
    let database = TestDatabase::new();
    let (user, now) = (database.user().create().id, SystemClock.now());
    let insert = |sealed: &[u8]| {
        database
            .transaction(|tx| tx.insert_totp(user, sealed, now))
            .unwrap()
    };
    let stored = || database.read(|tx| tx.totp(user)).unwrap();
    let confirm = || {
        database
            .transaction(|tx| tx.confirm_totp(user, 7, now))
            .unwrap()
    };
    let has = || database.read(|tx| tx.has_totp(user)).unwrap();
    assert!(stored().is_none());
    assert!(!confirm());
    assert!(insert(b"first"));
    assert!(insert(b"second"));
    assert!(!has());
    assert_eq!(stored().unwrap().confirmed_at, None);
    assert!(confirm());
    assert!(has());
    assert!(!confirm());
    assert!(!insert(b"third"));
    let record = stored().unwrap();
    assert_eq!(record.sealed_secret, b"second");
    assert_eq!(record.confirmed_at, Some(now));
    assert_eq!(record.last_step, 7);
}

#[test]
fn a_step_is_used_once_and_with_it_all_before() {
    let database = TestDatabase::new();
    let user = confirmed(&database, &[]);
    let used = |step| {
        database
            .transaction(|tx| tx.use_totp_step(user, step))
            .unwrap()
    };
    assert!(!used(6));
    assert!(!used(7));
    assert!(used(9));
    assert!(!used(8));
    assert!(!used(9));
    assert!(used(10));
}

#[test]
fn of_many_who_use_one_code_one_does() {
    let database = TestDatabase::new();
    let user = confirmed(&database, &[[1; 32], [2; 32]]);
    let start = Barrier::new(4);
    let used = std::thread::scope(|scope| {
        let use_up = || {
            start.wait();
            let now = SystemClock.now();
            database.transaction(|tx| tx.use_recovery_code(user, &[1; 32], now))
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(use_up)).collect();
        let used = threads.into_iter().map(|thread| thread.join().unwrap());
        used.filter(|used| *used.as_ref().unwrap()).count()
    });
    assert_eq!(used, 1);
    assert_eq!(codes_left(&database, user), [[2; 32]]);
}

#[test]
fn codes_are_each_users_own_and_die_when_they_are_replaced() {
    let database = TestDatabase::new();
    let user = confirmed(&database, &[[1; 32], [2; 32]]);
    let other = confirmed(&database, &[[1; 32]]);
    let now = SystemClock.now();
    let used = |user, code| {
        database
            .transaction(|tx| tx.use_recovery_code(user, &code, now))
            .unwrap()
    };
    assert!(used(user, [1; 32]));
    assert!(!used(other, [2; 32]));
    database
        .transaction(|tx| tx.replace_recovery_codes(user, &[[3; 32], [4; 32]]))
        .unwrap();
    assert_eq!(codes_left(&database, user), [[3; 32], [4; 32]]);
    assert!(!used(user, [2; 32]));
    assert_eq!(codes_left(&database, other), [[1; 32]]);

    assert!(database.transaction(|tx| tx.delete_totp(user)).unwrap());
    assert!(!database.transaction(|tx| tx.delete_totp(user)).unwrap());
    assert!(!used(user, [3; 32]));
    assert!(database.read(|tx| tx.has_totp(other)).unwrap());
}

#[test]
fn unknown_users_get_neither_secret_nor_codes() {
    let database = TestDatabase::new();
    let (unknown, now) = (UserId::new(Uuid::new_v4()), SystemClock.now());
    for refused in [
        database
            .transaction(|tx| tx.insert_totp(unknown, b"sealed", now))
            .err(),
        database
            .transaction(|tx| tx.replace_recovery_codes(unknown, &[[1; 32]]))
            .err(),
    ] {
        assert!(
            matches!(refused, Some(StoreError::Conflict { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn sealed_secrets_are_read_in_order_and_replaced_only_unchanged() {
    let database = TestDatabase::new();
    let mut users = [(); 3].map(|()| database.user().create().id);
    users.sort_unstable_by_key(|user| user.uuid());
    for user in users {
        database
            .transaction(|tx| tx.insert_totp(user, user.uuid().as_bytes(), SystemClock.now()))
            .unwrap();
    }
    let sealed = |after, limit| database.read(|tx| tx.sealed_totp(after, limit)).unwrap();
    let row = |user: UserId| (user, user.uuid().as_bytes().to_vec());
    assert_eq!(sealed(None, 2), [row(users[0]), row(users[1])]);
    assert_eq!(sealed(Some(users[1]), 2), [row(users[2])]);
    let replace = |old: &[u8]| {
        database
            .transaction(|tx| tx.replace_sealed_totp(users[2], old, b"again"))
            .unwrap()
    };
    assert!(!replace(b"another"));
    assert!(replace(users[2].uuid().as_bytes()));
    assert_eq!(sealed(Some(users[1]), 2), [(users[2], b"again".to_vec())]);
}
