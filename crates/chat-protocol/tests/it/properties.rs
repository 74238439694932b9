//! Property tests of packets, near misses and arbitrary text.

use std::num::NonZeroU64;
use std::time::Duration;

use abu_chat_protocol::client::{ChatJoin, ListMessageRequest, MessageSend, Order, Typing};
use abu_chat_protocol::server::{
    ChatJoinNotify, ChatLeave, Error, ErrorCode, ListMessageResponse, MessageReceive, TypingNotify,
};
use abu_chat_protocol::{
    ClientPacket, DecodeError, Fault, MessageId, NotificationId, PACKETS, Profile, RoomId,
    ServerPacket, SessionId, UserId,
};
use chrono::DateTime;
use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

/// The seconds from year 0 to year 9999, which is what RFC 3339 can say.
const SECONDS: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

prop_compose! {
    fn history_request()(
        room in ".*",
        limit in proptest::option::of(1..=u64::MAX),
        skip in proptest::option::of(any::<u64>()),
        order in proptest::option::of(prop_oneof![Just(Order::Asc), Just(Order::Desc)]),
    ) -> ListMessageRequest {
        let mut request = ListMessageRequest::new(room);
        request.limit = limit.and_then(NonZeroU64::new);
        request.skip = skip;
        request.order = order;
        request
    }
}

prop_compose! {
    fn message()(
        room in ".*", sender in ".*", text in any::<String>(),
        seconds in SECONDS, nanos in 0..1_000_000_000_u32,
    ) -> MessageReceive {
        MessageReceive::new(room, sender, text, DateTime::from_timestamp(seconds, nanos).unwrap())
    }
}

prop_compose! {
    fn error()(
        code in prop_oneof![
            proptest::sample::select(ErrorCode::KNOWN),
            "[a-z-]{1,20}".prop_map(|code| ErrorCode::from(code.as_str())),
        ],
        name in ".{0,64}",
        readable in any::<bool>(),
        wait in any::<u32>(),
        room in proptest::option::of(".*"),
        reference in proptest::option::of(".*"),
    ) -> Error {
        let mut error = Error::rate_limited(&name, Duration::from_millis(wait.into()));
        error.code = code;
        error.request_type = error.request_type.filter(|_| readable);
        error.room_id = room.map(Into::into);
        error.reference = reference;
        error
    }
}

fn client_packet() -> impl Strategy<Value = ClientPacket> {
    prop_oneof![
        (".*", any::<String>()).prop_map(|(room, text)| MessageSend::new(room, text).into()),
        Just(ChatJoin::new().into()),
        (".*", any::<bool>()).prop_map(|(room, is_typing)| Typing::new(room, is_typing).into()),
        history_request().prop_map(Into::into),
    ]
}

fn server_packet() -> impl Strategy<Value = ServerPacket> {
    prop_oneof![
        message().prop_map(Into::into),
        ".*".prop_map(|user| ChatJoinNotify::new(user).into()),
        ".*".prop_map(|user| ChatLeave::new(user).into()),
        (".*", ".*", any::<bool>())
            .prop_map(|(room, user, is_typing)| TypingNotify::new(room, user, is_typing).into()),
        (
            ".*",
            proptest::collection::vec(message(), 0..4),
            any::<u64>()
        )
            .prop_map(|(room, page, total)| ListMessageResponse::new(room, page, total).into()),
        error().prop_map(Into::into),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
        "join|asc|2024-08-21T14:30:00Z".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(".*", inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

/// An example with one of its payload's fields replaced, removed, or added.
fn near_miss() -> impl Strategy<Value = String> {
    let field = "room_id|sender_id|message|timestamp|notice|participant_id|is_typing|limit|skip|order|messages|total_count|code|request_type|other";
    (
        proptest::sample::select(PACKETS),
        field,
        proptest::option::of(any_json()),
    )
        .prop_map(|(info, field, value)| {
            let mut packet: Value = serde_json::from_str(info.example).unwrap();
            let payload = packet["payload"].as_object_mut().unwrap();
            match value {
                Some(value) => payload.insert(field, value),
                None => payload.remove(&field),
            };
            packet.to_string()
        })
}

/// A refusal speaks of the protocol, never of the parser.
fn speaks_plainly(error: &DecodeError) -> bool {
    let sentence = error.to_string();
    let foreign = [
        "line",
        "column",
        "expected",
        "u64",
        "struct",
        "visitor",
        "invalid type",
    ];
    sentence.ends_with('.') && !foreign.iter().any(|word| sentence.contains(word))
}

proptest! {
    #[test]
    fn any_client_packet_survives_the_wire(packet in client_packet()) {
        let decoded = ClientPacket::decode(&packet.to_json()).unwrap().known();
        prop_assert_eq!(decoded, Some(packet));
    }

    #[test]
    fn any_server_packet_survives_the_wire(packet in server_packet()) {
        let decoded = ServerPacket::decode(&packet.to_json()).unwrap().known();
        prop_assert_eq!(decoded, Some(packet));
    }

    #[test]
    fn an_id_of_any_uuid_survives_being_printed_and_parsed(bits in any::<u128>()) {
        macro_rules! check {
            ($($type:ident)*) => { $(
                let id = $type::from(Uuid::from_u128(bits));
                prop_assert_eq!(id.to_string().parse::<$type>(), Ok(id));
            )* };
        }
        check!(RoomId UserId MessageId SessionId NotificationId);
    }

    #[test]
    fn every_profile_writes_a_packet_that_decodes(packet in server_packet()) {
        for &profile in Profile::ALL {
            let mut out = Vec::new();
            packet.write_json(profile, &mut out);
            let text = String::from_utf8(out).unwrap();
            prop_assert!(ServerPacket::decode(&text).unwrap().known().is_some());
        }
    }

    #[test]
    fn no_bytes_make_decoding_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = ClientPacket::decode(&text);
        let _ = ServerPacket::decode(&text);
    }

    #[test]
    fn text_that_looks_like_a_packet_is_decoded_or_refused_in_plain_words(
        text in r#"\{("(type|payload|room_id|typing|\\ud83d|\\n)"|[\[\]{}:,]|true|null|-?[0-9]{1,20}|1e999| ){0,24}\}"#,
    ) {
        if let Err(error) = ClientPacket::decode(&text) {
            prop_assert!(speaks_plainly(&error), "{}", error);
        }
    }

    #[test]
    fn a_packet_cut_short_anywhere_is_not_json(packet in client_packet(), cut in any::<proptest::sample::Index>()) {
        let text = packet.to_json();
        let at = text.floor_char_boundary(cut.index(text.len()));
        let error = ClientPacket::decode(&text[..at]).unwrap_err();
        prop_assert_eq!(error.to_string(), "The packet is not valid JSON.");
    }

    #[test]
    fn a_nearly_right_packet_is_read_or_refused_by_a_rule(text in near_miss()) {
        let refusals = [ClientPacket::decode(&text).err(), ServerPacket::decode(&text).err()];
        for error in refusals.into_iter().flatten() {
            prop_assert!(speaks_plainly(&error), "{}", error);
            prop_assert!(error.request_type.is_some());
            let is_rule = matches!(error.fault, Fault::InvalidPayload { .. });
            prop_assert!(is_rule, "{:?}", error);
        }
    }
}
