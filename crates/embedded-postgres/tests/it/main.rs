//! Integration tests with a real PostgreSQL, in temporary folders.
//!
//! As root they cover both cases: root that drops its privileges, and an ordinary user in a child process. As an
//! ordinary user, the tests that need root print a line and return.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it passes over"
)]

mod durable;
mod owner;
mod places;
mod refusals;
mod stale;
mod support;
mod throwaway;
