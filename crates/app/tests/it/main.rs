//! Tests of binaries and the running server.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the test's helpers may fail the test"
)]

mod abu_admin;
mod abu_server;
mod browser;
mod chat;
mod chat_cost;
mod crash;
mod demo;
mod draining;
mod erasures;
mod fixtures;
mod history_checker;
mod hostile;
mod http;
mod imports;
mod jobs;
mod log;
mod mail;
mod program;
mod recorded_chat;
mod start_up;
