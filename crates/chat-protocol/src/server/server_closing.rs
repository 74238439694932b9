use std::time::Duration;

payload! {
    /// The server is about to close the session, because it stops or restarts.
    ///
    /// Sent by the server right before it closes the connection with 1001. A client reconnects with
    /// back-off, and waits at least this long before the first attempt.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/server-closing.json")]
    /// ```
    pub struct ServerClosing {
        /// The least wait before the first attempt to reconnect, in milliseconds.
        pub reconnect_after_ms: u64,
    }
}

impl ServerClosing {
    /// A session that may come back after `wait`.
    pub fn new(wait: Duration) -> Self {
        Self {
            reconnect_after_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
