//! Integration tests of the program in a terminal, against the real server.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the test's helpers may fail the test"
)]

mod terminal;

use abu_chat_client::{Chat, Client, Emoji, Event, Events, Message, RoomId, Session, UserId};
use abu_test_support::{ADMIN_EMAIL, ADMIN_PASSWORD, TestServer};

use crate::terminal::{TEST_TIMEOUT, Terminal};

/// The other member of the room, on the client library.
struct Musa {
    chat: Chat,
    events: Events,
    session: Session,
    room: RoomId,
}

impl Musa {
    /// Connects, and creates a group with the account of the program.
    async fn with(server: &TestServer) -> Self {
        let musa = server.database().user().name("Musa", "Garba").create();
        let client = Client::new(server.url("")).unwrap();
        let session = client.resume(server.refresh_token(musa.id, 0));
        let (chat, events) = session.connect().await.unwrap();
        let admin = server.database().texts(&format!(
            "SELECT user_id::text AS text FROM user_emails WHERE email = '{ADMIN_EMAIL}'"
        ));
        let admin = UserId::from(admin[0].as_str());
        let room = session.open_group("Set of 1998", &[admin]).await.unwrap();
        Self {
            chat,
            events,
            session,
            room: room.id,
        }
    }

    async fn until(&mut self, mut wanted: impl FnMut(&Event) -> bool) -> Event {
        let found = async {
            while let Some(event) = self.events.next().await {
                if wanted(&event) {
                    return event;
                }
            }
            panic!("the events are over");
        };
        tokio::time::timeout(TEST_TIMEOUT, found).await.unwrap()
    }

    /// Waits for the message `seq`.
    async fn hears(&mut self, seq: u64) -> Message {
        let found = |event: &Event| matches!(event, Event::Message(message) if message.seq == seq);
        match self.until(found).await {
            Event::Message(message) => message,
            _ => unreachable!("a message was waited for"),
        }
    }
}

/// A server without rate limits.
async fn server() -> TestServer {
    TestServer::start_with(|settings| {
        settings.rate_limits.enabled = false;
        settings.chat.rate_limits_enabled = false;
    })
    .await
}

async fn logged_in(server: &TestServer) -> Terminal {
    let arguments = ["--server", &server.url(""), "--email", ADMIN_EMAIL];
    let terminal = Terminal::run(&arguments);
    terminal.shows("Password:").await;
    terminal.types(ADMIN_PASSWORD);
    terminal.presses("Enter");
    terminal
}

#[tokio::test]
async fn two_people_talk_and_a_stopped_server_is_shown_as_away() {
    let server = server().await;
    let mut musa = Musa::with(&server).await;
    musa.chat.send(&musa.room, "Ina kwana?").await.unwrap();

    let terminal = logged_in(&server).await;
    let screen = terminal.shows("Ina kwana?").await;
    assert!(screen.contains("# Set of 1998"), "{screen}");
    assert!(!screen.contains(ADMIN_PASSWORD), "{screen}");
    terminal.shows("\u{25cf} Musa Garba").await;
    musa.until(|event| matches!(event, Event::Read(read) if read.seq == 1))
        .await;

    terminal.types("Lafiya lau");
    musa.until(|event| matches!(event, Event::Typing(typing) if typing.is_typing))
        .await;
    terminal.presses("Enter");
    let said = musa.hears(2).await;
    assert_eq!(said.text, "Lafiya lau");

    musa.chat.typing(&musa.room, true);
    terminal.shows("Musa Garba is typing").await;
    let hostile = "Madalla \u{1b}[2J\u{1b}]0;owned\u{7}!";
    musa.chat.reply(&said, hostile).await.unwrap_err();
    musa.chat.reply(&said, "Madalla!").await.unwrap();
    let screen = terminal.shows("Madalla!").await;
    assert!(screen.contains("\u{21aa} you: Lafiya lau"), "{screen}");
    assert!(!screen.contains("sending"), "{screen}");

    drop((musa.chat, musa.events, musa.session));
    server.stop().await;
    terminal.shows("Reconnecting: ").await;
    terminal.presses("C-c");
    terminal.is_left_with(0).await;
}

