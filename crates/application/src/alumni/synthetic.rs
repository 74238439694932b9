//! Members for synthetic records, for tests, measurements and the demonstration.

use std::sync::Arc;

use abu_domain::ImportId;

use super::ports::{Filling, SyntheticCounts, SyntheticShares};
use crate::{
    access::Authority,
    platform::{
        audit::{Action, Target},
        ports::{Clock, Ids, StoreError},
    },
    store::Store,
};

/// Use case of `abu-admin` and of the demonstration, which production refuses. It blocks, and checks no permission:
/// the operator acts.
#[derive(Clone)]
pub struct SyntheticMembers {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
}

impl SyntheticMembers {
    /// Gives the records of an import accounts, in one transaction. Repeated, it makes those that are missing.
    pub fn make(
        &self,
        by: &impl Authority,
        import: ImportId,
        shares: SyntheticShares,
        filling: Filling,
    ) -> Result<SyntheticCounts, StoreError> {
        let now = self.clock.now();
        self.store.transaction(|tx| {
            let counts = tx.insert_synthetic_members(import, shares, filling, now)?;
            by.entry(Action::SyntheticMembers)
                .on(Target {
                    kind: "import",
                    id: import.to_string(),
                })
                .with("members", counts.members.to_string())
                .with("verified", counts.verified.to_string())
                .write(tx, self.ids.time_ordered(), now)?;
            Ok(counts)
        })
    }
}
