//! Refusals of the messaging area, as problem documents.

use abu_application::messaging::{
    messages::MessagingError, rooms::RoomError, tickets::TicketError,
};
use abu_chat::ConnectError;
use abu_domain::messaging::message::ChangeRefusal;

use crate::{
    areas::{
        access::problems::{ACCOUNT_DEACTIVATED, ACCOUNT_SUSPENDED, SESSION_ENDED},
        platform::problems::CHANGED_MEANWHILE,
    },
    problem::{ProblemKind, refusals},
};

const NO_SUCH_ROOM: &str = "There is no such room.";
const ROOM_ARCHIVED: &str = "The room is archived and can only be read.";
const TOO_MANY_EMOJI: &str = "The message has as many emoji as it takes.";

refusals! {
    TicketError: Store {
        Invalid => InvalidToken, "The ticket is not valid.";
    }

    RoomError: Access, Changed, Store {
        RoomNotFound => NotFound, NO_SUCH_ROOM;
        MemberNotFound => NotFound, "The room has no such member.";
        RoleForbids => PermissionDenied, "The caller's role in the room does not allow this.";
        DirectRoom => Conflict("direct-room"),
            "A direct room has no name, no roles, and always its two members.";
        LastOwner => Conflict("last-owner"),
            "A room always has an owner. Make another member owner first.";
        Archived => Conflict("archived"), ROOM_ARCHIVED;
        TooManyMembers => Conflict("room-full"), "The room would have too many members.";
        TooManyRooms => Conflict("too-many-rooms"),
            "You are in as many rooms as one user may be in.";
        InvitationNotFound => NotFound, "There is no such invitation.";
    } {
        RoomError::UnknownUser(user) => {
            let rule = format!("names {user}, who is no active user");
            Self::in_field("member_ids", "user.unknown", rule)
        }
        RoomError::NotTwoPeople => {
            let rule = "must name exactly one other person for a direct room";
            Self::in_field("member_ids", "member_ids.one-other", rule)
        }
        RoomError::QuotaUsedUp { retry_after } => {
            let seconds = retry_after.num_seconds() + 1;
            Self::rate_limited(u32::try_from(seconds).unwrap_or(u32::MAX))
        }
        RoomError::TooManyPeople { most } => {
            let rule = format!("must name at most {most} people, which is the figure of a day");
            Self::in_field("member_ids", "member_ids.too-many", rule)
        }
        RoomError::ReservedName(violation) => {
            Self::in_field("name", violation.code, violation.rule)
        }
    }

    MessagingError: Access, Changed, RateLimited, Refused, Store {
        RoomNotFound => NotFound, NO_SUCH_ROOM;
        MessageNotFound => NotFound, "There is no such message in the room.";
        ReadOnly => Conflict("archived"), ROOM_ARCHIVED;
        Blocked => Conflict("blocked"), "The other person cannot be written to.";
        ClientIdTaken => Conflict("client-message-id"),
            "You sent another message to this room under the same client_message_id.";
        Unavailable => Unavailable,
            "It could not be stored now. Doing it again is safe; send a message with the same \
             client_message_id.";
    } {
        MessagingError::ReplyToUnknown => {
            let rule = "must be a message of the same room";
            Self::in_field("reply_to", "reply_to.unknown", rule)
        }
    }

    ChangeRefusal: {
        NotFound => NotFound, "There is no such message in the room, or it was deleted.";
        NotYours => PermissionDenied, "The message is another user's.";
        TooLate => Conflict("too-late"), "The message can no longer be changed.";
        ChangedMeanwhile => PreconditionFailed, CHANGED_MEANWHILE;
        TooManyEmoji => Conflict("too-many-emoji"), TOO_MANY_EMOJI;
        TooManyOfMember => Conflict("too-many-emoji"), TOO_MANY_EMOJI;
    }

    ConnectError: {
        SessionEnded => InvalidToken, SESSION_ENDED;
        Suspended => AccountSuspended, ACCOUNT_SUSPENDED;
        Deactivated => AccountDeactivated, ACCOUNT_DEACTIVATED;
        TooManySessions => TooManySessions,
            "The account has as many chat sessions as it may have.";
        Draining => Maintenance, "The server is going down.";
    } {
        ConnectError::Unavailable => Self::unavailable("the chat cannot reach the database"),
        ConnectError::Handshake(_) => {
            Self::new(ProblemKind::UpgradeRequired, "This address takes a WebSocket handshake.")
        }
    }
}
