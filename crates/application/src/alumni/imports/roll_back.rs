//! Roll-back: within 30 days the register loses again what an import brought.

use abu_domain::{ImportId, TaskId, access::Permission, alumni::import_state::ImportState};

use super::{
    ImportError, Imports, KEPT_FOR, NAMED, Watch,
    commit::in_state,
    jobs::{ROLL_BACK, ROLL_BACK_REST},
    run::Path,
    upload::target,
    watch::steps,
};
use crate::{
    access::{self, Authority, Caller},
    alumni::{
        ports::{Import, RollBackCounts},
        profiles,
    },
    platform::audit::Action,
    store::Writes,
};

const PATH: Path<'_> = Path {
    from: &[ImportState::Committed],
    through: ImportState::RollingBack,
    back: ImportState::Committed,
};

/// What a roll-back did.
pub type RolledBack = RollBackCounts;

impl Imports {
    /// Starts the roll-back of a committed import; takes `can_import_alumni`. Records that something depends on
    /// refuse it, unless they are to be skipped.
    pub async fn roll_back(
        &self,
        caller: Caller,
        id: ImportId,
        skip: bool,
    ) -> Result<TaskId, ImportError> {
        let imports = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ImportAlumni)?;
                tx.release_dead_runs()?;
                let import = in_state(tx, id, ImportState::Committed)?;
                imports.require_in_time(&import)?;
                require_free(tx, id, skip)?;
                let job = match skip {
                    true => ROLL_BACK_REST,
                    false => ROLL_BACK,
                };
                imports.start(tx, &caller, id, job)
            })
            .await
    }

    /// Takes the lines out of the register. It blocks; repeated after its success it does nothing.
    pub fn take_from_register(
        &self,
        authority: &impl Authority,
        id: ImportId,
        skip: bool,
        watch: &dyn Watch,
    ) -> Result<RolledBack, ImportError> {
        self.run(id, &PATH, |run| {
            let store = self.context.database.store();
            store.transaction(|tx| {
                access::require(tx, authority, Permission::ImportAlumni)?;
                tx.lock_register()?;
                let import = tx.import(id)?.ok_or(ImportError::NotFound)?;
                self.require_in_time(&import)?;
                let (now, entry_id) = self.context.now_and_entry_id();
                let counts = tx.roll_back_import(id, now, &mut |done, total| {
                    watch.progress(steps("roll-back", done, total));
                })?;
                if counts.skipped > 0 && !skip {
                    return Err(ImportError::Blocked(tx.roll_back_blockers(id, NAMED)?));
                }
                run.end(self, tx, ImportState::RolledBack)?;
                profiles::follow_import(tx, &*self.context.ids, id)?;
                authority
                    .entry(Action::ImportRollBack)
                    .on(target(id))
                    .with("records", counts.records.to_string())
                    .with("restored", counts.restored.to_string())
                    .with("skipped", counts.skipped.to_string())
                    .write(tx, entry_id, now)?;
                Ok(counts)
            })
        })
    }

    fn require_in_time(&self, import: &Import) -> Result<(), ImportError> {
        let is_late = import
            .committed_at
            .is_none_or(|at| self.context.clock.now() - at > KEPT_FOR);
        match is_late || import.file_key.is_none() {
            true => Err(ImportError::TooLate),
            false => Ok(()),
        }
    }
}

fn require_free(tx: &mut dyn Writes, id: ImportId, skip: bool) -> Result<(), ImportError> {
    if skip {
        return Ok(());
    }
    let blockers = tx.roll_back_blockers(id, NAMED)?;
    match blockers.is_empty() {
        true => Ok(()),
        false => Err(ImportError::Blocked(blockers)),
    }
}
