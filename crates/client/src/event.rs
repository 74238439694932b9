//! What the application is told.

use std::{
    collections::HashMap,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use abu_chat_protocol::{
    CloseCode, RoomId, UserId,
    server::{
        MessageUpdated, Notification, ReactionNotify, ReadNotify, RoomNotify, TypingNotify, Welcome,
    },
};
use futures_util::Stream;
use tokio::sync::mpsc;

use crate::{EndReason, Message, RoomPosition};

/// Something that happened in the chat.
///
/// Of each room, [`Message`](Self::Message) comes for every place in order, none left out and none
/// twice, however often the connection breaks; and changes come in the order of their `revision`. Only
/// after a page of [history](crate::Chat::history) that lacks changes told before are those told again.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// The chat is connected, for the first time or again. What was missed meanwhile follows by
    /// itself, except for what nobody stores: who is online, who types, and read marks.
    Connected(Box<Welcome>),
    /// The connection is away, and is made again after `delay`.
    Reconnecting {
        /// How many failures there were in a row, this loss included. After close code 1008 it is 4
        /// at least: see [`backoff`](crate::ClientBuilder::backoff).
        attempt: u32,
        /// How long until the next one begins.
        delay: Duration,
        /// What happened.
        cause: Interruption,
    },
    /// The chat is over for good; no event follows.
    Ended(EndReason),
    /// Somebody said something in a room, the user's own messages included.
    Message(Message),
    /// A message was edited or deleted: give it to [`Message::update`].
    Updated(MessageUpdated),
    /// Somebody reacted to a message, or took it back: give it to [`Message::react`].
    Reaction(ReactionNotify),
    /// An older message changed while the connection was away. This is how it is now: put it in the
    /// place of what there is, unless that has a larger `revision`.
    Refreshed(Message),
    /// A member has read up to a place.
    Read(ReadNotify),
    /// Somebody began or stopped typing.
    Typing(TypingNotify),
    /// Somebody who shares a room with the user came online or went.
    Presence {
        /// Who.
        user_id: UserId,
        /// Whether they are there now.
        is_online: bool,
    },
    /// The user was added to a room or removed from it, or it was renamed or archived. What was said
    /// in a new room before this event is in its [history](crate::Chat::history).
    Room(RoomNotify),
    /// Something outside the rooms.
    Notification(Notification),
    /// The application read so slowly that presence, typing, read marks, changes of rooms or
    /// notifications were passed over. No message was.
    Lagged,
}

/// Why a connection is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interruption {
    /// The network broke it, or the server is not there.
    Lost,
    /// Nothing was heard for longer than the server promised.
    Silent,
    /// The server closed it.
    Closed(CloseCode),
    /// The server refused it for now, with this HTTP status.
    Refused(u16),
    /// No fresh token could be had just now.
    NoToken,
    /// The server's packets broke the protocol.
    NotUnderstood,
}

impl std::fmt::Display for Interruption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lost => f.write_str("the connection was lost"),
            Self::Silent => f.write_str("the server fell silent"),
            Self::Closed(code) => f.write_str(code.reason()),
            Self::Refused(status) => write!(f, "the server refused with status {status}"),
            Self::NoToken => f.write_str("no token could be had"),
            Self::NotUnderstood => f.write_str("the server was not understood"),
        }
    }
}

/// An event on its way, with how much of its room the application has once it has seen it.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) event: Option<Event>,
    pub(crate) position: Option<RoomPosition>,
}

impl From<Event> for Delivery {
    fn from(event: Event) -> Self {
        Self {
            event: Some(event),
            position: None,
        }
    }
}

/// The events of a chat: a [`Stream`], with a [`next`](Self::next) of its own for whoever has no
/// `StreamExt` at hand. It ends after [`Event::Ended`].
///
/// Dropping it means that nobody listens: a [`Chat`](crate::Chat) that is still there goes on for what
/// is asked through it. The chat ends when both are gone.
///
/// Events wait here in a bounded queue. An application that reads too slowly gets its messages
/// later, never fewer.
#[derive(Debug)]
pub struct Events {
    queue: mpsc::Receiver<Delivery>,
    positions: HashMap<RoomId, RoomPosition>,
}

impl Events {
    pub(crate) fn new(queue: mpsc::Receiver<Delivery>, known: Vec<RoomPosition>) -> Self {
        let positions = known
            .into_iter()
            .map(|position| (position.room_id.clone(), position))
            .collect();
        Self { queue, positions }
    }

    /// The next event; `None` after the last one.
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|context| self.poll_event(context)).await
    }

    /// How much of each room the events read so far have told. It follows a page of
    /// [history](crate::Chat::history) that is older than they are once the next event was read.
    /// Whoever keeps this can go on from here in another process, with
    /// [`Session::connect_from`](crate::Session::connect_from).
    pub fn positions(&self) -> Vec<RoomPosition> {
        self.positions.values().cloned().collect()
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            let Some(delivery) = std::task::ready!(self.queue.poll_recv(context)) else {
                return Poll::Ready(None);
            };
            if let Some(position) = delivery.position {
                self.positions.insert(position.room_id.clone(), position);
            }
            if let Some(event) = delivery.event {
                if let Event::Room(notice) = &event
                    && notice.change == abu_chat_protocol::server::RoomChange::Removed
                {
                    self.positions.remove(&notice.room_id);
                }
                return Poll::Ready(Some(event));
            }
        }
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll_event(context)
    }
}
