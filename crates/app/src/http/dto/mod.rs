//! What goes out: the JSON form of the domain's types.

mod mail;
mod message;
mod room;
mod user;

pub(super) use mail::Mail;
pub(super) use message::Message;
pub(super) use room::{ListedRoom, Member, Membership, Room};
pub(super) use user::{Account, TokenHolder, User};
