use abu_domain::{
    UserId,
    identity::{consent::ConsentPurpose, text::TermsVersion},
};
use chrono::{DateTime, Utc};

use crate::platform::ports::StoreError;

/// A user's answers to the consent form.
#[derive(Clone, Debug)]
pub struct Consents {
    /// The version of the terms that the form showed.
    pub version: TermsVersion,
    /// The answer for each purpose. The user accepted the terms in any case.
    pub granted: Vec<(ConsentPurpose, bool)>,
}

/// Append-only record of consent: a later answer adds rows.
pub trait ConsentWrites {
    /// Records the answers and the acceptance of the terms. A conflict for an unknown account.
    fn insert_consents(
        &mut self,
        user: UserId,
        consents: &Consents,
        source: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Records the answer to one question, asked under this version of its wording. A conflict for an unknown account.
    fn insert_answer(
        &mut self,
        user: UserId,
        purpose: ConsentPurpose,
        granted: bool,
        version: &str,
        source: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}
