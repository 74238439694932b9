//! JSON forms of the messaging area.

mod message;
mod room;

pub(super) use message::Message;
pub(super) use room::{
    Additions, Invitation, ListedRoom, Member, Membership, ReadState, Room, RoomSettings,
    UnreadCount,
};
