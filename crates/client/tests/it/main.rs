//! Integration tests of the client against the real server, and against a scripted one.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the test's helpers may fail the test"
)]

mod ending;
mod fake;
mod log_in;
mod many_cuts;
mod people;
mod proxy;
mod reconnecting;
mod talking;
mod tls;
