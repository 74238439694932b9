#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod access;
pub mod alumni;
pub mod identity;
pub mod messaging;
pub mod platform;

pub use platform::{
    ids::{
        AssignmentId, EmailId, InvitationId, JobId, LoginSessionId, MailId, MessageId, RoomId,
        TaskId, UserId,
    },
    text::Violation,
};
