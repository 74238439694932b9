//! Refusals of the messaging area, as problem documents.

use abu_application::messaging::{
    messages::MessagingError, rooms::RoomError, tickets::TicketError,
};
use abu_chat::ConnectError;
use abu_domain::messaging::message::ChangeRefusal;

use crate::{
    areas::access::problems::{account_deactivated, account_suspended, session_ended},
    problem::{Problem, ProblemKind},
    rate_limits::whole_seconds,
};

fn no_such_room() -> Problem {
    Problem::new(ProblemKind::NotFound, "There is no such room.")
}

fn room_archived() -> Problem {
    Problem::conflict("archived", "The room is archived and can only be read.")
}

impl From<TicketError> for Problem {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::Invalid => {
                Self::new(ProblemKind::InvalidToken, "The ticket is not valid.")
            }
            TicketError::Store(error) => error.into(),
        }
    }
}

impl From<RoomError> for Problem {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::Access(error) => error.into(),
            RoomError::RoomNotFound => no_such_room(),
            RoomError::MemberNotFound => {
                Self::new(ProblemKind::NotFound, "The room has no such member.")
            }
            RoomError::RoleForbids => Self::new(
                ProblemKind::PermissionDenied,
                "The caller's role in the room does not allow this.",
            ),
            RoomError::UnknownUser(user) => Self::in_field(
                "member_ids",
                "user.unknown",
                format!("names {user}, who is no active user"),
            ),
            RoomError::NotTwoPeople => Self::in_field(
                "member_ids",
                "member_ids.one-other",
                "must name exactly one other person for a direct room",
            ),
            RoomError::DirectRoom => Self::conflict(
                "direct-room",
                "A direct room has no name, no roles, and always its two members.",
            ),
            RoomError::LastOwner => Self::conflict(
                "last-owner",
                "A room always has an owner: make somebody else one first.",
            ),
            RoomError::Archived => room_archived(),
            RoomError::Changed(error) => error.into(),
            RoomError::TooManyMembers => {
                Self::conflict("room-full", "The room would have too many members.")
            }
            RoomError::TooManyRooms(_) => Self::conflict(
                "too-many-rooms",
                "Somebody would be in more rooms than one person may be in.",
            ),
            RoomError::Store(error) => error.into(),
        }
    }
}

impl From<MessagingError> for Problem {
    fn from(error: MessagingError) -> Self {
        match error {
            MessagingError::Access(error) => error.into(),
            MessagingError::RoomNotFound => no_such_room(),
            MessagingError::ReadOnly => room_archived(),
            MessagingError::ReplyToUnknown => Self::in_field(
                "reply_to",
                "reply_to.unknown",
                "must be a message of the same room",
            ),
            MessagingError::Refused(refusal) => refusal.into(),
            MessagingError::RateLimited(over) => {
                Self::rate_limited(whole_seconds(over.retry_after))
            }
            MessagingError::Unavailable => Self::new(
                ProblemKind::Unavailable,
                "It could not be stored now. Doing it again is safe; send a message with the same \
                 client_message_id.",
            ),
            MessagingError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeRefusal> for Problem {
    fn from(refusal: ChangeRefusal) -> Self {
        match refusal {
            ChangeRefusal::NotFound => Self::new(
                ProblemKind::NotFound,
                "There is no such message in the room, or it was deleted.",
            ),
            ChangeRefusal::NotYours => {
                Self::new(ProblemKind::PermissionDenied, "Somebody else said this.")
            }
            ChangeRefusal::TooLate => {
                Self::conflict("too-late", "The message can no longer be changed.")
            }
            ChangeRefusal::TooManyEmoji | ChangeRefusal::TooManyOfMember => Self::conflict(
                "too-many-emoji",
                "The message has as many emoji as it takes.",
            ),
        }
    }
}

impl From<ConnectError> for Problem {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::SessionEnded => session_ended(),
            ConnectError::Suspended => account_suspended(),
            ConnectError::Deactivated => account_deactivated(),
            ConnectError::TooManySessions => Self::new(
                ProblemKind::TooManySessions,
                "The account has as many chat sessions as it may have.",
            ),
            ConnectError::Draining => {
                Self::new(ProblemKind::Maintenance, "The server is going down.")
            }
            ConnectError::Unavailable => Self::unavailable("the chat cannot reach the database"),
            ConnectError::Handshake(_) => Self::new(
                ProblemKind::UpgradeRequired,
                "This address takes a WebSocket handshake.",
            ),
        }
    }
}
