use abu_domain::{LoginSessionId, UserId};
use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::{
    lists::{Seek, TimePosition, Total},
    ports::StoreError,
};

/// For how long it is remembered that a session was, and from which network it was last used.
pub const ENDED_SESSIONS_KEPT: TimeDelta = TimeDelta::days(180);

/// A log-in about to be noted.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id.
    pub id: LoginSessionId,
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
    Only(LoginSessionId),
    /// All but this one.
    AllBut(LoginSessionId),
}

macro_rules! end_reasons {
    ($($variant:ident => $name:literal, $description:literal;)*) => {
        /// Why a session was ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EndReason {
            $(#[doc = $description] $variant,)*
        }

        impl EndReason {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in storage.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The reason of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.name() == name)
            }
        }
    };
}

end_reasons! {
    LogOut => "log-out", "Its user logged out of it.";
    LogOutEverywhere => "log-out-everywhere", "Its user logged out everywhere.";
    Revoked => "revoked", "Its user ended it from another one.";
    Displaced => "displaced", "Its user logged in on so many devices that the longest unused gave way.";
    RefreshReused => "refresh-reused", "A refresh token of it was used again.";
    PasswordChanged => "password-changed", "Its user changed their password.";
    PasswordReset => "password-reset", "The password was reset.";
    TotpEnabled => "totp-enabled", "Its user turned one-time passwords on, and it had begun without.";
    EmailChangeUndone => "email-change-undone",
        "The reader of the old address took a change of address back.";
    Suspended => "suspended", "The account was suspended.";
    Deactivated => "deactivated", "Its user had the account hidden.";
    Erasure => "erasure", "The account is to be erased.";
}

/// A session, as far as its refresh tokens need it.
#[derive(Clone, Debug)]
pub struct RefreshableSession {
    /// Whose.
    pub user_id: UserId,
    /// What the client calls itself.
    pub device_name: Option<String>,
    /// The number of the newest refresh token.
    pub refresh_count: u32,
    /// When that was first handed out.
    pub refreshed_at: DateTime<Utc>,
    /// After this time it cannot be refreshed.
    pub expires_at: DateTime<Utc>,
    /// Why it was ended, if it was.
    pub ended: Option<EndReason>,
    /// False while the account is suspended.
    pub is_active: bool,
}

/// What becomes of a session that is refreshed.
#[derive(Clone, Debug)]
pub struct SessionRefresh {
    /// The number of the newest refresh token.
    pub refresh_count: u32,
    /// When that was first handed out.
    pub refreshed_at: DateTime<Utc>,
    /// Now.
    pub used_at: DateTime<Utc>,
    /// The network it was used from, without the part that names a machine.
    pub network: Option<String>,
    /// After this time it cannot be refreshed.
    pub expires_at: DateTime<Utc>,
    /// One-time passwords must be set up before any permission counts.
    pub totp_due: bool,
}

/// A session in its user's list.
#[derive(Clone, Debug)]
pub struct SessionListing {
    /// Its id.
    pub id: LoginSessionId,
    /// What the client calls itself.
    pub device_name: Option<String>,
    /// The network it was last used from.
    pub network: Option<String>,
    /// When its user logged in.
    pub created_at: DateTime<Utc>,
    /// When it was last refreshed.
    pub last_used_at: DateTime<Utc>,
}

/// A session that was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedSession {
    /// Which.
    pub id: LoginSessionId,
    /// Whose.
    pub user_id: UserId,
    /// It was ended because its user was suspended.
    pub by_suspension: bool,
}

/// Log-ins in the store. A session lasts until it is ended, or expires because nobody refreshed it.
pub trait SessionReads {
    /// At most `limit` of the user's sessions that last, the most recently used first, by the times at
    /// which they were.
    fn list_sessions(
        &mut self,
        user: UserId,
        seek: Seek<TimePosition<LoginSessionId>>,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<SessionListing>, StoreError>;

    /// How many of the user's sessions last.
    fn count_sessions(&mut self, user: UserId, now: DateTime<Utc>) -> Result<Total, StoreError>;

    /// Those of `ids` that last.
    fn live_sessions(&mut self, ids: &[LoginSessionId]) -> Result<Vec<LoginSessionId>, StoreError>;

    /// At most `limit` sessions that were ended after that time, the latest first.
    fn sessions_ended_after(
        &mut self,
        time: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<EndedSession>, StoreError>;
}

/// Writes beside [`SessionReads`].
pub trait SessionWrites {
    /// Notes a log-in; also forgets some of the sessions that ended longer ago than
    /// [`ENDED_SESSIONS_KEPT`].
    ///
    /// # Errors
    /// A conflict where there is no such user.
    fn insert_session(&mut self, session: &NewSession) -> Result<(), StoreError>;

    /// The session, its row locked until the transaction ends.
    fn lock_session(
        &mut self,
        id: LoginSessionId,
    ) -> Result<Option<RefreshableSession>, StoreError>;

    /// Notes that the session was refreshed.
    fn refresh_session(
        &mut self,
        id: LoginSessionId,
        refresh: &SessionRefresh,
    ) -> Result<(), StoreError>;

    /// Ends those of the user's sessions that last, and returns them.
    fn end_sessions(
        &mut self,
        user: UserId,
        which: WhichSessions,
        because: EndReason,
        now: DateTime<Utc>,
    ) -> Result<Vec<LoginSessionId>, StoreError>;

    /// Ends the longest unused of the user's sessions that last, so that `keep` are left, and returns
    /// those it ended.
    fn end_longest_unused(
        &mut self,
        user: UserId,
        keep: u32,
        because: EndReason,
        now: DateTime<Utc>,
    ) -> Result<Vec<LoginSessionId>, StoreError>;

    /// Says of all of the user's sessions whether one-time passwords must be set up before any
    /// permission counts.
    fn set_totp_due(&mut self, user: UserId, totp_due: bool) -> Result<(), StoreError>;
}
