#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod access;
mod advisory_lock;
mod backfill;
mod connection;
mod error;
mod identity;
mod like;
mod lists;
mod messaging;
pub mod migrations;
mod platform;
#[rustfmt::skip]
mod schema;
pub mod server_lock;
mod sql;
mod store;

pub use store::{PgStore, PoolSettings, PoolState};
