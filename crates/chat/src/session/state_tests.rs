use std::{cell::Cell, collections::HashMap};

use abu_chat_protocol::server::ErrorCode;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

struct Fake {
    rooms: HashMap<RoomId, RoomView>,
    wait: Cell<Option<Duration>>,
}

impl World for Fake {
    fn room(&self, room: RoomId) -> Option<RoomView> {
        self.rooms.get(&room).copied()
    }

    fn count_message(&self, _now: Instant) -> Result<(), Duration> {
        self.wait.get().map_or(Ok(()), Err)
    }
}

struct Session {
    state: SessionState,
    world: Fake,
    start: Instant,
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
        world: Fake {
            rooms: HashMap::from([
                (open_room(), RoomView { read_only: false }),
                (archived_room(), RoomView { read_only: true }),
            ]),
            wait: Cell::new(None),
        },
        start,
    }
}

impl Session {
    fn says_at(&mut self, after: Duration, packet: &Value) -> Vec<Effect> {
        let now = self.start + after;
        let outcome = self.state.on_text(&packet.to_string(), now, &self.world);
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
            let outcome = session.state.on_text(frame, now, &session.world);
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
fn a_user_who_sends_too_fast_is_told_how_long_to_wait() {
    let mut session = session();
    session.world.wait.set(Some(Duration::from_millis(1_500)));
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
fn typing_is_told_once_a_second_and_ends_after_ten_seconds_of_silence() {
    let on = Effect::Typing {
        room: open_room(),
        is_typing: true,
    };
    let off = Effect::Typing {
        room: open_room(),
        is_typing: false,
    };
    let mut session = session();
    assert_eq!(
        session.says(&typing(open_room(), true)),
        std::slice::from_ref(&on)
    );
    assert_eq!(session.says_at(SECOND / 2, &typing(open_room(), true)), []);
    assert_eq!(session.says_at(SECOND, &typing(open_room(), true)), [on]);
    assert_eq!(
        session.says_at(SECOND, &typing(open_room(), false)),
        std::slice::from_ref(&off)
    );
    assert_eq!(session.says_at(SECOND, &typing(open_room(), false)), []);

    session.says_at(5 * SECOND, &typing(open_room(), true));
    // Dropped as a repeat, but a sign of life.
    session.says_at(5 * SECOND + SECOND / 2, &typing(open_room(), true));
    assert_eq!(session.tick_at(15 * SECOND), []);
    assert_eq!(
        session.state.next_deadline(),
        session.start + 15 * SECOND + SECOND / 2
    );
    assert_eq!(session.tick_at(15 * SECOND + SECOND / 2), [off]);
    assert_eq!(session.tick_at(16 * SECOND), []);
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
    assert_eq!(session.tick_at(5 * SECOND), [Effect::Cut]);
}

/// What can come to a session.
#[derive(Clone, Debug)]
enum Input {
    Text(Value),
    Heard,
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
        Just(Input::Heard),
        Just(Input::Tick),
        Just(Input::Tick),
        ".{0,20}".prop_map(Input::Nonsense),
    ];
    // How long after the one before, in milliseconds.
    proptest::collection::vec((0_u64..4_000, input), 1..60)
}

proptest! {
    #[test]
    fn whatever_comes_the_others_are_told_the_truth_and_no_more_than_they_need(inputs in inputs()) {
        let mut session = session();
        let mut now = Duration::ZERO;
        let mut joined = false;
        // What was last told of typing in a room, and when.
        let mut told: HashMap<RoomId, (bool, Duration)> = HashMap::new();
        let mut open = true;
        for (pause, input) in inputs {
            now += Duration::from_millis(pause);
            let effects = match &input {
                Input::Text(packet) => session.says_at(now, packet),
                Input::Nonsense(text) => {
                    let at = session.start + now;
                    session.state.on_text(text, at, &session.world).effects
                }
                Input::Heard => {
                    session.state.heard(session.start + now);
                    Vec::new()
                }
                Input::Tick => session.tick_at(now),
            };
            let mut closes = false;
            for effect in effects {
                if effect == Effect::Cut {
                    prop_assert!(!open, "only who was closed is cut off");
                    continue;
                }
                prop_assert!(open, "a session that ended does nothing: {effect:?}");
                match effect {
                    Effect::Join => prop_assert!(!std::mem::replace(&mut joined, true)),
                    Effect::Store(draft) => prop_assert_eq!(draft.room, open_room()),
                    Effect::Typing { room, is_typing } => {
                        prop_assert_eq!(room, open_room());
                        if let Some((last, at)) = told.insert(room, (is_typing, now)) {
                            prop_assert!(last != is_typing || now - at >= SECOND, "told again too soon");
                        }
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

/// Ends the session: who heard it come hears it go, and nobody is left who types.
fn end(
    session: &mut Session,
    now: Duration,
    joined: bool,
    told: &mut HashMap<RoomId, (bool, Duration)>,
) -> Result<(), TestCaseError> {
    let effects = session.state.wind_up(session.start + now);
    let leaves = effects
        .iter()
        .filter(|effect| **effect == Effect::Leave)
        .count();
    prop_assert_eq!(leaves, usize::from(joined));
    for effect in effects {
        if let Effect::Typing { room, is_typing } = effect {
            told.insert(room, (is_typing, now));
        }
    }
    prop_assert!(told.values().all(|(is_typing, _)| !is_typing));
    Ok(())
}
