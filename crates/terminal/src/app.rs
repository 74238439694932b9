//! The application state as plain data: inputs go in, effects come out.

mod changing;
mod choosing;
mod inviting;
mod leaving;
mod people;
mod reading;
mod rooms;
mod writing;

pub(crate) use changing::{Change, Changed, OFFERED};
pub(crate) use inviting::Invitation;
pub(crate) use leaving::Unsent;

use std::{collections::HashMap, time::Instant};

use abu_chat_client::{EndReason, Event, Message, MessageId, RoomId, UserId, Welcome};
use chrono::{DateTime, NaiveDateTime, Utc};
use uuid::Uuid;

use self::{changing::Reacting, choosing::Towards};
use crate::{
    help,
    keys::Action,
    room::{Room, RoomInfo},
    text,
};

/// Bounds the cache of users' names and presence.
const PEOPLE: usize = 10_000;

pub(crate) enum Input {
    Action(Action),
    /// The new size of the message pane, in cells.
    Pane {
        columns: usize,
        rows: usize,
    },
    Chat(Event),
    Tick,
    Rooms(Result<Vec<RoomInfo>, String>),
    Members(RoomId, Result<Vec<Person>, String>),
    Presence(Result<Vec<(UserId, bool)>, String>),
    History(RoomId, Option<u64>, Result<Vec<Message>, String>),
    Sent(RoomId, Uuid, Result<Message, String>),
    Changed(RoomId, MessageId, Change, Result<Changed, String>),
    Marked(RoomId, bool),
    Invitations(Result<Vec<Invitation>, String>),
    Answered(Result<(), String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Sends a request to the server; the answer is an [`Input`].
    Ask(Question),
    /// Sends a typing hint.
    Typing(RoomId, bool),
    /// Ends the program; the reason is `None` at the user's request.
    Quit(Option<EndReason>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    Rooms,
    Members(RoomId),
    Presence(RoomId),
    /// The newest messages, or those before a `seq`.
    History(RoomId, Option<u64>),
    /// Sends a message, perhaps as a reply.
    Send(RoomId, Uuid, String, Option<MessageId>),
    Change(RoomId, MessageId, Change),
    MarkRead(RoomId, u64),
    Invitations,
    /// Accepts an invitation, or declines it.
    Answer(Uuid, bool),
}

/// A member of a room, from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) name: String,
    pub(crate) is_online: bool,
    /// Whether the member may delete messages of others in the room.
    pub(crate) moderates: bool,
}

/// The state of the connection to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Connection {
    Connected,
    /// Disconnected; the next attempt begins at `next`.
    Away {
        next: Instant,
        attempt: u32,
        cause: String,
    },
}

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
    invitations: Vec<Invitation>,
    /// The notice says that an answer to one of them failed.
    answer_failed: bool,
    me: Option<UserId>,
    connection: Connection,
    is_writing: bool,
    notice: Option<String>,
    /// The scroll offset: rows of messages below the pane.
    scroll: usize,
    pane: (usize, usize),
    clock: fn(DateTime<Utc>) -> NaiveDateTime,
    rooms_asked: bool,
    rooms_changed: bool,
    /// The room and the time of the last typing hint.
    typing: Option<(RoomId, Instant)>,
    /// The `seq` of the selected message.
    chosen: Option<u64>,
    /// The `seq` of the message that a second delete key deletes.
    deleting: Option<u64>,
    reacting: Option<Reacting>,
    /// The scroll offset of the key list, while it is open.
    help: Option<usize>,
    /// The deadline for pending messages before the program ends.
    leaving: Option<Instant>,
}

impl App {
    /// An empty state. `clock` converts to the user's local time.
    pub(crate) fn new(me: Option<UserId>, clock: fn(DateTime<Utc>) -> NaiveDateTime) -> Self {
        Self {
            rooms: vec![],
            selected: 0,
            people: HashMap::new(),
            invitations: vec![],
            answer_failed: false,
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
            chosen: None,
            deleting: None,
            reacting: None,
            help: None,
            leaving: None,
        }
    }

    /// Processes an input, and returns its effects.
    pub(crate) fn handle(&mut self, input: Input, now: Instant) -> Vec<Effect> {
        let mut effects = self.take_in(input, now);
        let is_over = matches!(effects.last(), Some(Effect::Quit(_)));
        if !is_over && self.may_leave(now) {
            effects.push(Effect::Quit(None));
        }
        effects
    }

