#![doc = include_str!("../README.md")]

mod metrics;
pub mod server;
mod version;
pub mod wiring;
