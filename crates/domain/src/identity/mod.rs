//! Accounts: who they belong to, what they agreed to, and the text that proves who asks.

pub mod consent;
pub mod text;
pub mod user;
