//! Ports of the alumni area.

mod access_log;
mod claims;
mod directory;
mod evidence;
mod exports;
mod import_files;
mod imports;
mod invitations;
mod profiles;
mod records;
mod reference;
mod retention;
mod synthetic;
mod synthetic_profiles;

use crate::platform::ports::all_ports;

pub use access_log::{AccessLogReads, AccessTargets, StaffAccess};
pub use claims::{
    AskedCodes, AwardFacts, CandidateQuery, ClaimCodes, ClaimEvent, ClaimFilter, ClaimReads,
    ClaimRecord, ClaimWrites, CodeKind, DuePosition, KnownCode, MailboxInvitation, QueuedClaim,
    RecordFacts, RecordInvitation,
};
pub use directory::{
    DirectoryPosition, DirectoryReads, DirectoryWrites, Entry, FacetCounts, Frequencies, Grown,
    InTime, NewToken, Place, SetCount, SetKind, Suggested,
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
pub use profiles::{
    AskedPlaces, Eligibility, KnownPlaces, Member, ProfileDetails, ProfileReads, ProfileWrites,
    StoredExperience, TermFilter, TermRecord, VocabularyReads, VocabularyWrites,
};
pub use records::{
    AwardCodes, ClassKey, Classmates, DuplicatePair, MovedLinks, NewMerge, NewRecordEvent,
    RecordEvent, RecordFilter, RecordReads, RecordWrites,
};
pub use reference::{FileHead, ListHead, ReferenceReads, ReferenceWrites};
pub use retention::RetentionWrites;
pub use synthetic::{SyntheticCounts, SyntheticShares, SyntheticWrites};
pub use synthetic_profiles::SyntheticProfileWrites;

all_ports! {
    /// What the area reads.
    Reads: AccessLogReads, AlumniExportReads, ClaimReads, DirectoryReads, EvidenceReads, ImportReads, InvitationReads, ProfileReads, RecordReads, ReferenceReads, VocabularyReads,;
    /// What the area writes.
    Writes: ClaimWrites, DirectoryWrites, EvidenceWrites, ImportWrites, InvitationWrites, ProfileWrites, RecordWrites, ReferenceWrites, RetentionWrites, SyntheticWrites, SyntheticProfileWrites, VocabularyWrites,;
}
