//! The demonstration: filled once, with all that a visitor is to see.

use abu_app::server;
use abu_settings::{Environment, Settings, Sources};
use abu_test_support::TestDatabase;
use secrecy::ExposeSecret;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demonstration_is_filled_in_once_and_completely() {
    let (database, data) = (TestDatabase::new(), TempDir::new().unwrap());
    let sources = Sources::built_in(Environment::Test)
        .variable("ABU__DATABASE__URL", database.url().expose_secret())
        .variable("ABU__DATA__DIR", data.path())
        .variable("ABU__SUPERUSER__EMAIL", "admin@example.com")
        .variable("ABU__SUPERUSER__PASSWORD", "correct horse battery");
    let mut server = server::start(Settings::load(&sources).unwrap()).unwrap();
    server.ready().await.unwrap();
    for _ in 0..2 {
        server.fill_with_demo().await.unwrap();
    }
    server.stop().await;
    for (expected, query) in [
        (
            "60",
            "SELECT count(*)::text FROM users WHERE firstname <> '' AND NOT is_superuser",
        ),
        ("13", "SELECT count(*)::text FROM rooms"),
        (
            "1",
            "SELECT count(*)::text FROM imports WHERE state = 'committed'",
        ),
        ("true", "SELECT (count(*) > 2900)::text FROM alumni_records"),
        (
            "40",
            "SELECT count(*)::text FROM users WHERE verification = 'verified'",
        ),
        (
            "6",
            "SELECT count(*)::text FROM claims WHERE state = 'submitted'",
        ),
        (
            "40",
            "SELECT count(*)::text FROM directory_entries WHERE headline IS NOT NULL",
        ),
        (
            "60",
            "SELECT count(*)::text FROM alumni_records WHERE email LIKE '%@demo.example.com'",
        ),
        (
            "1",
            "SELECT count(*)::text FROM rooms WHERE archived_at IS NOT NULL",
        ),
        (
            "180",
            "SELECT last_seq::text FROM rooms WHERE name = 'Set of 2010'",
        ),
        (
            "12",
            "SELECT (last_seq - last_read_seq)::text FROM rooms
             JOIN room_members ON room_members.room_id = rooms.id
             JOIN users ON users.id = room_members.user_id
             WHERE name = 'Set of 2010' AND firstname = 'Amina' AND lastname = 'Bello'",
        ),
        (
            "true",
            "SELECT (count(*) > 50)::text FROM messages WHERE reply_to IS NOT NULL",
        ),
        (
            "true",
            "SELECT (count(*) > 50)::text FROM message_reactions",
        ),
    ] {
        assert_eq!(database.texts(query), [expected], "{query}");
    }
}
