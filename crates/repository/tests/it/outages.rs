use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use abu_application::{
    messaging::{messages::write_batch, ports::LockWait},
    platform::{
        ports::{Clock, StoreError},
        system::SystemClock,
    },
    store::{Statements, Store},
};
use abu_domain::UserId;
use abu_repository::{PgStore, PoolSettings};
use abu_test_support::{PrivateCluster, TestDatabase, new_message};
use diesel::connection::SimpleConnection;

/// Makes the store hold as many connections as it can, all idle again when this returns.
fn fill_pool(database: &TestDatabase) {
    let size = database.settings().size as usize;
    let all_are_out = Barrier::new(size);
    let hold = || {
        database.read(|tx| {
            tx.active_users(&[])?;
            all_are_out.wait();
            Ok(())
        })
    };
    std::thread::scope(|scope| {
        for thread in (0..size).map(|_| scope.spawn(hold)).collect::<Vec<_>>() {
            thread.join().unwrap().unwrap();
        }
    });
}

fn assert_serves(database: &TestDatabase, user: UserId) {
    let found = database.read(|tx| tx.user(user)).unwrap();
    assert!(found.is_some(), "a dead connection is no missing account");
    let now = SystemClock.now();
    assert!(
        database
            .transaction(|tx| tx.set_active(user, true, now))
            .unwrap()
    );
    database.store().ping().unwrap();
}

#[test]
fn the_first_request_after_a_restart_succeeds_with_dead_connections() {
    let mut cluster = PrivateCluster::start();
    let database = cluster.database();
    let user = database.user().create().id;
    fill_pool(&database);
    cluster.stop();
    cluster.start_again();
    assert_serves(&database, user);
    fill_pool(&database);
    cluster.crash();
    assert_serves(&database, user);
}

#[test]
fn an_outage_is_unavailable_and_recovers_on_its_own() {
    let mut cluster = PrivateCluster::start();
    let database = cluster.database();
    let user = database.user().create().id;
    cluster.stop();
    let connection_timeout = Duration::from_millis(500);
    // Made while the database is down, as at a start.
    let store = PgStore::connect(PoolSettings {
        connection_timeout,
        ..database.settings()
    });
    let store: &dyn Store = &store;
    for error in [
        store.ping().unwrap_err(),
        store.read(|tx| tx.user(user)).unwrap_err(),
        store.transaction(|tx| tx.user(user)).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    }
    cluster.start_again();
    // It tries again at growing distances, at most half of the patience apart.
    while store.ping().is_err() {}
    assert!(store.read(|tx| tx.user(user)).unwrap().is_some());
    assert_serves(&database, user);
}

#[test]
fn connections_closed_while_idle_are_replaced_silently() {
    let database = TestDatabase::new();
    let user = database.user().create().id;
    fill_pool(&database);
    database.end_sessions();
    assert_serves(&database, user);
}

#[test]
fn a_read_whose_connection_is_killed_is_unavailable() {
    let database = TestDatabase::new();
    let user = database.user().create().id;
    let ended = database.read(|tx| {
        tx.user(user)?;
        database.end_sessions();
        tx.user(user)
    });
    assert!(
        matches!(ended, Err(StoreError::Unavailable(_))),
        "{ended:?}"
    );
    assert_serves(&database, user);
}

#[test]
fn a_transaction_whose_connection_is_killed_stores_nothing() {
    let database = TestDatabase::new();
    let user = database.user().create().id;
    let room = database.group(user).create().id;
    let ended = database.transaction(|tx| {
        tx.store_messages(&[new_message(room, user, "lost")])?;
        database.end_sessions();
        tx.store_messages(&[new_message(room, user, "lost too")])
    });
    assert!(
        matches!(ended, Err(StoreError::Unavailable(_))),
        "{ended:?}"
    );
    assert_eq!(database.read(|tx| tx.last_seq(room)).unwrap(), Some(0));
}

#[test]
fn a_commit_in_doubt_is_resolved_by_repeating_the_batch() {
    let database = TestDatabase::new();
    let user = database.user().create().id;
    let room = database.group(user).create().id;
    let batch = [new_message(room, user, "did it arrive?")];
    let doubtful = database.transaction(|tx| {
        let outcomes = tx.store_messages(&batch);
        database.end_sessions();
        outcomes
    });
    assert!(
        matches!(doubtful, Err(StoreError::CommitInDoubt(_))),
        "{doubtful:?}"
    );
    for _ in 0..2 {
        database
            .transaction(|tx| tx.store_messages(&batch))
            .unwrap();
    }
    assert_eq!(database.read(|tx| tx.last_seq(room)).unwrap(), Some(1));
}

#[test]
fn a_statement_that_commits_by_itself_is_in_doubt_once_killed() {
    let database = TestDatabase::new();
    let user = database.user().create().id;
    let room = database.group(user).create().id;
    let batch = [new_message(room, user, "did it arrive?")];
    let held = database.hold("messages");
    let append =
        |statements: &mut dyn Statements| statements.append_messages(&batch, LockWait::Usual);
    let store = database.store();
    std::thread::scope(|scope| {
        let killed = scope.spawn(|| store.autocommit(append));
        database.wait_for_blocked(1);
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE application_name = current_setting('application_name')
               AND wait_event_type = 'Lock'",
        );
        let killed = killed.join().unwrap();
        assert!(
            matches!(killed, Err(StoreError::CommitInDoubt(_))),
            "{killed:?}"
        );
    });
    drop(held);
    for _ in 0..2 {
        write_batch(&*store, &batch, &[], LockWait::Usual).unwrap();
    }
    assert_eq!(database.read(|tx| tx.last_seq(room)).unwrap(), Some(1));
}

