use abu_domain::{ClaimId, RecordId, UserId};
use chrono::{DateTime, Utc};

use crate::platform::{
    audit::Action,
    lists::{Seek, Total},
    ports::StoreError,
};

/// What staff can look at of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessTargets {
    pub user: UserId,
    /// The newest hundred.
    pub claims: Vec<ClaimId>,
    /// The record that the account is linked to, and since when.
    pub record: Option<(RecordId, DateTime<Utc>)>,
}

/// An entry of the audit log about a user, which another account caused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffAccess {
    pub seq: i64,
    pub at: DateTime<Utc>,
    /// The name of an [`Action`].
    pub action: String,
    /// What the staff gave.
    pub reason: Option<String>,
}

pub trait AccessLogReads {
    fn access_targets(&mut self, user: UserId) -> Result<AccessTargets, StoreError>;

    /// At most `limit` of the actions of other accounts on these targets, the newest first.
    fn list_staff_accesses(
        &mut self,
        targets: &AccessTargets,
        actions: &[Action],
        seek: Seek<i64>,
        limit: u32,
    ) -> Result<Vec<StaffAccess>, StoreError>;

    fn count_staff_accesses(
        &mut self,
        targets: &AccessTargets,
        actions: &[Action],
    ) -> Result<Total, StoreError>;
}
