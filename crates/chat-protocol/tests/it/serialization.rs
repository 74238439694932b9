//! Serialization by serde: the same JSON as encoding for the newest profile, and the same reading as
//! decoding.

use std::fmt::Debug;

use abu_chat_protocol::client::{Order, SyncRequest, Typing};
use abu_chat_protocol::server::{ErrorCode, SyncResponse};
use abu_chat_protocol::{
    ClientPacket, Decoded, Direction, Emoji, PACKETS, RequestRef, RoomId, ServerPacket,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct LogLine<P> {
    number: u64,
    packet: P,
}

fn example(name: &str) -> &'static str {
    let info = PACKETS.iter().find(|info| info.name == name);
    info.expect(name).newest_example
}

fn payload(name: &str) -> Value {
    serde_json::from_str::<Value>(example(name)).unwrap()["payload"].take()
}

#[track_caller]
fn assert_is_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, json: &Value) {
    assert_eq!(serde_json::to_value(value).unwrap(), *json);
    assert_eq!(serde_json::from_value::<T>(json.clone()).unwrap(), *value);
}

#[test]
fn every_example_serializes_to_its_frame_and_deserializes_from_it() {
    macro_rules! check {
        ($type:ident, $example:expr) => {{
            let packet: $type = serde_json::from_str($example).unwrap();
            assert_eq!(serde_json::to_string(&packet).unwrap(), packet.to_json());
            assert_eq!(
                $type::decode($example).unwrap().known().as_ref(),
                Some(&packet)
            );
            assert_is_json(&packet, &serde_json::from_str($example).unwrap());
        }};
    }
    for info in PACKETS {
        for example in [info.example, info.newest_example] {
            match info.direction {
                Direction::ToServer => check!(ClientPacket, example),
                Direction::ToClient => check!(ServerPacket, example),
            }
        }
    }
}

#[test]
fn a_payload_serializes_as_the_payload_of_its_frame() {
    let json = payload("sync-response");
    let response: SyncResponse = serde_json::from_value(json.clone()).unwrap();
    assert_is_json(&response, &json);
    assert_eq!(
        ServerPacket::from(response),
        serde_json::from_str(example("sync-response")).unwrap()
    );
}

#[test]
fn a_packet_inside_a_document_is_read_from_text_readers_and_values() {
    let packet: ClientPacket = serde_json::from_str(example("message-send")).unwrap();
    let line = LogLine { number: 7, packet };
    let text = serde_json::to_string(&line).unwrap();
    assert_eq!(
        text,
        format!(r#"{{"number":7,"packet":{}}}"#, line.packet.to_json())
    );
    assert_eq!(
        serde_json::from_reader::<_, LogLine<_>>(text.as_bytes()).unwrap(),
        line
    );
    assert_is_json(&line, &serde_json::from_str(&text).unwrap());
}

#[test]
fn a_serialized_packet_can_be_flattened_into_the_object_around_it() {
    #[derive(Serialize)]
    struct Flat {
        number: u64,
        #[serde(flatten)]
        packet: ClientPacket,
    }
    let packet = Typing::new("r", true).into();
    assert_eq!(
        serde_json::to_string(&Flat { number: 7, packet }).unwrap(),
        r#"{"number":7,"type":"typing","payload":{"is_typing":true,"room_id":"r"}}"#
    );
}

#[test]
fn an_unknown_type_is_an_error_for_a_packet_and_kept_by_decoded() {
    let frame = r#"{"type":"wave","ref":"a","payload":{"to": [1,  2]}}"#;
    let error = serde_json::from_str::<ClientPacket>(frame).unwrap_err();
    assert_eq!(error.to_string(), "The packet is of an unknown type.");
    let decoded: Decoded<ClientPacket> = serde_json::from_str(frame).unwrap();
    assert_eq!(Ok(&decoded), ClientPacket::decode(frame).as_ref());
    assert!(matches!(decoded, Decoded::Unknown(packet) if packet.name == "wave"));
}

#[test]
fn decoded_keeps_the_ref_that_a_packet_has_no_place_for() {
    let packet = ClientPacket::from(Typing::new("r", true));
    let name = RequestRef::new("a").unwrap();
    let frame = packet.to_json_with_ref(&name);
    match serde_json::from_str(&frame).unwrap() {
        Decoded::Known {
            packet: found,
            request_ref,
            ..
        } => assert_eq!((&found, request_ref), (&packet, Some(name))),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        serde_json::from_str::<ClientPacket>(&frame).unwrap(),
        packet
    );
}

#[test]
fn a_refused_packet_is_refused_with_the_decoders_sentence() {
    for frame in [
        r#"{"type":"typing","payload":{"room_id":"r","is_typing":"yes"}}"#,
        r#"{"type":"typing","payload":[]}"#,
        r#"{"type":"typing","type":"typing","payload":{}}"#,
        r#"{"type":"typing","ref":7,"payload":{}}"#,
        r#"{"payload":{}}"#,
        "[]",
    ] {
        let sentence = ClientPacket::decode(frame).unwrap_err().to_string();
        let error = serde_json::from_str::<ClientPacket>(frame).unwrap_err();
        assert_eq!(error.to_string(), sentence);
        let error = serde_json::from_str::<Decoded<ClientPacket>>(frame).unwrap_err();
        assert_eq!(error.to_string(), sentence);
    }
}

#[test]
fn a_refused_payload_names_the_field_and_the_rule() {
    let message = |json| {
        let error = serde_json::from_str::<SyncRequest>(json).unwrap_err();
        error.to_string()
    };
    assert!(message("{}").starts_with("`rooms` is required"));
    assert!(message(r#"{"rooms":[]}"#).starts_with("`rooms` must have 1 to 100 entries"));
    let nested = message(r#"{"rooms":[{"room_id":"r"}]}"#);
    assert!(nested.starts_with("`last_seq` is required"), "{nested}");
}

#[test]
fn broken_json_stays_a_syntax_error() {
    let payload = |json| serde_json::from_str::<SyncRequest>(json).unwrap_err();
    assert!(payload(r#"{"rooms":[{"room"#).is_eof());
    assert!(payload(r#"{"rooms":[}"#).is_syntax());
    let packet = |json| serde_json::from_str::<ClientPacket>(json).unwrap_err();
    assert!(packet(r#"{"type":"typ"#).is_eof());
    assert!(packet(r#"{"type":}"#).is_syntax());
}

#[test]
fn ids_words_and_emoji_are_json_strings() {
    assert_is_json(&RoomId::from("room123"), &json!("room123"));
    assert_is_json(&Order::Asc, &json!("asc"));
    assert_is_json(&ErrorCode::TooLate, &json!("too-late"));
    assert_is_json(&ErrorCode::from("too-early"), &json!("too-early"));
    assert_is_json(&Emoji::new("\u{1f44d}").unwrap(), &json!("\u{1f44d}"));
    assert!(serde_json::from_value::<Order>(json!("newest")).is_err());
    assert!(serde_json::from_value::<Emoji>(json!("like")).is_err());
}
