use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Barrier,
    time::Duration,
};

use abu_application::{
    platform::{
        ports::{Clock, StoreError},
        system::SystemClock,
    },
    store::Store,
};
use abu_domain::UserId;
use abu_repository::{PgStore, PoolSettings};
use abu_test_support::TestDatabase;

/// A store that never has two connections.
fn single(database: &TestDatabase) -> PgStore {
    PgStore::connect(PoolSettings {
        size: 1,
        ..database.settings()
    })
}

fn is_active(store: &dyn Store, user: UserId) -> bool {
    store.read(|tx| tx.user(user)).unwrap().unwrap().is_active
}

#[test]
fn what_fails_is_undone_and_what_succeeds_is_kept() {
    let database = TestDatabase::new();
    let store: &dyn Store = &single(&database);
    let user = database.user().create().id;
    let now = SystemClock.now();
    let undone = store.transaction(|tx| {
        tx.set_active(user, false, now)?;
        Err::<(), StoreError>(StoreError::Other("on purpose".into()))
    });
    assert!(undone.unwrap_err().to_string().contains("refused"));
    assert!(is_active(store, user));
    store
        .transaction(|tx| tx.set_active(user, false, now))
        .unwrap();
    assert!(!is_active(store, user));
}

#[test]
fn a_panic_rolls_back_and_leaves_no_open_transaction() {
    let database = TestDatabase::new();
    let store: &dyn Store = &single(&database);
    let user = database.user().create().id;
    let now = SystemClock.now();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.transaction(|tx| -> Result<(), StoreError> {
            tx.set_active(user, false, now)?;
            panic!("on purpose");
        })
    }));
    assert!(panicked.is_err());
    assert!(is_active(store, user));
    let changed = store.transaction(|tx| tx.set_active(user, false, now));
    assert!(changed.unwrap());
}

#[test]
fn a_transaction_with_a_failed_statement_is_never_reported_committed() {
    let database = TestDatabase::new();
    let store: &dyn Store = &single(&database);
    let user = database.user().create().id;
    let now = SystemClock.now();
    let ghost = UserId::new(uuid::Uuid::new_v4());
    let room = database.group(user).create().id;
    let swallowed = store.transaction(|tx| {
        tx.set_active(user, false, now)?;
        let role = abu_domain::messaging::room::RoomRole::Member;
        assert!(tx.add_members(room, &[ghost], role, now).is_err());
        Ok::<_, StoreError>(())
    });
    assert!(
        matches!(swallowed, Err(StoreError::Other(_))),
        "{swallowed:?}"
    );
    assert!(is_active(store, user));
}

#[test]
fn a_statement_timeout_is_unavailable() {
    let database = TestDatabase::new();
    let statement_timeout = Duration::from_millis(50);
    let impatient = PgStore::connect(PoolSettings {
        statement_timeout,
        ..database.settings()
    });
    let impatient: &dyn Store = &impatient;
    let room = database.group(database.user().create().id).create().id;
    database
        .transaction(|tx| {
            tx.lock_room(room)?;
            let timed_out = impatient.transaction(|tx| tx.lock_room(room));
            assert!(
                matches!(timed_out, Err(StoreError::Unavailable(_))),
                "{timed_out:?}"
            );
            Ok(())
        })
        .unwrap();
    assert!(
        impatient
            .transaction(|tx| tx.lock_room(room))
            .unwrap()
            .is_some()
    );
}

#[test]
fn a_transaction_left_idle_is_ended_and_its_locks_with_it() {
    let database = TestDatabase::new();
    let statement_timeout = Duration::from_millis(50);
    let slow = PgStore::connect(PoolSettings {
        statement_timeout,
        ..database.settings()
    });
    let slow: &dyn Store = &slow;
    let room = database.group(database.user().create().id).create().id;
    let ended = slow.transaction(|tx| {
        tx.lock_room(room)?;
        // Returns once the server has given the slow one up.
        database.transaction(|tx| tx.lock_room(room))?;
        tx.lock_room(room)
    });
    assert!(
        matches!(ended, Err(StoreError::Unavailable(_))),
        "{ended:?}"
    );
    assert!(slow.read(|tx| tx.room(room)).unwrap().is_some());
}

#[test]
fn an_exhausted_pool_is_unavailable() {
    let database = TestDatabase::new();
    let connection_timeout = Duration::from_millis(300);
    let small = PgStore::connect(PoolSettings {
        size: 1,
        connection_timeout,
        ..database.settings()
    });
    let store: &dyn Store = &small;
    store
        .read(|_| {
            assert!(matches!(store.ping(), Err(StoreError::Unavailable(_))));
            Ok::<_, StoreError>(())
        })
        .unwrap();
    store.ping().unwrap();
}

#[test]
fn a_deadlock_makes_one_transaction_unavailable() {
    let database = &TestDatabase::new();
    let user = database.user().create().id;
    let rooms = [(); 2].map(|()| database.group(user).create().id);
    let both_hold_one = &Barrier::new(2);
    let lock = |first, then| {
        database.transaction(|tx| {
            tx.lock_room(first)?;
            both_hold_one.wait();
            tx.lock_room(then)
        })
    };
    let results = std::thread::scope(|scope| {
        let other = scope.spawn(move || lock(rooms[1], rooms[0]));
        [lock(rooms[0], rooms[1]), other.join().unwrap()]
    });
    let told = |result: &&Result<_, _>| matches!(result, Err(StoreError::Unavailable(_)));
    assert_eq!(results.iter().filter(told).count(), 1, "{results:?}");
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
}
