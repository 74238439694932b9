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

/// Which of a user's sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichSessions {
    /// All of them.
    All,
    /// This one.
    Only(SessionId),
    /// All but this one.
    AllBut(SessionId),
}

/// Why a session was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Its user logged out of it.
    LogOut,
    /// Its user logged out everywhere.
    LogOutEverywhere,
    /// Its user ended it from another one.
    Revoked,
    /// A refresh token of it was used again.
    RefreshReused,
    /// Its user changed their password.
    PasswordChanged,
    /// The password was reset.
    PasswordReset,
    /// The reader of the old address took a change of address back.
    EmailChangeUndone,
    /// The account was suspended.
    Suspended,
    /// Its user had the account hidden.
    Deactivated,
    /// The account is to be erased.
    Erasure,
}

impl EndReason {
    /// The name in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogOut => "log-out",
            Self::LogOutEverywhere => "log-out-everywhere",
            Self::Revoked => "revoked",
            Self::RefreshReused => "refresh-reused",
            Self::PasswordChanged => "password-changed",
            Self::PasswordReset => "password-reset",
            Self::EmailChangeUndone => "email-change-undone",
            Self::Suspended => "suspended",
            Self::Deactivated => "deactivated",
            Self::Erasure => "erasure",
        }
    }
}

/// Log-ins in the store.
pub trait SessionRows {
    /// Notes a log-in.
    ///
    /// # Errors
    /// A conflict where there is no such user.
    fn insert_session(&mut self, session: &NewSession) -> Result<(), StoreError>;

    /// Ends those of the user's sessions that last, and returns them.
    ///
    /// # Errors
    /// [`StoreError`].
    fn end_sessions(
        &mut self,
        user: UserId,
        which: WhichSessions,
        because: EndReason,
        now: DateTime<Utc>,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// Those of `ids` that have not ended.
    ///
    /// # Errors
    /// [`StoreError`].
    fn live_sessions(&mut self, ids: &[SessionId]) -> Result<Vec<SessionId>, StoreError>;
}
