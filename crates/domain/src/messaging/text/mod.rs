//! Text of the messaging area, parsed.

mod emoji;
mod message_text;
mod room_name;

pub use emoji::Emoji;
pub use message_text::MessageText;
pub use room_name::RoomName;
