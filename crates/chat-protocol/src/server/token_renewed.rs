use chrono::{DateTime, Utc};

payload! {
    /// The session goes on with the new access token.
    ///
    /// Sent by the server to the session that sent a [`TokenRenew`](crate::client::TokenRenew), which
    /// forgets the old token.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/token-renewed.json")]
    /// ```
    pub struct TokenRenewed {
        /// When the new token expires, and the session with it.
        pub expires_at: DateTime<Utc>,
    }
}

impl TokenRenewed {
    /// When the new token expires, and the session with it.
    pub fn new(expires_at: DateTime<Utc>) -> Self {
        Self { expires_at }
    }
}
