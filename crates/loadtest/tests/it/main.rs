//! Integration tests of the generator against the baselines: real sockets, no database.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

use serde_json::Value;

fn loadtest(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_abu-loadtest"))
        .args(arguments)
        .output()
        .unwrap()
}

fn measure(arguments: &[&str]) -> Value {
    let output = loadtest(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn figure(measurement: &Value, name: &str) -> f64 {
    let figures = measurement["figures"].as_array().unwrap();
    let found = figures.iter().find(|figure| figure["name"] == name);
    found.unwrap()["value"].as_f64().unwrap()
}

const SMALL: [&str; 11] = [
    "--json",
    "--rooms",
    "3",
    "--members",
    "4",
    "--senders",
    "2",
    "--seconds",
    "0.5",
    "--warm-up",
    "0.1",
];

#[test]
fn messages_through_both_floors_arrive_everywhere_in_one_order() {
    for floor in ["floor-a", "floor-b"] {
        let arguments = [&["--target", floor, "fan-out"], &SMALL[..]].concat();
        let measurement = measure(&arguments);
        let messages = figure(&measurement, "messages");
        let deliveries = figure(&measurement, "deliveries");
        assert!(messages > 0.0 && deliveries > messages);
        assert_eq!(measurement["faults"]["missing"], 0);
        assert_eq!(measurement["errors"], 0);
    }
}

#[test]
fn an_open_loop_sends_at_its_rate() {
    let arguments = [
        &["--target", "floor-b", "steady", "--rate", "200"],
        &SMALL[..],
    ]
    .concat();
    let messages = figure(&measure(&arguments), "messages");
    assert!((150.0..250.0).contains(&messages), "{messages} messages/s");
}

#[test]
fn a_server_that_cannot_be_started_is_an_error() {
    let output = loadtest(&["--server-binary", "/nonexistent/server", "fan-out"]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cannot start /nonexistent/server"), "{said}");
}

#[test]
fn faults_are_listed_by_name_and_an_unknown_one_is_an_error() {
    let output = loadtest(&["faults", "--list", "--only", "kill -9"]);
    let names = String::from_utf8_lossy(&output.stdout);
    assert_eq!(names, "kill -9 of the server\nkill -9 of PostgreSQL\n");
    let output = loadtest(&["faults", "--only", "earthquake"]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("there is no fault \"earthquake\""), "{said}");
}
