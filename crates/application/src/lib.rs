#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod access;
pub mod accounts;
pub mod audit;
pub mod backoff;
pub mod blocking;
pub mod chat_access;
pub mod database;
mod detached;
pub mod emails;
pub mod idempotency;
pub mod lists;
pub mod mail;
pub mod messaging;
pub mod own_account;
pub mod passwords;
pub mod ports;
pub mod registration;
pub mod rooms;
pub mod sessions;
pub mod setup;
pub mod system;
pub mod versions;

pub use blocking::BlockingPool;
pub use database::Database;
