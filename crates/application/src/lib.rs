#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod access;
pub mod alumni;
mod database;
pub mod identity;
pub mod messaging;
pub mod platform;
pub mod store;
mod use_cases;

pub use database::Database;
pub use platform::blocking::BlockingPool;
pub use use_cases::{Context, Policies, UseCases, erasure_listeners, orphans, standing_listeners};
