//! Retention: files and reports of imports go after 30 days.

use abu_domain::{alumni::import_state::ImportState, platform::file_key::FileKey};

use super::{ImportError, Imports, KEPT_FOR};
use crate::{
    alumni::ports::Import,
    platform::{error_chain::error_chain, ports::StoreError},
};

/// Imports of one transaction.
const BATCH: u32 = 20;

impl Imports {
    /// Deletes the file of an import that has ended, its lines, and what its roll-back needs. What fails is left to
    /// the daily job.
    pub(super) fn forget(&self, import: &Import) {
        if let Err(error) = self.try_to_forget(import) {
            log::info!(import:% = import.id; "the file of an import stays for now: {}", error_chain(&error));
        }
    }

    fn try_to_forget(&self, import: &Import) -> Result<(), ImportError> {
        if let Some(key) = import
            .file_key
            .as_deref()
            .and_then(|key| FileKey::parse(key).ok())
        {
            self.context.files.delete(&key)?;
        }
        let store = self.context.database.store();
        Ok(store.transaction(|tx| tx.forget_file(import.id))?)
    }

    /// Forgets imports that nothing changed for 30 days, and gives up those of them that were never committed. It
    /// blocks, and returns whether there may be more.
    pub fn tidy(&self) -> Result<bool, ImportError> {
        const NEVER_COMMITTED: [ImportState; 2] = [ImportState::Uploaded, ImportState::Judged];
        let store = self.context.database.store();
        let since = self.context.clock.now() - KEPT_FOR;
        store.transaction::<_, StoreError>(|tx| tx.release_dead_runs())?;
        let due = store.read(|tx| tx.imports_to_tidy(since, BATCH))?;
        for import in &due {
            let now = self.context.clock.now();
            store.transaction(|tx| {
                tx.set_import_state(import.id, &NEVER_COMMITTED, ImportState::Discarded, now)
            })?;
            self.try_to_forget(import)?;
        }
        Ok(due.len() == BATCH as usize)
    }
}
