#![doc = include_str!("../README.md")]

pub mod admin;
mod backoff;
pub mod error_chain;
mod database;
pub mod exit_code;
pub mod http;
pub mod logging;
mod mail;
pub mod fd_limit;
pub mod rate_limits;
pub mod readiness;
pub mod secret_store;
pub mod security;
pub mod server;
pub mod settings;
pub mod state;
