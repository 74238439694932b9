use abu_domain::{ImportId, platform::text::EmailAddress};
use chrono::{DateTime, Utc};

use super::Filling;
use crate::platform::ports::StoreError;

/// Of a hundred synthetic members, how many are so.
#[derive(Clone, Copy, Debug)]
pub struct SyntheticShares {
    /// Verified for their record.
    pub verified: u8,
    /// Of these, willing to be in the directory.
    pub listed: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyntheticCounts {
    /// Accounts that were made.
    pub members: u64,
    /// Those of them that are verified.
    pub verified: u64,
}

/// Accounts of synthetic graduates, many at a time.
pub trait SyntheticWrites {
    /// Makes an account without a password for each record of the import that no account is linked to: at the
    /// address of the record, or else at one that no other account has. An address that has an account gets no
    /// second one. A verified account has its claim, without events and mails. All but ids and times depend on the
    /// lines of the import alone.
    fn insert_synthetic_members(
        &mut self,
        import: ImportId,
        shares: SyntheticShares,
        filling: Filling,
        now: DateTime<Utc>,
    ) -> Result<SyntheticCounts, StoreError>;

    /// Verifies the accounts with these addresses for the records of the import that have the same addresses, and
    /// returns how many.
    fn verify_synthetic_members(
        &mut self,
        import: ImportId,
        emails: &[EmailAddress],
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError>;
}
