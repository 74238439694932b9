#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[macro_use]
mod wire;

mod close_code;
mod decode;
mod encode;
mod ids;
mod profile;
mod table;

pub mod client;
pub mod server;

pub use client::ClientPacket;
pub use close_code::{CloseCode, Reconnect};
pub use decode::{DecodeError, Decoded, Fault, Malformed, UnknownPacket};
pub use ids::{RoomId, UserId};
pub use profile::{Negotiated, Profile};
pub use server::ServerPacket;
pub use table::{Direction, PACKETS, PacketInfo};
