//! Loading of the data files that come with the program.

use std::{collections::HashMap, sync::Arc};

use abu_domain::alumni::reference::{Code, Content, Entry, Flaw, Kind, flaws};
use chrono::{DateTime, Utc};

use crate::{
    access::Authority,
    alumni::ports::FileHead,
    platform::{
        audit::Action,
        ports::{Clock, Ids, StoreError},
    },
    store::{Store, Writes},
};

/// A data file of the program: one list.
#[derive(Clone, Debug)]
pub struct DataFile {
    pub kind: Kind,
    pub head: FileHead,
    pub entries: Vec<Content>,
}

/// What loading a file changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    pub kind: Kind,
    pub added: usize,
    pub updated: usize,
    /// Entries that the office edited, and that the file would change: they stay as they are.
    pub kept: usize,
    /// Texts that mean two entries now, because the office added what the file brings too. Imports report them as
    /// ambiguous.
    pub ambiguous: Vec<Flaw>,
}

impl Loaded {
    /// `None` where nothing was changed.
    fn changes(&self) -> Option<String> {
        (self.added + self.updated > 0).then(|| {
            let (name, added, updated) = (self.kind.name(), self.added, self.updated);
            format!("{name} ({added} added, {updated} updated)")
        })
    }
}

/// Why data files were not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The entries of the file and those of the office do not make one list.
    #[error("the list {} cannot be loaded: {}", .0.name(), .1)]
    Flawed(Kind, Flaw),
    /// The entry of the list names an entry of another list that does not exist.
    #[error("{} of the list {} names an entry that does not exist", .1, .0.name())]
    NoParent(Kind, Code),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use cases of `abu-admin` and of the start-up. They block, and check no permission: the operator acts.
#[derive(Clone)]
pub struct Loader {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
}

impl Loader {
    /// Adds what is missing and updates what the office has not edited, in one transaction. Deletes nothing.
    /// Idempotent. A file older than the one that was loaded last is left alone: a newer release is at work.
    pub fn load(&self, by: &impl Authority, files: &[DataFile]) -> Result<Vec<Loaded>, LoadError> {
        let now = self.clock.now();
        let mut files: Vec<&DataFile> = files.iter().collect();
        // Lists refer to those before them, and locks are taken in one order.
        files.sort_by_key(|file| file.kind);
        self.store.transaction(|tx| {
            let loaded: Result<Vec<_>, _> =
                files.iter().map(|file| load_file(tx, file, now)).collect();
            let loaded: Vec<Loaded> = loaded?.into_iter().flatten().collect();
            let changed: Vec<String> = loaded.iter().filter_map(Loaded::changes).collect();
            if !changed.is_empty() {
                by.entry(Action::ReferenceLoad)
                    .with_names("lists", &changed)
                    .write(tx, self.ids.time_ordered(), now)?;
            }
            Ok(loaded)
        })
    }
}

/// The lists whose file is newer than the one that was loaded last.
pub fn outdated(store: &dyn Store, files: &[DataFile]) -> Result<Vec<Kind>, StoreError> {
    let heads = store.read(|tx| tx.reference_lists())?;
    let is_older = |kind, version| {
        let mut heads = heads.iter();
        heads.any(|head| head.kind == kind && head.file.version < version)
    };
    let newer = files
        .iter()
        .filter(|file| is_older(file.kind, file.head.version));
    Ok(newer.map(|file| file.kind).collect())
}

/// `None` where a newer file was loaded before.
fn load_file(
    tx: &mut dyn Writes,
    file: &DataFile,
    now: DateTime<Utc>,
) -> Result<Option<Loaded>, LoadError> {
    let kind = file.kind;
    tx.lock_reference_list(kind)?;
    let (head, entries) = tx.reference_list(kind)?;
    if head.file.version > file.head.version {
        return Ok(None);
    }
    let difference = Difference::new(file, &entries);
    let ambiguous = require_sound(kind, &difference, &entries)?;
    require_parents(tx, &difference)?;
    if !difference.is_empty() {
        tx.insert_reference_entries(kind, &difference.new, None, now)?;
        tx.update_reference_entries(kind, &difference.changed, None, now)?;
        tx.next_reference_version(kind, now)?;
    }
    if head.file != file.head {
        tx.note_reference_file(kind, &file.head)?;
    }
    Ok(Some(Loaded {
        kind,
        added: difference.new.len(),
        updated: difference.changed.len(),
        kept: difference.kept,
        ambiguous,
    }))
}

/// What a file would change in a list.
struct Difference {
    new: Vec<Content>,
    changed: Vec<Content>,
    kept: usize,
}

impl Difference {
    fn new(file: &DataFile, entries: &[Entry]) -> Self {
        let there: HashMap<&Code, &Entry> = by_code(entries);
        let mut difference = Self {
            new: Vec::new(),
            changed: Vec::new(),
            kept: 0,
        };
        for content in &file.entries {
            match there.get(&content.code) {
                None => difference.new.push(content.clone()),
                Some(entry) if entry.content == *content => {}
                Some(entry) if entry.edited_at.is_some() => difference.kept += 1,
                Some(_) => difference.changed.push(content.clone()),
            }
        }
        difference
    }

    fn is_empty(&self) -> bool {
        self.new.is_empty() && self.changed.is_empty()
    }
}

fn by_code(entries: &[Entry]) -> HashMap<&Code, &Entry> {
    entries
        .iter()
        .map(|entry| (&entry.content.code, entry))
        .collect()
}

/// Refuses what makes no list, and returns what imports will find ambiguous.
fn require_sound(
    kind: Kind,
    difference: &Difference,
    entries: &[Entry],
) -> Result<Vec<Flaw>, LoadError> {
    let changed: HashMap<&Code, &Content> = difference
        .changed
        .iter()
        .map(|content| (&content.code, content))
        .collect();
    let stored = entries.iter().map(|entry| {
        let content = &entry.content;
        changed.get(&content.code).copied().unwrap_or(content)
    });
    let (ambiguous, mut broken): (Vec<_>, Vec<_>) = flaws(stored.chain(&difference.new))
        .into_iter()
        .partition(|flaw| matches!(flaw, Flaw::SharedName { .. }));
    match broken.pop() {
        Some(flaw) => Err(LoadError::Flawed(kind, flaw)),
        None => Ok(ambiguous),
    }
}

fn require_parents(tx: &mut dyn Writes, difference: &Difference) -> Result<(), LoadError> {
    if difference.is_empty() {
        return Ok(());
    }
    let catalogue = tx.catalogue()?;
    let written = difference.new.iter().chain(&difference.changed);
    for content in written {
        let missing = content
            .details
            .parents()
            .any(|(kind, code)| catalogue.list(kind).of_code(code.as_str()).is_none());
        if missing {
            return Err(LoadError::NoParent(content.kind(), content.code.clone()));
        }
    }
    Ok(())
}
