use chrono::{DateTime, Utc};

payload! {
    /// The session's access token is about to expire.
    ///
    /// Sent by the server to the session itself, 60 seconds before. A client gets a new token and sends
    /// [`TokenRenew`](crate::client::TokenRenew); otherwise the connection is closed with 4001.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/token-expiring.json")]
    /// ```
    pub struct TokenExpiring {
        /// When the token expires, and the session with it.
        pub expires_at: DateTime<Utc>,
    }
}

impl TokenExpiring {
    /// When the token expires, and the session with it.
    pub fn new(expires_at: DateTime<Utc>) -> Self {
        Self { expires_at }
    }
}
