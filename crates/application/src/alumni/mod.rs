//! Alumni: the university's reference data, the register of graduates, and the claims on it.

pub mod access_log;
pub mod claims;
pub mod exports;
pub mod imports;
pub mod invitations;
pub mod ports;
pub mod records;
pub mod reference;
pub mod synthetic;
mod use_cases;

pub use use_cases::{Policies, UseCases, Verification};
