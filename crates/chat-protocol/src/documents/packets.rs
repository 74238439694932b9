//! The packet catalog as JSON, with examples; the server's console reads it.

use serde_json::{Map, Value, json};

use super::catalog::{Catalog, Packet};
use crate::{Direction, Profile};

/// Every packet, in the order of the table. An example is the text of a whole packet, one for each
/// profile that has it.
pub(super) fn document(catalog: &Catalog) -> Value {
    let packets: Vec<Value> = catalog
        .packets
        .iter()
        .map(|packet| entry(catalog, packet))
        .collect();
    json!({"packets": packets})
}

fn entry(catalog: &Catalog, packet: &Packet) -> Value {
    let info = packet.info;
    let examples: Map<String, Value> = Profile::ALL
        .iter()
        .filter(|&&profile| profile >= info.since)
        .map(|&profile| {
            let example = info.example_in(profile).trim_end();
            (profile.subprotocol().to_owned(), example.into())
        })
        .collect();
    json!({
        "type": info.name,
        "direction": match info.direction {
            Direction::ToServer => "to-server",
            Direction::ToClient => "to-client",
        },
        "summary": catalog.summary(packet),
        "answered_by": info.answered_by,
        "examples": examples,
    })
}
