#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[macro_use]
mod wire;

mod close_code;
mod decode;
mod emoji;
mod encode;
mod ids;
mod profile;
mod request_ref;
mod table;

pub mod client;
#[cfg(feature = "schema")]
pub mod documents;
#[cfg(feature = "schema")]
mod schema;
pub mod server;

pub use client::ClientPacket;
pub use close_code::{CloseCode, Reconnect};
pub use decode::{DecodeError, Decoded, Fault, Malformed, UnknownPacket};
pub use emoji::{Emoji, MAX_EMOJI_CHARACTERS, NotAnEmoji};
pub use ids::{MessageId, NotificationId, ParseIdError, RoomId, SessionId, UserId};
pub use profile::{Negotiated, Profile};
pub use request_ref::{MAX_REF_CHARACTERS, RefTooLong, RequestRef};
pub use server::ServerPacket;
pub use table::{Direction, PACKETS, PacketInfo};
