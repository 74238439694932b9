use abu_domain::{LoginSessionId, UserId, named_enum, platform::network::Network};
use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::{
    lists::{Seek, TimePosition, Total},
    ports::StoreError,
};

/// Retention of ended sessions, with the network that last used them.
pub const ENDED_SESSIONS_KEPT: TimeDelta = TimeDelta::days(180);

/// How long an account knows a network after its last use.
pub const NETWORKS_KEPT: TimeDelta = TimeDelta::days(90);

/// A login session before it is stored.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: LoginSessionId,
    pub user_id: UserId,
    /// The name that the client gives the device.
    pub device_name: Option<String>,
    pub network: Option<Network>,
    pub created_at: DateTime<Utc>,
    /// Exclusive; the session cannot be refreshed after it.
    pub expires_at: DateTime<Utc>,
    /// No permission counts until the user enrolls in TOTP.
    pub totp_due: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichSessions {
    All,
    Only(LoginSessionId),
    AllBut(LoginSessionId),
}

named_enum! {
    /// Why a session was ended.
    pub enum EndReason {
        LogOut => "log-out",
        LogOutEverywhere => "log-out-everywhere",
        /// The user revoked it from another session, or the staff did.
        Revoked => "revoked",
        /// The user exceeded the maximum number of sessions; it was the least recently used.
        Displaced => "displaced",
        /// Reuse detection of refresh tokens.
        RefreshReused => "refresh-reused",
        PasswordChanged => "password-changed",
        PasswordReset => "password-reset",
        /// The user enrolled in TOTP, and the session had started with a password alone.
        TotpEnabled => "totp-enabled",
        /// The owner of the old address undid a change of the primary address.
        EmailChangeUndone => "email-change-undone",
        Suspended => "suspended",
        Deactivated => "deactivated",
        /// An administrator scheduled the account's erasure.
        Erasure => "erasure",
    }
}

/// A session as a refresh reads it.
#[derive(Clone, Debug)]
pub struct RefreshableSession {
    pub user_id: UserId,
    /// The name that the client gives the device.
    pub device_name: Option<String>,
    /// The number of the newest refresh token.
    pub refresh_count: u32,
    /// Time of the first issue of that token.
    pub refreshed_at: DateTime<Utc>,
    /// Exclusive; the session cannot be refreshed after it.
    pub expires_at: DateTime<Utc>,
    /// `None` while the session lasts.
    pub ended: Option<EndReason>,
    /// False while the account is suspended.
    pub is_active: bool,
}

/// The state of a session after a refresh.
#[derive(Clone, Debug)]
pub struct SessionRefresh {
    /// The number of the newest refresh token.
    pub refresh_count: u32,
    /// Time of the first issue of that token.
    pub refreshed_at: DateTime<Utc>,
    pub used_at: DateTime<Utc>,
    pub network: Option<Network>,
    /// Exclusive; the session cannot be refreshed after it.
    pub expires_at: DateTime<Utc>,
    /// No permission counts until the user enrolls in TOTP.
    pub totp_due: bool,
}

/// A session in its user's list.
#[derive(Clone, Debug)]
pub struct SessionListing {
    pub id: LoginSessionId,
    /// The name that the client gives the device.
    pub device_name: Option<String>,
    /// The network prefix of the last use.
    pub network: Option<String>,
    /// Time of the log-in.
    pub created_at: DateTime<Utc>,
    /// Time of the last refresh.
    pub last_used_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedSession {
    pub id: LoginSessionId,
    pub user_id: UserId,
    /// Whether a suspension of the user ended it.
    pub by_suspension: bool,
}

/// Login sessions in the store. A session lasts until it is revoked or expires without a refresh.
pub trait SessionReads {
    /// At most `limit` live sessions of the user, most recently used first.
    fn list_sessions(
        &mut self,
        user: UserId,
        seek: Seek<TimePosition<LoginSessionId>>,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<SessionListing>, StoreError>;

    fn count_sessions(&mut self, user: UserId, now: DateTime<Utc>) -> Result<Total, StoreError>;

    /// The sessions among `ids` that are not revoked, expired ones included.
    fn live_sessions(&mut self, ids: &[LoginSessionId]) -> Result<Vec<LoginSessionId>, StoreError>;

    /// At most `limit` sessions that ended after `time`, latest first.
    fn sessions_ended_after(
        &mut self,
        time: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<EndedSession>, StoreError>;

    /// Whether the user logged in or refreshed a session from the network in the time
    /// [`NETWORKS_KEPT`].
    fn knows_network(
        &mut self,
        user: UserId,
        network: Network,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
}

pub trait SessionWrites {
    /// Stores a session, and deletes some that ended more than [`ENDED_SESSIONS_KEPT`] ago. A
    /// conflict for an unknown user.
    fn insert_session(&mut self, session: &NewSession) -> Result<(), StoreError>;

    /// The session, its row locked until the transaction ends.
    fn lock_session(
        &mut self,
        id: LoginSessionId,
    ) -> Result<Option<RefreshableSession>, StoreError>;

    fn refresh_session(
        &mut self,
        id: LoginSessionId,
        refresh: &SessionRefresh,
    ) -> Result<(), StoreError>;

    /// Ends the user's live sessions among `which` and returns them.
    fn end_sessions(
        &mut self,
        user: UserId,
        which: WhichSessions,
        because: EndReason,
        now: DateTime<Utc>,
    ) -> Result<Vec<LoginSessionId>, StoreError>;

    /// Ends the user's least recently used live sessions until `keep` are left, and returns the
    /// ended ones.
    fn end_longest_unused(
        &mut self,
        user: UserId,
        keep: u32,
        because: EndReason,
        now: DateTime<Utc>,
    ) -> Result<Vec<LoginSessionId>, StoreError>;

    /// Notes that the user uses the network, and deletes some that were not used for
    /// [`NETWORKS_KEPT`].
    fn note_network(
        &mut self,
        user: UserId,
        network: Network,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Sets for all sessions of the user whether permissions wait for an enrollment in TOTP.
    fn set_totp_due(&mut self, user: UserId, totp_due: bool) -> Result<(), StoreError>;
}
