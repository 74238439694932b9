use std::fs;

use abu_application::{
    messaging::{messages::write_batch, ports::LockWait},
    platform::{lists::Seek, ports::AuditFilter},
};
use abu_test_support::{PrivateCluster, new_message};
use uuid::Uuid;

/// Preparing costs more than executing; a statement whose text varied with the batch would also fill
/// the server's memory.
#[test]
fn the_statements_of_a_batch_are_prepared_once_whatever_its_size() {
    let cluster = PrivateCluster::start_with(&[("log_min_duration_statement", "0")]);
    let database = cluster.database();
    let user = database.user().create().id;
    let room = database.group(user).create().id;
    let message = |_| {
        let mut message = new_message(room, user, "hello");
        message.client_message_id = Some(Uuid::new_v4());
        message
    };
    for size in 1..6 {
        let ordinary: Vec<_> = (0..size).map(message).collect();
        let again = ordinary[..1].to_vec();
        let mixed: Vec<_> = again.into_iter().chain((0..size).map(message)).collect();
        for batch in [ordinary, mixed] {
            let stored = database.transaction(|tx| tx.store_messages(&batch));
            stored.unwrap();
        }
    }
    let log = fs::read_to_string(cluster.log_file()).unwrap();
    let count = |step: &str, text: &str| {
        let wanted = |line: &&str| line.contains(step) && line.contains(text);
        log.lines().filter(wanted).count()
    };
    for (text, times) in [
        ("FROM append_messages(", 10),
        (r#"SELECT "rooms"."id", "rooms"."last_seq""#, 5),
        ("SELECT room_id, user_id", 5),
        ("SELECT room_id, seq, id", 5),
        ("INSERT INTO messages", 5),
        ("UPDATE rooms SET last_seq", 5),
    ] {
        assert_eq!(count(" execute __diesel_stmt_", text), times, "{text}");
        assert_eq!(count(" parse __diesel_stmt_", text), 1, "{text}");
    }
}

/// So no lock waits for this process, and a lone message takes one round trip.
#[test]
fn ordinary_messages_are_one_statement_outside_any_transaction() {
    let cluster = PrivateCluster::start_with(&[("log_statement", "all")]);
    let database = cluster.database();
    let user = database.user().create().id;
    let room = database.group(user).create().id;
    let store = database.store();
    let store_one = || {
        let batch = [new_message(room, user, "hello")];
        write_batch(&*store, &batch, &[], LockWait::Usual).unwrap();
    };
    let statements = || {
        let log = fs::read_to_string(cluster.log_file()).unwrap();
        let is_statement = |line: &&str| {
            line.contains("LOG:  ") && line.contains("__diesel_stmt_")
                || line.contains("LOG:  statement: ")
        };
        log.lines().filter(is_statement).count()
    };
    store_one();
    let before = statements();
    store_one();
    assert_eq!(statements(), before + 1);
}

/// A client that repeats messages must not cause inserts that are rolled back.
#[test]
fn a_batch_with_repeats_skips_the_database_function() {
    let cluster = PrivateCluster::start_with(&[("log_min_duration_statement", "0")]);
    let database = cluster.database();
    let user = database.user().create().id;
    let room = database.group(user).create().id;
    let mut message = new_message(room, user, "hello");
    message.client_message_id = Some(Uuid::new_v4());
    let mut again = new_message(room, user, "hello");
    again.client_message_id = message.client_message_id;
    let without = new_message(room, user, "hello");
    for batch in [[message, again], [without.clone(), without]] {
        let stored = database.transaction(|tx| tx.store_messages(&batch));
        assert_eq!(stored.unwrap().len(), 2);
    }
    let log = fs::read_to_string(cluster.log_file()).unwrap();
    assert!(log.contains("INSERT INTO messages"));
    assert!(!log.contains("FROM append_messages("), "{log}");
}

/// However much came since.
#[test]
fn what_came_before_a_time_is_read_from_there_on() {
    let cluster = PrivateCluster::start_with(&[
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_analyze", "on"),
    ]);
    let database = cluster.database();
    database.execute(
        "INSERT INTO audit_log (seq, id, created_at, actor, action, details, prev_hash, hash)
         SELECT n, gen_random_uuid(), '2026-01-01'::timestamptz + n * interval '1 minute', 'system',
                'access.seed', '{}', '', ''
         FROM generate_series(1, 20000) AS n;
         ANALYZE audit_log",
    );
    let filter = AuditFilter {
        to: Some("2026-01-05T08:30:00Z".parse().unwrap()),
        ..AuditFilter::default()
    };
    let page = database.read(|tx| tx.list_audit(&filter, Seek::START, 20));
    assert_eq!(page.unwrap().len(), 20);
    let log = fs::read_to_string(cluster.log_file()).unwrap();
    let asked = r#"Query Text: SELECT "audit_log"."seq""#;
    let plan = log.rsplit(asked).next().unwrap();
    assert!(plan.contains("Limit"), "{plan}");
    assert!(!plan.contains("Rows Removed by Filter"), "{plan}");
    assert!(!plan.contains("Sort"), "{plan}");
}
