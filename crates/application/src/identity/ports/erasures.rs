use abu_domain::{MailId, UserId, platform::text::Reason};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    platform::ports::StoreError,
    store::{Store, Writes},
};

/// A scheduled erasure of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    pub user_id: UserId,
    /// The owner or an administrator.
    pub requested_by: UserId,
    pub reason: Reason,
    pub requested_at: DateTime<Utc>,
    /// Time of the erasure, unless it is canceled before.
    pub runs_at: DateTime<Utc>,
}

/// A scheduled erasure, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureRecord {
    pub user_id: UserId,
    /// `None` for the operator, and for an administrator who was deleted.
    pub requested_by: Option<UserId>,
    pub requested_at: DateTime<Utc>,
    pub runs_at: DateTime<Utc>,
    /// From then on it cannot be canceled.
    pub started_at: Option<DateTime<Utc>>,
    /// The part of the work that is next.
    pub stage: usize,
    /// Where in that part; the part says what it means.
    pub position: Option<Uuid>,
    /// The last mail to the owner.
    pub farewell: Option<MailId>,
}

impl ErasureRecord {
    /// Only the owner cancels it then.
    pub fn is_owners(&self) -> bool {
        self.requested_by == Some(self.user_id)
    }
}

/// SHA-256 of the 16 bytes of an account's id.
pub type UserHash = [u8; 32];

/// An account that was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    pub user_hash: UserHash,
    pub erased_at: DateTime<Utc>,
}

/// Erasures that are not done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasureBacklog {
    /// Those whose time has not come.
    pub scheduled: u64,
    /// Those whose time has come.
    pub due: u64,
    /// Those of them whose time came before the limit that was asked for.
    pub overdue: u64,
}

/// A place in the order of erasures: by time, then by account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ErasurePosition {
    pub runs_at: DateTime<Utc>,
    pub user: UserId,
}

impl From<&ErasureRecord> for ErasurePosition {
    fn from(record: &ErasureRecord) -> Self {
        Self {
            runs_at: record.runs_at,
            user: record.user_id,
        }
    }
}

pub trait ErasureReads {
    /// The time of the account's scheduled erasure.
    fn erasure_due(&mut self, user: UserId) -> Result<Option<DateTime<Utc>>, StoreError>;

    fn erasure(&mut self, user: UserId) -> Result<Option<ErasureRecord>, StoreError>;

    /// At most `limit` erasures after a position whose time is `until` at the latest, the earliest first.
    fn list_erasures(
        &mut self,
        until: DateTime<Utc>,
        after: Option<ErasurePosition>,
        limit: u32,
    ) -> Result<Vec<ErasureRecord>, StoreError>;

    fn erasure_backlog(
        &mut self,
        now: DateTime<Utc>,
        overdue_before: DateTime<Utc>,
    ) -> Result<ErasureBacklog, StoreError>;

    /// At most `limit` entries of the ledger after a hash, in the order of the hashes.
    fn erasure_ledger(
        &mut self,
        after: Option<UserHash>,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError>;

    /// The accounts of these hashes that are there, and no tombstones. It reads every account.
    fn accounts_of_hashes(&mut self, hashes: &[UserHash]) -> Result<Vec<UserId>, StoreError>;
}

pub trait ErasureWrites {
    /// Schedules an erasure; false if one is scheduled already, which then stays. A conflict for an
    /// unknown user.
    fn insert_erasure(&mut self, erasure: &Erasure) -> Result<bool, StoreError>;

    /// Schedules an erasure for the operator, or brings a scheduled one forward, to this time.
    fn hurry_erasure(
        &mut self,
        user: UserId,
        reason: &Reason,
        runs_at: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Cancels an erasure that an administrator requested and that has not begun; false if there is
    /// none.
    fn call_off_staffs_erasure(&mut self, user: UserId) -> Result<bool, StoreError>;

    /// Cancels an erasure that the owner requested and that has not begun; false if there is none.
    fn call_off_own_erasure(&mut self, user: UserId) -> Result<bool, StoreError>;

    /// The erasure, its row locked until the transaction ends.
    fn lock_erasure(&mut self, user: UserId) -> Result<Option<ErasureRecord>, StoreError>;

    fn begin_erasure(
        &mut self,
        user: UserId,
        farewell: Option<MailId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Notes which part of the work is next, and where in it.
    fn note_erasure(
        &mut self,
        user: UserId,
        stage: usize,
        position: Option<Uuid>,
    ) -> Result<(), StoreError>;

    /// Forgets what is stored about the account in the areas up to identity, the erasure included,
    /// and makes its row a tombstone. The proof of consents stays. Enters the account in the ledger.
    fn forget_account(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError>;
}

/// What follows a step of an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErasureStep {
    /// Another step goes on from this position.
    GoOn(Option<Uuid>),
    /// Nothing of the area is left.
    Done,
}

/// What an outer area does when an account is erased. Its owner can no longer log in then.
pub trait ErasureListener: Send + Sync + 'static {
    /// Does at most half a second of work. It blocks, and commits by itself. A step may be
    /// repeated after a crash, so it must be harmless when done twice. `position` is where the last
    /// step ended; the first one has none.
    fn erase(
        &self,
        store: &dyn Store,
        user: UserId,
        position: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<ErasureStep, StoreError>;
}

/// An area whose work for an erasure is one short transaction.
pub struct InOneTransaction<F>(pub F);

impl<F> ErasureListener for InOneTransaction<F>
where
    F: Fn(&mut dyn Writes, UserId, DateTime<Utc>) -> Result<(), StoreError> + Send + Sync + 'static,
{
    fn erase(
        &self,
        store: &dyn Store,
        user: UserId,
        _position: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<ErasureStep, StoreError> {
        store.transaction(|tx| (self.0)(tx, user, now))?;
        Ok(ErasureStep::Done)
    }
}
