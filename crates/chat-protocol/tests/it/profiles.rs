//! Compatibility of profiles: what each one writes and reads.

use std::num::NonZeroU64;

use abu_chat_protocol::client::MessageSend;
use abu_chat_protocol::server::{
    Error, ErrorCode, ListMessageResponse, MessageReceive, Reaction, TokenExpiring,
};
use abu_chat_protocol::{
    ClientPacket, Decoded, Direction, Emoji, Fault, Malformed, PACKETS, Profile, RequestRef,
    ServerPacket,
};
use chrono::DateTime;
use serde_json::{Value, json};

fn shown(packet: &ServerPacket, profile: Profile) -> String {
    let mut out = Vec::new();
    packet.write_json(profile, &mut out);
    String::from_utf8(out).unwrap()
}

fn place(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number).unwrap()
}

fn full_message() -> MessageReceive {
    let at = |seconds: i64| DateTime::from_timestamp(1_724_250_600 + seconds, 0).unwrap();
    let thumb = Emoji::new("\u{1f44d}").unwrap();
    MessageReceive::new("r", "u", "m", at(0))
        .stored_as("id", place(7))
        .in_reply_to("other")
        .edited_at(at(60))
        .with_reactions(vec![Reaction::new(thumb, place(3), vec!["u".into()])])
        .at_revision(place(9))
}

/// `None` where the type is not known.
fn decoded(profile: Profile, frame: &str) -> Option<(ClientPacket, Option<RequestRef>)> {
    match ClientPacket::decode_as(profile, frame) {
        Ok(Decoded::Known {
            packet,
            request_ref,
            ..
        }) => Some((packet, request_ref)),
        Ok(Decoded::Unknown(_)) => None,
        Err(error) => panic!("{frame}: {error}"),
    }
}

#[test]
fn a_message_of_v1_has_four_fields_whatever_is_known_of_it() {
    let expected = r#"{"type":"message-receive","payload":{"room_id":"r","sender_id":"u","message":"m","timestamp":"2024-08-21T14:30:00Z"}}"#;
    assert_eq!(shown(&full_message().into(), Profile::V1), expected);
    let page = ListMessageResponse::new("r", vec![full_message()], 1).at_revision(9);
    let shown: Value = serde_json::from_str(&shown(&page.into(), Profile::V1)).unwrap();
    let entry: Value = serde_json::from_str(expected).unwrap();
    assert_eq!(
        shown["payload"],
        json!({"room_id": "r", "messages": [entry["payload"]], "total_count": 1})
    );
}

#[test]
fn a_message_of_v2_has_what_applies_to_it_and_no_more() {
    let plain = MessageReceive::new("r", "u", "m", DateTime::UNIX_EPOCH).stored_as("id", place(1));
    let frame: Value = serde_json::from_str(&shown(&plain.into(), Profile::V2)).unwrap();
    assert_eq!(
        frame["payload"],
        json!({"room_id": "r", "sender_id": "u", "message": "m",
               "timestamp": "1970-01-01T00:00:00Z", "message_id": "id", "seq": 1})
    );
    let frame: Value = serde_json::from_str(&shown(&full_message().into(), Profile::V2)).unwrap();
    assert_eq!(
        frame["payload"]["reactions"],
        json!([{"emoji": "\u{1f44d}", "count": 3, "user_ids": ["u"]}])
    );
    let gone: Value =
        serde_json::from_str(&shown(&full_message().deleted().into(), Profile::V2)).unwrap();
    assert_eq!(gone["payload"]["message"], "");
    assert_eq!(gone["payload"]["deleted"], true);
    assert_eq!(gone["payload"].get("reactions"), None);
}

#[test]
fn what_only_v2_has_is_not_written_for_v1() {
    let packet = ServerPacket::from(TokenExpiring::new(DateTime::UNIX_EPOCH));
    assert!(packet.visible_to(Profile::V2) && !packet.visible_to(Profile::V1));
    assert_eq!(shown(&packet, Profile::V1), "");
    assert_ne!(shown(&packet, Profile::V2), "");
    let request_ref = RequestRef::new("a").unwrap();
    let mut out = Vec::new();
    packet.write_json_with_ref(Some(&request_ref), Profile::V1, &mut out);
    assert_eq!(out, b"");
}

