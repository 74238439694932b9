#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod access;
pub mod accounts;
pub mod audit;
pub mod blocking;
pub mod chat_access;
pub mod database;
pub mod idempotency;
pub mod lists;
pub mod mail;
pub mod messaging;
pub mod ports;
pub mod rooms;
pub mod sessions;
pub mod setup;
pub mod system;
pub mod versions;

pub use blocking::BlockingPool;
pub use database::Database;
