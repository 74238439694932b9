//! The store on a real PostgreSQL.

#![cfg(test)]

mod access;
mod assignments;
mod audit;
mod backfill;
mod changes;
mod erasures;
mod folding;
mod idempotency;
mod inspection;
mod inventory;
mod jobs;
mod mail;
mod memberships;
mod messages;
mod migrations;
mod outages;
mod rate_limits;
mod rights;
mod rooms;
mod schema;
mod server_lock;
mod sessions;
mod statements;
mod tasks;
mod tickets;
mod totp;
mod transactions;
mod users;