#[test]
fn no_error_shows_the_password_of_the_url() {
    let url = "postgres://abu:hunter2@127.0.0.1:1/abu".into();
    let connection_timeout = Duration::from_millis(300);
    let settings = PoolSettings {
        url,
        size: 1,
        connection_timeout,
        statement_timeout: Duration::from_secs(1),
    };
    assert!(!format!("{settings:?}").contains("hunter2"));
    let error = PgStore::connect(settings).ping().unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

/// Checked reads of debug builds must leave the database's own value in force.
#[test]
fn a_read_hides_no_read_only_database_from_later_writes() {
    let cluster = PrivateCluster::start();
    let database = cluster.database();
    let user = database.user().create().id;
    let store = PgStore::connect(PoolSettings {
        size: 1,
        ..database.settings()
    });
    let store: &dyn Store = &store;
    database.execute("ALTER SYSTEM SET default_transaction_read_only = on");
    database.execute("SELECT pg_reload_conf()");
    while store.ping().is_ok() {
        std::thread::yield_now();
    }
    store.read(|tx| tx.user(user)).unwrap();
    let now = SystemClock.now();
    let refused = store.transaction(|tx| tx.set_active(user, false, now));
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
}

/// After a failover an old connection may lead to the former primary.
#[test]
fn a_connection_to_a_read_only_database_leaves_the_pool() {
    let cluster = PrivateCluster::start();
    let database = cluster.database();
    let user = database.user().create().id;
    let store = PgStore::connect(PoolSettings {
        size: 1,
        ..database.settings()
    });
    let store: &dyn Store = &store;
    let now = SystemClock.now();
    database.end_sessions();
    store.ping().unwrap();
    let sessions = || {
        database.texts(
            "SELECT pid::text FROM pg_stat_activity
             WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()",
        )
    };
    let before = sessions();
    assert!(!before.is_empty());
    database.execute("ALTER SYSTEM SET default_transaction_read_only = on");
    database.execute("SELECT pg_reload_conf()");
    // Sessions learn of it one after the other.
    let refused = loop {
        if let Err(error) = store.transaction(|tx| tx.set_active(user, false, now)) {
            break error;
        }
    };
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    while sessions().iter().any(|pid| before.contains(pid)) {
        std::thread::yield_now();
    }
    let refused = store.ping();
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
}

#[test]
fn a_refused_connection_is_noted_at_once() {
    let cluster = PrivateCluster::start();
    let database = cluster.database();
    let refused = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&refused);
    let store = PgStore::connect_with(database.settings(), move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    store.ping().unwrap();
    assert_eq!(refused.load(Ordering::Relaxed), 0);
    cluster.stop();
    assert!(store.ping().is_err());
    assert!(refused.load(Ordering::Relaxed) > 0);
}

/// Sets the language of the server's messages to another one than English: the locale, or `None` if the
/// machine or its PostgreSQL has no other.
fn speak_another_language(database: &TestDatabase) -> Option<String> {
    let locales = database.texts(
        "SELECT collname::text FROM pg_collation
         WHERE collprovider = 'c' AND collname ~ '^[a-z]+_[A-Z]+.utf8$' AND collname !~ '^en_'",
    );
    let english = told(database);
    locales.into_iter().find(|locale| {
        database.execute(&format!("ALTER SYSTEM SET lc_messages = '{locale}'"));
        database.execute("SELECT pg_reload_conf()");
        while database.texts("SHOW lc_messages") != [locale.as_str()] {
            std::thread::yield_now();
        }
        told(database) != english
    })
}

/// What a new session is told about a broken statement.
fn told(database: &TestDatabase) -> String {
    let failed = database.connection().batch_execute("SELECT 1 / 0");
    failed.unwrap_err().to_string()
}

#[test]
fn errors_are_recognized_where_the_server_speaks_another_language() {
    let cluster = PrivateCluster::start();
    let database = cluster.database();
    let user = database.user().create().id;
    let Some(locale) = speak_another_language(&database) else {
        eprintln!(
            "skipped: no other locale than English; `localedef -i de_DE -f UTF-8 de_DE.UTF-8` makes one"
        );
        return;
    };
    let store = PgStore::connect(PoolSettings {
        statement_timeout: Duration::from_millis(100),
        ..database.settings()
    });
    let store: &dyn Store = &store;
    let now = SystemClock.now();
    let locked = database.lock("users");
    let canceled = store.read(|tx| tx.user(user));
    drop(locked);
    assert!(
        matches!(canceled, Err(StoreError::Unavailable(_))),
        "{locale}: {canceled:?}"
    );
    assert!(store.read(|tx| tx.user(user)).unwrap().is_some());

    let store = PgStore::connect(database.settings());
    let store: &dyn Store = &store;
    let room = database.group(user).create().id;
    let locked = database.lock_room(room);
    let batch = [new_message(room, user, "waits")];
    let wait = LockWait::Usual;
    let refused = store.autocommit(|statements| statements.append_messages(&batch, wait));
    drop(locked);
    assert!(
        matches!(refused, Err(StoreError::Locked(_))),
        "{locale}: {refused:?}"
    );

    database.execute("ALTER SYSTEM SET default_transaction_read_only = on");
    database.execute("SELECT pg_reload_conf()");
    let refused = loop {
        if let Err(error) = store.transaction(|tx| tx.set_active(user, false, now)) {
            break error;
        }
    };
    assert!(
        matches!(refused, StoreError::Unavailable(_)),
        "{locale}: {refused:?}"
    );
}
