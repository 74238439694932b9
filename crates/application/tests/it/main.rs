//! The rules of the use cases, on a real PostgreSQL and without HTTP.

#![cfg(test)]

mod accounts;
mod alumni;
mod audit;
mod emails;
mod ended_sessions;
mod erasure;
mod idempotency;
mod identity_calls;
mod jobs;
mod key_rotation;
mod mail;
mod messages;
mod own_account;
mod password_change;
mod password_reset;
mod rank;
mod rate_limits;
mod refresh;
mod registration;
mod rights_rows;
mod room_list;
mod rooms;
mod scoped_terms;
mod sessions;
mod super_admins;
mod support;
mod text;
mod tickets;
mod totp;
