//! JSON forms of the messaging area.

mod message;
mod room;

pub(super) use message::Message;
pub(super) use room::{ListedRoom, Member, Membership, ReadState, Room};
