use abu_domain::{Violation, alumni::register::RecordState};

use crate::{
    access::AccessError,
    platform::{ports::StoreError, versions::PreconditionFailed},
};

/// Why records are not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Changed(#[from] PreconditionFailed),
    #[error("there is no such record")]
    NotFound,
    /// Only a record that is not merged can be changed, and only active ones can be merged.
    #[error("the record is {}", .0.name())]
    WrongState(RecordState),
    /// The field of the body names what the reference data does not have.
    #[error("{0} is not in the reference data")]
    UnknownReference(&'static str),
    /// An award to be changed is none of the record.
    #[error("the record has no such award")]
    UnknownAward,
    #[error("{0}")]
    Name(Violation),
    #[error("the record has too many awards")]
    TooManyAwards,
    /// One record cannot be merged into itself, or be its own duplicate.
    #[error("both are the same record")]
    SameRecord,
    /// Accounts are linked to both records: revoke one claim first.
    #[error("both records are claimed")]
    BothClaimed,
    /// An import writes to the register, or takes its records back.
    #[error("an import writes to the register")]
    ImportRunning,
    #[error(transparent)]
    Store(#[from] StoreError),
}
