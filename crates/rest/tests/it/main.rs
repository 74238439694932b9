//! What the public API of the crate promises.

mod cursors;
mod problems;
