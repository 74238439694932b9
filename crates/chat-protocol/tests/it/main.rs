//! Integration tests of the public interface and of the generated documentation.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod any_packet;
mod decoding;
mod documents;
mod encoding;
mod examples;
mod profiles;
mod properties;
mod serialization;
