//! Rooms, messages and the tickets that open the chat.

pub mod messages;
pub mod ports;
pub mod rooms;
pub mod tickets;
