//! The store against a real PostgreSQL.

#![cfg(test)]

mod access;
mod idempotency;
mod mail;
mod messages;
mod migrations;
mod outages;
mod rooms;
mod schema;
mod statements;
mod tickets;
mod transactions;
mod users;
