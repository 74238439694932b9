use abu_domain::{SessionId, UserId};
use chrono::{DateTime, Utc};

use super::StoreError;

/// A log-in about to be noted.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// What the client calls itself.
    pub device_name: Option<String>,
    /// The network it came from, without the part that names a machine.
    pub network: Option<String>,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// After this time it cannot be refreshed.
    pub expires_at: DateTime<Utc>,
    /// One-time passwords must be set up before any permission counts.
    pub totp_due: bool,
}

/// Log-ins in the store.
pub trait SessionRows {
    /// Notes a log-in.
    ///
    /// # Errors
    /// A conflict where there is no such user.
    fn insert_session(&mut self, session: &NewSession) -> Result<(), StoreError>;

    /// Those of `ids` that have not ended.
    ///
    /// # Errors
    /// [`StoreError`].
    fn live_sessions(&mut self, ids: &[SessionId]) -> Result<Vec<SessionId>, StoreError>;
}
