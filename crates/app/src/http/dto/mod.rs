//! What goes out: the JSON form of the domain's types.

mod access;
mod audit_entry;
mod email;
mod mail;
mod message;
mod room;
mod user;

pub(super) use access::{Group, HeldPermission, Permission, Role, RoleAssignment};
pub(super) use audit_entry::AuditEntry;
pub(super) use email::Email;
pub(super) use mail::Mail;
pub(super) use message::Message;
pub(super) use room::{ListedRoom, Member, Membership, ReadState, Room};
pub(crate) use user::User;
pub(super) use user::{Account, TokenHolder};
