//! What the alumni area holds about a user, for a copy of their data.

use abu_domain::UserId;

use super::ports::AlumniPart;
use crate::{
    identity::ports::{ExportPage, ExportSource},
    platform::ports::StoreError,
    store::Reads,
};

/// Rows of a page.
const ROWS: u32 = 500;

/// Claims, what their applicant may see of them, the record that the account is linked to, and the profile. No reviewer.
pub struct OwnAlumniData;

impl ExportSource for OwnAlumniData {
    fn parts(&self) -> Vec<&'static str> {
        AlumniPart::ALL.iter().map(|part| part.name()).collect()
    }

    fn page(
        &self,
        tx: &mut dyn Reads,
        user: UserId,
        part: &str,
        after: Option<&str>,
    ) -> Result<ExportPage, StoreError> {
        match AlumniPart::from_name(part) {
            Some(part) => tx.alumni_rows(user, part, after, ROWS),
            None => Ok(ExportPage::default()),
        }
    }
}
