#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod access;
mod advisory_lock;
mod alumni;
mod backfill;
mod bare_tables;
mod connection;
mod dynamic_sql;
mod error;
mod export_rows;
mod identity;
pub mod inspection;
mod like;
mod lists;
mod messaging;
pub mod migrations;
mod platform;
#[rustfmt::skip]
mod schema;
pub mod server_lock;
mod session;
mod sql;
mod store;

pub use session::TransactionPooler;
pub use store::{PgStore, PoolSettings, PoolState};
