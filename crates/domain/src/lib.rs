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
        AssignmentId, AwardId, BatchId, ClaimId, CountryId, DegreeId, DepartmentId, EducationId,
        EmailId, EmployerId, EvidenceId, ExperienceId, ExportId, FacultyId, ImportId, IndustryId,
        InvitationId, JobId, LinkId, LoginSessionId, MailId, MergeId, MessageId, ProgrammeId,
        RecordId, RecordInvitationId, RoomId, SkillId, StateId, TaskId, UserId,
    },
    text::Violation,
};
