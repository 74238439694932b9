//! Rooms, messages and the tickets that open the chat.

pub mod budget;
pub mod erasure;
pub mod events;
pub mod exports;
pub mod messages;
pub mod ports;
pub mod read_marks;
pub mod rooms;
pub mod submission;
pub mod tickets;
mod use_cases;
pub mod writer;

pub use use_cases::{Policies, UseCases};
