#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod access;
pub mod alumni;
pub mod identity;
pub mod messaging;
pub mod platform;

pub use platform::{
    ids::{
        AssignmentId, AwardId, BatchId, ClaimId, CountryId, DegreeId, DepartmentId, EmailId,
        EvidenceId, ExportId, FacultyId, ImportId, IndustryId, InvitationId, JobId, LoginSessionId,
        MailId, MergeId, MessageId, ProgrammeId, RecordId, RecordInvitationId, RoomId, StateId,
        TaskId, UserId,
    },
    text::Violation,
};
