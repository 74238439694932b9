#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod database;
pub mod exit_code;
pub mod parts;
pub mod synthetic;
