//! Accounts, consent, and credentials as typed text.

pub mod consent;
pub mod text;
pub mod user;
