//! Packets that a client sends to the server.

mod chat_join;
mod list_message_request;
mod message_send;
mod typing;

pub use self::chat_join::{ChatJoin, Notice};
pub use self::list_message_request::{
    DEFAULT_HISTORY_LIMIT, ListMessageRequest, MAX_HISTORY_LIMIT, Order,
};
pub use self::message_send::MessageSend;
pub use self::typing::Typing;
pub use crate::table::ClientPacket;
