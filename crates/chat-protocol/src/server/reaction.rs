use std::num::NonZeroU64;

use crate::{Emoji, UserId};

/// The most different emoji of one message.
pub const MAX_EMOJI_OF_MESSAGE: usize = 20;

/// The most people whom one [`Reaction`] names.
pub const MAX_NAMED_REACTORS: usize = 10;

payload! {
    /// One emoji that people reacted to a message with.
    pub struct Reaction {
        /// The emoji.
        pub emoji: Emoji,
        /// How many people reacted with it.
        pub count: NonZeroU64,
        /// Some of them, at most 10: the asking user first where they are among them, then those who
        /// reacted first.
        pub user_ids: Vec<UserId> = sparse,
    }
}

impl Reaction {
    /// `count` people reacted with this emoji, these among them. No more than
    /// [`MAX_NAMED_REACTORS`] are kept.
    pub fn new(emoji: Emoji, count: NonZeroU64, mut user_ids: Vec<UserId>) -> Self {
        user_ids.truncate(MAX_NAMED_REACTORS);
        Self {
            emoji,
            count,
            user_ids,
        }
    }
}
