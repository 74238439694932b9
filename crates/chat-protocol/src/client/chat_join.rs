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

closed_words! {
    /// What a [`ChatJoin`](crate::client::ChatJoin) announces.
    pub enum Notice, "must be \"join\"" {
        /// The user is present.
        Join = "join",
    }
}
