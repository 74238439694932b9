//! Ports of the alumni area.

mod claims;
mod imports;
mod reference;
mod register;

use crate::platform::ports::all_ports;

pub use claims::{ClaimReads, ClaimWrites};
pub use imports::{
    Blocker, CommitCounts, Import, ImportReads, ImportWrites, JudgedLine, NewImport, OnStep,
    RollBackCounts, RunEnd, RunStart, StagedFile, Staging, UnknownCount,
};
pub use reference::{FileHead, ListHead, ReferenceReads, ReferenceWrites};
pub use register::{RegisterReads, RegisterWrites};

all_ports! {
    /// What the area reads.
    Reads: ClaimReads, ImportReads, ReferenceReads, RegisterReads,;
    /// What the area writes.
    Writes: ClaimWrites, ImportWrites, ReferenceWrites, RegisterWrites,;
}
