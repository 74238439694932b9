//! Accounts: registration, addresses, passwords, login sessions, one-time passwords, suspension and erasure.

pub mod accounts;
pub mod emails;
pub mod erasure;
pub mod events;
pub mod exports;
pub mod key_rotation;
pub mod own_account;
pub mod passwords;
pub mod ports;
pub mod registration;
pub mod sessions;
pub mod setup;
mod use_cases;

pub use use_cases::{OuterAreas, Policies, UseCases};
