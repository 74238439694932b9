use abu_domain::alumni::reference::{Catalogue, Code, Content, Entry, Kind};
use chrono::{DateTime, NaiveDate, Utc};

use crate::platform::ports::StoreError;

/// The head of a list of reference data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListHead {
    pub kind: Kind,
    /// Rises by one with each change of the list; 0 for a list that nothing has filled.
    pub version: i64,
    /// What the data file said that was loaded last.
    pub file: FileHead,
    pub last_modified: DateTime<Utc>,
}

/// The head of a data file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileHead {
    /// Rises with each release that changes the file; 0 if no file was loaded.
    pub version: i32,
    /// Where its entries are from.
    pub source: String,
    /// The day on which the source was read.
    pub retrieved: Option<NaiveDate>,
}

/// Reference data, as they are read.
pub trait ReferenceReads {
    /// The head of every list, in the order of [`Kind::ALL`].
    fn reference_lists(&mut self) -> Result<Vec<ListHead>, StoreError>;

    /// Head and entries of a list as of one moment: the entries are those of the version. They come in the order of
    /// their numbers.
    fn reference_list(&mut self, kind: Kind) -> Result<(ListHead, Vec<Entry>), StoreError>;

    fn reference_entry(&mut self, kind: Kind, code: &Code) -> Result<Option<Entry>, StoreError>;

    /// Every entry of every list as of one moment.
    fn catalogue(&mut self) -> Result<Catalogue, StoreError>;
}

/// Reference data, as they are written.
pub trait ReferenceWrites {
    /// Locks the list until the end of the transaction: lists change one transaction after the other.
    fn lock_reference_list(&mut self, kind: Kind) -> Result<(), StoreError>;

    /// Inserts new entries of one kind. Their successors may be among them; their parents exist.
    fn insert_reference_entries(
        &mut self,
        kind: Kind,
        contents: &[Content],
        edited_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Replaces what the entries with these codes say. `None` for `edited_at` keeps what there is.
    fn update_reference_entries(
        &mut self,
        kind: Kind,
        contents: &[Content],
        edited_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Makes the next version of a locked list, and returns its number.
    fn next_reference_version(&mut self, kind: Kind, now: DateTime<Utc>)
    -> Result<i64, StoreError>;

    /// Notes the data file that was loaded into a locked list.
    fn note_reference_file(&mut self, kind: Kind, file: &FileHead) -> Result<(), StoreError>;
}
