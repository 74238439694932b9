//! A real PostgreSQL, from the programs on this machine, in temporary folders.
//!
//! Run as root these tests cover both sides: root that hands over, and an ordinary user (as a child
//! process). Run as an ordinary user, those that need root say so and pass over.

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
