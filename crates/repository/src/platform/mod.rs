//! Ports of the platform area.

mod audit;
mod idempotency;
mod jobs;
mod leases;
mod mail;
mod rate_limits;
mod tasks;
