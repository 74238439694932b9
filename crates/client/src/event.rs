//! The event stream of a chat.

use std::{
    collections::HashMap,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use abu_chat_protocol::{
    CloseCode, RoomId, UserId,
    server::{
        MemberNotify, MessageUpdated, Notification, ReactionNotify, ReadNotify, RoomNotify,
        TypingNotify, Welcome,
    },
};
use futures_util::Stream;
use tokio::sync::mpsc;

use crate::{EndReason, Message, RoomPosition};

/// An event of the chat.
///
/// Each room delivers [`Message`](Self::Message) in the order of `seq`, without gaps or repeats, also across
/// reconnects. Changes arrive in the order of their `revision`. A page of [history](crate::Chat::history)
/// that lacks earlier changes makes the client deliver those changes again.
///
/// Contract: `docs/chat-protocol.md`, "Ordering and delivery guarantees" and "Catch up after a gap".
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// The chat is connected, for the first time or again. Missed messages and changes follow. Presence,
    /// typing and read marks do not: the server stores no events of them.
    Connected(Box<Welcome>),
    /// The connection is lost. The client reconnects after `delay`.
    Reconnecting {
        /// The number of consecutive failures, this one included. After close code 1008 it is at least 4:
        /// see [`backoff`](crate::ClientBuilder::backoff).
        attempt: u32,
        /// The time until the next attempt begins.
        delay: Duration,
        /// Why the connection is lost, or why the last attempt failed.
        cause: Interruption,
    },
    /// The chat has ended and does not reconnect; no event follows.
    Ended(EndReason),
    /// A message of a room, the user's own included (`message-receive`).
    Message(Message),
    /// An edit or a deletion (`message-updated`): apply it with [`Message::update`].
    Updated(MessageUpdated),
    /// A new or removed reaction (`reaction-notify`): apply it with [`Message::react`].
    Reaction(ReactionNotify),
    /// The current state of an older message that changed while the client was disconnected. Replace the
    /// stored message with it, unless that one has a larger `revision`.
    Refreshed(Message),
    /// A member's read mark has moved (`read-notify`).
    Read(ReadNotify),
    /// A member began or stopped typing (`typing-notify`).
    Typing(TypingNotify),
    /// A user who shares a room with this one went online or offline (`chat-join-notify`, `chat-leave`).
    Presence {
        /// The other user.
        user_id: UserId,
        /// Whether the user is online now.
        is_online: bool,
    },
    /// A room added, removed or invited the user, or was renamed, archived or reopened (`room-notify`).
    /// Messages of a new room from before this event are in its [history](crate::Chat::history).
    Room(RoomNotify),
    /// A room added or removed another member, another member left, or a member has another role
    /// (`member-notify`).
    Member(MemberNotify),
    /// A notification that belongs to no room (`notification`).
    Notification(Notification),
    /// The application read events too slowly, so the client dropped presence, typing, read marks, room
    /// changes or notifications. It never drops a message.
    Lagged,
}

/// Why a connection is lost, or why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interruption {
    /// The network failed, or the server is unreachable.
    Lost,
    /// No frame arrived within the idle timeout of `welcome`, or no answer in time.
    Silent,
    /// The server closed the connection with this code (contract: "Handle close codes").
    Closed(CloseCode),
    /// The server rejected the attempt with this HTTP status, for now (contract: "Rejected handshakes").
    Refused(u16),
    /// The token source returned no access token, for now.
    NoToken,
    /// A packet of the server broke the protocol.
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

/// A queued event, with the position of its room after the application has read it.
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

/// The events of a chat: a [`Stream`] that ends after [`Event::Ended`]. [`next`](Self::next) reads it without
/// `StreamExt`.
///
/// After a drop the client discards events, and requests of a remaining [`Chat`](crate::Chat) still work. The
/// chat ends when the application has dropped both.
///
/// The queue is bounded, see [`event_queue`](crate::ClientBuilder::event_queue). A slow reader delays messages
/// (backpressure) and loses none; for other events see [`Event::Lagged`].
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

    /// The next event; `None` after the last one. Cancel-safe.
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|context| self.poll_event(context)).await
    }

    /// The position of each room after the events read so far: `last_seq` and `last_revision`. Store it to
    /// resume in another process with [`Session::connect_from`](crate::Session::connect_from). A page of
    /// [history](crate::Chat::history) with an older revision moves the position back at the next read.
    ///
    /// Contract: `docs/chat-protocol.md`, "Catch up after a gap".
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
