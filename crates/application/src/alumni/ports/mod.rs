//! Ports of the alumni area.

mod access_log;
mod claims;
mod evidence;
mod exports;
mod import_files;
mod imports;
mod invitations;
mod records;
mod reference;
mod retention;
mod synthetic;

use crate::platform::ports::all_ports;

pub use access_log::{AccessLogReads, AccessTargets, StaffAccess};
pub use claims::{
    AskedCodes, AwardFacts, CandidateQuery, ClaimCodes, ClaimEvent, ClaimFilter, ClaimReads,
    ClaimRecord, ClaimWrites, CodeKind, DuePosition, KnownCode, MailboxInvitation, QueuedClaim,
    RecordFacts, RecordInvitation,
};
pub use evidence::{Evidence, EvidenceReads, EvidenceWrites};
pub use exports::{AlumniExportReads, AlumniPart};
pub use import_files::{
    CandidateRows, Encoding, Extent, FileFormat, HeaderProblem, ImportFileError, ImportFiles,
    Inspection, OfficeFile,
};
pub use imports::{
    Blocker, CommitCounts, Filling, Import, ImportReads, ImportWrites, JudgedLine, NewImport,
    OnStep, RollBackCounts, RunEnd, RunStart, StagedFile, Staging, UnknownCount,
};
pub use invitations::{
    Batch, BatchState, Channel, InvitationReads, InvitationWrites, Invitee, NewInvitation,
    PrintedInvitation, Segment,
};
pub use records::{
    AwardCodes, ClassKey, Classmates, DuplicatePair, MovedLinks, NewMerge, NewRecordEvent,
    RecordEvent, RecordFilter, RecordReads, RecordWrites,
};
pub use reference::{FileHead, ListHead, ReferenceReads, ReferenceWrites};
pub use retention::RetentionWrites;
pub use synthetic::{SyntheticCounts, SyntheticShares, SyntheticWrites};

all_ports! {
    /// What the area reads.
    Reads: AccessLogReads, AlumniExportReads, ClaimReads, EvidenceReads, ImportReads, InvitationReads, RecordReads, ReferenceReads,;
    /// What the area writes.
    Writes: ClaimWrites, EvidenceWrites, ImportWrites, InvitationWrites, RecordWrites, ReferenceWrites, RetentionWrites, SyntheticWrites,;
}
