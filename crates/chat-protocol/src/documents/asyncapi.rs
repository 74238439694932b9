//! The AsyncAPI 3.0 document of the server: its channel, operations and messages.

use schemars::Schema;
use schemars::transform::RemoveRefSiblings;
use schemars::transform::Transform as _;
use serde_json::{Map, Value, json};

use super::catalog::{Catalog, Packet};
use super::json_schema::{envelope, published};
use crate::{Direction, Profile};

const SCHEMAS: &str = "#/components/schemas/";
const MESSAGES: &str = "#/channels/chat/messages/";

const ABOUT: &str = "One WebSocket carries every packet as a JSON object in a text frame. \
A client that offers no sub-protocol, or `abu.chat.v1`, is sent no packet and no field that says \
`x-since: abu.chat.v2`. How a connection comes about, lives and ends, and what is guaranteed, is in \
docs/chat-protocol.md.";

/// The document of a profile.
pub(super) fn document(catalog: &Catalog) -> Value {
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "ABU Alumni Connect chat",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": env!("CARGO_PKG_LICENSE")},
        },
        "defaultContentType": "application/json",
        "servers": {
            "production": {
                "host": "alumni-backend.abu.edu.ng",
                "protocol": "wss",
                "security": [
                    {"$ref": "#/components/securitySchemes/token"},
                    {"$ref": "#/components/securitySchemes/ticket"},
                    {"$ref": "#/components/securitySchemes/header"},
                ],
            },
        },
        "channels": {"chat": channel(catalog)},
        "operations": operations(catalog),
        "components": {
            "schemas": schemas(catalog),
            "securitySchemes": {
                "token": {
                    "type": "httpApiKey", "in": "query", "name": "token",
                    "description": "The access token, without `Bearer`.",
                },
                "ticket": {
                    "type": "httpApiKey", "in": "query", "name": "ticket",
                    "description": "A ticket from `POST /api/v1/auth/ws-ticket`: it works once, for 30 seconds.",
                },
                "header": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "The access token, for native clients.",
                },
            },
        },
    })
}

fn channel(catalog: &Catalog) -> Value {
    let messages: Map<String, Value> = catalog
        .packets
        .iter()
        .map(|packet| (packet.info.name.to_owned(), message(catalog, packet)))
        .collect();
    let profiles: Vec<&str> = Profile::ALL
        .iter()
        .map(|profile| profile.subprotocol())
        .collect();
    json!({
        "address": "/chat",
        "title": "The chat of one session",
        "messages": messages,
        "bindings": {"ws": {
            "method": "GET",
            "headers": {
                "type": "object",
                "properties": {"Sec-WebSocket-Protocol": {"type": "string", "enum": profiles}},
            },
        }},
    })
}

fn message(catalog: &Catalog, packet: &Packet) -> Value {
    let description = catalog.description(&packet.payload);
    let summary = description.split("\n\n").next().unwrap_or_default();
    let example: Value =
        serde_json::from_str(packet.info.example_in(catalog.profile)).unwrap_or_default();
    json!({
        "name": packet.info.name,
        "title": packet.info.name,
        "summary": summary,
        "description": description,
        "x-since": packet.info.since.subprotocol(),
        "payload": envelope(packet, catalog.profile, SCHEMAS),
        "examples": [{"payload": example}],
    })
}

/// What the server receives, with the answer it gives, and what it sends by itself.
fn operations(catalog: &Catalog) -> Value {
    let operations: Map<String, Value> = catalog
        .packets
        .iter()
        .map(|packet| {
            let name = packet.info.name;
            let mut operation = json!({
                "action": match packet.info.direction {
                    Direction::ToServer => "receive",
                    Direction::ToClient => "send",
                },
                "channel": {"$ref": "#/channels/chat"},
                "messages": [{"$ref": format!("{MESSAGES}{name}")}],
            });
            if packet.info.direction == Direction::ToServer {
                let answers = packet.info.answered_by.into_iter().chain(["error"]);
                let answers = answers.map(|answer| json!({"$ref": format!("{MESSAGES}{answer}")}));
                operation["reply"] = json!({
                    "channel": {"$ref": "#/channels/chat"},
                    "messages": answers.collect::<Vec<_>>(),
                });
            }
            (name.to_owned(), operation)
        })
        .collect();
    operations.into()
}

/// AsyncAPI's schemas are of draft 7: a reference stands alone, and elsewhere.
fn schemas(catalog: &Catalog) -> Value {
    let mut schemas = published(catalog.types.clone());
    for schema in schemas
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        if let Ok(schema) = <&mut Schema>::try_from(&mut *schema) {
            RemoveRefSiblings::default().transform(schema);
        }
        move_references(schema);
    }
    schemas
}

fn move_references(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get_mut("$ref") {
                *reference = reference.replace(super::catalog::DEFINITIONS, SCHEMAS);
            }
            object.values_mut().for_each(move_references);
        }
        Value::Array(list) => list.iter_mut().for_each(move_references),
        _ => {}
    }
}
