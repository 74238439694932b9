use abu_repository::{
    inspection::{InspectionError, inspect},
    migrations::{self, MigrationError},
    server_lock::{ServerLock, ServerLockError},
};
use abu_test_support::{TestDatabase, TransactionPooler};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};

#[test]
fn a_database_is_named_as_its_server_knows_it() {
    let database = TestDatabase::new();
    let found = inspect(&database.url()).unwrap();
    let names = database.texts("SELECT current_database() || ' ' || current_schema()");
    let place = &found.place;
    let schema = place.schema.as_deref().unwrap_or_default();
    assert_eq!(names, [format!("{} {schema}", place.database)]);
    let shown = place.to_string();
    let expected = format!(
        "{} at the Unix socket of port 5432, schema {schema}",
        place.database
    );
    assert_eq!(shown, expected);
    assert!(found.clock_ahead.abs() < TimeDelta::seconds(1));
    assert_eq!(found.foreign_messages, None);
}

#[test]
fn another_clock_of_the_database_is_measured() {
    let database = TestDatabase::new();
    for (interval, seconds) in [("90 seconds", 90), ("-1 hour", -3_600)] {
        database.execute(&format!(
            "CREATE OR REPLACE FUNCTION clock_timestamp() RETURNS timestamptz
             RETURN pg_catalog.clock_timestamp() + interval '{interval}'"
        ));
        // The schema's function comes first only where the catalog is named after it.
        let url = database.url();
        let url = url
            .expose_secret()
            .replacen("&application", ",pg_catalog&application", 1);
        let ahead = inspect(&SecretString::from(url)).unwrap().clock_ahead;
        let wrong_by = (ahead - TimeDelta::seconds(seconds)).abs();
        assert!(wrong_by < TimeDelta::seconds(1), "{ahead}");
    }
}

#[test]
fn an_encoding_other_than_utf8_is_refused_by_its_rule() {
    let database = TestDatabase::empty();
    database.execute(
        "CREATE DATABASE another_encoding
         TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'",
    );
    let url = database.url();
    let (server, rest) = url.expose_secret().rsplit_once('/').unwrap();
    let (_name, parameters) = rest.split_once('?').unwrap();
    let url = format!("{server}/another_encoding?{parameters}");
    let refused = inspect(&url.into()).unwrap_err();
    assert!(matches!(&refused, InspectionError::Encoding(found) if found == "SQL_ASCII"));
    assert!(refused.to_string().contains("must be UTF8"), "{refused}");
}

#[test]
fn a_transaction_pooler_is_refused_by_name_and_keeps_no_lock() {
    let database = TestDatabase::empty();
    let pooler = TransactionPooler::before(&database);
    let url = pooler.url();
    let refused = inspect(&url).unwrap_err();
    assert!(matches!(refused, InspectionError::Pooler(_)), "{refused:?}");
    assert!(
        refused.to_string().contains("transaction pooler"),
        "{refused}"
    );
    let refused = migrations::run(&url).unwrap_err();
    assert!(matches!(refused, MigrationError::Pooler(_)), "{refused:?}");
    let mut lock = ServerLock::new(url, "a server".to_owned());
    let refused = lock.hold().unwrap_err();
    assert!(matches!(refused, ServerLockError::Pooler(_)), "{refused:?}");
    let held = database.texts(
        "SELECT classid::text FROM pg_locks
         WHERE locktype = 'advisory' AND objid = current_schema()::regnamespace::oid",
    );
    assert_eq!(held, [""; 0]);
    migrations::run(&database.url()).unwrap();
}
