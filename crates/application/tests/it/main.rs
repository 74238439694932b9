//! The rules of the use cases, on a real PostgreSQL and without HTTP.

#![cfg(test)]

mod accounts;
mod emails;
mod ended_sessions;
mod idempotency;
mod identity_calls;
mod mail;
mod messages;
mod own_account;
mod password_change;
mod password_reset;
mod refresh;
mod registration;
mod rooms;
mod sessions;
mod support;
mod tickets;
