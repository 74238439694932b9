payload! {
    /// Gives a live session a fresh access token, so that it need not end with the old one.
    ///
    /// Sent by a client after [`TokenExpiring`](crate::server::TokenExpiring), or whenever it has got a
    /// new token. The server answers the asking session alone with
    /// [`TokenRenewed`](crate::server::TokenRenewed). A token that is expired, revoked, wrongly signed, or
    /// of another user or log-in is `invalid-payload`; the session goes on with the token it has.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/token-renew.json")]
    /// ```
    pub struct TokenRenew {
        /// The new access token, without `Bearer`.
        pub token: String = secret,
    }
}

impl TokenRenew {
    /// A new token for this session.
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            token: token.into(),
        }
    }
}
