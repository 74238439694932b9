#![doc = include_str!("../README.md")]

pub mod admin;
mod database;
pub mod error_chain;
pub mod exit_code;
pub mod fd_limit;
pub mod http;
pub mod logging;
pub mod rate_limits;
pub mod readiness;
pub mod server;
pub mod settings;
pub mod state;