    fn take_in(&mut self, input: Input, now: Instant) -> Vec<Effect> {
        match input {
            Input::Action(action) => self.act(action, now),
            Input::Tick => vec![],
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
            Input::Changed(room, id, change, result) => self.changed(&room, &id, &change, result),
            Input::Marked(room, is_done) => self.marked(&room, is_done),
            Input::Invitations(invitations) => self.invited(invitations),
            Input::Answered(result) => self.invitation_answered(result),
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

    /// Whether letters are text rather than commands.
    pub(crate) fn takes_letters(&self) -> bool {
        self.is_writing || self.reacting.is_some()
    }

    /// The scroll offset of the key list, while it is open.
    pub(crate) fn help(&self) -> Option<usize> {
        self.help
    }

    pub(crate) fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    pub(crate) fn scroll(&self) -> usize {
        self.scroll
    }

    /// The user's local time at `time`.
    pub(crate) fn local(&self, time: DateTime<Utc>) -> NaiveDateTime {
        (self.clock)(time)
    }

    fn act(&mut self, action: Action, now: Instant) -> Vec<Effect> {
        if self.leaving.is_some() && action != Action::Quit {
            return vec![];
        }
        if action != Action::Quit && self.help.is_some() {
            self.read_help(&action);
            return vec![];
        }
        let was_offered = self.offers();
        self.notice = None;
        let asked = self.deleting.take();
        match action {
            Action::Quit => return self.leave(now),
            Action::Escape => return self.escape(now),
            Action::Help => self.help = Some(0),
            Action::Write => {
                self.is_writing = true;
                self.chosen = None;
            }
            Action::Older => return self.choose_next(Towards::Older),
            Action::Newer => return self.choose_next(Towards::Newer),
            Action::Answer => self.answer(),
            Action::Edit => self.edit(),
            Action::Remove => return self.remove(asked),
            Action::React => self.begin_reacting(),
            Action::Join => return self.answer_invitation(true, was_offered),
            Action::Decline => return self.answer_invitation(false, was_offered),
            Action::NextRoom => return self.step(1),
            Action::PreviousRoom => return self.step(self.rooms.len().saturating_sub(1)),
            Action::Scroll(rows) => return self.move_view(rows),
            Action::Page(screens) => {
                let rows = self.pane.1.saturating_sub(2).max(1);
                return self.move_view(screens.saturating_mul(rows.cast_signed()));
            }
            Action::Newest => return self.newest(),
            Action::Send => return self.send(),
            Action::Retry => return self.retry(),
            Action::Discard => self.discard(),
            edit => return self.write(edit, now),
        }
        vec![]
    }

    /// One step back: cancels an edit, reply or reaction, then leaves the composer, then the program.
    fn escape(&mut self, now: Instant) -> Vec<Effect> {
        if self.reacting.take().is_some() {
            return vec![];
        }
        if !self.is_writing {
            return self.leave(now);
        }
        let room = self.rooms.get_mut(self.selected);
        let gave_up = room
            .is_some_and(|room| room.editing.take().is_some() || room.answering.take().is_some());
        if !gave_up {
            self.is_writing = false;
            self.choose_in_view();
        }
        vec![]
    }

    /// Scrolls the key list; any other key closes it.
    fn read_help(&mut self, action: &Action) {
        let by = match action {
            Action::Scroll(rows) => rows.saturating_neg(),
            Action::Older => -1,
            Action::Newer => 1,
            Action::Page(screens) => screens.saturating_neg().saturating_mul(5),
            _ => {
                self.help = None;
                return;
            }
        };
        let most = help::KEYS.len().saturating_sub(1);
        self.help = self.help.map(|row| row.saturating_add_signed(by).min(most));
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
                self.rooms.iter_mut().for_each(Room::clear_typing);
            }
            Event::Ended(reason) => return vec![Effect::Quit(Some(reason))],
            Event::Message(message) => return self.receive(message, now),
            Event::Updated(change) => self.update(&change),
            Event::Reaction(change) => self.count_reaction(&change),
            Event::Refreshed(message) => {
                let (room, id) = (message.room_id.clone(), message.id.clone());
                self.change_message(&room, &id, |known| {
                    if known.revision <= message.revision {
                        *known = message;
                    }
                });
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
            Event::Member(notice) => return self.members_changed(&notice.room_id),
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

    fn place(&self, room: &RoomId) -> Option<usize> {
        self.rooms.iter().position(|known| known.info.id == *room)
    }
}
