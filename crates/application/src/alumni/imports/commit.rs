//! Commit: the register takes the lines over, in one transaction.

use abu_domain::{ImportId, TaskId, access::Permission, alumni::import_state::ImportState};

use super::{
    ImportError, Imports, NAMED, Watch, jobs::COMMIT, run::Path, upload::target, watch::steps,
};
use crate::{
    access::{self, Authority, Caller},
    alumni::{
        ports::{CommitCounts, Filling, Import, Staging},
        profiles,
    },
    platform::audit::Action,
    store::{Reads, Writes},
};

const PATH: Path<'_> = Path {
    from: &[ImportState::Judged],
    through: ImportState::Committing,
    back: ImportState::Judged,
};

impl Imports {
    /// Starts the commit of a judged import; takes `can_import_alumni`. Refuses where the register has changed
    /// since the judgment.
    pub async fn commit(&self, caller: Caller, id: ImportId) -> Result<TaskId, ImportError> {
        let imports = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ImportAlumni)?;
                tx.release_dead_runs()?;
                in_state(tx, id, ImportState::Judged)?;
                require_up_to_date(tx, id)?;
                imports.start(tx, &caller, id, COMMIT)
            })
            .await
    }

    /// Starts another judgment of an import that is not committed; takes `can_import_alumni`.
    pub async fn judge_again(&self, caller: Caller, id: ImportId) -> Result<TaskId, ImportError> {
        let imports = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ImportAlumni)?;
                tx.release_dead_runs()?;
                let import = tx.import(id)?.ok_or(ImportError::NotFound)?;
                match import.state {
                    ImportState::Uploaded | ImportState::Judged => {
                        imports.start(tx, &caller, id, super::jobs::JUDGE)
                    }
                    state => Err(ImportError::WrongState(state)),
                }
            })
            .await
    }

    /// Writes the lines to the register. It blocks; repeated after its success it does nothing.
    pub fn write_to_register(
        &self,
        authority: &impl Authority,
        id: ImportId,
        watch: &dyn Watch,
    ) -> Result<CommitCounts, ImportError> {
        self.write(authority, id, Filling::BesideOthers, watch)
    }

    /// The same for a process that has the database to itself: faster where the register is small or empty, and
    /// others wait.
    pub fn fill_register(
        &self,
        authority: &impl Authority,
        id: ImportId,
        watch: &dyn Watch,
    ) -> Result<CommitCounts, ImportError> {
        self.write(authority, id, Filling::Alone, watch)
    }

    fn write(
        &self,
        authority: &impl Authority,
        id: ImportId,
        filling: Filling,
        watch: &dyn Watch,
    ) -> Result<CommitCounts, ImportError> {
        let counts = self.run(id, &PATH, |run| {
            let store = self.context.database.store();
            store.transaction(|tx| {
                access::require(tx, authority, Permission::ImportAlumni)?;
                tx.lock_register()?;
                tx.lock_records_of_import(id)?;
                let lines = tx.import(id)?.ok_or(ImportError::NotFound)?.lines;
                if tx.count_staged_lines(id)? != lines {
                    return Err(ImportError::StagingLost);
                }
                require_up_to_date(tx, id)?;
                let (now, entry_id) = self.context.now_and_entry_id();
                let by = authority.user();
                let counts = tx.commit_import(id, by, now, filling, &mut |done, total| {
                    watch.progress(steps("commit", done, total));
                })?;
                run.end(self, tx, ImportState::Committed)?;
                profiles::follow_import(tx, &*self.context.ids, id)?;
                authority
                    .entry(Action::ImportCommit)
                    .on(target(id))
                    .with("records", counts.records.to_string())
                    .with("awards", counts.awards.to_string())
                    .with("updated", counts.updated.to_string())
                    .write(tx, entry_id, now)?;
                Ok::<_, ImportError>(counts)
            })
        })?;
        self.tidy_after_commit(id);
        Ok(counts)
    }

    /// The report keeps the lines that were left out. If this fails, the daily job does it.
    fn tidy_after_commit(&self, id: ImportId) {
        let store = self.context.database.store();
        let cleared = store.transaction(|tx| tx.clear_staging(id, Staging::Imported));
        if let Err(error) = cleared {
            log::info!(import:% = id; "the staging of a committed import stays for now: {error}");
        }
    }
}

pub(super) fn in_state(
    tx: &mut dyn Reads,
    id: ImportId,
    state: ImportState,
) -> Result<Import, ImportError> {
    let import = tx.import(id)?.ok_or(ImportError::NotFound)?;
    match import.state == state {
        true => Ok(import),
        false => Err(ImportError::WrongState(import.state)),
    }
}

fn require_up_to_date(tx: &mut dyn Writes, id: ImportId) -> Result<(), ImportError> {
    let lines = tx.outdated_lines(id, NAMED)?;
    match lines.is_empty() {
        true => Ok(()),
        false => Err(ImportError::Outdated(lines)),
    }
}
