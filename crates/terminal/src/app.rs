//! The state of the program, as plain data: what happens goes in, what is to be done comes out.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use abu_chat_client::{
    EndReason, Event, Message, ReadNotify, RoomChange, RoomId, RoomNotify, UserId, Welcome,
};
use chrono::{DateTime, NaiveDateTime, Utc};
use uuid::Uuid;

use crate::{
    keys::Action,
    room::{History, KEPT, KEPT_ASIDE, Members, Room, RoomInfo},
    text, transcript,
};

/// The most rooms that are listed.
const ROOMS: usize = 1000;

/// The most people whose names are kept.
const PEOPLE: usize = 10_000;

/// How soon we say again that the user types.
const TYPING_AGAIN: Duration = Duration::from_secs(3);

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Input {
    /// The user wants something.
    Action(Action),
    /// The messages have this many columns and rows now.
    Pane { columns: usize, rows: usize },
    /// The chat tells something.
    Chat(Event),
    /// The answer to [`Question::Rooms`].
    Rooms(Result<Vec<RoomInfo>, String>),
    /// The answer to [`Question::Members`].
    Members(RoomId, Result<Vec<Person>, String>),
    /// The answer to [`Question::Presence`].
    Presence(Result<Vec<(UserId, bool)>, String>),
    /// The answer to [`Question::History`].
    History(RoomId, Option<u64>, Result<Vec<Message>, String>),
    /// The answer to [`Question::Send`].
    Sent(RoomId, Uuid, Result<Message, String>),
    /// The answer to [`Question::MarkRead`].
    Marked(RoomId, bool),
}

/// Something that is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Ask the server; the answer is an [`Input`].
    Ask(Question),
    /// Tell the room whether the user types.
    Typing(RoomId, bool),
    /// Leave, for this reason if it is not the user's wish.
    Quit(Option<EndReason>),
}

/// Something to ask of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    Rooms,
    Members(RoomId),
    Presence(RoomId),
    /// The newest messages, or those before a place.
    History(RoomId, Option<u64>),
    Send(RoomId, Uuid, String),
    MarkRead(RoomId, u64),
}

/// Somebody, as the server tells of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) name: String,
    pub(crate) is_online: bool,
}

/// How things stand with the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Connection {
    Connected,
    /// It is away: the next attempt begins at this time.
    Away {
        next: Instant,
        attempt: u32,
        cause: String,
    },
}

/// What is known of somebody.
#[derive(Debug, Default)]
struct Known {
    name: Option<String>,
    is_online: bool,
}

/// Everything the screen shows.
pub(crate) struct App {
    rooms: Vec<Room>,
    selected: usize,
    people: HashMap<UserId, Known>,
    me: Option<UserId>,
    connection: Connection,
    is_writing: bool,
    notice: Option<String>,
    /// Rows of the messages that are below the screen.
    scroll: usize,
    pane: (usize, usize),
    clock: fn(DateTime<Utc>) -> NaiveDateTime,
    rooms_asked: bool,
    rooms_changed: bool,
    /// The room in which we said to be typing, and when.
    typing: Option<(RoomId, Instant)>,
}

impl App {
    /// Nothing is known yet. `clock` is what a clock on the user's wall shows.
    pub(crate) fn new(me: Option<UserId>, clock: fn(DateTime<Utc>) -> NaiveDateTime) -> Self {
        Self {
            rooms: vec![],
            selected: 0,
            people: HashMap::new(),
            me,
            connection: Connection::Connected,
            is_writing: true,
            notice: None,
            scroll: 0,
            pane: (80, 20),
            clock,
            rooms_asked: false,
            rooms_changed: false,
            typing: None,
        }
    }

    /// Takes in what happened; gives what is to be done for it.
    pub(crate) fn handle(&mut self, input: Input, now: Instant) -> Vec<Effect> {
        match input {
            Input::Action(action) => self.act(action, now),
            Input::Pane { columns, rows } => {
                self.pane = (columns, rows);
                self.scroll_by(0)
            }
            Input::Chat(event) => self.hear(event, now),
            Input::Rooms(rooms) => self.list(rooms),
            Input::Members(room, people) => self.meet(&room, people),
            Input::Presence(people) => self.see(people),
            Input::History(room, before, page) => self.remember(&room, before, page),
            Input::Sent(room, id, result) => self.confirm(&room, id, result),
            Input::Marked(room, is_done) => self.marked(&room, is_done),
        }
    }

