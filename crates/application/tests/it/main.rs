//! The rules of the use cases, on a real PostgreSQL and without HTTP.

#![cfg(test)]

mod audit;
mod ended_sessions;
mod rank;
mod rights_rows;
mod scoped_terms;
mod super_admins;
mod support;
mod totp;
