//! The rules of the use cases, on a real PostgreSQL and without HTTP.

#![cfg(test)]

mod accounts;
mod emails;
mod ended_sessions;
mod identity_calls;
mod own_account;
mod password_change;
mod password_reset;
mod refresh;
mod registration;
mod sessions;
mod support;
