//! Rows in the form of earlier releases, written by SQL.

use std::{thread, time::Duration};

use abu_application::{
    identity::ports::{EmailConflict, UserFilter},
    platform::{
        lists::Seek,
        ports::{Clock, MailFilter},
        system::SystemClock,
    },
};
use abu_domain::{UserId, identity::user::User, platform::text::EmailAddress};
use abu_repository::migrations::{self, MigrationError};
use abu_test_support::{TestDatabase, new_message};
use chrono::TimeDelta;
use uuid::Uuid;

/// Not canonical: `xn--bcher-kva.example` is.
const OLD_HOST: &str = "bücher.example";
const HOST: &str = "xn--bcher-kva.example";

/// A migrated database whose backfills have not run.
fn before_backfills() -> TestDatabase {
    let database = TestDatabase::new();
    database.execute("DELETE FROM backfills");
    database
}

fn backfill(database: &TestDatabase) -> Vec<String> {
    migrations::run(&database.url()).unwrap()
}

fn spelled(database: &TestDatabase, user: &User, email: &str) {
    database.execute(&format!(
        "UPDATE users SET email = '{email}' WHERE id = '{id}';
         UPDATE user_emails SET email = '{email}' WHERE user_id = '{id}'",
        id = user.id
    ));
}

fn verified(database: &TestDatabase, user: &User, ago: TimeDelta) {
    let at = SystemClock.now() - ago;
    database.execute(&format!(
        "UPDATE user_emails SET verified_at = '{at}' WHERE user_id = '{}'",
        user.id
    ));
}

fn emails(database: &TestDatabase, user: &User) -> Vec<String> {
    database.texts(&format!(
        "SELECT email FROM users WHERE id = '{id}'
         UNION ALL SELECT email FROM user_emails WHERE user_id = '{id}' AND is_primary",
        id = user.id
    ))
}

fn conflicts(database: &TestDatabase) -> Vec<EmailConflict> {
    database.read(|tx| tx.email_conflicts(100)).unwrap()
}

fn owner(database: &TestDatabase, email: &str) -> Option<UserId> {
    let email = EmailAddress::parse(email).unwrap();
    let found = database.read(|tx| tx.credentials(&email)).unwrap();
    found.map(|found| found.user_id)
}

#[test]
fn rows_that_no_rule_allows_fail_no_list() {
    let database = TestDatabase::new();
    let user = database.user().create();
    let room = database.group(user.id).create().id;
    database.execute(&format!(
        "UPDATE users SET email = 'no address', firstname = E'\\x01', middlename = '', lastname = '',
                          phone = 'none';
         UPDATE user_emails SET email = 'no address';
         UPDATE rooms SET name = E'\\u202E';
         INSERT INTO email_outbox (id, recipient, kind, params, created_at, next_attempt_at)
         VALUES ('{}', E'i\\u0307x@example.com', 'account_exists', '{{\"firstname\": \"\"}}', now(),
                 now()), ('{}', '', 'account_exists', '{{}}', now(), now())",
        Uuid::from_u128(1),
        Uuid::from_u128(2)
    ));
    let users = database.read(|tx| tx.list_users(&UserFilter::default(), Seek::START, 10));
    assert_eq!(users.unwrap()[0].email.as_str(), "no address");
    let mails = database.read(|tx| tx.list_mails(&MailFilter::default(), Seek::START, 10));
    assert_eq!(mails.unwrap().len(), 2);
    assert!(database.read(|tx| tx.user(user.id)).unwrap().is_some());
    assert!(database.read(|tx| tx.room(room)).unwrap().is_some());
    let members = database.read(|tx| tx.list_members(room, Seek::START, 10));
    assert_eq!(members.unwrap().len(), 1);
    assert_eq!(database.read(|tx| tx.emails_of(user.id)).unwrap().len(), 1);
    backfill(&database);
    assert_eq!(emails(&database, &user), ["no address", "no address"]);
}

#[test]
fn names_and_rooms_of_earlier_releases_take_the_new_form() {
    let database = before_backfills();
    let user = database.user().create();
    let room = database.group(user.id).create().id;
    database.execute(
        "UPDATE users SET firstname = E'S\\u0323ade\\u200B', middlename = E'A\\u00A0 B', lastname = '123';
         UPDATE rooms SET name = E'Class\\u202E  of\\n2010';
         UPDATE sessions SET device_name = E'A\\u200Ephone'",
    );
    backfill(&database);
    let user = database.read(|tx| tx.user(user.id)).unwrap().unwrap();
    assert_eq!(user.firstname.as_str(), "Ṣade");
    assert_eq!(user.middlename.unwrap().as_str(), "A B");
    // No rule can mend it.
    assert_eq!(user.lastname.as_str(), "123");
    let room = database.read(|tx| tx.room(room)).unwrap().unwrap();
    assert_eq!(room.name.unwrap().as_str(), "Class of 2010");
    assert_eq!(
        database.texts("SELECT device_name FROM sessions"),
        ["Aphone"]
    );
    assert!(backfill(&database).is_empty());
}

