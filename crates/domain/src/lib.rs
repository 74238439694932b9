#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod access;
pub mod consent;
pub mod ids;
pub mod message;
pub mod room;
pub mod text;
pub mod user;

pub use ids::{AssignmentId, EmailId, LoginSessionId, MailId, MessageId, RoomId, UserId};
pub use text::Violation;
