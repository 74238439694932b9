//! Encoding: the JSON of packets, byte for byte.

use std::time::Duration;

use abu_chat_protocol::client::{ChatJoin, ListMessageRequest, MessageSend, Typing};
use abu_chat_protocol::server::{Error, ErrorCode, MAX_ECHOED_TYPE, MessageReceive};
use abu_chat_protocol::{ClientPacket, Profile, RoomId, ServerPacket, UserId};
use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};
use uuid::Uuid;

fn payload(error: Error) -> Value {
    let text = ServerPacket::from(error).to_json();
    serde_json::from_str::<Value>(&text).unwrap()["payload"].take()
}

#[test]
fn a_packet_is_appended_to_what_the_buffer_holds() {
    let mut out = b"before".to_vec();
    ClientPacket::from(ChatJoin::new()).write_json(Profile::V1, &mut out);
    assert_eq!(
        out,
        br#"before{"type":"chat-join","payload":{"notice":"join"}}"#
    );
}

#[test]
fn text_is_escaped_as_json_wants_it() {
    let packet = ClientPacket::from(MessageSend::new("r", "a \"quoted\"\n\u{1}\u{1f600}"));
    assert_eq!(
        packet.to_json(),
        "{\"type\":\"message-send\",\"payload\":{\"message\":\"a \\\"quoted\\\"\\n\\u0001\u{1f600}\",\"room_id\":\"r\"}}"
    );
}

#[test]
fn a_timestamp_is_utc_with_z_and_as_fine_as_it_is() {
    let at = |micros| {
        let time =
            DateTime::from_timestamp(1_724_250_600, 0).unwrap() + TimeDelta::microseconds(micros);
        ServerPacket::from(MessageReceive::new("r", "u", "m", time)).to_json()
    };
    assert!(at(0).contains(r#""timestamp":"2024-08-21T14:30:00Z""#));
    assert!(at(250_000).contains(r#""timestamp":"2024-08-21T14:30:00.250Z""#));
    assert!(at(7).contains(r#""timestamp":"2024-08-21T14:30:00.000007Z""#));
}

#[test]
fn a_request_leaves_out_what_it_does_not_ask_for() {
    assert_eq!(
        ClientPacket::from(ListMessageRequest::new("room123")).to_json(),
        r#"{"type":"list-message-request","payload":{"room_id":"room123"}}"#
    );
}

#[test]
fn an_identifier_is_the_hyphenated_uuid_and_reads_back() {
    let id = Uuid::from_u128(0x5f0c_8f0e_3a58_4d8e_9a55_0f2d_8c1f_7b11);
    let room = RoomId::from(id);
    assert_eq!(room.as_str(), "5f0c8f0e-3a58-4d8e-9a55-0f2d8c1f7b11");
    assert_eq!(room.to_string(), room.as_str());
    assert_eq!(room.to_uuid(), Some(id));
    assert_eq!(UserId::from("user456").to_uuid(), None);
    assert_eq!(
        ClientPacket::from(Typing::new(id, false)).to_json(),
        r#"{"type":"typing","payload":{"is_typing":false,"room_id":"5f0c8f0e-3a58-4d8e-9a55-0f2d8c1f7b11"}}"#
    );
}

#[test]
fn each_error_carries_its_code_and_just_the_fields_that_belong_to_it() {
    let name = MessageSend::NAME;
    let malformed = ClientPacket::decode("?").unwrap_err();
    let cases = [
        (
            Error::from(&malformed),
            json!({"code": "malformed-packet", "request_type": null}),
        ),
        (
            Error::unknown_type("wave"),
            json!({"code": "unknown-type", "request_type": "wave"}),
        ),
        (
            Error::invalid_payload(name, "message", "must not be empty"),
            json!({"code": "invalid-payload", "request_type": name}),
        ),
        (
            Error::not_a_member(name, "room123"),
            json!({"code": "not-a-member", "request_type": name, "room_id": "room123"}),
        ),
        (
            Error::read_only_room(name, "room123"),
            json!({"code": "read-only-room", "request_type": name, "room_id": "room123"}),
        ),
        (
            Error::rate_limited(name, Duration::from_millis(400)).in_room("room123"),
            json!({"code": "rate-limited", "request_type": name, "room_id": "room123", "retry_after_ms": 400}),
        ),
        (
            Error::blocked(name, "room123"),
            json!({"code": "blocked", "request_type": name, "room_id": "room123"}),
        ),
        (
            Error::conflict(name, "room123"),
            json!({"code": "conflict", "request_type": name, "room_id": "room123"}),
        ),
        (
            Error::not_found(name, "room123"),
            json!({"code": "not-found", "request_type": name, "room_id": "room123"}),
        ),
        (
            Error::forbidden(name, "room123"),
            json!({"code": "forbidden", "request_type": name, "room_id": "room123"}),
        ),
        (
            Error::too_late(name, "room123"),
            json!({"code": "too-late", "request_type": name, "room_id": "room123"}),
        ),
        (
            Error::unavailable(name, None),
            json!({"code": "unavailable", "request_type": name}),
        ),
        (
            Error::unavailable(name, Some(Duration::from_secs(2))),
            json!({"code": "unavailable", "request_type": name, "retry_after_ms": 2000}),
        ),
        (
            Error::internal(name, "01J9Z"),
            json!({"code": "internal", "request_type": name, "reference": "01J9Z"}),
        ),
    ];
    let covered: Vec<_> = cases.iter().map(|(error, _)| error.code.clone()).collect();
    for code in ErrorCode::KNOWN {
        assert!(covered.contains(code), "{code:?} has a case");
    }
    for (error, expected) in cases {
        let mut written = payload(error);
        let message = written.as_object_mut().unwrap().remove("message").unwrap();
        let message = message.as_str().unwrap();
        assert!(
            message.len() > 10 && message.ends_with('.'),
            "{message} is a sentence"
        );
        assert_eq!(written, expected);
    }
}

#[test]
fn the_sentence_of_an_invalid_payload_begins_with_the_field() {
    let error = Error::invalid_payload("message-send", "message", "must not be empty");
    assert_eq!(error.message, "`message` must not be empty.");
}

#[test]
fn the_time_to_wait_is_rounded_up() {
    for (pause, milliseconds) in [(0, 0), (1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2)] {
        let error = Error::rate_limited("typing", Duration::from_nanos(pause));
        assert_eq!(error.retry_after_ms, Some(milliseconds));
    }
    let forever = Error::rate_limited("typing", Duration::MAX);
    assert_eq!(forever.retry_after_ms, Some(u64::MAX));
}

#[test]
fn a_type_of_any_length_is_repeated_only_in_part() {
    let error = Error::unknown_type(&"\u{1f600}".repeat(60_000));
    assert_eq!(error.request_type.unwrap().chars().count(), MAX_ECHOED_TYPE);
}

#[test]
fn debug_output_tells_nothing_of_what_people_say() {
    let packet = ClientPacket::from(MessageSend::new("room123", "my secret"));
    let told = format!("{packet:?}");
    assert!(
        told.contains("room123") && told.contains("9 bytes"),
        "{told}"
    );
    assert!(!told.contains("secret"), "{told}");
    let unknown = ClientPacket::decode(r#"{"type":"whisper","payload":{"text":"my secret"}}"#);
    let told = format!("{unknown:?}");
    assert!(
        told.contains("whisper") && !told.contains("secret"),
        "{told}"
    );
}
