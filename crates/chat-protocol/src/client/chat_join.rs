use crate::wire::Word;

payload! {
    /// Announces that the user is present.
    ///
    /// Sent by a client once its user is there to chat; sending it again changes nothing. The first
    /// joined session of a user makes the server send
    /// [`ChatJoinNotify`](crate::server::ChatJoinNotify) to everyone who shares a room with them.
    /// Messages flow to a session whether or not it has joined.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/chat-join.json")]
    /// ```
    pub struct ChatJoin {
        /// What is announced.
        pub notice: Notice,
    }
}

impl ChatJoin {
    /// "I am here."
    pub fn new() -> Self {
        Self {
            notice: Notice::Join,
        }
    }
}

impl Default for ChatJoin {
    fn default() -> Self {
        Self::new()
    }
}

/// What a [`ChatJoin`] announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Notice {
    /// `join`: the user is present.
    Join,
}

impl Word for Notice {
    const RULE: &'static str = "must be \"join\"";

    fn from_word(word: &str) -> Option<Self> {
        (word == "join").then_some(Self::Join)
    }

    fn word(&self) -> &str {
        "join"
    }
}
