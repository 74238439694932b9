//! Files without a row: what a transaction left that was rolled back, or a backup that was restored without them.

use std::{collections::HashSet, sync::Arc, time::Duration};

use abu_domain::platform::file_key::FileKey;
use chrono::NaiveTime;
use uuid::Uuid;

use crate::{
    platform::{
        jobs::{JobError, JobHandler, Lane, Next, Scheduled, Settled, Step, time_of_day},
        ports::{FileEntry, FileError, FileStore, Schedule, StoreError},
    },
    store::{Reads, Store},
};

/// Long enough that an operator sees that the database is another one than before, or an older one. No transaction
/// and no attempt at a job takes as long.
pub const SPARED_FOR: Duration = Duration::from_secs(7 * 86_400);
/// After the jobs that delete files by their rows.
const NIGHT: [NaiveTime; 1] = [time_of_day(4, 15)];
/// Files whose rows are looked up together.
const BATCH: usize = 200;

/// An area's folder in the store of files.
pub trait FileOwner: Send + Sync + 'static {
    /// The first part of its keys.
    fn folder(&self) -> &'static str;

    /// The end of its keys, after the id of the row.
    fn extension(&self) -> &'static str;

    /// Which of these rows there are, and have a file.
    fn with_files(&self, tx: &mut dyn Reads, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError>;
}

#[derive(Debug, thiserror::Error)]
pub enum OrphansError {
    #[error(transparent)]
    Files(#[from] FileError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<OrphansError> for JobError {
    fn from(error: OrphansError) -> Self {
        match error {
            OrphansError::Files(error) => error.into(),
            OrphansError::Store(error) => error.into(),
        }
    }
}

/// Finds files that no row of their area names.
#[derive(Clone)]
pub struct Orphans {
    pub files: Arc<dyn FileStore>,
    pub owners: Arc<[Arc<dyn FileOwner>]>,
}

impl Orphans {
    /// Shows each orphan, of whatever age. Folders that no area owns are left alone: they may be of a newer release.
    /// It blocks.
    pub fn each(
        &self,
        store: &dyn Store,
        mut show: impl FnMut(&FileEntry) -> Result<(), FileError>,
    ) -> Result<(), OrphansError> {
        let mut entries = self.files.entries()?;
        loop {
            let batch: Vec<FileEntry> = entries.by_ref().take(BATCH).collect::<Result<_, _>>()?;
            if batch.is_empty() {
                return Ok(());
            }
            for owner in self.owners.iter() {
                for orphan in orphans_of(&**owner, store, &batch)? {
                    show(orphan)?;
                }
            }
        }
    }

    /// Deletes orphans that are older than the time for which they are spared, and returns how many.
    pub fn delete(&self, store: &dyn Store) -> Result<usize, OrphansError> {
        let mut deleted = 0;
        self.each(store, |orphan| {
            if is_due(orphan) && self.files.delete(&orphan.key)? {
                deleted += 1;
            }
            Ok(())
        })?;
        Ok(deleted)
    }
}

/// Whether the nightly job deletes the orphan.
pub fn is_due(orphan: &FileEntry) -> bool {
    orphan.age >= SPARED_FOR
}

fn orphans_of<'a>(
    owner: &dyn FileOwner,
    store: &dyn Store,
    batch: &'a [FileEntry],
) -> Result<Vec<&'a FileEntry>, StoreError> {
    let own: Vec<(&FileEntry, Option<Uuid>)> = batch
        .iter()
        .filter_map(|entry| Some((entry, name_in(owner.folder(), &entry.key)?)))
        .map(|(entry, name)| (entry, id_of(name, owner.extension())))
        .collect();
    let ids: Vec<Uuid> = own.iter().filter_map(|(_entry, id)| *id).collect();
    let known: HashSet<Uuid> = match ids.is_empty() {
        true => HashSet::new(),
        false => store
            .read(|tx| owner.with_files(tx, &ids))?
            .into_iter()
            .collect(),
    };
    let orphans = own
        .into_iter()
        .filter(|(_entry, id)| id.is_none_or(|id| !known.contains(&id)))
        .map(|(entry, _id)| entry);
    Ok(orphans.collect())
}

fn name_in<'a>(folder: &str, key: &'a FileKey) -> Option<&'a str> {
    key.as_str().strip_prefix(folder)?.strip_prefix('/')
}

fn id_of(name: &str, extension: &str) -> Option<Uuid> {
    name.strip_suffix(extension)?.parse().ok()
}

/// The nightly job.
pub struct DeleteOrphans(pub Orphans);

impl JobHandler for DeleteOrphans {
    fn kind(&self) -> &'static str {
        "delete_orphans"
    }

    fn schedule(&self) -> Option<Scheduled> {
        Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Daily(&NIGHT),
        })
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let deleted = self.0.delete(step.store())?;
        if deleted > 0 {
            log::warn!(files = deleted; "files that no row named were deleted");
        }
        step.commit(|_tx| Ok::<_, JobError>(Next::Done))
    }
}
