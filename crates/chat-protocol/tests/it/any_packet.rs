//! Property tests of packets generated from their JSON Schemas, in each profile. A packet is tested as
//! soon as it stands in the table.

use std::collections::HashSet;

use abu_chat_protocol::{
    ClientPacket, Decoded, Direction, PACKETS, Profile, RequestRef, ServerPacket, documents,
};
use chrono::{DateTime, SecondsFormat};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Any packet of any profile, with the profile and the way it travels.
fn packet() -> impl Strategy<Value = (Profile, Direction, Value)> {
    let all = Profile::ALL.iter().flat_map(|&profile| {
        PACKETS
            .iter()
            .filter(move |info| info.since <= profile)
            .map(move |info| (profile, info))
    });
    let strategies = all.map(|(profile, info)| {
        let schema = documents::packet_json_schema(info.name, profile).unwrap();
        let packets = value(&schema, &schema["$defs"]);
        packets
            .prop_map(move |packet| (profile, info.direction, packet))
            .boxed()
    });
    proptest::strategy::Union::new(strategies.collect::<Vec<_>>())
}

/// Any value that the schema allows. A field that may be left out never has the value that leaving it
/// out means, so that a packet is written back just as it was.
fn value(schema: &Value, types: &Value) -> BoxedStrategy<Value> {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.strip_prefix("#/$defs/"))
    {
        if name == "Emoji" {
            let emoji = vec![
                "\u{1f44d}\u{1f3ff}",
                "\u{2764}\u{fe0f}",
                "1\u{fe0f}\u{20e3}",
            ];
            return proptest::sample::select(emoji)
                .prop_map(Value::from)
                .boxed();
        }
        return value(&types[name], types);
    }
    if let Some(constant) = schema.get("const") {
        return Just(constant.clone()).boxed();
    }
    match &schema["type"] {
        kind if kind == "object" => object(schema, types),
        kind if kind == "array" => {
            let most = schema["maxItems"].as_u64().unwrap_or(3).min(3);
            let entries = proptest::collection::vec(
                value(&schema["items"], types),
                bound(schema, "minItems", 0)..=usize::try_from(most).unwrap(),
            );
            entries.prop_map(Value::from).boxed()
        }
        kind if kind == "integer" => (schema["minimum"].as_u64().unwrap()..=u64::MAX)
            .prop_map(Value::from)
            .boxed(),
        kind if kind == "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        kind if kind == "string" => string(schema),
        kind if *kind == json!(["string", "null"]) => {
            proptest::option::of(".*").prop_map(Value::from).boxed()
        }
        other => panic!("no values of {other} in {schema}"),
    }
}

fn object(schema: &Value, types: &Value) -> BoxedStrategy<Value> {
    let required = schema["required"].as_array().unwrap();
    let properties = schema["properties"].as_object().unwrap();
    let fields: Vec<_> = properties
        .iter()
        .map(|(name, schema)| {
            let field = if required.iter().any(|required| required == name) {
                value(schema, types).prop_map(Some).boxed()
            } else {
                proptest::option::of(not_left_out(schema, types)).boxed()
            };
            let name = name.clone();
            field.prop_map(move |value| Some((name.clone(), value?)))
        })
        .collect();
    fields
        .prop_map(|fields| Value::from_iter(fields.into_iter().flatten().collect::<Map<_, _>>()))
        .boxed()
}

fn not_left_out(schema: &Value, types: &Value) -> BoxedStrategy<Value> {
    match schema["type"].as_str() {
        Some("boolean") => Just(json!(true)).boxed(),
        Some("array") => value(schema, types)
            .prop_filter("an empty list is left out", |list| *list != json!([]))
            .boxed(),
        _ => value(schema, types),
    }
}

fn string(schema: &Value) -> BoxedStrategy<Value> {
    let words = |key: &str| {
        let words = schema[key].as_array().into_iter().flatten();
        words
            .filter_map(|word| word.get("const").cloned())
            .collect::<Vec<_>>()
    };
    if schema.get("oneOf").is_some() {
        return proptest::sample::select(words("oneOf")).boxed();
    }
    if schema.get("anyOf").is_some() {
        let others = "[a-z-]{1,20}".prop_map(Value::from);
        return prop_oneof![proptest::sample::select(words("anyOf")), others].boxed();
    }
    match schema["format"].as_str() {
        Some("uuid") => any::<u128>()
            .prop_map(|bits| json!(Uuid::from_u128(bits)))
            .boxed(),
        Some("date-time") => (-62_167_219_200..=253_402_300_799_i64, 0..1_000_000_000_u32)
            .prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap())
            .prop_map(|time| json!(time.to_rfc3339_opts(SecondsFormat::AutoSi, true)))
            .boxed(),
        Some(other) => panic!("no values of format {other}"),
        None => {
            let (least, most) = (
                bound(schema, "minLength", 0),
                bound(schema, "maxLength", 32),
            );
            let text = format!(".{{{least},{}}}", most.min(64));
            proptest::string::string_regex(&text)
                .unwrap()
                .prop_map(Value::from)
                .boxed()
        }
    }
}

