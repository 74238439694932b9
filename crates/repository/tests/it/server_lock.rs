use abu_repository::server_lock::{ServerLock, ServerLockError};
use abu_test_support::TestDatabase;
use uuid::Uuid;

fn lock(database: &TestDatabase, name: &str) -> ServerLock {
    ServerLock::new(database.url(), name.to_owned())
}

/// A name that no other test has.
fn name(part: &str) -> String {
    format!("{part} {}", Uuid::new_v4().simple())
}

/// Tries until the lock is held.
#[track_caller]
fn take(lock: &mut ServerLock) {
    loop {
        match lock.hold() {
            Ok(()) => return,
            Err(ServerLockError::Busy(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Ends the connection of the server of this name.
fn cut(database: &TestDatabase, name: &str) {
    database.execute(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'"
    ));
}

#[test]
fn a_second_server_is_refused_once_the_first_shows_a_heartbeat() {
    let database = TestDatabase::new();
    let first_name = name("first");
    let (mut first, mut second) = (lock(&database, &first_name), lock(&database, "second"));
    first.hold().unwrap();
    for _ in 0..2 {
        let refused = second.hold();
        assert!(
            matches!(refused, Err(ServerLockError::Busy(_))),
            "{refused:?}"
        );
    }
    first.hold().unwrap();
    let refused = second.hold().unwrap_err();
    assert!(matches!(refused, ServerLockError::Held(_)), "{refused:?}");
    assert!(refused.to_string().contains(&first_name), "{refused}");
}

#[test]
fn servers_on_two_schemas_do_not_meet() {
    let (one, other) = (TestDatabase::new(), TestDatabase::new());
    let (mut one, mut other) = (lock(&one, "one"), lock(&other, "other"));
    one.hold().unwrap();
    other.hold().unwrap();
}

#[test]
fn the_lock_of_a_server_that_is_gone_is_free() {
    let database = TestDatabase::new();
    let (mut first, mut second) = (lock(&database, "first"), lock(&database, "second"));
    first.hold().unwrap();
    drop(first);
    take(&mut second);
}

#[test]
fn a_server_takes_its_lock_again_after_its_connection_broke() {
    let database = TestDatabase::new();
    let own_name = name("own");
    let (mut own, mut other) = (lock(&database, &own_name), lock(&database, "other"));
    own.hold().unwrap();
    cut(&database, &own_name);
    take(&mut own);
    assert!(other.hold().is_err());
}

#[test]
fn a_servers_own_broken_connection_does_not_keep_it_out() {
    let database = TestDatabase::new();
    let name = name("own");
    // PostgreSQL does not see that the first connection of the process broke.
    let (mut before, mut after) = (lock(&database, &name), lock(&database, &name));
    before.hold().unwrap();
    take(&mut after);
}

#[test]
fn a_server_that_lost_its_lock_to_another_is_refused() {
    let database = TestDatabase::new();
    let own_name = name("own");
    let (mut own, mut other) = (lock(&database, &own_name), lock(&database, "other"));
    own.hold().unwrap();
    cut(&database, &own_name);
    take(&mut other);
    assert!(matches!(own.hold(), Err(ServerLockError::Busy(_))));
    other.hold().unwrap();
    assert!(matches!(own.hold(), Err(ServerLockError::Held(_))));
}