#[tokio::test]
async fn answers_reactions_edits_and_deletions_are_seen_on_both_sides() {
    let server = server().await;
    let mut musa = Musa::with(&server).await;
    let question = musa.chat.send(&musa.room, "Ina kwana?").await.unwrap();
    let terminal = logged_in(&server).await;
    terminal.shows("Ina kwana?").await;

    terminal.presses("Escape");
    terminal.shows("k/j choose").await;
    terminal.types("r");
    terminal.shows("Ina kwana? \u{2014} Esc gives up").await;
    terminal.types("Lafiya lua");
    terminal.presses("Enter");
    let mut said = musa.hears(2).await;
    assert_eq!(said.reply_to, Some(question.id));
    terminal.shows("\u{21aa} Musa Garba: Ina kwana?").await;

    terminal.presses("Escape");
    terminal.shows("k/j choose").await;
    terminal.types("e");
    terminal.shows("Editing \u{2014} Esc gives up").await;
    terminal.presses("BSpace");
    terminal.presses("BSpace");
    terminal.types("au");
    terminal.presses("Enter");
    let edit = musa.until(|event| matches!(event, Event::Updated(_))).await;
    if let Event::Updated(edit) = edit {
        said.update(&edit);
    }
    assert_eq!(said.text, "Lafiya lau");
    terminal.shows("(edited)").await;

    terminal.presses("Escape");
    terminal.shows("k/j choose").await;
    terminal.types("k");
    terminal.shows("\u{258c}Ina kwana?").await;
    for is_added in [true, false] {
        terminal.types("x");
        terminal.shows("1-9 choose").await;
        terminal.types("1");
        musa.until(|event| matches!(event, Event::Reaction(change) if change.is_added == is_added))
            .await;
        if is_added {
            terminal.shows("\u{1f44d} 1 (you)").await;
        }
    }
    musa.chat
        .react(&musa.room, &said.id, Emoji::new("\u{1f389}").unwrap())
        .await
        .unwrap();
    terminal.shows("\u{1f389} 1").await;

    terminal.types("j");
    terminal.shows("\u{258c}Lafiya lau").await;
    terminal.types("d");
    terminal.shows("Press d again to delete: Lafiya lau").await;
    terminal.types("d");
    musa.until(|event| matches!(event, Event::Updated(change) if change.deleted))
        .await;
    terminal.shows("this message was deleted").await;

    terminal.types("?");
    terminal.shows("react, or take it back").await;
    terminal.presses("C-c");
    terminal.is_left_with(0).await;
}

#[tokio::test]
async fn unsent_messages_are_printed_after_leaving() {
    let server = server().await;
    let musa = Musa::with(&server).await;
    musa.chat.send(&musa.room, "Ina kwana?").await.unwrap();
    let terminal = logged_in(&server).await;
    terminal.shows("Ina kwana?").await;
    drop((musa.chat, musa.events, musa.session));
    server.stop().await;
    terminal.shows("Reconnecting: ").await;
    terminal.types("Lafiya lau");
    terminal.presses("Enter");
    terminal.shows("(sending").await;
    terminal.presses("C-c");
    terminal.shows("Sending 1 message").await;
    terminal.presses("C-c");
    let screen = terminal.is_left_with(0).await;
    let said = "abu-chat: not sent to Set of 1998: Lafiya lau";
    assert!(screen.contains(said), "{screen}");
}

#[tokio::test]
async fn interrupting_the_log_in_gives_the_echo_back() {
    let server = server().await;
    let arguments = ["--server", &server.url(""), "--email", ADMIN_EMAIL];
    let by_key = Terminal::run(&arguments);
    by_key.shows("Password:").await;
    by_key.presses("C-c");
    by_key.is_left_with(130).await;
    let by_signal = Terminal::run(&arguments);
    by_signal.shows("Password:").await;
    by_signal.interrupts_the_program();
    by_signal.is_left_with(130).await;
}

#[tokio::test]
async fn older_messages_come_as_one_scrolls_up() {
    let server = server().await;
    let musa = Musa::with(&server).await;
    for number in 1..=120 {
        let text = format!("message number {number}.");
        musa.chat.send(&musa.room, text).await.unwrap();
    }
    let terminal = logged_in(&server).await;
    terminal.shows("message number 120.").await;
    terminal.scrolls_up_to("message number 1.").await;
    terminal.presses("Escape");
    terminal.shows("Esc quit").await;
    terminal.types("G");
    terminal.shows("message number 120.").await;
    terminal.presses("Escape");
    terminal.is_left_with(0).await;
    let left = server.database().texts(
        "SELECT count(*)::text AS text FROM sessions
             WHERE device_name = 'abu-chat' AND revoked_at IS NULL",
    );
    assert_eq!(left, ["0"], "the log-in ended with the program");
}

#[tokio::test]
async fn a_wrong_password_is_refused_before_the_screen_is_taken() {
    let server = server().await;
    let terminal = Terminal::run(&["--server", &server.url(""), "--email", ADMIN_EMAIL]);
    terminal.shows("Password:").await;
    terminal.types("something else");
    terminal.presses("Enter");
    let screen = terminal.is_left_with(3).await;
    assert!(screen.contains("abu-chat: "), "{screen}");
    assert!(!screen.contains("something else"), "{screen}");
}

#[tokio::test]
async fn without_a_server_or_a_right_address_it_says_so() {
    let unreachable = Terminal::run(&["--server", "http://127.0.0.1:1", "--email", ADMIN_EMAIL]);
    unreachable.shows("Password:").await;
    unreachable.presses("Enter");
    unreachable.is_left_with(1).await;
    let nonsense = Terminal::run(&["--server", "chat", "--email", ADMIN_EMAIL]);
    nonsense.is_left_with(2).await;
    let pipe = std::process::Command::new(env!("CARGO_BIN_EXE_abu-chat"))
        .output()
        .unwrap();
    assert_eq!(pipe.status.code(), Some(2));
}
