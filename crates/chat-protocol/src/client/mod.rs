//! Packets that a client sends to the server.

mod chat_join;
mod list_message_request;
mod message_delete;
mod message_edit;
mod message_send;
mod presence_request;
mod reaction_add;
mod reaction_remove;
mod read_mark;
mod sync_request;
mod token_renew;
mod typing;

pub use self::chat_join::{ChatJoin, Notice};
pub use self::list_message_request::{
    DEFAULT_HISTORY_LIMIT, ListMessageRequest, MAX_HISTORY_LIMIT, Order,
};
pub use self::message_delete::MessageDelete;
pub use self::message_edit::MessageEdit;
pub use self::message_send::{MAX_MESSAGE_CHARACTERS, MessageSend};
pub use self::presence_request::{MAX_PRESENCE_LIMIT, PresenceRequest};
pub use self::reaction_add::ReactionAdd;
pub use self::reaction_remove::ReactionRemove;
pub use self::read_mark::ReadMark;
pub use self::sync_request::{MAX_SYNC_ROOMS, RoomPosition, SyncRequest};
pub use self::token_renew::TokenRenew;
pub use self::typing::Typing;
pub use crate::table::ClientPacket;
