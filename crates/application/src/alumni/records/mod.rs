//! Records of the register, for the alumni office: search, changes with provenance, history, duplicates and merges.

mod change;
mod duplicates;
mod error;
mod merge;
mod provenance;
mod view;

use crate::Context;

pub use change::{AwardDraft, RecordDraft, RecordPatch};
pub use duplicates::{Duplicate, DuplicatesJob};
pub use error::RecordError;
pub use merge::{MergeDraft, MergeField, Merged};
pub use view::{RecordView, Search, SearchedRecord};

/// Events of a record's history that are shown.
const MAX_EVENTS: u32 = 100;

/// The use cases of records.
#[derive(Clone)]
pub struct Records {
    pub context: Context,
}
