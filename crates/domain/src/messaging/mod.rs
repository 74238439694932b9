//! Rooms, their members, and messages with their windows of change.

pub mod message;
pub mod room;
pub mod text;
