//! Tests of the rendered screen, cell by cell.

use std::time::Duration;

use abu_chat_client::{
    Emoji, Event, Interruption, Message, MessageUpdated, ReactionNotify, TypingNotify,
};
use ratatui::{Terminal, backend::TestBackend, layout::Rect, style::Modifier};

use crate::{
    app::{Change, Input, OFFERED},
    fixture::{Amina, answer, direct, group, message, packet, page, reaction},
    keys::Action,
    transcript::LAID_OUT,
    view,
};

/// The rows of a screen of this size.
fn screen(amina: &Amina, columns: u16, rows: u16) -> String {
    drawn(amina, columns, rows).backend().to_string()
}

fn drawn(amina: &Amina, columns: u16, rows: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal
        .draw(|frame| view::draw(frame, &amina.app, amina.now))
        .unwrap();
    terminal
}

fn shows(amina: &Amina, texts: &[&str]) {
    let screen = screen(amina, 100, 24);
    for text in texts {
        assert!(screen.contains(text), "{text:?} is missing:\n{screen}");
    }
}

#[test]
fn a_conversation_shows_senders_times_replies_reactions_edits_and_deletions() {
    let mut amina = Amina::new();
    amina.hears(message("group", "musa", 1, "Ina kwana?"));
    let answer = packet("group", "amina", 2, "Lafiya lau").in_reply_to("group-1");
    amina.hears(Message::from_packet(answer).unwrap());
    amina.hears(message("group", "zainab", 3, "wrong"));
    amina.hears(message("group", "musa", 4, "secret"));
    let seq = |number: u64| std::num::NonZeroU64::new(number).unwrap();
    let time = chrono::DateTime::UNIX_EPOCH;
    let edit = MessageUpdated::edited("group", "group-3", seq(3), "right", time, seq(1));
    amina.gets(Input::Chat(Event::Updated(edit)));
    let deletion = MessageUpdated::deleted("group", "group-4", seq(4), seq(2));
    amina.gets(Input::Chat(Event::Updated(deletion)));
    let heart = Emoji::new("\u{2764}").unwrap();
    let reaction = ReactionNotify::added("group", "group-2", "musa", heart, 1).at_revision(seq(3));
    amina.gets(Input::Chat(Event::Reaction(reaction)));
    shows(
        &amina,
        &[
            " 1 January 1970 ",
            "00:01 Musa Garba",
            "Ina kwana?",
            "00:02 you",
            "\u{21aa} Musa Garba: Ina kwana?",
            "Lafiya lau",
            "\u{2764} 1",
            "00:03 Zainab Sani (edited)",
            "right",
            "this message was deleted",
            "Set of 1998  \u{25cf} Musa Garba  \u{25cb} Zainab Sani",
        ],
    );
    assert!(!screen(&amina, 100, 24).contains("secret"));
}

#[test]
fn rooms_with_unread_messages_are_bold_and_counted() {
    let mut amina = Amina::new();
    amina.hears(message("direct", "musa", 1, "Psst"));
    shows(
        &amina,
        &["# Set of 1998", "\u{25cf} Musa Garba              1"],
    );
    let terminal = drawn(&amina, 100, 24);
    let cell = |row| terminal.backend().buffer()[(2, row)].modifier;
    assert!(cell(0).contains(Modifier::REVERSED) && !cell(0).contains(Modifier::BOLD));
    assert!(cell(1).contains(Modifier::BOLD) && !cell(1).contains(Modifier::REVERSED));
}

#[test]
fn nothing_that_others_write_commands_the_terminal() {
    let mut amina = Amina::new();
    let hostile = "\u{1b}[31mred\u{1b}]0;t\u{7}\u{9b}2J\u{202e}\u{0}end";
    amina.hears(message("group", "musa", 1, hostile));
    let named = abu_chat_client::RoomNotify::new("group", abu_chat_client::RoomChange::Renamed);
    amina.gets(Input::Chat(Event::Room(named.named(hostile))));
    let terminal = drawn(&amina, 100, 24);
    let cells = terminal.backend().buffer().content().iter();
    let symbols: String = cells.map(|cell| cell.symbol()).collect();
    assert!(
        !symbols.chars().any(|symbol| symbol.is_control()),
        "{symbols:?}"
    );
    assert!(
        symbols.matches("[31mred]0;t2Jend").count() >= 2,
        "{symbols}"
    );
}

