//! Who is told what of something that was written, or was not.

use std::{sync::Arc, time::Duration};

use abu_application::{
    messaging::{ChangeOutcome, Reactions},
    ports::{StoreOutcome, SubmitError},
};
use abu_chat_protocol::{Profile, ServerPacket, server};
use abu_domain::{
    RoomId,
    message::{ChangeRefusal, MAX_EMOJI_OF_MEMBER, MAX_EMOJI_OF_MESSAGE, Message},
};
use tokio::sync::oneshot;

use super::Write;
use crate::{
    bus::{Event, Requester},
    frame::SharedPacket,
    packets,
};

/// What a client is told to wait when the store is away.
const RETRY_HINT: Duration = Duration::from_secs(2);

/// Who waits for something to be written.
pub(crate) enum Sender {
    /// A session: it is told like everybody, or is sent an error.
    Session(Requester, Profile),
    /// A use case.
    Caller(oneshot::Sender<Result<Message, SubmitError>>),
}

impl Sender {
    /// Whether what they say marks the room as read up to there. Who speaks the first profile knows
    /// of no marks, and need not pay for them.
    pub(super) fn marks_as_read(&self) -> bool {
        match self {
            Self::Session(_, profile) => *profile >= Profile::V2,
            Self::Caller(_) => true,
        }
    }

    /// The session that waits. A caller is told at once that it is done.
    fn requester(self, message: Message) -> Option<Requester> {
        match self {
            Self::Session(requester, _) => Some(requester),
            Self::Caller(reply) => {
                let _ = reply.send(Ok(message));
                None
            }
        }
    }
}

/// Who waits, and what the errors that they may be told are about.
pub(super) struct Waiter {
    pub(super) sender: Sender,
    room: RoomId,
    request: &'static str,
}

impl Waiter {
    pub(super) fn of(sender: Sender, write: &Write) -> Self {
        Self {
            sender,
            room: write.room(),
            request: write.request(),
        }
    }
}

/// What to publish of a message. `waiter` is `None` where they were told to wait no more.
pub(super) fn of_message(
    outcome: StoreOutcome,
    waiter: Option<Waiter>,
    reactions: &Reactions,
) -> Option<Event> {
    match outcome {
        StoreOutcome::Stored(message) => {
            let packet = packets::message_receive(&message, &[]);
            Some(to_room(message, packet, waiter))
        }
        StoreOutcome::Repeated(message) => {
            let reactions = reactions.get(&(message.id, message.sender_id));
            let reactions = reactions.map_or(&[][..], Vec::as_slice);
            let packet = packets::message_receive(&message, reactions);
            answer(message, packet, waiter?)
        }
        StoreOutcome::NotAMember => refuse(waiter?, &Refusal::NotAMember),
        StoreOutcome::ReadOnly => refuse(waiter?, &Refusal::ReadOnly),
        StoreOutcome::ReplyToUnknown => refuse(waiter?, &Refusal::ReplyToUnknown),
    }
}

/// What to publish of a change. One that was in doubt may have been made by an earlier attempt, and
/// then nobody has heard of it yet.
pub(super) fn of_change(
    outcome: ChangeOutcome,
    waiter: Option<Waiter>,
    in_doubt: bool,
) -> Option<Event> {
    match outcome {
        ChangeOutcome::Unchanged(changed) if !in_doubt => {
            let packet = packets::as_it_is(&changed);
            answer(changed.message, packet, waiter?)
        }
        ChangeOutcome::Changed(changed) | ChangeOutcome::Unchanged(changed) => {
            let packet = packets::changed(&changed);
            Some(to_room(changed.message, packet, waiter))
        }
        ChangeOutcome::NotAMember => refuse(waiter?, &Refusal::NotAMember),
        ChangeOutcome::ReadOnly => refuse(waiter?, &Refusal::ReadOnly),
        ChangeOutcome::Refused(refusal) => refuse(waiter?, &Refusal::Change(refusal)),
    }
}

/// For everybody in the room.
fn to_room(message: Message, packet: impl Into<ServerPacket>, waiter: Option<Waiter>) -> Event {
    Event::InRoom {
        room: message.room_id,
        packet: Arc::new(SharedPacket::new(packet)),
        requester: waiter.and_then(|waiter| waiter.sender.requester(message)),
    }
}

/// For who asked alone.
fn answer(message: Message, packet: impl Into<ServerPacket>, waiter: Waiter) -> Option<Event> {
    Some(Event::Answer {
        requester: waiter.sender.requester(message)?,
        packet: Arc::new(SharedPacket::new(packet)),
    })
}

/// Why something was not written.
pub(super) enum Refusal {
    NotAMember,
    ReadOnly,
    ReplyToUnknown,
    Change(ChangeRefusal),
    Unavailable,
    InDoubt,
    Internal(String),
}

/// Tells a caller at once; what a session is told goes over the bus.
pub(super) fn refuse(waiter: Waiter, refusal: &Refusal) -> Option<Event> {
    match waiter.sender {
        Sender::Caller(reply) => {
            let _ = reply.send(Err(refusal.for_caller()));
            None
        }
        Sender::Session(requester, _) => {
            Some(match refusal.for_session(waiter.request, waiter.room) {
                Some(error) => Event::Answer {
                    requester,
                    packet: Arc::new(SharedPacket::new(error)),
                },
                None => Event::Disconnect {
                    session: requester.session,
                },
            })
        }
    }
}

impl Refusal {
    fn for_caller(&self) -> SubmitError {
        match self {
            Self::NotAMember => SubmitError::NotAMember,
            Self::ReadOnly => SubmitError::ReadOnly,
            Self::ReplyToUnknown => SubmitError::ReplyToUnknown,
            Self::Change(refusal) => SubmitError::Refused(*refusal),
            Self::Unavailable | Self::Internal(_) => SubmitError::Unavailable,
            Self::InDoubt => SubmitError::InDoubt,
        }
    }

    /// The packet to send; `None` where the connection must end.
    fn for_session(&self, request: &str, room: RoomId) -> Option<server::Error> {
        let id = room.uuid();
        match self {
            Self::NotAMember => Some(server::Error::not_a_member(request, id)),
            Self::ReadOnly => Some(server::Error::read_only_room(request, id)),
            Self::ReplyToUnknown => Some(server::Error::not_found(request, id)),
            Self::Change(refusal) => Some(change_refused(*refusal, request, room)),
            Self::Unavailable => Some(unavailable(request, room)),
            Self::Internal(reference) => {
                Some(server::Error::internal(request, reference).in_room(id))
            }
            Self::InDoubt => None,
        }
    }
}

fn change_refused(refusal: ChangeRefusal, request: &str, room: RoomId) -> server::Error {
    let room = room.uuid();
    let too_many = |has: &str, most: usize| {
        let rule = format!("is one too many: {has} at most {most} different ones");
        server::Error::invalid_payload(request, "emoji", &rule).in_room(room)
    };
    match refusal {
        ChangeRefusal::NotFound => server::Error::not_found(request, room),
        ChangeRefusal::NotYours => server::Error::forbidden(request, room),
        ChangeRefusal::TooLate => server::Error::too_late(request, room),
        ChangeRefusal::TooManyEmoji => too_many("a message has", MAX_EMOJI_OF_MESSAGE),
        ChangeRefusal::TooManyOfMember => too_many("you give a message", MAX_EMOJI_OF_MEMBER),
    }
}

/// The answer to what could not be written now.
pub(crate) fn unavailable(request: &str, room: RoomId) -> server::Error {
    server::Error::unavailable(request, Some(RETRY_HINT)).in_room(room.uuid())
}
