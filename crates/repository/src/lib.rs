#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod access;
mod assignments;
mod audit;
mod connection;
mod erasures;
mod error;
mod idempotency;
mod like;
mod lists;
mod messages;
pub mod migrations;
mod rights;
mod rooms;
#[rustfmt::skip]
mod schema;
mod sessions;
mod sql;
mod store;
mod tickets;
mod users;

pub use store::{PgStore, PoolSettings};
