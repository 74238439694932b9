//! Packets that the server sends to clients.

mod chat_join_notify;
mod chat_leave;
mod error;
mod error_code;
mod list_message_response;
mod message_receive;
mod typing_notify;

pub use self::chat_join_notify::ChatJoinNotify;
pub use self::chat_leave::ChatLeave;
pub use self::error::{Error, MAX_ECHOED_TYPE};
pub use self::error_code::ErrorCode;
pub use self::list_message_response::ListMessageResponse;
pub use self::message_receive::MessageReceive;
pub use self::typing_notify::TypingNotify;
pub use crate::table::ServerPacket;
