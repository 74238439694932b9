#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod access;
mod audit;
mod connection;
mod error;
mod idempotency;
mod lists;
mod mail;
mod messages;
pub mod migrations;
mod rooms;
#[rustfmt::skip]
mod schema;
mod sessions;
mod sql;
mod store;
mod tickets;
mod users;

pub use store::{PgStore, PoolSettings};