#[test]
fn a_disconnect_shows_the_time_until_the_next_attempt() {
    let mut amina = Amina::new();
    amina.gets(Input::Chat(Event::Reconnecting {
        attempt: 3,
        delay: Duration::from_secs(5),
        cause: Interruption::Lost,
    }));
    shows(
        &amina,
        &["Reconnecting: next try in 5 s (attempt 3; the connection was lost)"],
    );
    amina.now += Duration::from_millis(3500);
    shows(&amina, &["next try in 2 s"]);
    amina.now += Duration::from_secs(2);
    shows(&amina, &["trying now"]);
}

#[test]
fn pending_and_failed_messages_look_different() {
    let mut amina = Amina::new();
    amina.types("first");
    let id = amina.sends();
    shows(&amina, &["you (sending\u{2026})", "first"]);
    amina.does(Action::Quit);
    shows(
        &amina,
        &["Sending 1 message\u{2026} Ctrl-C leaves at once."],
    );
    let refused = Err("the room\u{1b}[2J is read-only".to_owned());
    amina.gets(Input::Sent("group".into(), id, refused));
    shows(&amina, &["you (not sent: the room[2J is read-only)"]);
}

#[test]
fn typing_members_are_named_above_the_composer() {
    let mut amina = Amina::new();
    let typing = |who: &str| Input::Chat(Event::Typing(TypingNotify::new("group", who, true)));
    amina.gets(typing("musa"));
    shows(&amina, &["Musa Garba is typing\u{2026}"]);
    amina.gets(typing("zainab"));
    amina.types("\u{6c49}\u{5b57}");
    shows(
        &amina,
        &[
            "Musa Garba and Zainab Sani are typing\u{2026}",
            "> \u{6c49}",
        ],
    );
    let mut terminal = drawn(&amina, 100, 24);
    let cursor = terminal.get_cursor_position().unwrap();
    assert_eq!((cursor.x, cursor.y), (28 + 2 + 4, 22));
}

#[test]
fn unread_messages_start_below_a_rule() {
    let mut amina = Amina::new();
    amina.gets(Input::Rooms(Ok(vec![group(0, 0), direct(1)])));
    amina.does(Action::NextRoom);
    let unread = vec![message("direct", "musa", 1, "Psst")];
    amina.gets(Input::History("direct".into(), None, Ok(unread)));
    shows(&amina, &["\u{2500} new \u{2500}", "Psst"]);
}

#[test]
fn only_visible_messages_are_laid_out() {
    let mut amina = Amina::new();
    for message in page(1..=2000) {
        amina.hears(message);
    }
    let (columns, rows) = view::pane(Rect::new(0, 0, 100, 24), &amina.app);
    amina.gets(Input::Pane { columns, rows });
    let laid_out = |amina: &mut Amina, action: Action| {
        let before = LAID_OUT.get();
        amina.does(action);
        screen(amina, 100, 24);
        LAID_OUT.get() - before
    };
    assert!(laid_out(&mut amina, Action::Newest) <= 30);
    assert!(laid_out(&mut amina, Action::Page(1)) <= 60);
    laid_out(&mut amina, Action::Scroll(100_000));
    assert!(screen(&amina, 100, 24).contains("number 1 "));
    // Scrolling measured each message once.
    for action in [Action::Scroll(-1), Action::Page(-1), Action::Newest] {
        assert!(laid_out(&mut amina, action) <= 30);
    }
}

#[test]
fn the_chosen_message_has_a_bar_at_its_side() {
    let mut amina = Amina::new();
    amina.hears(message("group", "musa", 1, "Ina kwana?"));
    amina.hears(message("group", "zainab", 2, "Sannu"));
    amina.does(Action::Escape);
    amina.does(Action::Older);
    shows(
        &amina,
        &[
            "00:01\u{258c}Musa Garba",
            "     \u{258c}Ina kwana?",
            "00:02 Zainab Sani",
        ],
    );
    amina.does(Action::Write);
    shows(&amina, &["00:01 Musa Garba"]);
}

