#![doc = include_str!("../README.md")]

pub mod admin;
mod database;
pub mod exit_code;
mod metrics;
pub mod server;
mod synthetic;
mod version;
pub mod wiring;
