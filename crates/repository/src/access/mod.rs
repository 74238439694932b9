//! Ports of the access area.

mod assignments;
mod callers;
mod rights;
