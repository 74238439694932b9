use abu_domain::Violation;

use crate::{
    access::AccessError,
    platform::{ports::StoreError, rate_limits::RateLimited},
};

#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Only verified graduates search.
    #[error("the account is not verified")]
    NotVerified,
    /// The search took longer than it may.
    #[error("the search is too broad")]
    TooBroad,
    /// A parameter has a value that the reference data or a vocabulary does not have.
    #[error("{0} is not known")]
    Unknown(&'static str, Violation),
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    Store(#[from] StoreError),
}
