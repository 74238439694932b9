use chrono::{DateTime, Utc};

use crate::platform::ports::StoreError;

/// Deletes what is kept for a time. Each call deletes at most `limit` rows, and returns their number.
pub trait RetentionWrites {
    /// Codes that claimants asked for before then.
    fn delete_asked_codes(
        &mut self,
        asked_before: DateTime<Utc>,
        limit: u32,
    ) -> Result<usize, StoreError>;

    /// Invitations of batches that expired before then, and the batches that are left without one.
    fn delete_expired_invitations(
        &mut self,
        expired_before: DateTime<Utc>,
        limit: u32,
    ) -> Result<usize, StoreError>;

    /// Wishes to get no mail that are over.
    fn delete_suppressions(&mut self, now: DateTime<Utc>, limit: u32) -> Result<usize, StoreError>;

    /// Claims that were rejected or withdrawn before then, with all that belongs to them. A claim with a stored file
    /// stays until the file is deleted.
    fn delete_refused_claims(
        &mut self,
        decided_before: DateTime<Utc>,
        limit: u32,
    ) -> Result<usize, StoreError>;
}
