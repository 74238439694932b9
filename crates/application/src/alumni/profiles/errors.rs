use abu_domain::{Violation, alumni::visibility::Field};

use crate::{
    access::AccessError,
    platform::{ports::StoreError, rate_limits::RateLimited, versions::PreconditionFailed},
};

#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Verified graduates alone see profiles.
    #[error("the university has not confirmed the caller as a graduate")]
    NotVerified,
    /// There is none, or none that the caller may know of. The error does not say which.
    #[error("there is no such profile")]
    NotFound,
    /// There is no such entry in the caller's profile.
    #[error("there is no such entry")]
    EntryNotFound,
    #[error("{field} {}", .violation.rule)]
    Invalid {
        field: &'static str,
        violation: Violation,
    },
    /// The field does not allow the level.
    #[error("the level of {} {}", .field.name(), .violation.rule)]
    Level { field: Field, violation: Violation },
    /// The profile has as many entries of this kind as it may have.
    #[error("the profile has {0} entries of this kind, which is the most")]
    Full(usize),
    /// Another public page has the address.
    #[error("the address is taken")]
    SlugTaken,
    /// Another name of the vocabulary has the spelling.
    #[error("another name has this spelling")]
    TermTaken,
    /// The name was merged into another, or would be merged into itself.
    #[error("the name was merged")]
    TermMerged,
    #[error(transparent)]
    Changed(#[from] PreconditionFailed),
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ProfileError {
    /// Unique indexes decide between concurrent transactions.
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict { constraint } => match constraint.as_str() {
                "profiles_slug_key" => Self::SlugTaken,
                "employers_name_key_key" | "skills_name_key_key" => Self::TermTaken,
                _ => Self::Store(error),
            },
            _ => Self::Store(error),
        }
    }
}