#[test]
fn each_packet_is_visible_from_its_profile_on() {
    for info in PACKETS {
        let since = match info.direction {
            Direction::ToServer => ClientPacket::decode(info.example)
                .unwrap()
                .known()
                .unwrap()
                .since(),
            Direction::ToClient => ServerPacket::decode(info.example)
                .unwrap()
                .known()
                .unwrap()
                .since(),
        };
        assert_eq!(since, info.since, "{}", info.name);
    }
}

#[test]
fn a_packet_that_only_v2_has_is_an_unknown_type_to_a_v1_session() {
    for info in PACKETS.iter().filter(|info| info.since == Profile::V2) {
        let name = match info.direction {
            Direction::ToServer => match ClientPacket::decode_as(Profile::V1, info.example) {
                Ok(Decoded::Unknown(packet)) => packet.name,
                other => panic!("{} decodes to {other:?}", info.name),
            },
            Direction::ToClient => match ServerPacket::decode_as(Profile::V1, info.example) {
                Ok(Decoded::Unknown(packet)) => packet.name,
                other => panic!("{} decodes to {other:?}", info.name),
            },
        };
        assert_eq!(Error::unknown_type(&name).code, ErrorCode::UnknownType);
        assert_eq!(name, info.name);
    }
    // Its rules do not matter then.
    assert_eq!(
        decoded(Profile::V1, r#"{"type":"message-edit","payload":7}"#),
        None
    );
}

#[test]
fn what_only_v2_has_is_a_field_like_any_unknown_one_to_a_v1_session() {
    let plain = ClientPacket::from(MessageSend::new("r", "m"));
    for frame in [
        r#"{"type":"message-send","payload":{"room_id":"r","message":"m","client_message_id":7,"reply_to":[]}}"#,
        r#"{"type":"message-send","ref":7,"payload":{"room_id":"r","message":"m"}}"#,
        r#"{"type":"message-send","ref":"a","ref":"b","payload":{"room_id":"r","message":"m"}}"#,
        r#"{"type":"message-send","payload":{"room_id":"r","message":"m","reply_to":"a","reply_to":"b"}}"#,
    ] {
        assert_eq!(
            decoded(Profile::V1, frame),
            Some((plain.clone(), None)),
            "{frame}"
        );
        assert!(
            ClientPacket::decode_as(Profile::V2, frame).is_err(),
            "{frame}"
        );
    }
}

#[test]
fn a_ref_comes_with_the_packet_with_what_is_wrong_and_with_what_is_unknown() {
    let request_ref = Some(RequestRef::new("req-1 \u{1f600}").unwrap());
    let frame = |rest: &str| format!(r#"{{"ref":"req-1 \ud83d\ude00",{rest}}}"#);
    let (_, found) = decoded(
        Profile::V2,
        &frame(r#""type":"chat-join","payload":{"notice":"join"}"#),
    )
    .unwrap();
    assert_eq!(found, request_ref);
    match ClientPacket::decode(&frame(r#""type":"wave""#)) {
        Ok(Decoded::Unknown(packet)) => assert_eq!(packet.request_ref, request_ref),
        other => panic!("{other:?}"),
    }
    for rest in [
        r#""type":"chat-join","payload":{}"#,
        r#""type":"chat-join""#,
        r#""payload":{}"#,
    ] {
        let error = ClientPacket::decode(&frame(rest)).unwrap_err();
        assert_eq!(error.request_ref, request_ref, "{rest}");
    }
    let null = r#"{"type":"chat-join","ref":null,"payload":{"notice":"join"}}"#;
    assert_eq!(decoded(Profile::V2, null).unwrap().1, None);
}

#[test]
fn a_ref_that_is_no_short_string_makes_the_packet_malformed() {
    let long = format!("\"{}\"", "a".repeat(65));
    for value in [
        "7",
        "{}",
        "[]",
        "true",
        r#""\ud800""#,
        &long,
        r#""a","ref":"b""#,
    ] {
        let frame =
            format!(r#"{{"type":"chat-join","ref":{value},"payload":{{"notice":"join"}}}}"#);
        let error = ClientPacket::decode(&frame).unwrap_err();
        assert_eq!(error.fault, Fault::Malformed(Malformed::BadRef), "{frame}");
        assert_eq!(Error::from(&error).code, ErrorCode::MalformedPacket);
    }
}

#[test]
fn a_ref_is_written_for_v2_alone_and_reads_back() {
    let request_ref = RequestRef::new("a \"quoted\"\n\u{1f600}").unwrap();
    let packet = ServerPacket::from(Error::unknown_type("wave"));
    let written = |profile| {
        let mut out = Vec::new();
        packet.write_json_with_ref(Some(&request_ref), profile, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(written(Profile::V1), shown(&packet, Profile::V1));
    assert_eq!(written(Profile::V2), packet.to_json_with_ref(&request_ref));
    assert!(written(Profile::V2).starts_with(r#"{"type":"error","ref":"a \"quoted\"\n"#));
    match ServerPacket::decode(&written(Profile::V2)) {
        Ok(Decoded::Known {
            request_ref: found, ..
        }) => assert_eq!(found, Some(request_ref)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_rules_of_v2_fields_are_named() {
    let room = r#""room_id":"r","message_id":"m""#;
    let many = vec![r#"{"room_id":"r","last_seq":0}"#; 101].join(",");
    for (name, payload, sentence) in [
        (
            "message-send",
            r#"{"room_id":"r","message":"m","client_message_id":"2b1f0c8e7a344c5d8e9f0a1b2c3d4e5f"}"#.to_owned(),
            "`client_message_id` must be a UUID with hyphens.",
        ),
        (
            "reaction-add",
            format!(r#"{{{room},"emoji":"like"}}"#),
            "`emoji` must be an emoji of at most 16 characters.",
        ),
        (
            "read-mark",
            r#"{"room_id":"r","seq":0}"#.to_owned(),
            "`seq` must be a whole number of at least 1.",
        ),
        ("sync-request", r#"{"rooms":[]}"#.to_owned(), "`rooms` must have 1 to 100 entries."),
        ("sync-request", format!(r#"{{"rooms":[{many}]}}"#), "`rooms` must have 1 to 100 entries."),
        (
            "sync-request",
            r#"{"rooms":[{"room_id":"r","last_seq":0},{"room_id":"r","last_seq":-1}]}"#.to_owned(),
            "`rooms.1.last_seq` must be a whole number of at least 0.",
        ),
        ("token-renew", "{}".to_owned(), "`token` is required."),
    ] {
        let frame = format!(r#"{{"type":"{name}","payload":{payload}}}"#);
        let error = ClientPacket::decode(&frame).unwrap_err();
        assert_eq!(error.to_string(), sentence);
        assert_eq!(error.request_type, Some(name));
    }
}

#[test]
fn a_uuid_comes_back_in_lower_case() {
    let frame = r#"{"type":"message-send","payload":{"room_id":"r","message":"m","client_message_id":"2B1F0C8E-7A34-4C5D-8E9F-0A1B2C3D4E5F"}}"#;
    let (packet, _) = decoded(Profile::V2, frame).unwrap();
    assert!(
        packet
            .to_json()
            .contains(r#""2b1f0c8e-7a34-4c5d-8e9f-0a1b2c3d4e5f""#)
    );
}

#[test]
fn debug_output_shows_no_token_and_no_text_of_people() {
    for frame in [
        r#"{"type":"token-renew","payload":{"token":"my secret"}}"#,
        r#"{"type":"message-edit","payload":{"room_id":"r","message_id":"m","message":"my secret"}}"#,
    ] {
        let told = format!("{:?}", ClientPacket::decode(frame).unwrap());
        assert!(!told.contains("secret"), "{told}");
    }
    let notification = r#"{"type":"notification","payload":{"notification_id":"n","category":"event","title":"my secret","body":"my secret","timestamp":"2024-08-21T14:30:00Z"}}"#;
    let told = format!("{:?}", ServerPacket::decode(notification).unwrap());
    assert!(told.contains("event") && !told.contains("secret"), "{told}");
}

#[test]
fn a_reaction_names_ten_people_at_most() {
    let everybody = (0..50)
        .map(|number| number.to_string().as_str().into())
        .collect();
    let reaction = Reaction::new(Emoji::new("\u{1f44d}").unwrap(), place(50), everybody);
    assert_eq!(reaction.user_ids.len(), 10);
}
