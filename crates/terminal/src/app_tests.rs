//! What happens to the state, and what is to be done for it.

use std::time::Duration;

use abu_chat_client::{
    EndReason, Event, Interruption, MessageUpdated, RoomChange, RoomNotify, TypingNotify,
};

use crate::{
    app::{Connection, Effect, Input, Question, Unsent},
    fixture::{Amina, ask_history, ask_mark, direct, group, message, page},
    keys::Action,
    room::{KEPT, KEPT_ASIDE},
};

#[test]
fn a_room_that_is_looked_at_is_read_and_another_counts() {
    let mut amina = Amina::new();
    let marks = amina.hears(message("group", "musa", 1, "Sannu"));
    assert_eq!(marks, [ask_mark("group", 1)]);
    amina.hears(message("group", "musa", 2, "Sannu!"));
    let next = amina.gets(Input::Marked("group".into(), true));
    assert_eq!(next, [ask_mark("group", 2)], "one mark at a time");
    amina.gets(Input::Marked("group".into(), true));
    assert_eq!(amina.app.rooms()[0].info.unread, 0);

    assert_eq!(amina.hears(message("direct", "musa", 1, "Psst")), []);
    assert_eq!(amina.app.rooms()[1].info.unread, 1);
    let opened = amina.does(Action::NextRoom);
    assert!(opened.contains(&ask_mark("direct", 1)), "{opened:?}");
    amina.gets(Input::Marked("direct".into(), true));
    assert_eq!(amina.app.rooms()[1].info.unread, 0);
}

#[test]
fn a_message_is_pending_until_it_is_stored_and_shown_once() {
    let mut amina = Amina::new();
    amina.types(" Sannu ");
    let id = amina.sends();
    assert_eq!(amina.app.room().unwrap().pending[0].text, "Sannu");
    let stored = message("group", "amina", 1, "Sannu");
    amina.hears(stored.clone());
    amina.gets(Input::Sent("group".into(), id, Ok(stored)));
    let room = amina.app.room().unwrap();
    assert_eq!((room.pending.len(), room.messages.len()), (0, 1));
    assert_eq!(room.info.unread, 0);
}

#[test]
fn what_failed_says_why_and_goes_again_under_its_id() {
    let mut amina = Amina::new();
    amina.types("Sannu");
    let id = amina.sends();
    let refused = Err("you are blocked".to_owned());
    amina.gets(Input::Sent("group".into(), id, refused.clone()));
    let failure = amina.app.room().unwrap().pending[0].failure.clone();
    assert_eq!(failure.as_deref(), Some("you are blocked"));
    let again = Effect::Ask(Question::Send("group".into(), id, "Sannu".to_owned()));
    assert_eq!(amina.does(Action::Retry), [again]);
    assert_eq!(amina.does(Action::Retry), [], "it is on its way");
    amina.gets(Input::Sent("group".into(), id, refused));
    amina.does(Action::Discard);
    assert!(amina.app.room().unwrap().pending.is_empty());
}

#[test]
fn typing_is_told_now_and_then_and_its_end_once() {
    let mut amina = Amina::new();
    let typing = |is_typing| Effect::Typing("group".into(), is_typing);
    assert_eq!(amina.types("S"), [typing(true)]);
    assert_eq!(amina.types("a"), []);
    amina.now += Duration::from_secs(4);
    assert_eq!(amina.types("n"), [typing(true)]);
    assert_eq!(amina.does(Action::Clear), [typing(false)]);
    assert_eq!(amina.does(Action::Clear), []);
}

#[test]
fn who_types_is_forgotten_with_their_message_or_with_time() {
    let mut amina = Amina::new();
    let starts = || Input::Chat(Event::Typing(TypingNotify::new("group", "musa", true)));
    amina.gets(starts());
    assert_eq!(amina.app.room().unwrap().typists(amina.now).count(), 1);
    amina.hears(message("group", "musa", 1, "Sannu"));
    assert_eq!(amina.app.room().unwrap().typists(amina.now).count(), 0);
    amina.gets(starts());
    amina.now += Duration::from_secs(9);
    assert_eq!(amina.app.room().unwrap().typists(amina.now).count(), 0);
}

#[test]
fn scrolling_to_the_top_asks_for_older_messages_once_and_stays_in_place() {
    let mut amina = Amina::new();
    for message in page(51..=70) {
        amina.hears(message);
    }
    assert_eq!(amina.does(Action::Page(1)), []);
    assert_eq!(amina.does(Action::Scroll(1000)), [ask_history(Some(51))]);
    assert_eq!(amina.does(Action::Scroll(1)), [], "it was asked for");
    let scroll = amina.app.scroll();
    amina.gets(Input::History("group".into(), Some(51), Ok(page(1..=50))));
    assert_eq!(amina.app.room().unwrap().first_seq(), Some(1));
    let marks = amina.hears(message("group", "musa", 71, "Sannu"));
    assert_eq!(marks, [], "it is not on the screen");
    assert_eq!(amina.app.scroll(), scroll + 2, "its two rows are below");
    amina.does(Action::Newest);
    assert_eq!(amina.app.scroll(), 0);
}

