#![doc = include_str!("../README.md")]

pub mod admin;
mod database;
pub mod exit_code;
pub mod logging;
mod metrics;
pub mod server;
pub mod wiring;
