#![doc = include_str!("../README.md")]

pub mod kept_secrets;
pub mod logging;
pub mod readiness;
pub mod security;
pub mod settings;
