//! Tests of the application state: inputs and their effects.

use std::time::Duration;

use abu_chat_client::{
    Emoji, EndReason, Event, Interruption, MessageUpdated, RoomChange, RoomNotify, TypingNotify,
    protocol::server::{MemberChange, MemberNotify},
};

use crate::{
    app::{Change, Changed, Connection, Effect, Input, Invitation, OFFERED, Question, Unsent},
    fixture::{
        Amina, answer, ask_change, ask_history, ask_mark, direct, edited, group, message, page,
        person, reaction,
    },
    keys::Action,
    room::{KEPT, KEPT_ASIDE, Members},
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
fn a_failed_message_shows_its_reason_and_is_resent_under_its_id() {
    let mut amina = Amina::new();
    amina.types("Sannu");
    let id = amina.sends();
    let refused = Err("you are blocked".to_owned());
    amina.gets(Input::Sent("group".into(), id, refused.clone()));
    let failure = amina.app.room().unwrap().pending[0].failure.clone();
    assert_eq!(failure.as_deref(), Some("you are blocked"));
    let again = Effect::Ask(Question::Send("group".into(), id, "Sannu".to_owned(), None));
    assert_eq!(amina.does(Action::Retry), [again]);
    assert_eq!(amina.does(Action::Retry), [], "it is on its way");
    amina.gets(Input::Sent("group".into(), id, refused));
    amina.does(Action::Discard);
    assert!(amina.app.room().unwrap().pending.is_empty());
}

#[test]
fn typing_is_sent_at_intervals_and_its_end_once() {
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
fn a_typing_member_is_removed_by_their_message_or_a_timeout() {
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
fn scrolling_to_the_top_loads_older_messages_once_and_keeps_the_view() {
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
fn a_page_that_would_leave_a_gap_is_discarded() {
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

fn invitation(place: u128, room: &str) -> Invitation {
    Invitation {
        id: uuid::Uuid::from_u128(place),
        room: room.to_owned(),
        inviter: "Musa Garba".to_owned(),
    }
}

#[test]
fn an_invitation_is_asked_for_shown_and_answered() {
    let mut amina = Amina::new();
    let invited = RoomNotify::new("old", RoomChange::Invited);
    let asked = amina.gets(Input::Chat(Event::Room(invited)));
    assert_eq!(asked, [Effect::Ask(Question::Invitations)]);
    let open = vec![invitation(1, "Set of 1998"), invitation(2, "Choir")];
    amina.gets(Input::Invitations(Ok(open)));
    let offer = "Musa Garba invites you back to Set of 1998: Alt-Y to join, Alt-N to decline.";
    assert_eq!(amina.app.notice(), Some(offer));
    let first = uuid::Uuid::from_u128(1);
    let answered = amina.does(Action::Join);
    assert_eq!(answered, [Effect::Ask(Question::Answer(first, true))]);
    amina.gets(Input::Answered(Ok(())));
    assert!(amina.app.notice().unwrap().contains("Choir"));
}

#[test]
fn an_invitation_whose_answer_failed_can_be_answered_again() {
    let mut amina = Amina::new();
    let open = || Input::Invitations(Ok(vec![invitation(1, "Choir")]));
    amina.gets(open());
    let answer = [Effect::Ask(Question::Answer(
        uuid::Uuid::from_u128(1),
        true,
    ))];
    assert_eq!(amina.does(Action::Join), answer);
    let asked = amina.gets(Input::Answered(Err("no connection".to_owned())));
    assert_eq!(asked, [Effect::Ask(Question::Invitations)]);
    amina.gets(open());
    let why = "The invitation cannot be answered: no connection";
    assert_eq!(amina.app.notice(), Some(why));
    assert_eq!(amina.does(Action::Join), []);
    assert!(amina.app.notice().unwrap().contains("Choir"));
    assert_eq!(amina.does(Action::Join), answer);
}

#[test]
fn members_who_changed_during_the_request_or_a_reconnect_are_asked_for_again() {
    let mut amina = Amina::new();
    let ask = [Effect::Ask(Question::Members("group".into()))];
    let change = || {
        let change = MemberNotify::new("group", "zainab", MemberChange::Removed);
        Input::Chat(Event::Member(change))
    };
    let answer = |amina: &mut Amina, names: &[&str]| {
        let people = names.iter().map(|name| person(name, name, true));
        amina.gets(Input::Members("group".into(), Ok(people.collect())))
    };
    assert_eq!(amina.gets(change()), ask);
    assert_eq!(amina.gets(change()), []);
    assert_eq!(
        answer(&mut amina, &["amina", "musa", "zainab"]),
        ask,
        "it may be old"
    );
    assert_eq!(answer(&mut amina, &["amina", "musa"]), []);
    let known = Members::Known(vec!["amina".into(), "musa".into()]);
    assert_eq!(amina.app.room().unwrap().members, known);
    amina.gets(Input::Chat(Event::Lagged));
    let listed = amina.gets(Input::Rooms(Ok(vec![group(0, 0), direct(0)])));
    assert_eq!(listed, ask);
}

#[test]
fn a_key_does_not_answer_an_invitation_that_is_not_on_the_screen() {
    let mut amina = Amina::new();
    assert_eq!(amina.does(Action::Decline), []);
    amina.gets(Input::Invitations(Ok(vec![invitation(1, "Choir")])));
    amina.types("hello");
    assert_eq!(amina.app.notice(), None);
    assert_eq!(amina.does(Action::Decline), []);
    assert!(amina.app.notice().unwrap().contains("Choir"));
    let first = uuid::Uuid::from_u128(1);
    let answered = amina.does(Action::Decline);
    assert_eq!(answered, [Effect::Ask(Question::Answer(first, false))]);
    assert_eq!(amina.does(Action::Decline), []);
}

/// Amina reads the group, with messages of Musa before and after hers.
fn reading() -> Amina {
    let mut amina = Amina::new();
    amina.hears(message("group", "musa", 1, "Ina kwana?"));
    amina.hears(message("group", "amina", 2, "Lafiya lua"));
    amina.hears(message("group", "musa", 3, "Madalla"));
    amina.does(Action::Escape);
    amina
}

#[test]
fn the_chosen_message_moves_one_by_one_and_the_view_follows() {
    let mut amina = Amina::new();
    for message in page(51..=70) {
        amina.hears(message);
    }
    assert_eq!(amina.app.chosen(), None, "while writing nothing is");
    amina.does(Action::Escape);
    assert_eq!(amina.app.chosen(), Some(70));
    for _ in 0..4 {
        amina.does(Action::Older);
    }
    assert_eq!((amina.app.chosen(), amina.app.scroll()), (Some(66), 0));
    amina.does(Action::Older);
    assert_eq!((amina.app.chosen(), amina.app.scroll()), (Some(65), 2));
    amina.does(Action::Newer);
    assert_eq!((amina.app.chosen(), amina.app.scroll()), (Some(66), 2));

    amina.does(Action::Page(1));
    assert_eq!(amina.app.scroll(), 10);
    assert_eq!(amina.app.chosen(), Some(65), "it stays in the view");
    amina.does(Action::Newest);
    assert_eq!((amina.app.chosen(), amina.app.scroll()), (Some(70), 0));
    for _ in 0..18 {
        assert_eq!(amina.does(Action::Older), []);
    }
    assert_eq!(amina.does(Action::Older), [ask_history(Some(51))]);
    assert_eq!(amina.app.chosen(), Some(51));
    amina.does(Action::Write);
    assert_eq!(amina.app.chosen(), None);
    amina.does(Action::Older);
    assert!(
        amina.app.chosen().is_some(),
        "with Alt one chooses while writing"
    );
}

#[test]
fn a_message_taller_than_the_screen_scrolls_before_the_selection_moves() {
    let mut amina = Amina::new();
    amina.hears(message("group", "musa", 1, "short"));
    amina.hears(message("group", "musa", 2, &"line\n".repeat(24)));
    amina.hears(message("group", "musa", 3, "short"));
    amina.does(Action::Escape);
    let mut places = vec![];
    for _ in 0..5 {
        amina.does(Action::Older);
        places.push((amina.app.chosen(), amina.app.scroll()));
    }
    let tall = [2, 11, 18].map(|scroll| (Some(2), scroll));
    assert_eq!(places[..3], tall, "it has 26 rows");
    assert_eq!(places[3].0, Some(1));
    amina.does(Action::Newer);
    assert_eq!((amina.app.chosen(), amina.app.scroll()), (Some(2), 18));
    amina.does(Action::Newer);
    assert_eq!((amina.app.chosen(), amina.app.scroll()), (Some(2), 9));
}

#[test]
fn a_reply_names_its_message_also_when_it_is_resent() {
    let mut amina = reading();
    amina.does(Action::Older);
    amina.does(Action::Older);
    amina.does(Action::Answer);
    assert!(amina.app.is_writing());
    amina.types("Lafiya");
    let sent = amina.does(Action::Send);
    let [Effect::Ask(Question::Send(_, id, text, answered))] = sent.as_slice() else {
        panic!("{sent:?}")
    };
    assert_eq!(
        (text.as_str(), answered),
        ("Lafiya", &Some("group-1".into()))
    );
    amina.gets(Input::Sent("group".into(), *id, Err("no".to_owned())));
    assert_eq!(amina.does(Action::Retry), sent);
    amina.types("and");
    let next = amina.does(Action::Send);
    assert!(
        matches!(
            next.as_slice(),
            [Effect::Ask(Question::Send(_, _, _, None))]
        ),
        "{next:?}"
    );
}

#[test]
fn an_answer_that_is_given_up_leaves_the_draft() {
    let mut amina = reading();
    amina.does(Action::Answer);
    amina.types("draft");
    assert_eq!(amina.does(Action::Escape), []);
    let room = amina.app.room().unwrap();
    assert_eq!((&room.answering, room.composer.text()), (&None, "draft"));
    assert!(amina.app.is_writing());
}

#[test]
fn an_edit_stays_open_until_stored_and_then_restores_the_draft() {
    let mut amina = Amina::new();
    amina.types("draft");
    amina.hears(message("group", "amina", 1, "Lafiya lua"));
    amina.does(Action::Escape);
    amina.does(Action::Edit);
    let written = |amina: &Amina| amina.app.composer().unwrap().text().to_owned();
    assert_eq!(written(&amina), "Lafiya lua");
    amina.does(Action::DeleteWord);
    assert_eq!(amina.types("lau"), [], "an edit sends no typing hint");
    let change = || Change::Edit("Lafiya lau".to_owned());
    assert_eq!(amina.does(Action::Send), [ask_change(1, change())]);
    assert_eq!(amina.does(Action::Send), [], "it is on its way");
    amina.gets(answer(1, change(), Err("this is too late".to_owned())));
    assert_eq!(amina.app.notice(), Some("Not edited: this is too late"));
    assert_eq!(written(&amina), "Lafiya lau", "it is not lost");
    assert_eq!(amina.does(Action::Send), [ask_change(1, change())]);
    let stored = Changed::Message(edited(1, "Lafiya lau", 1));
    amina.gets(answer(1, change(), Ok(stored)));
    assert_eq!(amina.app.room().unwrap().messages[&1].text, "Lafiya lau");
    assert_eq!(written(&amina), "draft");
}

#[test]
fn an_edit_is_given_up_by_escape_and_by_changing_nothing() {
    let mut amina = reading();
    amina.does(Action::Edit);
    assert_eq!(
        amina.app.notice(),
        Some("Only your own messages can be edited.")
    );
    amina.does(Action::Older);
    for end in [Action::Escape, Action::Send] {
        amina.does(Action::Edit);
        assert!(amina.app.room().unwrap().editing.is_some());
        assert_eq!(amina.does(end), []);
        assert!(amina.app.room().unwrap().editing.is_none());
        assert!(amina.app.is_writing());
        amina.does(Action::Escape);
        amina.does(Action::Older);
    }
    amina.does(Action::Edit);
    amina.does(Action::Clear);
    assert_eq!(amina.does(Action::Send), []);
    assert!(
        amina.app.room().unwrap().editing.is_some(),
        "that is no text"
    );
}

#[test]
fn a_message_is_deleted_after_two_delete_keys_in_a_row() {
    let mut amina = reading();
    amina.does(Action::Older);
    assert_eq!(amina.does(Action::Remove), []);
    assert_eq!(
        amina.app.notice(),
        Some("Press d again to delete: Lafiya lua")
    );
    amina.does(Action::Scroll(0));
    assert_eq!(amina.does(Action::Remove), [], "something came between");
    assert_eq!(amina.does(Action::Remove), [ask_change(2, Change::Delete)]);
    let one = std::num::NonZeroU64::MIN;
    let deletion = MessageUpdated::deleted("group", "group-2", one, one);
    amina.gets(answer(2, Change::Delete, Ok(Changed::Message(deletion))));
    assert!(amina.app.room().unwrap().messages[&2].deleted);
    amina.does(Action::Remove);
    assert_eq!(amina.app.notice(), Some("This message was deleted."));
}

#[test]
fn only_moderators_delete_messages_of_others() {
    let mut amina = reading();
    let asked = amina.does(Action::Remove);
    let who = Effect::Ask(Question::Members("group".into()));
    assert_eq!(asked, [who], "it may have changed");
    let why = "Only moderators delete what others said.";
    assert_eq!(amina.app.notice(), Some(why));
    let mut me = person("amina", "Amina Bello", true);
    me.moderates = true;
    amina.gets(Input::Members("group".into(), Ok(vec![me])));
    amina.does(Action::Remove);
    assert_eq!(amina.does(Action::Remove), [ask_change(3, Change::Delete)]);
}

#[test]
fn the_same_reaction_again_takes_it_back_however_many_react() {
    let mut amina = reading();
    let heart = || Emoji::new(OFFERED[1]).unwrap();
    for (number, who) in ('a'..='j').enumerate() {
        let count = number as u64 + 1;
        let other = reaction(3, &who.to_string(), OFFERED[1], count, count);
        amina.gets(Input::Chat(Event::Reaction(other)));
    }
    amina.does(Action::React);
    assert!(amina.app.takes_letters());
    assert_eq!(amina.types("2"), [ask_change(3, Change::React(heart()))]);
    assert!(!amina.app.takes_letters());
    let own = reaction(3, "amina", OFFERED[1], 11, 11);
    amina.gets(answer(
        3,
        Change::React(heart()),
        Ok(Changed::Reaction(own)),
    ));
    amina.does(Action::React);
    assert_eq!(amina.types("2"), [ask_change(3, Change::Unreact(heart()))]);
}

#[test]
fn an_emoji_of_ones_own_is_typed_and_words_are_none() {
    let mut amina = reading();
    amina.does(Action::React);
    amina.types("ok");
    assert_eq!(amina.does(Action::Send), []);
    assert_eq!(amina.app.notice(), Some("That is not an emoji."));
    amina.does(Action::Clear);
    amina.types("\u{1f1f3}\u{1f1ec}");
    let flag = Emoji::new("\u{1f1f3}\u{1f1ec}").unwrap();
    let asked = amina.does(Action::Send);
    assert_eq!(asked, [ask_change(3, Change::React(flag))]);
    amina.does(Action::React);
    assert_eq!(amina.does(Action::Escape), []);
    assert!(amina.app.reacting().is_none() && !amina.app.is_writing());
}

#[test]
fn while_writing_a_message_is_chosen_before_something_is_done_with_it() {
    let mut amina = reading();
    amina.does(Action::Write);
    amina.does(Action::Answer);
    let first = Some("Choose a message first, with Alt-K.");
    assert_eq!(amina.app.notice(), first);
    amina.does(Action::Older);
    amina.does(Action::Answer);
    let answered = amina.app.room().unwrap().answering.clone();
    assert_eq!(answered, Some("group-3".into()));
}

#[test]
fn any_key_closes_the_key_list_and_has_no_other_effect() {
    let mut amina = reading();
    amina.does(Action::Help);
    amina.does(Action::Older);
    assert!(amina.app.help().is_some(), "it scrolls");
    assert_eq!(amina.does(Action::Escape), []);
    assert!(amina.app.help().is_none());
    amina.does(Action::Help);
    assert_eq!(amina.does(Action::Quit), [Effect::Quit(None)]);
}

#[test]
fn an_edit_on_its_way_is_waited_for_before_leaving() {
    let mut amina = reading();
    amina.does(Action::Older);
    amina.does(Action::Edit);
    amina.types("!");
    amina.does(Action::Send);
    assert_eq!(amina.does(Action::Quit), []);
    assert_eq!(amina.app.unsent()[0].text, "Lafiya lua!");
    let change = Change::Edit("Lafiya lua!".to_owned());
    let stored = Changed::Message(edited(2, "Lafiya lua!", 1));
    assert_eq!(
        amina.gets(answer(2, change, Ok(stored))),
        [Effect::Quit(None)]
    );
}

#[test]
fn a_change_below_the_screen_does_not_move_the_view() {
    let mut amina = Amina::new();
    for message in page(1..=20) {
        amina.hears(message);
    }
    amina.does(Action::Scroll(10));
    let edit = edited(20, "two\nlines", 1);
    amina.gets(Input::Chat(Event::Updated(edit)));
    assert_eq!(amina.app.scroll(), 11);
    let edit = edited(1, "two\nlines", 2);
    amina.gets(Input::Chat(Event::Updated(edit)));
    assert_eq!(amina.app.scroll(), 11, "that is above");
}

#[test]
fn leaving_waits_for_pending_messages_until_a_timeout_or_a_second_quit() {
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
    let over = amina.gets(Input::Chat(Event::Ended(EndReason::Suspended)));
    assert_eq!(over, [Effect::Quit(Some(EndReason::Suspended))]);
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
