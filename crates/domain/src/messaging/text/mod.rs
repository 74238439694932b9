//! Validated text types of the messaging area (parse, don't validate).

mod emoji;
mod message_text;
mod room_name;

pub use emoji::Emoji;
pub use message_text::MessageText;
pub use room_name::RoomName;
