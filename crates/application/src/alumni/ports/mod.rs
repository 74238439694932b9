//! Ports of the alumni area.

mod claims;
mod import_files;
mod imports;
mod records;
mod reference;
mod register;

use crate::platform::ports::all_ports;

pub use claims::{ClaimReads, ClaimWrites};
pub use import_files::{
    CandidateRows, Encoding, Extent, FileFormat, HeaderProblem, ImportFileError, ImportFiles,
    Inspection, OfficeFile,
};
pub use imports::{
    Blocker, CommitCounts, Import, ImportReads, ImportWrites, JudgedLine, NewImport, OnStep,
    RollBackCounts, RunEnd, RunStart, StagedFile, Staging, UnknownCount,
};
pub use records::{
    AwardCodes, ClassKey, DuplicatePair, MovedLinks, NewMerge, NewRecordEvent, RecordEvent,
    RecordFilter, RecordReads, RecordWrites,
};
pub use reference::{FileHead, ListHead, ReferenceReads, ReferenceWrites};
pub use register::{RegisterReads, RegisterWrites};

all_ports! {
    /// What the area reads.
    Reads: ClaimReads, ImportReads, RecordReads, ReferenceReads, RegisterReads,;
    /// What the area writes.
    Writes: ClaimWrites, ImportWrites, RecordWrites, ReferenceWrites, RegisterWrites,;
}
