#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod access;
mod assignments;
mod audit;
mod connection;
mod consents;
mod emails;
mod erasures;
mod error;
mod idempotency;
mod like;
mod lists;
mod mail;
mod messages;
pub mod migrations;
mod own_account;
mod resets;
mod rights;
mod rooms;
#[rustfmt::skip]
mod schema;
mod sessions;
mod sql;
mod store;
mod tickets;
mod totp;
mod users;

pub use store::{PgStore, PoolSettings};
