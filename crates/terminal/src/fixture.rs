//! Shared fixture of the state and view tests.

use std::{num::NonZeroU64, time::Instant};

use abu_chat_client::{
    Emoji, Event, Message, MessageUpdated, ReactionNotify, RoomId, protocol::server::MessageReceive,
};
use chrono::{DateTime, TimeDelta};

use crate::{
    app::{App, Change, Changed, Effect, Input, Person, Question},
    keys::Action,
    room::RoomInfo,
};

/// Amina's program, with two rooms, Musa and Zainab.
pub(crate) struct Amina {
    pub(crate) app: App,
    pub(crate) now: Instant,
}

impl Amina {
    pub(crate) fn new() -> Self {
        let app = App::new(Some("amina".into()), |time| time.naive_utc());
        let mut amina = Self {
            app,
            now: Instant::now(),
        };
        amina.gets(Input::Pane {
            columns: 60,
            rows: 10,
        });
        amina.gets(Input::Rooms(Ok(vec![group(0, 0), direct(0)])));
        let people = || {
            vec![
                person("amina", "Amina Bello", true),
                person("musa", "Musa Garba", true),
            ]
        };
        let mut all = people();
        all.push(person("zainab", "Zainab Sani", false));
        amina.gets(Input::Members("group".into(), Ok(all)));
        amina.gets(Input::Members("direct".into(), Ok(people())));
        amina.gets(Input::History("group".into(), None, Ok(vec![])));
        amina
    }

    pub(crate) fn gets(&mut self, input: Input) -> Vec<Effect> {
        self.app.handle(input, self.now)
    }

    pub(crate) fn does(&mut self, action: Action) -> Vec<Effect> {
        self.gets(Input::Action(action))
    }

    pub(crate) fn types(&mut self, text: &str) -> Vec<Effect> {
        self.does(Action::Insert(text.to_owned()))
    }

    pub(crate) fn hears(&mut self, message: Message) -> Vec<Effect> {
        self.gets(Input::Chat(Event::Message(message)))
    }

    /// Sends the composed message; returns its id.
    pub(crate) fn sends(&mut self) -> uuid::Uuid {
        match self.does(Action::Send).as_slice() {
            [Effect::Ask(Question::Send(_, id, _, _))] => *id,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn group(last_seq: u64, unread: u64) -> RoomInfo {
    RoomInfo {
        id: "group".into(),
        is_direct: false,
        name: Some("Set of 1998".to_owned()),
        last_seq,
        read_seq: last_seq - unread,
        unread,
    }
}

pub(crate) fn direct(unread: u64) -> RoomInfo {
    RoomInfo {
        id: "direct".into(),
        is_direct: true,
        name: None,
        ..group(unread, unread)
    }
}

pub(crate) fn person(id: &str, name: &str, is_online: bool) -> Person {
    Person {
        id: id.into(),
        name: name.to_owned(),
        is_online,
        moderates: false,
    }
}

/// A message packet, sent `seq` minutes after midnight.
pub(crate) fn packet(room: &str, sender: &str, seq: u64, text: &str) -> MessageReceive {
    let minutes = TimeDelta::minutes(i64::try_from(seq).unwrap());
    let time = DateTime::UNIX_EPOCH + minutes;
    let seq = NonZeroU64::new(seq).unwrap();
    MessageReceive::new(room, sender, text, time).stored_as(format!("{room}-{seq}"), seq)
}

pub(crate) fn message(room: &str, sender: &str, seq: u64, text: &str) -> Message {
    Message::from_packet(packet(room, sender, seq, text)).unwrap()
}

/// A page of Musa's messages in the group.
pub(crate) fn page(seqs: std::ops::RangeInclusive<u64>) -> Vec<Message> {
    seqs.map(|seq| message("group", "musa", seq, &format!("number {seq}")))
        .collect()
}

pub(crate) fn ask_history(before: Option<u64>) -> Effect {
    Effect::Ask(Question::History("group".into(), before))
}

pub(crate) fn ask_mark(room: &str, seq: u64) -> Effect {
    Effect::Ask(Question::MarkRead(RoomId::from(room), seq))
}

/// The effect of a change to a message of the group.
pub(crate) fn ask_change(seq: u64, change: Change) -> Effect {
    let message = format!("group-{seq}").into();
    Effect::Ask(Question::Change("group".into(), message, change))
}

/// The server's answer to [`ask_change`].
pub(crate) fn answer(seq: u64, change: Change, result: Result<Changed, String>) -> Input {
    Input::Changed(
        "group".into(),
        format!("group-{seq}").into(),
        change,
        result,
    )
}

/// An edit of a message of the group.
pub(crate) fn edited(seq: u64, text: &str, revision: u64) -> MessageUpdated {
    let (seq, at) = (NonZeroU64::new(seq).unwrap(), DateTime::UNIX_EPOCH);
    let revision = NonZeroU64::new(revision).unwrap();
    MessageUpdated::edited("group", format!("group-{seq}"), seq, text, at, revision)
}

/// A reaction to a message of the group; `count` is the resulting number.
pub(crate) fn reaction(
    seq: u64,
    who: &str,
    emoji: &str,
    count: u64,
    revision: u64,
) -> ReactionNotify {
    let emoji = Emoji::new(emoji).unwrap();
    let id = format!("group-{seq}");
    let added = ReactionNotify::added("group", id, who, emoji, count);
    added.at_revision(NonZeroU64::new(revision).unwrap())
}