#[test]
fn an_edit_or_a_reply_is_labeled_above_the_composer() {
    let mut amina = Amina::new();
    amina.hears(message("group", "amina", 1, "Lafiya lua"));
    amina.hears(message("group", "musa", 2, "Madalla"));
    amina.does(Action::Escape);
    amina.does(Action::Answer);
    amina.types("Sai gobe");
    let answering = [
        "\u{21aa} Musa Garba: Madalla \u{2014} Esc gives up",
        "> Sai gobe",
    ];
    shows(&amina, &answering);
    amina.does(Action::Older);
    amina.does(Action::Older);
    amina.does(Action::Edit);
    shows(
        &amina,
        &[
            "Editing \u{2014} Esc gives up",
            "> Lafiya lua",
            "Enter save",
        ],
    );
    amina.types("!");
    amina.does(Action::Send);
    shows(&amina, &["Saving\u{2026}"]);
    amina.does(Action::Escape);
    shows(&amina, &answering);
    let id = amina.sends();
    shows(
        &amina,
        &["you (sending\u{2026})", "\u{21aa} Musa Garba: Madalla"],
    );
    amina.gets(Input::Sent("group".into(), id, Err("no".to_owned())));
    shows(&amina, &["Ctrl-R send again  Ctrl-D forget"]);
}

#[test]
fn emoji_are_offered_and_ones_own_reactions_are_named() {
    let mut amina = Amina::new();
    amina.hears(message("group", "musa", 1, "Madalla"));
    let others = reaction(1, "zainab", "\u{1f44d}", 1, 1);
    amina.gets(Input::Chat(Event::Reaction(others)));
    let own = reaction(1, "amina", "\u{1f389}", 1, 2);
    amina.gets(Input::Chat(Event::Reaction(own)));
    shows(&amina, &["\u{1f44d} 1  \u{1f389} 1 (you)"]);
    amina.does(Action::Escape);
    amina.does(Action::React);
    let cells = |text: &str| -> String { text.chars().filter(|one| *one != ' ').collect() };
    let offer: String = OFFERED
        .iter()
        .zip(1..)
        .map(|(emoji, key)| format!("{key}{emoji}"))
        .collect();
    assert!(cells(&screen(&amina, 40, 24)).contains(&offer));
    amina.types("ok");
    amina.does(Action::Send);
    shows(&amina, &["> ok", "That is not an emoji."]);
}

#[test]
fn the_keys_are_listed_over_the_rest_on_every_screen() {
    let mut amina = Amina::new();
    amina.does(Action::Help);
    for columns in [40, 80] {
        let screen = screen(&amina, columns, 24);
        for text in ["Keys", "answer it", "react, or take it back", "Ctrl-C"] {
            assert!(screen.contains(text), "{text:?} is missing:\n{screen}");
        }
    }
    assert!(!screen(&amina, 80, 8).contains("give up"));
    amina.does(Action::Page(-3));
    amina.does(Action::Page(-3));
    assert!(screen(&amina, 80, 8).contains("give up"), "it scrolls");
    amina.does(Action::Help);
    assert!(!screen(&amina, 80, 24).contains("answer it"));
}

#[test]
fn on_40_columns_nothing_one_has_to_know_is_cut_off() {
    let mut amina = Amina::new();
    amina.hears(message("group", "amina", 1, "Lafiya lua"));
    let why = || "this message can no longer be changed".to_owned();
    let change = Change::Edit("Lafiya lau".to_owned());
    amina.gets(answer(1, change, Err(why())));
    amina.types("Sannu");
    let id = amina.sends();
    amina.gets(Input::Sent("group".into(), id, Err(why())));
    let change = Change::Edit("Lafiya lau".to_owned());
    amina.gets(answer(1, change, Err(why())));
    let rows = screen(&amina, 40, 24);
    let words: Vec<_> = rows.split(|one: char| !one.is_alphanumeric()).collect();
    let words = words.into_iter().filter(|word| !word.is_empty());
    let said = words.collect::<Vec<_>>().join(" ");
    for text in [
        "you not sent this message can no longer be changed",
        "Not edited this message can no longer be changed",
    ] {
        assert!(said.contains(text), "{text:?} is missing:\n{rows}");
    }
}

#[test]
fn every_size_of_screen_is_drawn() {
    let mut amina = Amina::new();
    for seq in 1..40 {
        amina.hears(message(
            "group",
            "musa",
            seq,
            "\u{6c49}\u{5b57} and a longer text",
        ));
    }
    amina.types("something");
    amina.does(Action::Older);
    amina.does(Action::Answer);
    amina.does(Action::Help);
    for columns in [1, 2, 5, 10, 49, 50, 80, 300] {
        for rows in [1, 2, 3, 5, 8, 24, 100] {
            screen(&amina, columns, rows);
        }
    }
}
