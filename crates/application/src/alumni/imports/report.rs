//! Imports and their judged lines, as the office reads them.

use abu_domain::{
    ImportId,
    access::Permission,
    alumni::import_state::{ImportState, Verdict},
};

use super::{ImportError, Imports, upload::target};
use crate::{
    access::{self, Authority, Caller},
    alumni::ports::{Import, JudgedLine},
    platform::{
        audit::Action,
        lists::{ListRequest, Listed, Seek, TimePosition},
    },
    store::Reads,
};

/// Lines of a report that are read at a time.
const PAGE: u32 = 1_000;

impl Imports {
    /// A page of imports, newest first; takes `can_import_alumni`.
    pub async fn list(
        &self,
        authority: impl Authority,
        page: ListRequest<TimePosition<ImportId>>,
    ) -> Result<Listed<Import>, ImportError> {
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &authority, Permission::ImportAlumni)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_imports(seek, limit),
                    |tx| tx.count_imports(),
                )?)
            })
            .await
    }

    /// Takes `can_import_alumni`.
    pub async fn get(
        &self,
        authority: impl Authority,
        id: ImportId,
    ) -> Result<Import, ImportError> {
        self.context
            .database
            .read(move |tx| known(tx, &authority, id))
            .await
    }

    /// A page of judged lines in the order of the file, of any of the verdicts; takes `can_import_alumni`.
    pub async fn lines(
        &self,
        caller: Caller,
        id: ImportId,
        verdicts: Vec<Verdict>,
        page: ListRequest<u32>,
    ) -> Result<Listed<JudgedLine>, ImportError> {
        self.context
            .database
            .read(move |tx| {
                known(tx, &caller, id)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.judged_lines(id, &verdicts, seek, limit),
                    |tx| tx.count_judged_lines(id, &verdicts),
                )?)
            })
            .await
    }

    /// The next lines that stay out of the register, after this one; for a report of any length. Takes
    /// `can_import_alumni`.
    pub async fn left_out(
        &self,
        authority: impl Authority,
        id: ImportId,
        after: Option<u32>,
    ) -> Result<Vec<JudgedLine>, ImportError> {
        let verdicts: Vec<Verdict> = Verdict::ALL
            .iter()
            .copied()
            .filter(|verdict| verdict.is_left_out())
            .collect();
        self.context
            .database
            .read(move |tx| {
                known(tx, &authority, id)?;
                Ok(tx.judged_lines(id, &verdicts, Seek::After(after), PAGE)?)
            })
            .await
    }

    /// Gives up an import that is not committed, and deletes its file and lines; takes `can_import_alumni`. A run
    /// that judges it ends.
    pub async fn discard(&self, caller: Caller, id: ImportId) -> Result<(), ImportError> {
        const DISCARDABLE: [ImportState; 4] = [
            ImportState::Uploaded,
            ImportState::Judging,
            ImportState::Judged,
            ImportState::Failed,
        ];
        let imports = self.clone();
        self.context
            .database
            .run(move |store| {
                let (now, entry_id) = imports.context.now_and_entry_id();
                let import = store.transaction(|tx| {
                    let import = known(tx, &caller, id)?;
                    if !tx.set_import_state(id, &DISCARDABLE, ImportState::Discarded, now)? {
                        return Err(ImportError::WrongState(import.state));
                    }
                    caller
                        .entry(Action::ImportDiscard)
                        .on(target(id))
                        .write(tx, entry_id, now)?;
                    Ok(import)
                })?;
                imports.forget(&import);
                Ok(())
            })
            .await
    }
}

fn known(
    tx: &mut dyn Reads,
    authority: &impl Authority,
    id: ImportId,
) -> Result<Import, ImportError> {
    access::require(tx, authority, Permission::ImportAlumni)?;
    tx.import(id)?.ok_or(ImportError::NotFound)
}
