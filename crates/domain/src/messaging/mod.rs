//! Chat rooms, memberships, messages, and reactions.

pub mod message;
pub mod person;
pub mod room;
pub mod text;
