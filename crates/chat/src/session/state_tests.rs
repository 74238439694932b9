use std::{cell::Cell, collections::HashMap};

use abu_chat_protocol::server::ErrorCode;
use abu_domain::messaging::text::Emoji;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

struct Fake {
    rooms: HashMap<RoomId, RoomView>,
    wait: Cell<Option<Duration>>,
    /// Bytes of text.
    counted: Cell<usize>,
}

impl Lookup for Fake {
    fn room(&self, room: RoomId) -> Option<RoomView> {
        self.rooms.get(&room).copied()
    }

    fn count_message(&self, bytes: usize, _now: Instant) -> Result<(), Duration> {
        self.counted.set(self.counted.get() + bytes);
        self.wait.get().map_or(Ok(()), Err)
    }
}

struct Session {
    state: SessionState,
    lookup: Fake,
    start: Instant,
}

fn view(read_only: bool) -> RoomView {
    RoomView {
        read_only,
        blocked: false,
        member_count: 200,
    }
}

fn open_room() -> RoomId {
    RoomId::new(Uuid::from_u128(1))
}

fn archived_room() -> RoomId {
    RoomId::new(Uuid::from_u128(2))
}

fn session() -> Session {
    session_with(ChatSettings::default())
}

fn session_with(settings: ChatSettings) -> Session {
    session_of(Profile::V1, settings)
}

/// The end of a token, in whose words does not matter.
fn token_end(at: Instant) -> TokenEnd {
    TokenEnd {
        at,
        time: DateTime::UNIX_EPOCH,
    }
}

fn v2_session() -> Session {
    session_of(Profile::V2, ChatSettings::default())
}

fn session_of(profile: Profile, settings: ChatSettings) -> Session {
    let start = Instant::now();
    Session {
        state: SessionState::new(&settings, profile, start, token_end(start + 3600 * SECOND)),
        lookup: Fake {
            rooms: HashMap::from([(open_room(), view(false)), (archived_room(), view(true))]),
            wait: Cell::new(None),
            counted: Cell::new(0),
        },
        start,
    }
}

impl Session {
    fn says_at(&mut self, after: Duration, packet: &Value) -> Vec<Effect> {
        let now = self.start + after;
        let outcome = self.state.on_text(&packet.to_string(), now, &self.lookup);
        outcome.effects
    }

    fn says(&mut self, packet: &Value) -> Vec<Effect> {
        self.says_at(Duration::ZERO, packet)
    }

    fn tick_at(&mut self, after: Duration) -> Vec<Effect> {
        self.state.on_tick(self.start + after)
    }
}

fn send(room: RoomId, message: &str) -> Value {
    json!({"type": "message-send", "payload": {"room_id": room.to_string(), "message": message}})
}

fn typing(room: RoomId, is_typing: bool) -> Value {
    json!({"type": "typing", "payload": {"room_id": room.to_string(), "is_typing": is_typing}})
}

fn join() -> Value {
    json!({"type": "chat-join", "payload": {"notice": "join"}})
}

#[track_caller]
fn error_of(effects: &[Effect]) -> &server::Error {
    match effects {
        [Effect::Answer(ServerPacket::Error(error)), ..] => error,
        other => panic!("an error was expected, not {other:?}"),
    }
}

#[test]
fn a_message_is_stored_trimmed() {
    let effects = session().says(&send(open_room(), "  salaam \n"));
    assert_eq!(
        effects,
        [Effect::Store(Draft {
            room: open_room(),
            text: MessageText::parse("salaam").unwrap(),
            client_message_id: None,
            reply_to: None,
        })]
    );
}

#[test]
fn in_v2_a_message_has_an_id_of_its_clients_and_may_answer_another() {
    let own = Uuid::from_u128(7);
    let answered = Uuid::from_u128(8);
    let packet = json!({"type": "message-send", "ref": "1", "payload": {
        "room_id": open_room().to_string(),
        "message": "salaam",
        "client_message_id": own,
        "reply_to": answered,
    }});
    let draft = |client_message_id, reply_to| {
        [Effect::Store(Draft {
            room: open_room(),
            text: MessageText::parse("salaam").unwrap(),
            client_message_id,
            reply_to,
        })]
    };
    let replied = Some(MessageId::new(answered));
    assert_eq!(v2_session().says(&packet), draft(Some(own), replied));
    assert_eq!(session().says(&packet), draft(None, None), "unknown to v1");
}

