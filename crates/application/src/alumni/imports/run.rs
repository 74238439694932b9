//! A run: one process works on an import, with a heartbeat and a fencing token.

use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use abu_domain::{ImportId, alumni::import_state::ImportState};
use uuid::Uuid;

use super::{ImportError, Imports};
use crate::{
    alumni::ports::{RunEnd, RunStart},
    platform::{error_chain::error_chain, ports::StoreError},
    store::{Store, Writes},
};

/// A process without a sign of life for a minute counts as dead.
const BETWEEN_BEATS: Duration = Duration::from_secs(10);
/// The index that two processes meet at which begin at one moment.
const ONE_AT_A_TIME: &str = "imports_running_key";

/// The right to work on an import.
pub(super) struct Run<'a> {
    pub(super) import: ImportId,
    id: Uuid,
    is_lost: &'a AtomicBool,
}

/// The states that a run begins in and leads through.
pub(super) struct Path<'a> {
    pub(super) from: &'a [ImportState],
    pub(super) through: ImportState,
    /// Where an interrupted run leaves the import.
    pub(super) back: ImportState,
}

impl Run<'_> {
    /// Fails once another process has the import.
    pub(super) fn go_on(&self) -> Result<(), ImportError> {
        match self.is_lost.load(Ordering::Relaxed) {
            true => Err(ImportError::Interrupted),
            false => Ok(()),
        }
    }

    /// Ends the run in the transaction of its effects.
    pub(super) fn end(
        &self,
        imports: &Imports,
        tx: &mut dyn Writes,
        state: ImportState,
    ) -> Result<(), ImportError> {
        let end = RunEnd {
            state,
            failure: None,
        };
        match tx.end_run(self.import, self.id, &end, imports.context.clock.now())? {
            true => Ok(()),
            false => Err(ImportError::Interrupted),
        }
    }
}

impl Imports {
    /// Runs `work`, which ends the run itself where it succeeds. If it fails, the import goes back, or has
    /// failed where its file is to blame.
    pub(super) fn run<T>(
        &self,
        import: ImportId,
        path: &Path<'_>,
        work: impl FnOnce(&Run<'_>) -> Result<T, ImportError>,
    ) -> Result<T, ImportError> {
        let store = &**self.context.database.store();
        let id = self.context.ids.random();
        begin(store, import, id, path)?;
        let is_lost = AtomicBool::new(false);
        let result = thread::scope(|scope| {
            let (end, ended) = mpsc::channel();
            let flag = &is_lost;
            scope.spawn(move || beat(store, import, id, flag, &ended));
            let run = Run {
                import,
                id,
                is_lost: &is_lost,
            };
            let result = work(&run);
            drop(end);
            result
        });
        if let Err(error) = &result {
            self.give_back(import, id, path, error);
        }
        result
    }

    fn give_back(&self, import: ImportId, run: Uuid, path: &Path<'_>, error: &ImportError) {
        let failed = path.through == ImportState::Judging && error.is_of_the_file();
        let interrupted = matches!(error, ImportError::Interrupted);
        let end = RunEnd {
            state: if failed {
                ImportState::Failed
            } else {
                path.back
            },
            failure: (!interrupted).then(|| error.for_the_office()),
        };
        let now = self.context.clock.now();
        let store = self.context.database.store();
        let ended = store.transaction(|tx| tx.end_run(import, run, &end, now));
        if let Err(error) = ended {
            log::warn!(import:%; "the end of a step could not be stored: {}", error_chain(&error));
        }
    }
}

fn begin(
    store: &dyn Store,
    import: ImportId,
    id: Uuid,
    path: &Path<'_>,
) -> Result<(), ImportError> {
    let begun = store.transaction(|tx| {
        let begun = tx.begin_run(import, id, path.from, path.through)?;
        let state = tx.import(import)?.map(|import| import.state);
        Ok::<_, StoreError>((begun, state))
    });
    match begun {
        Ok((RunStart::Begun, _)) => Ok(()),
        Ok((_, None)) => Err(ImportError::NotFound),
        Ok((RunStart::WrongState, Some(state))) => Err(ImportError::WrongState(state)),
        Ok((RunStart::Busy, _)) => Err(ImportError::Busy),
        Err(StoreError::Conflict { constraint }) if constraint == ONE_AT_A_TIME => {
            Err(ImportError::Busy)
        }
        Err(error) => Err(error.into()),
    }
}

/// Until the other end of `ended` is dropped.
fn beat(
    store: &dyn Store,
    import: ImportId,
    run: Uuid,
    is_lost: &AtomicBool,
    ended: &Receiver<()>,
) {
    while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(BETWEEN_BEATS) {
        match store.transaction(|tx| tx.beat_run(import, run)) {
            Ok(true) => {}
            Ok(false) => is_lost.store(true, Ordering::Relaxed),
            // The end of the run finds out whether it lasted too long.
            Err(error) => log::debug!(import:%; "a sign of life could not be stored: {error}"),
        }
    }
}
