//! The rules of the use cases, on a real PostgreSQL and without HTTP.

#![cfg(test)]

mod ended_sessions;
mod support;
