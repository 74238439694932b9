use std::time::Duration;

use super::ErrorCode;
use crate::RoomId;
use crate::decode::{DecodeError, Fault};

/// The most characters of a packet's type that an [`Error`] repeats, so that a type of 60 KB makes no
/// large answer.
pub const MAX_ECHOED_TYPE: usize = 64;

payload! {
    /// Something the session asked for did not happen.
    ///
    /// Sent by the server to the session at fault alone; the session lives on. A client acts on
    /// `code`, and may show `message` to the person.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/error.json")]
    /// ```
    pub struct Error {
        /// What went wrong, for a program.
        pub code: ErrorCode,
        /// What went wrong, for a person: one English sentence.
        pub message: String,
        /// The type of the packet this answers, cut to 64 characters; `null` when
        /// it could not be read.
        pub request_type: Option<String> = always,
        /// The room the packet was for, where that helps to place the error.
        pub room_id: Option<RoomId>,
        /// How many milliseconds to wait before trying again: always there with `rate-limited`,
        /// sometimes with `unavailable`.
        pub retry_after_ms: Option<u64>,
        /// What to quote when asking for help; only with `internal`.
        pub reference: Option<String>,
    }
}

impl Error {
    /// The payload of a packet breaks a rule. `field` is the way to the field with dots, `rule` the
    /// rest of a sentence that begins with it: `must be a string`.
    pub fn invalid_payload(request_type: &str, field: &str, rule: &str) -> Self {
        Self::new(
            ErrorCode::InvalidPayload,
            Some(request_type),
            format!("`{field}` {rule}."),
        )
    }

    /// The server knows no packet of this type.
    pub fn unknown_type(request_type: &str) -> Self {
        Self::new(
            ErrorCode::UnknownType,
            Some(request_type),
            "The server does not know this type of packet.",
        )
    }

    /// The user is not a member of the room, which may not exist at all.
    pub fn not_a_member(request_type: &str, room_id: impl Into<RoomId>) -> Self {
        Self::new(
            ErrorCode::NotAMember,
            Some(request_type),
            "You are not a member of this room.",
        )
        .in_room(room_id)
    }

    /// Nothing can be written in the room.
    pub fn read_only_room(request_type: &str, room_id: impl Into<RoomId>) -> Self {
        Self::new(
            ErrorCode::ReadOnlyRoom,
            Some(request_type),
            "This room can be read but not written in.",
        )
        .in_room(room_id)
    }

    /// Too many packets; the next may be sent after `retry_after`, in whole milliseconds, rounded
    /// up.
    pub fn rate_limited(request_type: &str, retry_after: Duration) -> Self {
        Self::new(
            ErrorCode::RateLimited,
            Some(request_type),
            "You are sending too fast. Wait a moment and try again.",
        )
        .retry_after(retry_after)
    }

    /// The people in the room cannot be written to.
    pub fn blocked(request_type: &str, room_id: impl Into<RoomId>) -> Self {
        Self::new(
            ErrorCode::Blocked,
            Some(request_type),
            "You cannot write to this person.",
        )
        .in_room(room_id)
    }

    /// The user sent another text to the room under the same `client_message_id`.
    pub fn conflict(request_type: &str, room_id: impl Into<RoomId>) -> Self {
        Self::new(
            ErrorCode::Conflict,
            Some(request_type),
            "You sent another message to this room under the same id.",
        )
        .in_room(room_id)
    }

    /// There is no such message in the room, or it was deleted.
    pub fn not_found(request_type: &str, room_id: impl Into<RoomId>) -> Self {
        Self::new(
            ErrorCode::NotFound,
            Some(request_type),
            "There is no such message in this room.",
        )
        .in_room(room_id)
    }

    /// The message belongs to another user, and the session's user is no moderator of the room.
    pub fn forbidden(request_type: &str, room_id: impl Into<RoomId>) -> Self {
        Self::new(
            ErrorCode::Forbidden,
            Some(request_type),
            "You cannot do this to another user's message.",
        )
        .in_room(room_id)
    }

    /// The time in which the message could be changed is over.
    pub fn too_late(request_type: &str, room_id: impl Into<RoomId>) -> Self {
        Self::new(
            ErrorCode::TooLate,
            Some(request_type),
            "This message can no longer be changed.",
        )
        .in_room(room_id)
    }

    /// It cannot be done just now and nothing was stored; `retry_after` where the server has an idea
    /// when it can.
    pub fn unavailable(request_type: &str, retry_after: Option<Duration>) -> Self {
        let error = Self::new(
            ErrorCode::Unavailable,
            Some(request_type),
            "This did not work just now and nothing was stored. Please send it again.",
        );
        match retry_after {
            Some(pause) => error.retry_after(pause),
            None => error,
        }
    }

    /// A fault of the server, with the reference under which its log tells more.
    pub fn internal(request_type: &str, reference: impl Into<String>) -> Self {
        Self {
            reference: Some(reference.into()),
            ..Self::new(
                ErrorCode::Internal,
                Some(request_type),
                "Something went wrong on the server.",
            )
        }
    }

    /// Names the room that the packet was for.
    #[must_use]
    pub fn in_room(self, room_id: impl Into<RoomId>) -> Self {
        Self {
            room_id: Some(room_id.into()),
            ..self
        }
    }

    fn retry_after(self, pause: Duration) -> Self {
        let milliseconds = pause.as_nanos().div_ceil(1_000_000);
        Self {
            retry_after_ms: Some(u64::try_from(milliseconds).unwrap_or(u64::MAX)),
            ..self
        }
    }

    fn new(code: ErrorCode, request_type: Option<&str>, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            request_type: request_type.map(|name| name.chars().take(MAX_ECHOED_TYPE).collect()),
            room_id: None,
            retry_after_ms: None,
            reference: None,
        }
    }
}

/// The answer to a frame that could not be decoded.
impl From<&DecodeError> for Error {
    fn from(error: &DecodeError) -> Self {
        let code = match error.fault {
            Fault::Malformed(_) => ErrorCode::MalformedPacket,
            Fault::InvalidPayload { .. } => ErrorCode::InvalidPayload,
        };
        Self::new(code, error.request_type, error.to_string())
    }
}
