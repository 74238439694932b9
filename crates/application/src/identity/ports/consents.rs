use abu_domain::{
    UserId,
    identity::{consent::ConsentPurpose, text::TermsVersion},
};
use chrono::{DateTime, Utc};

use crate::platform::ports::StoreError;

/// What somebody answered when they were asked.
#[derive(Clone, Debug)]
pub struct Consents {
    /// Which text they were shown.
    pub version: TermsVersion,
    /// Whether they agreed, by purpose. To the terms they agreed in any case.
    pub granted: Vec<(ConsentPurpose, bool)>,
}

/// What people agreed to. A change of mind is another row.
pub trait ConsentWrites {
    /// Notes what somebody answered, with the terms.
    ///
    /// # Errors
    /// A conflict where there is no such account.
    fn insert_consents(
        &mut self,
        user: UserId,
        consents: &Consents,
        source: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}