#[test]
fn what_a_session_calls_its_request_comes_with_the_outcome_in_v2_alone() {
    let frames = [
        r#"{"type": "message-send", "ref": "1", "payload": {"room_id": "x", "message": "hi"}}"#,
        r#"{"type": "message-send", "ref": "1", "payload": {}}"#,
        r#"{"type": "message-send", "ref": "1"}"#,
        r#"{"type": "no-such", "ref": "1"}"#,
    ];
    for frame in frames {
        for (mut session, expected) in [(v2_session(), Some("1")), (session(), None)] {
            let now = session.start;
            let outcome = session.state.on_text(frame, now, &session.lookup);
            error_of(&outcome.effects);
            let called = outcome.request_ref.as_ref().map(RequestRef::as_str);
            assert_eq!(called, expected, "{frame}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_message_is_named() {
    let stranger = RoomId::new(Uuid::from_u128(99));
    for (packet, code) in [
        (send(open_room(), "  "), ErrorCode::InvalidPayload),
        (
            send(open_room(), &"x".repeat(4001)),
            ErrorCode::InvalidPayload,
        ),
        (send(open_room(), "a\0b"), ErrorCode::InvalidPayload),
        (send(stranger, "hi"), ErrorCode::NotAMember),
        (send(archived_room(), "hi"), ErrorCode::ReadOnlyRoom),
        (typing(stranger, true), ErrorCode::NotAMember),
        (typing(archived_room(), true), ErrorCode::ReadOnlyRoom),
        (
            json!({"type": "no-such", "payload": {}}),
            ErrorCode::UnknownType,
        ),
        (json!({"type": "message-send"}), ErrorCode::MalformedPacket),
        (json!([1]), ErrorCode::MalformedPacket),
        (
            json!({"type": "message-send", "payload": {"room_id": "room123", "message": "hi"}}),
            ErrorCode::NotAMember,
        ),
    ] {
        let effects = session().says(&packet);
        assert_eq!(error_of(&effects).code, code, "{packet}");
        assert_eq!(effects.len(), 1, "the session lives on");
    }
    let effects = session().says(&send(open_room(), ""));
    assert!(error_of(&effects).message.contains("`message`"));
}

#[test]
fn a_rate_limited_user_receives_the_time_to_wait() {
    let mut session = session();
    session.lookup.wait.set(Some(Duration::from_millis(1_500)));
    let effects = session.says(&send(open_room(), "hi"));
    let error = error_of(&effects);
    assert_eq!(error.code, ErrorCode::RateLimited);
    assert_eq!(error.retry_after_ms, Some(1_500));
}

#[test]
fn packets_of_any_kind_are_counted_unless_limits_are_off() {
    let flood = |settings| {
        let mut session = session_with(settings);
        (0..200)
            .flat_map(|_| session.says(&join()))
            .collect::<Vec<_>>()
    };
    let effects = flood(ChatSettings::default());
    let limited = effects.iter().any(|effect| {
        matches!(effect, Effect::Answer(ServerPacket::Error(error)) if error.code == ErrorCode::RateLimited)
    });
    assert!(limited);
    let unlimited = flood(ChatSettings {
        rate_limits_enabled: false,
        ..ChatSettings::default()
    });
    assert_eq!(unlimited, [Effect::Join]);
}

#[test]
fn joining_counts_once_and_leaving_only_after_joining() {
    let mut session = session();
    assert_eq!(session.says(&join()), [Effect::Join]);
    assert_eq!(session.says(&join()), []);
    assert_eq!(session.state.wind_up(session.start), [Effect::Leave]);
    assert_eq!(session.state.wind_up(session.start), [], "it ends once");

    let mut never_joined = self::session();
    assert_eq!(never_joined.state.wind_up(never_joined.start), []);
}

#[test]
fn typing_lasts_until_the_client_ends_it_or_ten_seconds_of_silence() {
    let on = Effect::Typing {
        room: open_room(),
        is_typing: true,
    };
    let off = stopped_typing(open_room());
    let mut session = session();
    assert_eq!(session.says(&typing(open_room(), false)), [], "it did not");
    for _ in 0..2 {
        let effects = session.says(&typing(open_room(), true));
        assert_eq!(effects, std::slice::from_ref(&on));
    }
    let effects = session.says_at(SECOND, &typing(open_room(), false));
    assert_eq!(effects, std::slice::from_ref(&off));
    assert_eq!(session.says_at(SECOND, &typing(open_room(), false)), []);

    session.says_at(5 * SECOND, &typing(open_room(), true));
    session.says_at(6 * SECOND, &typing(open_room(), true));
    assert_eq!(session.tick_at(15 * SECOND), []);
    assert_eq!(session.state.next_deadline(), session.start + 16 * SECOND);
    assert_eq!(session.tick_at(16 * SECOND), [off]);
    assert_eq!(session.tick_at(17 * SECOND), []);
}

#[test]
fn typing_is_dropped_in_a_room_above_the_limit() {
    let types = |typing_room_limit, member_count| {
        let mut session = session_with(ChatSettings {
            typing_room_limit,
            ..ChatSettings::default()
        });
        let room = RoomView {
            read_only: false,
            blocked: false,
            member_count,
        };
        session.lookup.rooms.insert(open_room(), room);
        !session.says(&typing(open_room(), true)).is_empty()
    };
    assert!(types(200, 200) && !types(200, 201));
    assert!(types(0, 20_000), "0 is no limit");
}

#[test]
fn control_frames_count_as_packets_and_too_many_end_the_session() {
    let mut session = session();
    for _ in 0..50 {
        assert_eq!(session.state.on_control("ping", session.start), Ok(()));
    }
    let effects = session.says(&join());
    assert_eq!(error_of(&effects).code, ErrorCode::RateLimited);
    for _ in 0..59 {
        let refused = session.state.on_control("pong", session.start);
        let effects = refused.unwrap_err();
        let error = error_of(&effects);
        assert_eq!(error.code, ErrorCode::RateLimited);
        assert_eq!(error.request_type.as_deref(), Some("pong"));
        assert_eq!(effects.len(), 1);
    }
    let refused = session.state.on_control("continuation", session.start);
    let end = Effect::Close(CloseCode::PolicyViolation);
    assert_eq!(refused.unwrap_err().last(), Some(&end));
}

#[test]
fn messages_and_edits_count_their_text_and_other_changes_none() {
    let mut session = v2_session();
    let text = "sannu ɗan'uwa";
    session.says(&send(open_room(), text));
    assert_eq!(session.lookup.counted.get(), text.len());
    let id = Uuid::from_u128(7);
    let change = |name: &str| {
        let payload = json!({"room_id": open_room().to_string(), "message_id": id, "message": text,
            "emoji": "\u{1f44d}"});
        json!({"type": name, "payload": payload})
    };
    session.says(&change("message-edit"));
    assert_eq!(session.lookup.counted.get(), 2 * text.len());
    for name in ["message-delete", "reaction-add", "reaction-remove"] {
        session.says(&change(name));
    }
    assert_eq!(session.lookup.counted.get(), 2 * text.len());
}

#[test]
fn a_session_that_ends_while_typing_is_heard_to_stop() {
    let mut session = session();
    session.says(&typing(open_room(), true));
    assert_eq!(
        session.state.wind_up(session.start),
        [Effect::Typing {
            room: open_room(),
            is_typing: false
        }]
    );
}

#[test]
fn history_has_its_defaults_and_its_greatest_page() {
    let ask = |payload: Value| {
        let packet = json!({"type": "list-message-request", "payload": payload});
        match session().says(&packet).as_slice() {
            [Effect::History(request)] => *request,
            other => panic!("{other:?}"),
        }
    };
    let room = open_room().to_string();
    assert_eq!(
        ask(json!({"room_id": room})),
        HistoryRequest {
            room: open_room(),
            skip: 0,
            limit: 10,
            order: HistoryOrder::NewestFirst
        }
    );
    let request = ask(json!({"room_id": room, "limit": 5000, "skip": 7, "order": "asc"}));
    assert_eq!((request.limit, request.skip), (100, 7));
    assert_eq!(request.order, HistoryOrder::OldestFirst);
    let archived = ask(json!({"room_id": archived_room().to_string()}));
    assert_eq!(
        archived.room,
        archived_room(),
        "an archived room can be read"
    );
}

#[test]
fn silence_is_pinged_and_then_ended() {
    let mut session = session();
    assert_eq!(session.state.next_deadline(), session.start + 25 * SECOND);
    assert_eq!(session.tick_at(25 * SECOND), [Effect::Ping]);
    assert_eq!(session.tick_at(26 * SECOND), [], "one ping a silence");
    assert_eq!(session.state.next_deadline(), session.start + 60 * SECOND);
    assert_eq!(
        session.tick_at(60 * SECOND),
        [Effect::Close(CloseCode::GoingAway)]
    );
}

#[test]
fn any_frame_is_a_sign_of_life() {
    let mut session = session();
    session.tick_at(25 * SECOND);
    session.state.heard(session.start + 30 * SECOND);
    assert_eq!(session.tick_at(54 * SECOND), []);
    assert_eq!(session.tick_at(55 * SECOND), [Effect::Ping]);
}

#[test]
fn a_v2_session_gets_one_expiry_notice_and_continues_with_a_new_token() {
    let mut session = v2_session();
    let tick = |session: &mut Session, seconds: u32| {
        // Pings are another matter.
        session.state.heard(session.start + seconds * SECOND);
        session.tick_at(seconds * SECOND)
    };
    let notice = Effect::Answer(TokenExpiring::new(DateTime::UNIX_EPOCH).into());
    assert_eq!(tick(&mut session, 3539), []);
    assert_eq!(session.state.next_deadline(), session.start + 3540 * SECOND);
    assert_eq!(tick(&mut session, 3540), std::slice::from_ref(&notice));
    assert_eq!(tick(&mut session, 3541), [], "once");
    let end = session.start + 5000 * SECOND;
    session.state.renewed(token_end(end));
    assert_eq!(tick(&mut session, 3601), [], "the old end has gone by");
    assert_eq!(tick(&mut session, 4940), [notice]);
    assert_eq!(
        tick(&mut session, 5000),
        [Effect::Close(CloseCode::TokenExpired)]
    );

    let mut old = self::session();
    assert_eq!(tick(&mut old, 3540), [], "v1 has no words for it");
}

#[test]
fn in_v2_each_packet_has_its_effect_and_to_v1_there_is_no_such_type() {
    let (open, archived) = (open_room().to_string(), archived_room().to_string());
    let id = Uuid::from_u128(7);
    let change = |kind| {
        Effect::Change(ChangeDraft {
            room: open_room(),
            message: MessageId::new(id),
            kind,
        })
    };
    let thumb = || Emoji::parse("\u{1f44d}").unwrap();
    for (name, payload, effect) in [
        (
            "message-edit",
            json!({"room_id": open, "message_id": id, "message": " better "}),
            change(ChangeKind::Edit(MessageText::parse("better").unwrap())),
        ),
        (
            "message-delete",
            json!({"room_id": open, "message_id": id}),
            change(ChangeKind::Delete),
        ),
        (
            "reaction-add",
            json!({"room_id": open, "message_id": id, "emoji": "\u{1f44d}"}),
            change(ChangeKind::React(thumb())),
        ),
        (
            "reaction-remove",
            json!({"room_id": open, "message_id": id, "emoji": "\u{1f44d}"}),
            change(ChangeKind::TakeBack(thumb())),
        ),
        (
            "read-mark",
            json!({"room_id": archived, "seq": u64::MAX}),
            Effect::MarkRead {
                room: archived_room(),
                seq: i64::MAX,
            },
        ),
        (
            "presence-request",
            json!({"room_id": archived, "limit": 500, "after": id}),
            Effect::Presence(PresenceQuery {
                room: archived_room(),
                after: Some(UserId::new(id)),
                limit: 100,
            }),
        ),
        (
            "sync-request",
            json!({"rooms": [
                {"room_id": "room123", "last_seq": 3},
                {"room_id": archived, "last_seq": 3, "last_revision": 4},
            ]}),
            Effect::Sync(SyncQuery {
                positions: vec![Position {
                    room_id: archived_room(),
                    last_seq: 3,
                    last_revision: Some(4),
                }],
                not_a_member: vec!["room123".into()],
            }),
        ),
        (
            "token-renew",
            json!({"token": "x"}),
            Effect::Renew(TokenRenew::new("x")),
        ),
    ] {
        let packet = json!({"type": name, "payload": payload});
        assert_eq!(v2_session().says(&packet), [effect], "{name}");
        let refused = session().says(&packet);
        assert_eq!(error_of(&refused).code, ErrorCode::UnknownType, "{name}");
    }
}

#[test]
fn changes_to_messages_count_as_messages_and_only_where_a_room_can_be_written_in() {
    let change = |room: RoomId| {
        let payload = json!({"room_id": room.to_string(), "message_id": Uuid::from_u128(7)});
        json!({"type": "message-delete", "payload": payload})
    };
    let mut session = v2_session();
    let refused = session.says(&change(archived_room()));
    assert_eq!(error_of(&refused).code, ErrorCode::ReadOnlyRoom);
    session.lookup.wait.set(Some(SECOND));
    let refused = session.says(&change(open_room()));
    assert_eq!(error_of(&refused).code, ErrorCode::RateLimited);
    let mark =
        json!({"type": "read-mark", "payload": {"room_id": open_room().to_string(), "seq": 1}});
    assert!(matches!(session.says(&mark)[..], [Effect::MarkRead { .. }]));
}

#[test]
fn the_session_ends_with_its_token() {
    let start = Instant::now();
    let mut state = SessionState::new(
        &ChatSettings::default(),
        Profile::V1,
        start,
        token_end(start + 20 * SECOND),
    );
    assert_eq!(state.next_deadline(), start + 20 * SECOND);
    assert_eq!(
        state.on_tick(start + 20 * SECOND),
        [Effect::Close(CloseCode::TokenExpired)]
    );
}

#[test]
fn a_session_that_keeps_causing_errors_ends() {
    let mut session = session();
    let mut answers = 0;
    loop {
        let effects = session.says(&json!({"type": "no-such", "payload": {}}));
        answers += 1;
        if effects.contains(&Effect::Close(CloseCode::PolicyViolation)) {
            break;
        }
        assert!(answers < 1_000);
    }
    assert!(answers > 50, "a few mistakes are forgiven");
}

#[test]
fn a_closing_session_takes_no_packets_and_is_cut_when_the_client_does_not_answer() {
    let mut session = session();
    session.state.wind_up(session.start);
    assert_eq!(session.says(&send(open_room(), "hi")), []);
    assert_eq!(session.tick_at(4 * SECOND), []);
    assert_eq!(session.state.next_deadline(), session.start + 5 * SECOND);
    assert_eq!(session.tick_at(5 * SECOND), [Effect::Abort]);
}

/// What can come to a session.
#[derive(Clone, Debug)]
enum Input {
    Text(Value),
    Control,
    Tick,
    Nonsense(String),
}

fn inputs() -> impl Strategy<Value = Vec<(u64, Input)>> {
    let rooms = [
        open_room(),
        archived_room(),
        RoomId::new(Uuid::from_u128(99)),
    ];
    let input = prop_oneof![
        (0..3_usize, any::<bool>()).prop_map(move |(n, on)| Input::Text(typing(rooms[n], on))),
        (0..3_usize).prop_map(move |n| Input::Text(send(rooms[n], "hi"))),
        Just(Input::Text(join())),
        Just(Input::Control),
        Just(Input::Tick),
        Just(Input::Tick),
        ".{0,20}".prop_map(Input::Nonsense),
    ];
    // How long after the one before, in milliseconds.
    proptest::collection::vec((0_u64..4_000, input), 1..60)
}

proptest! {
    #[test]
    fn any_input_causes_true_notices_and_no_needless_ones(inputs in inputs()) {
        let mut session = session();
        let mut now = Duration::ZERO;
        let mut joined = false;
        // What was last told of typing in a room.
        let mut told: HashMap<RoomId, bool> = HashMap::new();
        let mut open = true;
        for (pause, input) in inputs {
            now += Duration::from_millis(pause);
            let effects = match &input {
                Input::Text(packet) => session.says_at(now, packet),
                Input::Nonsense(text) => {
                    let at = session.start + now;
                    session.state.on_text(text, at, &session.lookup).effects
                }
                Input::Control => {
                    let refused = session.state.on_control("ping", session.start + now);
                    refused.err().unwrap_or_default()
                }
                Input::Tick => session.tick_at(now),
            };
            let mut closes = false;
            for effect in effects {
                if effect == Effect::Abort {
                    prop_assert!(!open, "only who was closed is cut off");
                    continue;
                }
                prop_assert!(open, "a session that ended does nothing: {effect:?}");
                match effect {
                    Effect::Join => prop_assert!(!std::mem::replace(&mut joined, true)),
                    Effect::Store(draft) => prop_assert_eq!(draft.room, open_room()),
                    Effect::Typing { room, is_typing } => {
                        prop_assert_eq!(room, open_room());
                        let typed = told.insert(room, is_typing).unwrap_or_default();
                        prop_assert!(typed || is_typing, "only who types can stop");
                    }
                    Effect::Close(_) => closes = true,
                    Effect::Answer(_) | Effect::Ping => {}
                    other => prop_assert!(false, "not for this input: {other:?}"),
                }
            }
            if closes {
                open = false;
                end(&mut session, now, joined, &mut told)?;
            }
            if open && matches!(input, Input::Tick) {
                let later = session.state.next_deadline().saturating_duration_since(session.start);
                prop_assert!(later > now, "a tick leaves nothing that is due");
            }
        }
        if open {
            end(&mut session, now, joined, &mut told)?;
        }
    }
}

/// Ends the session: co-members that heard it join hear it leave, and no user is left typing.
fn end(
    session: &mut Session,
    now: Duration,
    joined: bool,
    told: &mut HashMap<RoomId, bool>,
) -> Result<(), TestCaseError> {
    let effects = session.state.wind_up(session.start + now);
    let leaves = effects
        .iter()
        .filter(|effect| **effect == Effect::Leave)
        .count();
    prop_assert_eq!(leaves, usize::from(joined));
    for effect in effects {
        if let Effect::Typing { room, is_typing } = effect {
            told.insert(room, is_typing);
        }
    }
    prop_assert!(told.values().all(|is_typing| !is_typing));
    Ok(())
}

/// Any packet of the protocol, or what looks like one, with or without a name.
fn v2_frames() -> impl Strategy<Value = (Value, Option<String>)> {
    let rooms = [
        open_room().to_string(),
        archived_room().to_string(),
        Uuid::from_u128(99).to_string(),
        "room123".to_owned(),
    ];
    let room = proptest::sample::select(rooms.to_vec());
    let id = prop_oneof![
        Just(Uuid::from_u128(7).to_string()),
        Just("message123".to_owned())
    ];
    let packet = (0..12_u8, room, id, any::<bool>()).prop_map(|(n, room, id, flag)| {
        let message =
            json!({"room_id": room, "message_id": id, "message": "hi", "emoji": "\u{1f44d}"});
        let (name, payload) = match n {
            0 => (
                "message-send",
                json!({"room_id": room, "message": "hi", "reply_to": id}),
            ),
            1 => ("chat-join", json!({"notice": "join"})),
            2 => ("typing", json!({"room_id": room, "is_typing": flag})),
            3 => ("list-message-request", json!({"room_id": room})),
            4 => ("message-edit", message),
            5 => ("message-delete", message),
            6 => ("reaction-add", message),
            7 => ("reaction-remove", message),
            8 => (
                "read-mark",
                json!({"room_id": room, "seq": u64::from(flag)}),
            ),
            9 => (
                "sync-request",
                json!({"rooms": [{"room_id": room, "last_seq": 0}]}),
            ),
            10 => ("presence-request", json!({"room_id": room})),
            _ => ("token-renew", json!({"token": id})),
        };
        json!({"type": name, "payload": payload})
    });
    let name = proptest::option::of("[a-z]{0,70}");
    (packet, name).prop_map(|(mut packet, name)| {
        if let Some(name) = &name {
            packet["ref"] = json!(name);
        }
        (packet, name)
    })
}

/// What answers the packet by itself or leads to an answer.
fn answers(effect: &Effect) -> bool {
    !matches!(
        effect,
        Effect::Join
            | Effect::Leave
            | Effect::Typing { .. }
            | Effect::Ping
            | Effect::Close(_)
            | Effect::Abort
    )
}

proptest! {
    #[test]
    fn in_v2_whatever_is_asked_is_answered_once_by_its_name_and_goes_no_further_than_it_may(
        frames in proptest::collection::vec((0_u64..120, v2_frames()), 1..60)
    ) {
        let settings = ChatSettings {
            errors_per_minute: 10_000,
            ..ChatSettings::default()
        };
        let mut session = session_of(Profile::V2, settings.clone());
        let mut old = session_of(Profile::V1, settings);
        let mut now = Duration::ZERO;
        let mut noticed = false;
        // Its token ends in the middle of it all, unless it goes on with another.
        let mut end = 64 * SECOND;
        session.state.renewed(token_end(session.start + end));
        for (pause, (packet, name)) in frames {
            now += Duration::from_millis(pause * 50);
            let at = session.start + now;
            let outcome = session.state.on_text(&packet.to_string(), at, &session.lookup);
            let name = name.filter(|name| name.chars().count() <= 64);
            let called = outcome.request_ref.as_ref().map(|name| name.as_str().to_owned());
            prop_assert_eq!(called, name);
            let is_silent = matches!(packet["type"].as_str(), Some("chat-join" | "typing"));
            let answered = outcome.effects.iter().filter(|effect| answers(effect)).count();
            prop_assert!(answered == 1 || is_silent && answered == 0, "{packet}");
            for effect in outcome.effects {
                let mut is_renewed = false;
                match effect {
                    Effect::Store(Draft { room, .. })
                    | Effect::Change(ChangeDraft { room, .. })
                    | Effect::Typing { room, .. } => prop_assert_eq!(room, open_room()),
                    Effect::MarkRead { room, .. }
                    | Effect::Presence(PresenceQuery { room, .. })
                    | Effect::History(HistoryRequest { room, .. }) => {
                        prop_assert!(session.lookup.rooms.contains_key(&room));
                    }
                    Effect::Sync(SyncQuery { positions, not_a_member }) => {
                        prop_assert_eq!(positions.len() + not_a_member.len(), 1);
                        let mut known = positions.iter().map(|position| position.room_id);
                        prop_assert!(known.all(|room| session.lookup.rooms.contains_key(&room)));
                    }
                    Effect::Renew(_) => is_renewed = true,
                    Effect::Answer(ServerPacket::Error(_)) | Effect::Join => {}
                    other => prop_assert!(false, "not for this input: {other:?}"),
                }
                if is_renewed {
                    end = now + 64 * SECOND;
                    noticed = false;
                    session.state.renewed(token_end(session.start + end));
                }
            }

            let outcome = old.state.on_text(&packet.to_string(), old.start + now, &old.lookup);
            prop_assert_eq!(outcome.request_ref, None);
            for effect in outcome.effects {
                match effect {
                    Effect::Answer(packet) => prop_assert!(packet.visible_to(Profile::V1)),
                    Effect::Store(draft) => {
                        prop_assert_eq!((draft.client_message_id, draft.reply_to), (None, None));
                    }
                    Effect::Join | Effect::Typing { .. } | Effect::History(_) => {}
                    other => prop_assert!(false, "not for v1: {other:?}"),
                }
            }

            for effect in session.tick_at(now) {
                match effect {
                    Effect::Answer(ServerPacket::TokenExpiring(_)) => {
                        prop_assert!(!std::mem::replace(&mut noticed, true), "told twice");
                        prop_assert!(now + 60 * SECOND >= end);
                    }
                    Effect::Close(CloseCode::TokenExpired) => {
                        prop_assert!(now >= end && noticed);
                        return Ok(());
                    }
                    Effect::Typing { .. } => {}
                    other => prop_assert!(false, "not for a tick: {other:?}"),
                }
            }
            prop_assert!(noticed || now + 60 * SECOND < end, "told in time");
        }
    }
}
