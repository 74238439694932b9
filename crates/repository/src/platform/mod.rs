//! Ports of the platform area.

mod audit;
mod idempotency;
mod mail;
mod rate_limits;
