//! What a session submitted to the application, and the answer to it alone.

use std::{sync::Arc, time::Duration};

use abu_application::messaging::{
    ports::Answer,
    submission::{Refusal, SubmitError},
    writer::Write,
};
use abu_chat_protocol::{
    ServerPacket,
    client::{MessageDelete, MessageEdit, MessageSend, ReactionAdd, ReactionRemove, ReadMark},
    server,
};
use abu_domain::{
    RoomId,
    messaging::message::{ChangeKind, ChangeRefusal, MAX_EMOJI_OF_MEMBER, MAX_EMOJI_OF_MESSAGE},
};

use crate::{
    bus::{Instruction, Requester},
    instructions::{read_mark_packet, shared},
    packets,
};

/// The retry delay in the error for a message that the writer cannot store now.
const RETRY_HINT: Duration = Duration::from_secs(2);

/// The value of the receipts that this process gives the application: the session that waits, and what an
/// error that it hears is about.
#[derive(Debug)]
pub(crate) struct Asker {
    pub(crate) requester: Requester,
    pub(crate) room: RoomId,
    /// The type of the packet that asked.
    pub(crate) request: &'static str,
}

impl Asker {
    /// The instruction that answers it; `None` where the answer is in an event already.
    pub(crate) fn told(self, answer: Answer) -> Option<Instruction> {
        let packet: ServerPacket = match answer {
            Answer::Repeated(shown) => {
                packets::message_receive(&shown.message, &shown.reactions).into()
            }
            Answer::Unchanged(changed) => packets::as_it_is(&changed),
            // Another session of the user's has that packet already; only its request needs an answer.
            Answer::ReadMark { moved: true, .. } if self.requester.request_ref.is_none() => {
                return None;
            }
            Answer::ReadMark {
                room,
                user,
                last_read_seq,
                ..
            } => {
                return Some(Instruction::Answer {
                    requester: self.requester,
                    packet: Arc::new(read_mark_packet(room, user, last_read_seq)),
                });
            }
            Answer::Refused(refusal) => match self.error(&refusal) {
                Some(error) => error.into(),
                None => {
                    return Some(Instruction::Disconnect {
                        session: self.requester.session,
                    });
                }
            },
        };
        Some(Instruction::Answer {
            requester: self.requester,
            packet: shared(packet),
        })
    }

    /// The packet to send; `None` where the connection must end.
    fn error(&self, refusal: &Refusal) -> Option<server::Error> {
        let (request, room) = (self.request, self.room.uuid());
        let reason = match refusal {
            Refusal::Because(reason) => reason,
            Refusal::Internal { reference } => {
                return Some(server::Error::internal(request, reference).in_room(room));
            }
        };
        match reason {
            SubmitError::NotAMember => Some(server::Error::not_a_member(request, room)),
            SubmitError::ReadOnly => Some(server::Error::read_only_room(request, room)),
            SubmitError::ReplyToUnknown => Some(server::Error::not_found(request, room)),
            SubmitError::ClientIdTaken => Some(server::Error::conflict(request, room)),
            SubmitError::Refused(refusal) => Some(change_refused(*refusal, request, self.room)),
            SubmitError::Unavailable => Some(self.unavailable()),
            SubmitError::InDoubt => None,
        }
    }

    /// The answer to what cannot be stored now.
    pub(crate) fn unavailable(&self) -> server::Error {
        let retry_hint = (self.request != ReadMark::NAME).then_some(RETRY_HINT);
        server::Error::unavailable(self.request, retry_hint).in_room(self.room.uuid())
    }
}

/// The type of the packet that asks for it.
pub(crate) fn request_of(write: &Write) -> &'static str {
    match write {
        Write::Message(_) => MessageSend::NAME,
        Write::Change(change) => match change.kind {
            ChangeKind::Edit(_) => MessageEdit::NAME,
            ChangeKind::Delete | ChangeKind::Erase => MessageDelete::NAME,
            ChangeKind::React(_) => ReactionAdd::NAME,
            ChangeKind::TakeBack(_) | ChangeKind::EraseReaction(_) => ReactionRemove::NAME,
        },
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
        // No packet names a revision, so none is refused for it.
        ChangeRefusal::TooLate | ChangeRefusal::ChangedMeanwhile => {
            server::Error::too_late(request, room)
        }
        ChangeRefusal::TooManyEmoji => too_many("a message has", MAX_EMOJI_OF_MESSAGE),
        ChangeRefusal::TooManyOfMember => too_many("you give a message", MAX_EMOJI_OF_MEMBER),
    }
}