#[test]
fn an_address_takes_its_canonical_form_and_opens_the_account() {
    let database = before_backfills();
    let user = database.user().create();
    spelled(&database, &user, &format!("I\u{307}x@{OLD_HOST}"));
    assert_eq!(owner(&database, &format!("İx@{OLD_HOST}")), None);
    backfill(&database);
    let canonical = format!("i\u{307}x@{HOST}");
    assert_eq!(emails(&database, &user), [&*canonical, &*canonical]);
    for spelling in [format!("İX@{OLD_HOST}"), canonical] {
        assert_eq!(owner(&database, &spelling), Some(user.id));
    }
    assert!(conflicts(&database).is_empty());
}

#[test]
fn of_two_accounts_of_one_address_the_one_verified_first_keeps_it() {
    for old_is_first in [true, false] {
        let database = before_backfills();
        let old = database.user().create();
        let new = database.user().email(&format!("amina@{HOST}")).create();
        spelled(&database, &old, &format!("amina@{OLD_HOST}"));
        let (earlier, later) = (TimeDelta::days(9), TimeDelta::days(2));
        verified(&database, &old, if old_is_first { earlier } else { later });
        verified(&database, &new, if old_is_first { later } else { earlier });
        backfill(&database);
        let (keeper, other) = if old_is_first {
            (&old, &new)
        } else {
            (&new, &old)
        };
        let (address, spelling) = (format!("amina@{HOST}"), format!("amina@{OLD_HOST}"));
        assert_eq!(emails(&database, keeper), [&*address, &*address]);
        assert_eq!(emails(&database, other), [&*spelling, &*spelling]);
        assert_eq!(owner(&database, &spelling), Some(keeper.id));
        let listed = conflicts(&database);
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].user_id, other.id);
        assert_eq!(listed[0].spelling.as_str(), spelling);
        assert_eq!(listed[0].address.as_str(), address);
        assert_eq!(listed[0].holder_id, Some(keeper.id));
    }
}

#[test]
fn an_unproved_claim_yields_to_a_proof() {
    let database = before_backfills();
    let proved = database.user().create();
    let claimed = database.user().email(&format!("amina@{HOST}")).create();
    database.execute(&format!(
        "UPDATE user_emails SET verified_at = NULL WHERE user_id = '{}'",
        claimed.id
    ));
    spelled(&database, &proved, &format!("amina@{OLD_HOST}"));
    backfill(&database);
    assert_eq!(
        owner(&database, &format!("amina@{OLD_HOST}")),
        Some(proved.id)
    );
    assert_eq!(conflicts(&database)[0].user_id, claimed.id);
}

#[test]
fn an_account_with_both_spellings_of_an_address_has_it_once() {
    let database = before_backfills();
    let user = database.user().email(&format!("amina@{HOST}")).create();
    database.execute(&format!(
        "INSERT INTO user_emails (id, user_id, email, is_primary, created_at)
         VALUES (gen_random_uuid(), '{}', 'amina@{OLD_HOST}', false, now())",
        user.id
    ));
    backfill(&database);
    let stored = database.read(|tx| tx.emails_of(user.id)).unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].email.as_str(), format!("amina@{HOST}"));
    assert!(stored[0].is_primary && stored[0].verified_at.is_some());
}

#[test]
fn stored_reactions_become_fully_qualified_or_go() {
    let database = before_backfills();
    let [one, two] = [(); 2].map(|()| database.user().create().id);
    let room = database.group(one).create().id;
    let message = new_message(room, one, "hello");
    database
        .transaction(|tx| tx.store_messages(std::slice::from_ref(&message)))
        .unwrap();
    let id = message.id;
    database.execute(&format!(
        "INSERT INTO message_reactions (message_id, user_id, emoji, revision, created_at) VALUES
             ('{id}', '{one}', E'\\u2764', 1, now()), ('{id}', '{two}', E'\\u2764', 2, now()),
             ('{id}', '{one}', E'\\u2764\\uFE0F', 3, now()), ('{id}', '{one}', '₦5000', 4, now()),
             ('{id}', '{two}', '👍', 5, now());
         INSERT INTO message_emoji SELECT message_id, emoji, count(*), min(revision)
         FROM message_reactions GROUP BY message_id, emoji"
    ));
    backfill(&database);
    let reactions = "SELECT emoji || ' ' || reactions || ' ' || first_revision FROM message_emoji
                     ORDER BY first_revision";
    assert_eq!(database.texts(reactions), ["❤\u{fe0f} 2 2", "👍 1 5"]);
    let users = "SELECT emoji || ' ' || user_id FROM message_reactions ORDER BY revision";
    assert_eq!(
        database.texts(users),
        [
            format!("❤\u{fe0f} {two}"),
            format!("❤\u{fe0f} {one}"),
            format!("👍 {two}")
        ]
    );
}

