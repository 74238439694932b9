//! Imports of the register: upload, judgment (the dry run), commit and roll-back.
//!
//! The pipeline blocks, and runs in a job or in a process of the operator. Nothing but staging is written before the
//! commit, which is one transaction. A run is fenced: it commits only while its import belongs to it.

mod commit;
mod draft;
mod error;
mod jobs;
mod judge;
mod office_file;
mod preview;
mod reasons;
mod report;
mod roll_back;
mod run;
mod tidy;
mod upload;
mod vocabulary;
mod watch;

use std::sync::Arc;

use chrono::TimeDelta;

use crate::{Context, alumni::ports::ImportFiles, platform::blocking::BlockingPool};

pub use draft::{ImportDraft, LegalBasis};
pub use error::ImportError;
pub use jobs::{CommitJob, JudgeJob, RollBackJob, TidyJob};
pub use preview::{PREVIEW_BYTES, Preview};
pub use reasons::reason_text;
pub use roll_back::RolledBack;
pub use upload::{ImportFolder, Upload, Uploaded};
pub use watch::{Unwatched, Watch};

/// How long a committed import can be rolled back, and its file and report are kept.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(30);

/// Lines or records that a refusal names.
const NAMED: u32 = 100;

/// What the operator decides, and the adapters that imports work with.
#[derive(Clone)]
pub struct ImportPolicy {
    pub parser: Arc<dyn ImportFiles>,
    /// The largest file.
    pub max_bytes: u64,
    /// Where uploads are written to disk.
    pub disk: BlockingPool,
}

/// The use cases of imports.
#[derive(Clone)]
pub struct Imports {
    pub context: Context,
    pub policy: ImportPolicy,
}
