use abu_domain::{ClaimId, EvidenceId, UserId, alumni::claims::EvidenceKind};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::ports::StoreError;

/// A stored file that an applicant sent as evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub id: EvidenceId,
    pub claim: ClaimId,
    pub kind: EvidenceKind,
    pub bytes: u64,
    pub sha256: [u8; 32],
    pub uploaded_at: DateTime<Utc>,
}

pub trait EvidenceReads {
    /// The files of a claim that are stored and not due to be deleted, the oldest first.
    fn evidence_of(
        &mut self,
        claim: ClaimId,
        now: DateTime<Utc>,
    ) -> Result<Vec<Evidence>, StoreError>;

    /// Which of these files have a row, whatever their state.
    fn known_evidence(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError>;

    /// At most `limit` files that are due to be deleted, and uploads that were given up.
    fn expired_evidence(
        &mut self,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<EvidenceId>, StoreError>;

    /// At most `limit` files and uploads of all claims of the account.
    fn evidence_of_user(&mut self, user: UserId, limit: u32)
    -> Result<Vec<EvidenceId>, StoreError>;
}

pub trait EvidenceWrites {
    /// Notes an upload that begins, and that it is given up by `delete_after` unless it is stored.
    fn reserve_evidence(
        &mut self,
        id: EvidenceId,
        claim: ClaimId,
        now: DateTime<Utc>,
        delete_after: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Notes that the file is stored; false if its upload was given up.
    fn store_evidence(&mut self, evidence: &Evidence) -> Result<bool, StoreError>;

    /// Has the files of a claim deleted at that time, but for those that have a time already.
    fn expire_evidence(
        &mut self,
        claim: ClaimId,
        delete_after: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Forgets files that were deleted; their claims change by it.
    fn forget_evidence(&mut self, ids: &[EvidenceId], now: DateTime<Utc>)
    -> Result<(), StoreError>;
}
