#![doc = include_str!("../README.md")]

mod access;
mod account;
mod cluster;
mod database;
mod deadline;
mod error;
mod folder;
mod options;
mod postgres;
mod programs;
mod server;
mod settings;
mod socket;
mod stale;

pub use error::{StartError, StopError};
pub use options::PostgresOptions;
pub use postgres::Postgres;
