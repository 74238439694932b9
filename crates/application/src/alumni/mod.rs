//! Alumni: the university's reference data, the register of graduates, the claims on it, and members' profiles.

pub mod access_log;
pub mod claims;
pub mod directory;
pub mod exports;
pub mod imports;
pub mod invitations;
pub mod ports;
pub mod profiles;
pub mod records;
pub mod reference;
pub mod relations;
pub mod synthetic;
mod use_cases;
pub mod visibility;

pub use use_cases::{Policies, UseCases, Verification};