    pub(crate) fn rooms(&self) -> &[Room] {
        &self.rooms
    }

    pub(crate) fn selected(&self) -> usize {
        self.selected
    }

    pub(crate) fn room(&self) -> Option<&Room> {
        self.rooms.get(self.selected)
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn is_writing(&self) -> bool {
        self.is_writing
    }

    pub(crate) fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    pub(crate) fn scroll(&self) -> usize {
        self.scroll
    }

    pub(crate) fn is_me(&self, user: &UserId) -> bool {
        self.me.as_ref() == Some(user)
    }

    pub(crate) fn is_online(&self, user: &UserId) -> bool {
        self.people.get(user).is_some_and(|known| known.is_online)
    }

    /// What a clock on the wall showed then.
    pub(crate) fn local(&self, time: DateTime<Utc>) -> NaiveDateTime {
        (self.clock)(time)
    }

    /// A name to show, fit for the terminal.
    pub(crate) fn name(&self, user: &UserId) -> String {
        if self.is_me(user) {
            return "you".to_owned();
        }
        let known = self.people.get(user).and_then(|known| known.name.clone());
        known.unwrap_or_else(|| short_id(user.as_str()))
    }

    /// The other one of a direct room.
    pub(crate) fn partner<'a>(&self, room: &'a Room) -> Option<&'a UserId> {
        match &room.members {
            Members::Known(members) if room.info.is_direct => {
                members.iter().find(|member| !self.is_me(member))
            }
            _ => None,
        }
    }

    /// A room's name to show, fit for the terminal.
    pub(crate) fn title(&self, room: &Room) -> String {
        let name = room.info.name.as_deref().map(text::clean_line);
        name.filter(|name| !name.trim().is_empty())
            .or_else(|| self.partner(room).map(|partner| self.name(partner)))
            .unwrap_or_else(|| format!("room {}", short_id(room.info.id.as_str())))
    }

    fn act(&mut self, action: Action, now: Instant) -> Vec<Effect> {
        self.notice = None;
        match action {
            Action::Quit => return self.leave(),
            Action::Escape if !self.is_writing => return self.leave(),
            Action::Escape => self.is_writing = false,
            Action::Write => self.is_writing = true,
            Action::NextRoom => return self.step(1),
            Action::PreviousRoom => return self.step(self.rooms.len().saturating_sub(1)),
            Action::Scroll(rows) => return self.scroll_by(rows),
            Action::Page(screens) => {
                let rows = self.pane.1.saturating_sub(2).max(1);
                return self.scroll_by(screens.saturating_mul(rows.cast_signed()));
            }
            Action::Newest => return self.scroll_by(isize::MIN),
            Action::Send => return self.send(),
            Action::Retry => return self.retry(),
            Action::Discard => self.discard(),
            edit => return self.write(edit, now),
        }
        vec![]
    }

    fn write(&mut self, edit: Action, now: Instant) -> Vec<Effect> {
        let Some(room) = self.rooms.get_mut(self.selected) else {
            return vec![];
        };
        self.is_writing = true;
        let composer = &mut room.composer;
        match edit {
            Action::Insert(typed) => composer.insert(&typed),
            Action::Left => composer.left(),
            Action::Right => composer.right(),
            Action::Home => composer.home(),
            Action::End => composer.end(),
            Action::Backspace => composer.backspace(),
            Action::Delete => composer.delete(),
            Action::DeleteWord => composer.delete_word(),
            Action::Clear => drop(composer.take()),
            _ => {}
        }
        let (room, is_empty) = (room.info.id.clone(), composer.text().is_empty());
        if is_empty {
            return self.stop_typing();
        }
        let is_told = self.typing.as_ref().is_some_and(|(said_in, when)| {
            *said_in == room && now.duration_since(*when) < TYPING_AGAIN
        });
        if is_told {
            return vec![];
        }
        self.typing = Some((room.clone(), now));
        vec![Effect::Typing(room, true)]
    }

    fn stop_typing(&mut self) -> Vec<Effect> {
        let told = self.typing.take();
        told.map(|(room, _)| Effect::Typing(room, false))
            .into_iter()
            .collect()
    }

    fn leave(&mut self) -> Vec<Effect> {
        let mut effects = self.stop_typing();
        effects.push(Effect::Quit(None));
        effects
    }

    fn send(&mut self) -> Vec<Effect> {
        let Some(room) = self.rooms.get_mut(self.selected) else {
            return vec![];
        };
        if room.composer.text().trim().is_empty() {
            return vec![];
        }
        match room.begin_sending(room.composer.text().trim().to_owned()) {
            Ok(id) => {
                let text = room.composer.take().trim().to_owned();
                let send = Effect::Ask(Question::Send(room.info.id.clone(), id, text));
                self.scroll = 0;
                // A message says that its sender stopped typing.
                self.typing = None;
                vec![send]
            }
            Err(_) => {
                self.notice = Some("Too many messages are on their way.".to_owned());
                vec![]
            }
        }
    }

    fn retry(&mut self) -> Vec<Effect> {
        let Some(room) = self.rooms.get_mut(self.selected) else {
            return vec![];
        };
        let id = &room.info.id;
        let failed = room
            .pending
            .iter_mut()
            .filter(|pending| pending.failure.is_some());
        failed
            .map(|pending| {
                pending.failure = None;
                Effect::Ask(Question::Send(id.clone(), pending.id, pending.text.clone()))
            })
            .collect()
    }

    fn discard(&mut self) {
        if let Some(room) = self.rooms.get_mut(self.selected) {
            room.pending.retain(|pending| pending.failure.is_none());
        }
    }

    fn step(&mut self, by: usize) -> Vec<Effect> {
        if self.rooms.is_empty() {
            return vec![];
        }
        let mut effects = self.stop_typing();
        if let Some(room) = self.rooms.get_mut(self.selected) {
            room.new_from = None;
            room.trim(KEPT_ASIDE);
        }
        self.selected = (self.selected + by) % self.rooms.len();
        effects.extend(self.open());
        effects
    }

    /// Shows the selected room: asks for what is missing of it.
    fn open(&mut self) -> Vec<Effect> {
        self.scroll = 0;
        let Some(room) = self.rooms.get_mut(self.selected) else {
            return vec![];
        };
        if room.info.unread > 0 {
            room.new_from = Some(room.info.read_seq + 1);
        }
        let mut effects = vec![Effect::Ask(Question::Presence(room.info.id.clone()))];
        effects.extend(self.begin_history());
        effects.extend(self.ask_members());
        effects.extend(self.mark_read());
        effects
    }

    fn begin_history(&mut self) -> Option<Effect> {
        let room = self.rooms.get_mut(self.selected)?;
        if room.history != History::None {
            return None;
        }
        room.history = History::Asked;
        Some(Effect::Ask(Question::History(room.info.id.clone(), None)))
    }

    /// One list of members at a time: of the room on the screen, then of direct rooms without a name.
    fn ask_members(&mut self) -> Option<Effect> {
        if self.rooms.iter().any(|room| room.members == Members::Asked) {
            return None;
        }
        let selected = self.selected;
        let mut unknown = self.rooms.iter_mut().enumerate().filter(|(place, room)| {
            let is_wanted = *place == selected || room.info.is_direct;
            is_wanted && room.members == Members::Unknown
        });
        let first = unknown.next()?;
        let (_, room) = match first.0 == selected {
            true => first,
            false => unknown
                .find(|(place, _)| *place == selected)
                .unwrap_or(first),
        };
        room.members = Members::Asked;
        Some(Effect::Ask(Question::Members(room.info.id.clone())))
    }

    /// Tells the server that the room on the screen was read, while its newest message shows.
    fn mark_read(&mut self) -> Option<Effect> {
        let is_at_end = self.scroll == 0;
        let room = self.rooms.get_mut(self.selected)?;
        let last = room.last_seq()?;
        if !is_at_end || room.marking.is_some() || last <= room.info.read_seq {
            return None;
        }
        room.marking = Some(last);
        Some(Effect::Ask(Question::MarkRead(room.info.id.clone(), last)))
    }

    fn marked(&mut self, room: &RoomId, is_done: bool) -> Vec<Effect> {
        let Some(place) = self.place(room) else {
            return vec![];
        };
        let room = &mut self.rooms[place];
        let Some(seq) = room.marking.take() else {
            return vec![];
        };
        if !is_done {
            return vec![]; // with the next message, or when the room is looked at again
        }
        room.info.read_seq = room.info.read_seq.max(seq);
        let unread = self.unread(place);
        self.rooms[place].info.unread = unread;
        self.mark_read().into_iter().collect()
    }

    /// How many messages of others are here that were not read.
    fn unread(&self, place: usize) -> u64 {
        let room = &self.rooms[place];
        let unread = room.messages.range(room.info.read_seq + 1..);
        unread
            .filter(|(_, message)| !self.is_me(&message.sender_id))
            .count() as u64
    }

    fn scroll_by(&mut self, rows: isize) -> Vec<Effect> {
        let Some(room) = self.rooms.get(self.selected) else {
            return vec![];
        };
        let height = transcript::rows(self, room, self.pane.0).len();
        let most = height.saturating_sub(self.pane.1);
        self.scroll = self.scroll.saturating_add_signed(rows).min(most);
        let mut effects: Vec<_> = self.mark_read().into_iter().collect();
        let room = &mut self.rooms[self.selected];
        if self.scroll == most && room.history == History::Some && room.has_older() {
            room.history = History::Asked;
            effects.push(Effect::Ask(Question::History(
                room.info.id.clone(),
                room.first_seq(),
            )));
        }
        effects
    }

    fn hear(&mut self, event: Event, now: Instant) -> Vec<Effect> {
        match event {
            Event::Connected(welcome) => return self.connected(&welcome),
            Event::Reconnecting {
                attempt,
                delay,
                cause,
            } => {
                let next = now + delay;
                let cause = cause.to_string();
                self.connection = Connection::Away {
                    next,
                    attempt,
                    cause,
                };
                self.rooms.iter_mut().for_each(Room::nobody_types);
            }
            Event::Ended(reason) => return vec![Effect::Quit(Some(reason))],
            Event::Message(message) => return self.receive(message, now),
            Event::Updated(change) => {
                if let Some(message) = self.message_mut(&change.room_id, &change.message_id) {
                    message.update(&change);
                }
            }
            Event::Reaction(change) => {
                if let Some(message) = self.message_mut(&change.room_id, &change.message_id) {
                    message.react(&change);
                }
            }
            Event::Refreshed(message) => {
                if let Some(known) = self.message_mut(&message.room_id, &message.id)
                    && known.revision <= message.revision
                {
                    *known = message;
                }
            }
            Event::Read(read) => self.read_elsewhere(&read),
            Event::Typing(typing) => {
                if let Some(place) = self.place(&typing.room_id)
                    && !self.is_me(&typing.participant_id)
                {
                    self.rooms[place].set_typing(&typing.participant_id, typing.is_typing, now);
                }
            }
            Event::Presence { user_id, is_online } => self.set_online(user_id, is_online),
            Event::Room(notice) => return self.room_changed(notice),
            Event::Notification(notification) => {
                self.notice = Some(text::clean_line(&notification.title));
            }
            Event::Lagged => return self.look_anew(),
            _ => {}
        }
        vec![]
    }

    fn connected(&mut self, welcome: &Welcome) -> Vec<Effect> {
        self.me = Some(welcome.user_id.clone());
        self.connection = Connection::Connected;
        let mut effects = self.look_anew();
        effects.extend(self.begin_history());
        effects
    }

    /// Asks for what nobody tells again.
    fn look_anew(&mut self) -> Vec<Effect> {
        let mut effects: Vec<_> = self.ask_rooms().into_iter().collect();
        let room = self.room();
        effects.extend(room.map(|room| Effect::Ask(Question::Presence(room.info.id.clone()))));
        effects
    }

    fn ask_rooms(&mut self) -> Option<Effect> {
        if self.rooms_asked {
            self.rooms_changed = true;
            return None;
        }
        self.rooms_asked = true;
        Some(Effect::Ask(Question::Rooms))
    }

    fn list(&mut self, rooms: Result<Vec<RoomInfo>, String>) -> Vec<Effect> {
        self.rooms_asked = false;
        let mut effects = vec![];
        if std::mem::take(&mut self.rooms_changed) {
            effects.extend(self.ask_rooms());
        }
        match rooms {
            Ok(rooms) => {
                let was_empty = self.rooms.is_empty();
                rooms
                    .into_iter()
                    .take(ROOMS)
                    .for_each(|room| self.put_room(room));
                effects.extend(if was_empty { self.open() } else { vec![] });
                effects.extend(self.ask_members());
            }
            Err(why) => self.notice = Some(format!("The rooms cannot be listed: {why}")),
        }
        effects
    }

    fn put_room(&mut self, info: RoomInfo) {
        let Some(place) = self.place(&info.id) else {
            if self.rooms.len() < ROOMS {
                self.rooms.push(Room::new(info));
            }
            return;
        };
        // What came meanwhile is not in the server's count.
        let newer = self.rooms[place].messages.range(info.last_seq + 1..);
        let newer = newer
            .filter(|(_, message)| !self.is_me(&message.sender_id))
            .count() as u64;
        let room = &mut self.rooms[place];
        let read_seq = room.info.read_seq.max(info.read_seq);
        let last_seq = room.info.last_seq.max(info.last_seq);
        let unread = if read_seq > info.read_seq {
            room.info.unread
        } else {
            info.unread + newer
        };
        room.info = RoomInfo {
            read_seq,
            last_seq,
            unread,
            ..info
        };
    }

    fn receive(&mut self, message: Message, now: Instant) -> Vec<Effect> {
        let Some(place) = self.place(&message.room_id) else {
            return self.ask_rooms().into_iter().collect();
        };
        let is_mine = self.is_me(&message.sender_id);
        let is_shown = place == self.selected;
        let is_stranger = !is_mine && !self.people.contains_key(&message.sender_id);
        let sender = message.sender_id.clone();
        let room = &mut self.rooms[place];
        room.set_typing(&sender, false, now);
        if !self.put(place, message) {
            return vec![];
        }
        let room = &mut self.rooms[place];
        room.info.unread += u64::from(!is_mine);
        let mut effects = vec![];
        if is_shown {
            effects.extend(self.mark_read());
        }
        if is_stranger && self.people.len() < PEOPLE {
            // Asked once for each newcomer, as an entry is made of them even if no name is found.
            self.people.entry(sender).or_default();
            if self.rooms[place].members != Members::Asked {
                self.rooms[place].members = Members::Unknown;
            }
            effects.extend(self.ask_members());
        }
        effects
    }

    /// Puts a message in its room; what is on the screen stays where it is if one scrolled up.
    fn put(&mut self, place: usize, message: Message) -> bool {
        let (seq, is_shown) = (message.seq, place == self.selected);
        let room = &mut self.rooms[place];
        let is_new = room.put(message);
        room.trim(if is_shown { KEPT } else { KEPT_ASIDE });
        if is_new && is_shown && self.scroll > 0 {
            let added = transcript::rows_of(self, &self.rooms[place], seq, self.pane.0);
            self.scroll += added;
        }
        is_new
    }

    fn remember(
        &mut self,
        room: &RoomId,
        before: Option<u64>,
        page: Result<Vec<Message>, String>,
    ) -> Vec<Effect> {
        let Some(place) = self.place(room) else {
            return vec![];
        };
        let room = &mut self.rooms[place];
        match page {
            Ok(page) => {
                room.history = History::Some;
                room.put_page(before, page);
                room.trim(if place == self.selected {
                    KEPT
                } else {
                    KEPT_ASIDE
                });
            }
            Err(why) => {
                room.history = if before.is_some() {
                    History::Some
                } else {
                    History::None
                };
                self.notice = Some(format!("The history cannot be read: {why}"));
            }
        }
        if place == self.selected {
            self.mark_read().into_iter().collect()
        } else {
            vec![]
        }
    }

    fn confirm(&mut self, room: &RoomId, id: Uuid, result: Result<Message, String>) -> Vec<Effect> {
        let Some(place) = self.place(room) else {
            return vec![];
        };
        let pending = &mut self.rooms[place].pending;
        match result {
            Ok(message) => {
                pending.retain(|pending| pending.id != id);
                self.put(place, message);
                self.mark_read().into_iter().collect()
            }
            Err(why) => {
                if let Some(pending) = pending.iter_mut().find(|pending| pending.id == id) {
                    pending.failure = Some(text::clean_line(&why));
                }
                vec![]
            }
        }
    }

    fn read_elsewhere(&mut self, read: &ReadNotify) {
        if !self.is_me(&read.participant_id) {
            return;
        }
        if let Some(place) = self.place(&read.room_id) {
            let room = &mut self.rooms[place];
            room.info.read_seq = room.info.read_seq.max(read.seq);
            let left = room.info.last_seq.saturating_sub(room.info.read_seq);
            room.info.unread = room.info.unread.min(left);
        }
    }

    fn room_changed(&mut self, notice: RoomNotify) -> Vec<Effect> {
        let place = self.place(&notice.room_id);
        match (notice.change, place) {
            (RoomChange::Removed, Some(place)) => return self.forget(place),
            (RoomChange::Removed, None) => {}
            (RoomChange::Renamed, Some(place)) => self.rooms[place].info.name = notice.name,
            (RoomChange::Archived, Some(place)) => self.rooms[place].is_archived = true,
            (RoomChange::Reopened, Some(place)) => self.rooms[place].is_archived = false,
            _ => return self.ask_rooms().into_iter().collect(),
        }
        vec![]
    }

    fn forget(&mut self, place: usize) -> Vec<Effect> {
        let gone = self.rooms.remove(place);
        self.notice = Some(format!("You are no longer in {}.", self.title(&gone)));
        if place > self.selected {
            return vec![];
        }
        let was_shown = place == self.selected;
        self.selected = self.selected.saturating_sub(usize::from(!was_shown));
        self.selected = self.selected.min(self.rooms.len().saturating_sub(1));
        if was_shown { self.open() } else { vec![] }
    }

    fn meet(&mut self, room: &RoomId, people: Result<Vec<Person>, String>) -> Vec<Effect> {
        // A room whose members cannot be told is not asked about again and again.
        let people = people.unwrap_or_default();
        if let Some(place) = self.place(room) {
            let ids = people.iter().map(|person| person.id.clone()).collect();
            self.rooms[place].members = Members::Known(ids);
        }
        for person in people {
            if self.people.len() < PEOPLE || self.people.contains_key(&person.id) {
                let name = text::clean_line(&person.name).trim().to_owned();
                let known = self.people.entry(person.id).or_default();
                known.name = (!name.is_empty()).then_some(name);
                known.is_online = person.is_online;
            }
        }
        self.ask_members().into_iter().collect()
    }

    fn see(&mut self, people: Result<Vec<(UserId, bool)>, String>) -> Vec<Effect> {
        for (user, is_online) in people.unwrap_or_default() {
            self.set_online(user, is_online);
        }
        vec![]
    }

    fn set_online(&mut self, user: UserId, is_online: bool) {
        if let Some(known) = self.people.get_mut(&user) {
            known.is_online = is_online;
        }
    }

    fn place(&self, room: &RoomId) -> Option<usize> {
        self.rooms.iter().position(|known| known.info.id == *room)
    }

    fn message_mut(
        &mut self,
        room: &RoomId,
        message: &abu_chat_client::MessageId,
    ) -> Option<&mut Message> {
        let place = self.place(room)?;
        self.rooms[place].message_mut(message)
    }
}

/// Enough of an identifier to tell people apart.
fn short_id(id: &str) -> String {
    text::clean_line(id).chars().take(8).collect()
}
