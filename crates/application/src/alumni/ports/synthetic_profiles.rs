use abu_domain::ImportId;
use chrono::{DateTime, Utc};

use crate::platform::ports::StoreError;

/// Profiles of synthetic members, many at a time.
pub trait SyntheticProfileWrites {
    /// Makes a profile for each account that is verified for a record of the import and has none: residence, work,
    /// headline and skills, and the answer of its claim about the directory. Returns how many.
    fn insert_synthetic_profiles(
        &mut self,
        import: ImportId,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError>;
}
