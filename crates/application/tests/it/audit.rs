//! The audit log: one entry for each change, in its transaction, in a chain of hashes.

mod chain;
mod entries;
mod views;
mod witnesses;
