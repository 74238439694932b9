//! The schema catalog of one profile: its packets and the types of their payloads.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::schema;
use crate::server::ErrorCode;
use crate::table::PAYLOADS;
use crate::{Direction, PACKETS, PacketInfo, Profile};

/// Where the schemas refer to each other.
pub(super) const DEFINITIONS: &str = "#/$defs/";

/// The packets that a profile has.
pub(super) struct Catalog {
    pub(super) profile: Profile,
    pub(super) packets: Vec<Packet>,
    /// The schema of every type by its name, as this profile shows it.
    pub(super) types: Map<String, Value>,
}

/// A packet and the name of its payload's type.
pub(super) struct Packet {
    pub(super) info: &'static PacketInfo,
    pub(super) payload: String,
}

impl Catalog {
    pub(super) fn of(profile: Profile) -> Self {
        let mut generator = SchemaSettings::draft2020_12().into_generator();
        let packets = PACKETS
            .iter()
            .zip(PAYLOADS)
            .filter(|(info, _)| info.since <= profile)
            .map(|(info, payload)| Packet {
                info,
                payload: payload(&mut generator)
                    .as_value()
                    .pointer("/$ref")
                    .and_then(referred)
                    .unwrap_or_default()
                    .to_owned(),
            })
            .collect();
        // A newer profile's fields may have brought types that nothing else needs.
        let all = limited(generator.take_definitions(true), profile);
        let mut catalog = Self {
            profile,
            packets,
            types: Map::new(),
        };
        let roots = catalog.packets.iter().map(|packet| packet.payload.clone());
        catalog.types = reachable(&all, roots.collect());
        catalog
    }

    pub(super) fn towards(&self, direction: Direction) -> impl Iterator<Item = &Packet> {
        self.packets
            .iter()
            .filter(move |packet| packet.info.direction == direction)
    }

    /// The named types and all that they are made of.
    pub(super) fn types_of(&self, roots: Vec<String>) -> Map<String, Value> {
        reachable(&self.types, roots)
    }

    /// What the type is for, as Markdown.
    pub(super) fn description(&self, name: &str) -> &str {
        self.types.get(name).map_or("", description)
    }

    /// What a packet is for, in one sentence.
    pub(super) fn summary(&self, packet: &Packet) -> &str {
        let description = self.description(&packet.payload);
        description.split("\n\n").next().unwrap_or_default()
    }

    /// The types that are no payload of a packet, in the order of their names.
    pub(super) fn other_types(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.types
            .iter()
            .map(|(name, schema)| (name.as_str(), schema))
            .filter(|(name, _)| self.packets.iter().all(|packet| packet.payload != *name))
    }
}

impl Packet {
    /// Whether the packet may carry a `ref`: every request, and what answers one.
    pub(super) fn may_have_ref(&self, profile: Profile) -> bool {
        let answers = |info: &PacketInfo| info.answered_by == Some(self.info.name);
        profile >= Profile::V2
            && (self.info.direction == Direction::ToServer
                || self.info.name == crate::server::Error::NAME
                || PACKETS.iter().any(answers))
    }

    /// The codes of errors that may answer the packet, those that may answer any left out.
    pub(super) fn errors(&self) -> impl Iterator<Item = &'static str> {
        self.info.errors.iter().map(ErrorCode::as_str)
    }
}

/// The type that a reference names.
pub(super) fn referred(reference: &Value) -> Option<&str> {
    reference.as_str()?.strip_prefix(DEFINITIONS)
}

pub(super) fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

/// The fields of a payload in the order of its struct, each with whether it is always there.
pub(super) fn fields(schema: &Value) -> impl Iterator<Item = (&str, &Value, bool)> {
    let order = schema["x-order"].as_array().into_iter().flatten();
    order.filter_map(Value::as_str).map(|name| {
        let required = schema["required"].as_array();
        let is_required = required.is_some_and(|required| required.iter().any(|it| it == name));
        (name, &schema["properties"][name], is_required)
    })
}

fn limited(mut types: Map<String, Value>, profile: Profile) -> Map<String, Value> {
    for value in types.values_mut() {
        if let Ok(schema) = <&mut Schema>::try_from(value) {
            schema::limit_to(profile, schema);
        }
    }
    types
}

fn reachable(all: &Map<String, Value>, mut roots: Vec<String>) -> Map<String, Value> {
    let mut found = Map::new();
    while let Some(name) = roots.pop() {
        if let (Some(schema), false) = (all.get(&name), found.contains_key(&name)) {
            references(schema, &mut roots);
            found.insert(name, schema.clone());
        }
    }
    found.sort_keys();
    found
}

fn references(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            names.extend(object.get("$ref").and_then(referred).map(str::to_owned));
            object.values().for_each(|value| references(value, names));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, names)),
        _ => {}
    }
}
