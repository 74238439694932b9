//! Decoding: known packets, unknown types, and the errors of refused frames.

use abu_chat_protocol::client::{ListMessageRequest, Order};
use abu_chat_protocol::server::{Error, ErrorCode};
use abu_chat_protocol::{
    ClientPacket, DecodeError, Decoded, Fault, Malformed, ServerPacket, UnknownPacket,
};
use serde_json::json;

fn known(frame: &str) -> ClientPacket {
    match ClientPacket::decode(frame) {
        Ok(Decoded::Known { packet, .. }) => packet,
        other => panic!("{frame} decodes to {other:?}"),
    }
}

fn unknown(frame: &str) -> UnknownPacket {
    match ClientPacket::decode(frame) {
        Ok(Decoded::Unknown(packet)) => packet,
        other => panic!("{frame} decodes to {other:?}"),
    }
}

fn refused(frame: &str) -> DecodeError {
    ClientPacket::decode(frame).expect_err(frame)
}

fn history(payload: &str) -> String {
    format!(r#"{{"type":"list-message-request","payload":{payload}}}"#)
}

fn requested(payload: &str) -> ListMessageRequest {
    match known(&history(payload)) {
        ClientPacket::ListMessageRequest(request) => request,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_malformed(frame: &str, how: Malformed, request_type: Option<&str>) {
    let error = refused(frame);
    assert_eq!(error.fault, Fault::Malformed(how), "{frame}");
    assert_eq!(error.request_type, request_type, "{frame}");
    assert_eq!(Error::from(&error).code, ErrorCode::MalformedPacket);
}

#[track_caller]
fn assert_breaks(frame: &str, request_type: &str, sentence: &str) {
    let error = refused(frame);
    assert_eq!(error.to_string(), sentence, "{frame}");
    let packet = Error::from(&error);
    assert_eq!(packet.code, ErrorCode::InvalidPayload, "{frame}");
    assert_eq!(packet.message, sentence);
    assert_eq!(packet.request_type.as_deref(), Some(request_type));
}

#[test]
fn the_payload_may_stand_before_the_type_and_unknown_fields_are_ignored() {
    let plain = known(r#"{"type":"typing","payload":{"room_id":"room123","is_typing":true}}"#);
    for frame in [
        r#"{"payload":{"is_typing":true,"room_id":"room123"},"type":"typing"}"#,
        r#" {"v":2,"type":"typing","payload":{"x":[{}],"room_id":"room123","is_typing":true,"y":1e999}} "#,
        r#"{"type":"typ\u0069ng","payload":{"room\u005fid":"room\u0031\u0032\u0033","is_typing":true}}"#,
    ] {
        assert_eq!(known(frame), plain);
    }
}

#[test]
fn an_unknown_type_is_kept_with_its_payload_as_it_came() {
    let packet = unknown(r#"{"type":"wave","payload":{"to": [1,  2]}}"#);
    assert_eq!(packet.name, "wave");
    assert_eq!(packet.payload.as_deref(), Some(r#"{"to": [1,  2]}"#));
    for frame in [r#"{"type":"wave"}"#, r#"{"type":"wave","payload":null}"#] {
        assert_eq!(unknown(frame).payload, None);
    }
}

#[test]
fn a_packet_of_the_other_direction_is_an_unknown_type() {
    let upward = r#"{"type":"chat-join","payload":{"notice":"join"}}"#;
    assert!(matches!(
        ServerPacket::decode(upward),
        Ok(Decoded::Unknown(_))
    ));
    assert_eq!(
        unknown(r#"{"type":"chat-leave","payload":{"participant_id":"u"}}"#).name,
        "chat-leave"
    );
}

#[test]
fn a_frame_that_is_not_json_is_malformed() {
    for frame in [
        "",
        " ",
        "hello",
        "{",
        r#"{"type":"typing","payload":{"is_typing":true}"#,
        r#"{"type":"typing","payload":{}} trailing"#,
        r#"{"type":"typing","payload":{"a":01}}"#,
        r#"{'type':'typing','payload':{}}"#,
        "{\"type\":\"typing\",\"payload\":{\"message\":\"raw\nline\"}}",
        "\u{feff}{\"type\":\"typing\",\"payload\":{}}",
        "[",
    ] {
        assert_malformed(frame, Malformed::NotJson, None);
    }
}

#[test]
fn json_that_is_not_an_object_is_malformed() {
    for frame in ["null", "1", "\"typing\"", "true", r#"["typing",{}]"#, "[]"] {
        assert_malformed(frame, Malformed::NotAnObject, None);
    }
}

#[test]
fn a_packet_without_a_string_for_its_type_is_malformed() {
    for frame in [
        "{}",
        r#"{"payload":{}}"#,
        r#"{"type":null,"payload":{}}"#,
        r#"{"type":7,"payload":{}}"#,
        r#"{"type":["typing"],"payload":{}}"#,
        r#"{"type":"\ud800","payload":{}}"#,
    ] {
        assert_malformed(frame, Malformed::NoType, None);
    }
}

#[test]
fn a_known_packet_without_an_object_for_its_payload_is_malformed() {
    for frame in [
        r#"{"type":"typing"}"#,
        r#"{"type":"typing","payload":null}"#,
        r#"{"type":"typing","payload":[true,"room123"]}"#,
        r#"{"type":"typing","payload":"{}"}"#,
    ] {
        assert_malformed(frame, Malformed::NoPayload, Some("typing"));
    }
}

#[test]
fn a_repeated_type_or_payload_is_malformed() {
    for frame in [
        r#"{"type":"typing","type":"chat-join","payload":{}}"#,
        r#"{"type":"typing","payload":{},"payload":{}}"#,
    ] {
        assert_malformed(frame, Malformed::RepeatedField, None);
    }
}

#[test]
fn a_field_name_with_half_a_character_makes_the_packet_malformed() {
    let frame = r#"{"type":"typing","payload":{"\ud800":1,"is_typing":true,"room_id":"r"}}"#;
    assert_malformed(frame, Malformed::NotJson, Some("typing"));
}

#[test]
fn a_missing_field_is_named() {
    for (frame, name, sentence) in [
        (
            r#"{"type":"message-send","payload":{"message":"hi"}}"#,
            "message-send",
            "`room_id` is required.",
        ),
        (
            r#"{"type":"message-send","payload":{"room_id":"r"}}"#,
            "message-send",
            "`message` is required.",
        ),
        (
            r#"{"type":"typing","payload":{"room_id":"r"}}"#,
            "typing",
            "`is_typing` is required.",
        ),
        (
            r#"{"type":"chat-join","payload":{}}"#,
            "chat-join",
            "`notice` is required.",
        ),
        (
            &history("{}"),
            "list-message-request",
            "`room_id` is required.",
        ),
    ] {
        assert_breaks(frame, name, sentence);
    }
}

#[test]
fn a_string_has_to_be_a_string_and_unicode() {
    for value in [
        "null",
        "7",
        "true",
        "[]",
        "{}",
        r#""\ud83d""#,
        r#""\udc00 tail""#,
    ] {
        for (field, other) in [("message", "room_id"), ("room_id", "message")] {
            let frame = format!(
                r#"{{"type":"message-send","payload":{{"{other}":"x","{field}":{value}}}}}"#
            );
            let sentence = format!("`{field}` must be a string of valid Unicode.");
            assert_breaks(&frame, "message-send", &sentence);
        }
    }
}

#[test]
fn a_flag_has_to_be_true_or_false() {
    for value in ["null", "1", "\"true\"", "[]", "{}"] {
        let frame =
            format!(r#"{{"type":"typing","payload":{{"room_id":"r","is_typing":{value}}}}}"#);
        assert_breaks(&frame, "typing", "`is_typing` must be true or false.");
    }
}

#[test]
fn the_notice_has_to_be_join() {
    for value in [
        "\"leave\"",
        "\"JOIN\"",
        "\"\"",
        "null",
        r#"{"join":null}"#,
        r#""\ud800""#,
    ] {
        let frame = format!(r#"{{"type":"chat-join","payload":{{"notice":{value}}}}}"#);
        assert_breaks(&frame, "chat-join", "`notice` must be \"join\".");
    }
}

#[test]
fn the_limit_has_to_be_a_whole_number_of_at_least_one() {
    for value in [
        "0",
        "-1",
        "1.5",
        "10.0",
        "1e1",
        "\"10\"",
        "true",
        "[]",
        "18446744073709551616",
        "1e999",
    ] {
        let frame = history(&format!(r#"{{"room_id":"r","limit":{value}}}"#));
        let sentence = "`limit` must be a whole number of at least 1.";
        assert_breaks(&frame, "list-message-request", sentence);
    }
}

#[test]
fn the_skip_has_to_be_a_whole_number_of_at_least_zero() {
    for value in [
        "-1",
        "0.5",
        "\"0\"",
        "false",
        "{}",
        "18446744073709551616",
        "-0.0",
    ] {
        let frame = history(&format!(r#"{{"room_id":"r","skip":{value}}}"#));
        let sentence = "`skip` must be a whole number of at least 0.";
        assert_breaks(&frame, "list-message-request", sentence);
    }
}

#[test]
fn the_order_has_to_be_asc_or_desc() {
    for value in ["\"ASC\"", "\"newest\"", "1", "[\"asc\"]", r#"{"asc":null}"#] {
        let frame = history(&format!(r#"{{"room_id":"r","order":{value}}}"#));
        let sentence = "`order` must be one of asc, desc.";
        assert_breaks(&frame, "list-message-request", sentence);
    }
}

#[test]
fn a_repeated_field_is_refused() {
    let frame = history(r#"{"room_id":"r","limit":null,"limit":5}"#);
    assert_breaks(
        &frame,
        "list-message-request",
        "`limit` must be given only once.",
    );
}

#[test]
fn what_a_history_request_leaves_out_or_sends_as_null_takes_its_default() {
    for payload in [
        r#"{"room_id":"r"}"#,
        r#"{"room_id":"r","limit":null,"skip":null,"order":null}"#,
    ] {
        let request = requested(payload);
        assert_eq!(request.effective_limit(), 10);
        assert_eq!(request.effective_skip(), 0);
        assert_eq!(request.effective_order(), Order::Desc);
    }
}

#[test]
fn a_history_request_keeps_what_it_asks_for_and_is_given_a_hundred_at_most() {
    let request = requested(
        r#"{"room_id":"r","limit":18446744073709551615,"skip":18446744073709551615,"order":"asc"}"#,
    );
    assert_eq!(request.limit.unwrap().get(), u64::MAX);
    assert_eq!(request.effective_limit(), 100);
    assert_eq!(request.effective_skip(), u64::MAX);
    assert_eq!(request.effective_order(), Order::Asc);
}

#[test]
fn a_fault_inside_a_list_is_named_with_its_place() {
    let entry = json!({"room_id": "r", "sender_id": "u", "message": "m", "timestamp": "2024-08-21T14:30:00Z"});
    let mut wrong_time = entry.clone();
    wrong_time["timestamp"] = json!("yesterday");
    let cases = [
        (
            json!([entry, wrong_time]),
            "`messages.1.timestamp` must be a time in RFC 3339 form.",
        ),
        (
            json!([{"room_id": "r"}]),
            "`messages.0.sender_id` is required.",
        ),
        (
            json!([["r", "u", "m", "2024-08-21T14:30:00Z"]]),
            "`messages.0` must be an object.",
        ),
        (json!({}), "`messages` must be a list."),
    ];
    for (messages, sentence) in cases {
        let frame = json!({"type": "list-message-response", "payload": {
            "room_id": "r", "total_count": 1, "messages": messages,
        }});
        let error = ServerPacket::decode(&frame.to_string()).unwrap_err();
        assert_eq!(error.to_string(), sentence);
    }
}

#[test]
fn a_client_keeps_an_error_code_it_does_not_know() {
    let frame =
        r#"{"type":"error","payload":{"code":"too-early","message":"Wait.","request_type":null}}"#;
    let Ok(Decoded::Known {
        packet: ServerPacket::Error(error),
        ..
    }) = ServerPacket::decode(frame)
    else {
        panic!("{frame} is an error packet");
    };
    assert_eq!(error.code, ErrorCode::Other("too-early".to_owned()));
    assert_eq!(error.code.as_str(), "too-early");
}

#[test]
fn a_timestamp_with_another_offset_is_turned_into_utc() {
    let frame = r#"{"type":"message-receive","payload":{"room_id":"r","sender_id":"u","message":"m","timestamp":"2024-08-21T15:30:00+01:00"}}"#;
    let packet = ServerPacket::decode(frame).unwrap().known().unwrap();
    assert!(
        packet
            .to_json()
            .contains(r#""timestamp":"2024-08-21T14:30:00Z""#)
    );
}

#[test]
fn nesting_a_hundred_thousand_deep_neither_overflows_the_stack_nor_disturbs_a_packet() {
    let depth = 100_000;
    let deep = "[".repeat(depth) + &"]".repeat(depth);
    known(&format!(
        r#"{{"type":"chat-join","payload":{{"notice":"join","x":{deep}}},"y":{deep}}}"#
    ));
    assert_malformed(&deep, Malformed::NotAnObject, None);
    assert_malformed(&"[".repeat(depth), Malformed::NotJson, None);
    assert_malformed(&"{\"a\":".repeat(depth), Malformed::NotJson, None);
    assert_malformed(
        &format!(r#"{{"type":{deep},"payload":{{}}}}"#),
        Malformed::NoType,
        None,
    );
    assert_breaks(
        &format!(r#"{{"type":"chat-join","payload":{{"notice":{deep}}}}}"#),
        "chat-join",
        "`notice` must be \"join\".",
    );
}