/// The connection of the migrator that waits for a lock.
const WAITING: &str = "SELECT pid::text FROM pg_stat_activity
                       WHERE wait_event_type = 'Lock' AND application_name = current_setting('application_name')";

#[test]
fn a_backfill_that_was_killed_goes_on_where_it_was() {
    let database = before_backfills();
    database.execute(
        "INSERT INTO users (id, email, password_hash, firstname, lastname, created_at, last_modified)
         SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, n || '@example.com', '-',
                E'Ami\\u200Bna', 'Bello', now(), now()
         FROM generate_series(1, 1200) AS n",
    );
    let old = "SELECT count(*)::text FROM users WHERE firstname <> 'Amina'";
    let mut locking = database.connection();
    diesel::connection::SimpleConnection::batch_execute(
        &mut locking,
        "BEGIN; SELECT FROM users WHERE email = '800@example.com' FOR UPDATE",
    )
    .unwrap();
    let url = database.url();
    let migrator = thread::spawn(move || migrations::run(&url));
    let pid = loop {
        match database.texts(WAITING).pop() {
            Some(pid) => break pid,
            None => thread::sleep(Duration::from_millis(10)),
        }
    };
    database.texts(&format!("SELECT pg_terminate_backend({pid})::text"));
    let killed = migrator.join().unwrap();
    assert!(
        matches!(killed, Err(MigrationError::Unavailable(_))),
        "{killed:?}"
    );
    assert_eq!(database.texts(old), ["401"]);
    let position = "SELECT right(position::text, 4) FROM backfills WHERE name = 'users.firstname'";
    assert_eq!(database.texts(position), ["0500"]);
    let pending = migrations::state(&database.url()).unwrap().pending;
    assert!(
        pending.contains(&"backfill of users.firstname".to_owned()),
        "{pending:?}"
    );
    drop(locking);
    // The first rows are in the new form, and are not looked at again.
    database.execute("UPDATE users SET firstname = E'x\\u200B' WHERE email = '1@example.com'");
    assert_eq!(
        backfill(&database),
        ["backfill of users.firstname (401 rows)"]
    );
    assert_eq!(database.texts(old), ["1"]);
    assert!(
        migrations::state(&database.url())
            .unwrap()
            .pending
            .is_empty()
    );
}

/// Writes a person's name as the previous release does.
fn write_old_name(database: &TestDatabase, user: &User) {
    database.execute(&format!(
        "UPDATE users SET firstname = E'Ami\\u200Bna' WHERE id = '{}'",
        user.id
    ));
}

fn firstname(database: &TestDatabase, user: &User) -> String {
    let user = database.read(|tx| tx.user(user.id)).unwrap().unwrap();
    user.firstname.as_str().to_owned()
}

#[test]
fn rows_that_the_previous_release_wrote_during_a_backfill_take_the_new_form() {
    let database = before_backfills();
    backfill(&database);
    let user = database.user().create();
    write_old_name(&database, &user);
    spelled(&database, &user, &format!("amina@{OLD_HOST}"));
    assert!(backfill(&database).is_empty());
    let repeat = || migrations::repeat_backfills(&database.url(), &|| false).unwrap();
    let repeated = [
        "backfill of user_emails.email (1 rows)",
        "backfill of users.firstname (1 rows)",
    ];
    assert_eq!(repeat(), repeated);
    assert_eq!(firstname(&database, &user), "Amina");
    assert_eq!(
        owner(&database, &format!("amina@{OLD_HOST}")),
        Some(user.id)
    );
    write_old_name(&database, &user);
    assert!(repeat().is_empty(), "one second pass is enough");
    migrations::demand_second_pass(&database.url()).unwrap();
    assert_eq!(repeat(), repeated[1..]);
}

#[test]
fn a_second_pass_that_is_stopped_goes_on_where_it_was() {
    let database = before_backfills();
    backfill(&database);
    database.execute(
        "INSERT INTO users (id, email, password_hash, firstname, lastname, created_at, last_modified)
         SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, n || '@example.com', '-',
                E'Ami\\u200Bna', 'Bello', now(), now()
         FROM generate_series(1, 700) AS n",
    );
    let old = "SELECT count(*)::text FROM users WHERE firstname <> 'Amina'";
    let has_begun = || database.texts(old) != ["700"];
    let stopped = migrations::repeat_backfills(&database.url(), &has_begun).unwrap();
    assert_eq!(stopped, ["backfill of users.firstname (500 rows)"]);
    assert_eq!(database.texts(old), ["200"]);
    let rest = migrations::repeat_backfills(&database.url(), &|| false).unwrap();
    assert_eq!(rest, ["backfill of users.firstname (200 rows)"]);
    assert_eq!(database.texts(old), ["0"]);
}

#[test]
fn a_new_database_needs_no_second_pass() {
    let database = TestDatabase::new();
    let due = "SELECT name FROM backfills WHERE finished_at IS NULL OR repeated_at IS NULL";
    assert_eq!(database.texts(due), [""; 0]);
}
