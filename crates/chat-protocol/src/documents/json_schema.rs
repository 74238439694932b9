//! JSON Schemas: of one packet by itself, and of all that a profile has.

use serde_json::{Map, Value, json};

use super::catalog::{Catalog, DEFINITIONS, Packet};
use crate::{Direction, MAX_REF_CHARACTERS, Profile};

const META_SCHEMA: &str = "https://json-schema.org/draft/2020-12/schema";

/// One packet with the types it is made of.
pub(super) fn of_packet(catalog: &Catalog, packet: &Packet) -> Value {
    let mut schema = envelope(packet, catalog.profile, DEFINITIONS);
    schema["$schema"] = META_SCHEMA.into();
    schema["title"] = packet.info.name.into();
    schema["description"] = catalog.description(&packet.payload).into();
    schema["$defs"] = published(catalog.types_of(vec![packet.payload.clone()]));
    schema
}

/// Every packet of a profile. A packet's schema stands under its `type`, those of each direction
/// under `ClientPacket` and `ServerPacket`.
pub(super) fn whole(catalog: &Catalog) -> Value {
    let mut definitions = catalog.types.clone();
    for packet in &catalog.packets {
        let mut schema = envelope(packet, catalog.profile, DEFINITIONS);
        schema["description"] = catalog.description(&packet.payload).into();
        definitions.insert(packet.info.name.to_owned(), schema);
    }
    for (name, direction, description) in [
        (
            "ClientPacket",
            Direction::ToServer,
            "A packet that a client sends to the server.",
        ),
        (
            "ServerPacket",
            Direction::ToClient,
            "A packet that the server sends to clients.",
        ),
    ] {
        let packets: Vec<Value> = catalog
            .towards(direction)
            .map(|packet| json!({"$ref": format!("{DEFINITIONS}{}", packet.info.name)}))
            .collect();
        definitions.insert(
            name.to_owned(),
            json!({"description": description, "oneOf": packets}),
        );
    }
    json!({
        "$schema": META_SCHEMA,
        "title": catalog.profile.subprotocol(),
        "description": "Every packet of the chat in this profile.",
        "anyOf": [
            {"$ref": format!("{DEFINITIONS}ClientPacket")},
            {"$ref": format!("{DEFINITIONS}ServerPacket")},
        ],
        "$defs": published(definitions),
    })
}

/// What stands around a payload.
pub(super) fn envelope(packet: &Packet, profile: Profile, definitions: &str) -> Value {
    let mut properties = json!({
        "type": {"const": packet.info.name},
        "payload": {"$ref": format!("{definitions}{}", packet.payload)},
    });
    if packet.may_have_ref(profile) {
        properties["ref"] = json!({
            "description": match packet.info.direction {
                Direction::ToServer => "What the client calls this request, if it likes to: any text. It comes back on what answers it.",
                Direction::ToClient => "The `ref` of the request that this answers, if it had one.",
            },
            "type": "string",
            "maxLength": MAX_REF_CHARACTERS,
        });
    }
    json!({
        "type": "object",
        "required": ["type", "payload"],
        "properties": properties,
    })
}

/// The schemas without what only the documents need.
pub(super) fn published(types: Map<String, Value>) -> Value {
    let mut types = Value::Object(types);
    for schema in types.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Some(object) = schema.as_object_mut() {
            object.remove("x-order");
        }
    }
    types
}
