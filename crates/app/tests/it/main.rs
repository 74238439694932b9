//! Tests of the application from outside: its settings, its programs, its server.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the test's helpers may fail the test"
)]

mod settings;