fn bound(schema: &Value, key: &str, otherwise: u64) -> usize {
    usize::try_from(schema[key].as_u64().unwrap_or(otherwise)).unwrap()
}

/// Decodes a packet as `profile` reads it, and writes it as `shown` shows it: `None` where that has
/// no such packet.
fn rewritten(
    profile: Profile,
    direction: Direction,
    packet: &Value,
    shown: Profile,
) -> Option<Value> {
    macro_rules! through {
        ($type:ident) => {
            match $type::decode_as(profile, &packet.to_string()) {
                Ok(Decoded::Known {
                    packet,
                    request_ref,
                    ..
                }) => {
                    let mut out = Vec::new();
                    packet.write_json_with_ref(request_ref.as_ref(), shown, &mut out);
                    assert_eq!(packet.visible_to(shown), !out.is_empty());
                    (!out.is_empty()).then(|| serde_json::from_slice(&out).unwrap())
                }
                other => panic!("{packet} decodes to {other:?}"),
            }
        };
    }
    match direction {
        Direction::ToServer => through!(ClientPacket),
        Direction::ToClient => through!(ServerPacket),
    }
}

/// Fails where the value has a field that the schema does not know.
fn assert_known(value: &Value, schema: &Value, types: &Value) {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.strip_prefix("#/$defs/"))
    {
        return assert_known(value, &types[name], types);
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let field = schema["properties"].get(name);
                assert_known(value, field.expect(name), types);
            }
        }
        Value::Array(list) => list
            .iter()
            .for_each(|it| assert_known(it, &schema["items"], types)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn what_its_schema_allows_survives_the_wire((profile, direction, packet) in packet()) {
        prop_assert_eq!(rewritten(profile, direction, &packet, profile), Some(packet));
    }

    #[test]
    fn an_older_session_is_shown_what_its_profile_has_and_nothing_else(
        (_, direction, packet) in packet().prop_filter("the newest", |(profile, ..)| *profile == Profile::NEWEST)
    ) {
        for &older in Profile::ALL {
            let name = packet["type"].as_str().unwrap();
            let schema = documents::packet_json_schema(name, older);
            let shown = rewritten(Profile::NEWEST, direction, &packet, older);
            prop_assert_eq!(shown.is_some(), schema.is_some());
            if let (Some(shown), Some(schema)) = (shown, schema) {
                assert_known(&shown, &schema, &schema["$defs"]);
            }
        }
    }

    #[test]
    fn serde_writes_the_newest_frame_and_reads_it_back((_, direction, packet) in packet()) {
        let frame = packet.to_string();
        macro_rules! check {
            ($type:ident) => {{
                let packet = $type::decode(&frame).unwrap().known().unwrap();
                let mut written = Vec::new();
                packet.write_json(Profile::NEWEST, &mut written);
                let serialized = serde_json::to_string(&packet).unwrap();
                prop_assert_eq!(serialized.as_bytes(), written);
                prop_assert_eq!(serde_json::from_str::<$type>(&serialized).unwrap(), packet);
            }};
        }
        match direction {
            Direction::ToServer => check!(ClientPacket),
            Direction::ToClient => check!(ServerPacket),
        }
    }

    #[test]
    fn equal_packets_hash_alike_so_a_set_keeps_one_of_them((_, direction, packet) in packet()) {
        let frame = packet.to_string();
        macro_rules! count {
            ($type:ident) => {
                HashSet::from([$type::decode(&frame).unwrap(), $type::decode(&frame).unwrap()]).len()
            };
        }
        let kept = match direction {
            Direction::ToServer => count!(ClientPacket),
            Direction::ToClient => count!(ServerPacket),
        };
        prop_assert_eq!(kept, 1);
    }

    #[test]
    fn no_bytes_make_decoding_panic_in_any_profile(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        let text = String::from_utf8_lossy(&bytes);
        for &profile in Profile::ALL {
            let _ = ClientPacket::decode_as(profile, &text);
            let _ = ServerPacket::decode_as(profile, &text);
        }
    }

    #[test]
    fn any_short_text_is_a_ref(text in ".{0,64}", more in ".{65,80}") {
        prop_assert!(RequestRef::new(text.as_str()).is_ok_and(|it| it.as_str() == text));
        prop_assert!(RequestRef::new(more).is_err());
    }
}
