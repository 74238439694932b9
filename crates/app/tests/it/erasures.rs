//! Erasures whose server is killed: they go on where they were, and change each message once.

use std::time::{Duration, Instant};

use abu_application::messaging::{messages::write_batch, ports::LockWait};
use abu_domain::{RoomId, UserId, platform::text::Reason};
use abu_test_support::{TestDatabase, new_message};
use chrono::Utc;
use secrecy::ExposeSecret;
use tempfile::TempDir;

use crate::program::{Program, abu_server, folder};

/// What does not happen within this time does not happen.
const EVENT_TIMEOUT: Duration = Duration::from_secs(120);
const MESSAGES: usize = 2_000;
/// Each third message is another member's.
const OWN: usize = MESSAGES - MESSAGES.div_ceil(3);
/// How many texts are gone when the server is killed.
const KILLED_AT: [usize; 3] = [1, 400, 900];

fn start(database: &TestDatabase, folder: &TempDir) -> Program {
    let server = Program::start(
        abu_server(folder)
            .env("ABU__DATABASE__URL", database.url().expose_secret())
            .env("ABU__SUPERUSER__EMAIL", "admin@example.com")
            .env("ABU__SUPERUSER__PASSWORD", "a password for tests")
            .env("ABU__JOBS__POLL_INTERVAL", "0.05"),
    );
    server.address();
    server
}

/// A room with messages of two members, and the one who will be erased.
fn conversation(database: &TestDatabase) -> (RoomId, UserId) {
    let [amina, musa] = [(); 2].map(|()| database.user().create().id);
    let room = database.group(musa).member(amina).create().id;
    let store = database.store();
    let messages: Vec<_> = (0..MESSAGES)
        .map(|number| match number % 3 {
            0 => new_message(room, musa, "theirs"),
            _ => new_message(room, amina, "to be removed"),
        })
        .collect();
    for batch in messages.chunks(100) {
        write_batch(&*store, batch, &[], LockWait::Usual).unwrap();
    }
    (room, amina)
}

fn count(database: &TestDatabase, of: &str) -> usize {
    let counted = database.texts(&format!("SELECT count(*)::text FROM {of}"));
    counted[0].parse().unwrap()
}

fn removed(database: &TestDatabase) -> usize {
    count(database, "messages WHERE body = ''")
}

/// Has the job due at once until it has happened.
#[track_caller]
fn hurry_until(database: &TestDatabase, has_happened: impl Fn() -> bool) {
    let deadline = Instant::now() + EVENT_TIMEOUT;
    while !has_happened() {
        assert!(Instant::now() < deadline, "it does not happen");
        database.execute(
            "UPDATE jobs SET next_attempt_at = now() WHERE kind = 'erase_accounts' AND leased_until IS NULL",
        );
        std::thread::yield_now();
    }
}

/// The seqs of the room have no gap, and no change of it counts twice.
fn assert_whole(database: &TestDatabase, room: RoomId) {
    let checked = database.texts(&format!(
        "SELECT concat_ws(' ', max(m.seq) = count(*) AND min(m.seq) = 1, r.last_seq = count(*),
                 count(m.revision) = count(DISTINCT m.revision),
                 coalesce(max(m.revision), 0) = count(m.revision), r.last_revision = count(m.revision),
                 count(m.revision) = count(*) FILTER (WHERE m.body = ''))
         FROM messages m JOIN rooms r ON r.id = m.room_id WHERE r.id = '{room}' GROUP BY r.id"
    ));
    assert_eq!(checked, ["t t t t t t"]);
}

#[test]
fn an_erasure_survives_kills_of_its_server_and_changes_each_message_once() {
    let (folder, database) = (folder(), TestDatabase::new());
    let (room, amina) = conversation(&database);
    let mut server = start(&database, &folder);
    let reason = Reason::parse("Asked for it.").unwrap();
    database
        .transaction(|tx| tx.hurry_erasure(amina, &reason, Utc::now()))
        .unwrap();
    hurry_until(&database, || {
        count(&database, "erasures WHERE started_at IS NOT NULL") == 1
    });
    // As if the time had passed in which the last messages of its sessions are stored.
    database.execute("UPDATE erasures SET started_at = started_at - interval '1 minute'");
    for texts in KILLED_AT {
        hurry_until(&database, || removed(&database) >= texts);
        server.kill();
        // A session that was committing may do so still.
        database.end_sessions();
        assert!(removed(&database) < OWN, "it was killed in the middle");
        assert_whole(&database, room);
        // The lease of the dead server is over too.
        database.execute("UPDATE jobs SET leased_until = NULL, next_attempt_at = now() WHERE kind = 'erase_accounts'");
        server = start(&database, &folder);
    }
    hurry_until(&database, || {
        database.execute(
            "UPDATE email_outbox SET state = 'sent', sent_at = now() WHERE state = 'pending'",
        );
        count(&database, "erasures") == 0
    });
    assert_eq!(removed(&database), OWN);
    assert_whole(&database, room);
    assert_eq!(
        count(
            &database,
            "messages WHERE body = 'theirs' AND revision IS NULL"
        ),
        MESSAGES - OWN
    );
    assert_eq!(count(&database, "erasure_ledger"), 1);
    assert_eq!(count(&database, "audit_log WHERE action = 'user.erase'"), 1);
    drop(server);
}
