use std::fs;

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
    for size in 1..6 {
        let message = |_| {
            let mut message = new_message(room, user, "hello");
            message.client_message_id = Some(Uuid::new_v4());
            message
        };
        let batch: Vec<_> = (0..size).map(message).collect();
        database
            .transaction(|tx| tx.store_messages(&batch))
            .unwrap();
    }
    let log = fs::read_to_string(cluster.log_file()).unwrap();
    let count = |step: &str, text: &str| {
        let wanted = |line: &&str| line.contains(step) && line.contains(text);
        log.lines().filter(wanted).count()
    };
    for text in [
        r#"SELECT "rooms"."id", "rooms"."last_seq""#,
        "SELECT room_id, user_id",
        "SELECT room_id, seq, id",
        "INSERT INTO messages",
        "UPDATE rooms SET last_seq",
    ] {
        assert_eq!(count(" execute __diesel_stmt_", text), 5, "{text}");
        assert_eq!(count(" parse __diesel_stmt_", text), 1, "{text}");
    }
}