#[test]
fn a_page_that_does_not_join_what_is_here_leaves_no_hole() {
    let mut amina = Amina::new();
    for message in page(51..=52) {
        amina.hears(message);
    }
    amina.gets(Input::History("group".into(), Some(40), Ok(page(1..=39))));
    assert_eq!(amina.app.room().unwrap().first_seq(), Some(51));
}

#[test]
fn no_room_keeps_more_than_its_share() {
    let mut amina = Amina::new();
    for message in page(1..=KEPT as u64 + 10) {
        amina.hears(message);
    }
    assert_eq!(amina.app.rooms()[0].messages.len(), KEPT);
    amina.does(Action::NextRoom);
    assert_eq!(amina.app.rooms()[0].messages.len(), KEPT_ASIDE);
    let last = amina.app.rooms()[0].last_seq();
    assert_eq!(last, Some(KEPT as u64 + 10), "the newest stay");
}

#[test]
fn after_a_break_the_rooms_are_asked_for_and_counted_anew() {
    let mut amina = Amina::new();
    amina.gets(Input::Chat(Event::Reconnecting {
        attempt: 2,
        delay: Duration::from_secs(3),
        cause: Interruption::Lost,
    }));
    let away = amina.app.connection().clone();
    assert!(matches!(away, Connection::Away { attempt: 2, next, .. } if next > amina.now));
    let asked = amina.gets(Input::Chat(Event::Lagged));
    assert!(asked.contains(&Effect::Ask(Question::Rooms)));
    assert!(
        !amina
            .gets(Input::Chat(Event::Lagged))
            .contains(&Effect::Ask(Question::Rooms))
    );
    amina.hears(message("direct", "musa", 4, "newer than the list"));
    let again = amina.gets(Input::Rooms(Ok(vec![group(0, 0), direct(3)])));
    assert!(
        again.contains(&Effect::Ask(Question::Rooms)),
        "it changed meanwhile"
    );
    assert_eq!(amina.app.rooms()[1].info.unread, 4);
}

#[test]
fn a_deleted_message_is_shown_as_such_in_its_place() {
    let mut amina = Amina::new();
    amina.hears(message("group", "musa", 1, "Sannu"));
    let one = std::num::NonZeroU64::MIN;
    let deletion = MessageUpdated::deleted("group", "group-1", one, one);
    amina.gets(Input::Chat(Event::Updated(deletion)));
    assert!(amina.app.room().unwrap().messages[&1].deleted);
}

#[test]
fn a_room_one_was_removed_from_goes_and_the_other_is_shown() {
    let mut amina = Amina::new();
    let removed = RoomNotify::new("group", RoomChange::Removed);
    amina.gets(Input::Chat(Event::Room(removed)));
    assert_eq!(amina.app.rooms().len(), 1);
    assert_eq!(amina.app.title(amina.app.room().unwrap()), "Musa Garba");
    let removed = RoomNotify::new("direct", RoomChange::Removed);
    amina.gets(Input::Chat(Event::Room(removed)));
    assert!(amina.app.room().is_none());
    assert_eq!(amina.types("nowhere"), []);
    assert_eq!(amina.does(Action::NextRoom), []);
}

#[test]
fn leaving_waits_for_what_is_on_its_way_but_not_for_long_and_not_twice() {
    let mut amina = Amina::new();
    let quit = || Effect::Quit(None);
    amina.types("first");
    let first = amina.sends();
    assert_eq!(amina.does(Action::Quit), []);
    assert_eq!(amina.app.leaving(), Some(1));
    assert_eq!(amina.types("too late"), [], "only leaving at once is left");
    assert_eq!(amina.gets(Input::Tick), []);
    let unsent = Unsent {
        room: "Set of 1998".to_owned(),
        text: "first".to_owned(),
    };
    assert_eq!(amina.app.unsent(), [unsent]);
    let stored = message("group", "amina", 1, "first");
    let arrived = amina.gets(Input::Sent("group".into(), first, Ok(stored)));
    assert_eq!(arrived.last(), Some(&quit()));
    assert_eq!(amina.app.unsent(), []);

    let mut amina = Amina::new();
    amina.types("second");
    let second = amina.sends();
    assert_eq!(amina.does(Action::Quit), []);
    assert_eq!(amina.does(Action::Quit), [quit()], "at once");
    amina.now += Duration::from_secs(5);
    assert_eq!(amina.gets(Input::Tick), [quit()], "enough is enough");
    let refused = Err("you are blocked".to_owned());
    let refusal = amina.gets(Input::Sent("group".into(), second, refused));
    assert_eq!(refusal, [quit()], "it will not arrive");
    assert_eq!(amina.app.unsent().len(), 1);
}

#[test]
fn the_program_ends_by_wish_by_two_escapes_or_with_the_chat() {
    let mut amina = Amina::new();
    assert_eq!(amina.does(Action::Quit), [Effect::Quit(None)]);
    assert_eq!(amina.does(Action::Escape), []);
    assert_eq!(amina.does(Action::Escape), [Effect::Quit(None)]);
    let over = amina.gets(Input::Chat(Event::Ended(EndReason::LoggedOut)));
    assert_eq!(over, [Effect::Quit(Some(EndReason::LoggedOut))]);
}
