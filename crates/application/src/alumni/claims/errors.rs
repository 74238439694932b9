use abu_domain::{Violation, alumni::claims::Refusal};

use crate::{
    access::AccessError,
    platform::{
        blocking::BlockingError,
        ports::{FileError, StoreError},
        rate_limits::RateLimited,
        versions::PreconditionFailed,
    },
};

/// Why a claim was not made, changed or shown.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("there is no such claim")]
    NotFound,
    #[error("there is no such record")]
    RecordNotFound,
    /// The primary address of the applicant is not verified.
    #[error("the e-mail address is not verified")]
    EmailUnverified,
    /// The account has an open claim.
    #[error("the account has an open claim")]
    AlreadyOpen,
    #[error("the account is verified")]
    AlreadyVerified,
    /// A claim without an award can be proved by a code alone.
    #[error("the claim names no award")]
    NoAward,
    /// The field of the award with this number names what the reference data lacks.
    #[error("{field} of award {award} {}", .violation.rule)]
    Unknown {
        award: usize,
        field: &'static str,
        violation: Violation,
    },
    /// Unknown, used, revoked, expired, or asked for by another claimant. The error does not say which.
    #[error("the code is not good")]
    BadCode,
    /// The link is not good: unknown or too old.
    #[error("the link is not good")]
    BadLink,
    /// Another account is linked to the record.
    #[error("another account is linked to the record")]
    RecordClaimed,
    #[error("the state of the claim does not allow it")]
    Refused(Refusal),
    #[error("there is no such file")]
    EvidenceNotFound,
    /// The claim has as many files as it may.
    #[error("the claim has enough files")]
    TooMuchEvidence,
    #[error("the file is too large")]
    EvidenceTooLarge,
    /// The first bytes are those of no kind of file that is taken.
    #[error("the file is of another kind")]
    EvidenceKind,
    #[error("there is no such holiday")]
    HolidayNotFound,
    #[error(transparent)]
    Changed(#[from] PreconditionFailed),
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    Files(#[from] FileError),
    #[error(transparent)]
    Blocking(#[from] BlockingError),
    #[error(transparent)]
    Store(StoreError),
}

impl From<Refusal> for ClaimError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for ClaimError {
    /// The indexes that keep claims unique decide between concurrent transactions.
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict { constraint } => match constraint.as_str() {
                "claims_open_key" => Self::AlreadyOpen,
                "claims_verified_user_key" => Self::AlreadyVerified,
                "claims_verified_key" => Self::RecordClaimed,
                _ => Self::Store(error),
            },
            _ => Self::Store(error),
        }
    }
}
