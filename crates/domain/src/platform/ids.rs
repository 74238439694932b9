//! Typed ids (newtypes of UUIDs).

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that is known to name this kind of thing.
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The bare UUID, for storage and for the wire.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

macro_rules! numbered_id {
    ($(#[$doc:meta])* $name:ident($number:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($number);

        impl $name {
            /// Wraps a number that is known to name this kind of thing.
            pub const fn new(id: $number) -> Self {
                Self(id)
            }

            /// The bare number, for storage alone: the wire names these things by their codes.
            pub const fn get(self) -> $number {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

typed_id!(
    /// An account; UUIDv4.
    UserId
);
typed_id!(
    /// A log-in session with all its tokens; UUIDv4.
    LoginSessionId
);
typed_id!(
    /// An e-mail address of an account; UUIDv4.
    EmailId
);
typed_id!(
    /// A room; UUIDv4.
    RoomId
);
typed_id!(
    /// An invitation to a room; UUIDv4.
    InvitationId
);
typed_id!(
    /// A message; UUIDv7, so ids sort by the time of their creation.
    MessageId
);
typed_id!(
    /// An assignment of a role to a user; UUIDv4.
    AssignmentId
);
typed_id!(
    /// A mail in the outbox; UUIDv7, so ids sort by the time of their creation.
    MailId
);
typed_id!(
    /// A background job; UUIDv7, so ids sort by the time of their creation.
    JobId
);
typed_id!(
    /// Long work as its creator sees it; UUIDv4.
    TaskId
);
typed_id!(
    /// A copy of a user's data; UUIDv4.
    ExportId
);
numbered_id!(
    /// A faculty of the university.
    FacultyId(i16)
);
numbered_id!(
    /// A department of the university.
    DepartmentId(i16)
);
numbered_id!(
    /// A programme of study.
    ProgrammeId(i32)
);
numbered_id!(
    /// A degree, diploma or certificate.
    DegreeId(i16)
);
numbered_id!(
    /// A state of Nigeria.
    StateId(i16)
);
numbered_id!(
    /// A country.
    CountryId(i16)
);
numbered_id!(
    /// An industry.
    IndustryId(i16)
);
typed_id!(
    /// A claim of an account on a record of the register; UUIDv4.
    ClaimId
);
typed_id!(
    /// A file that an applicant sent as evidence of a claim; UUIDv4.
    EvidenceId
);
typed_id!(
    /// An invitation to claim a record of the register; UUIDv4.
    RecordInvitationId
);
typed_id!(
    /// A batch of invitations to claim records; UUIDv4.
    BatchId
);
typed_id!(
    /// A record of the register of graduates; UUIDv4.
    RecordId
);
typed_id!(
    /// A degree or diploma of a person in the register; UUIDv4.
    AwardId
);
typed_id!(
    /// An import of the register; UUIDv4.
    ImportId
);
typed_id!(
    /// A merge of two records of the register; UUIDv4.
    MergeId
);
typed_id!(
    /// Work on a profile, present or past; UUIDv4.
    ExperienceId
);
typed_id!(
    /// Education on a profile; UUIDv4.
    EducationId
);
typed_id!(
    /// A web address on a profile; UUIDv4.
    LinkId
);
numbered_id!(
    /// An employer, as members name it.
    EmployerId(i32)
);
numbered_id!(
    /// A skill, as members name it.
    SkillId(i32)
);
