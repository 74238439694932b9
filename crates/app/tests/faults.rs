//! Faults of server, database and clients under a verified chat. A program of its own, because it measures times:
//! no other test runs beside it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{env, path::Path};

fn passes(fault: &str) {
    let server = Path::new(env!("CARGO_BIN_EXE_abu-server"));
    let row = abu_loadtest::faults::replay(fault, server, &env::temp_dir()).unwrap();
    assert!(row.complaints().is_empty(), "{row:#?}");
}

#[test]
fn a_killed_server_loses_no_acknowledged_message() {
    passes("kill -9 of the server");
}

#[test]
fn a_killed_database_is_reported_and_loses_nothing() {
    passes("kill -9 of PostgreSQL");
}

#[test]
fn a_locked_table_is_reported_and_loses_nothing() {
    passes("LOCK TABLE messages");
}

#[test]
fn a_failover_is_reported_and_ends_without_a_restart() {
    passes("failover to a standby");
}

#[test]
fn a_full_disk_is_reported_and_loses_nothing() {
    passes("full disk");
}

#[test]
fn connections_cut_in_mid_frame_store_no_part_of_a_message() {
    passes("cuts in mid-frame");
}
