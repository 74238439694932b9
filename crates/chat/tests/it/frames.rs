//! WebSocket framing (RFC 6455), byte by byte.

use std::{num::NonZeroU64, time::Duration};

use abu_chat::ChatSettings;
use abu_chat_protocol::{
    ClientPacket, CloseCode,
    client::{ListMessageRequest, MessageSend},
};
use abu_domain::RoomId;
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Chat, Client, unlimited};

/// How long anything may take before the test has failed.
const EVENT_TIMEOUT: Duration = Duration::from_secs(20);
/// The server's limit for a message, by default.
const LIMIT: usize = 64 * 1024;
const MASK: [u8; 4] = [0xc1, 0x07, 0x80, 0x5e];

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// The bit of a message's last frame.
const LAST: u8 = 0x80;

/// A user alone in a room, who hears the echo of each stored message.
struct Talker {
    chat: Chat,
    room: RoomId,
    session: Client,
}

impl Talker {
    async fn new() -> Self {
        let chat = Chat::with(ChatSettings {
            max_sessions_per_user: 1_000,
            ..unlimited()
        });
        let user = chat.user();
        let room = chat.room(&[user]).await;
        let session = chat.connect(user).await;
        Self {
            chat,
            room,
            session,
        }
    }

    /// Connects another user to the same chat.
    async fn stranger(&self) -> Client {
        self.chat.connect(self.chat.user()).await
    }

    /// A packet that says this.
    fn packet(&self, message: &str) -> Vec<u8> {
        let packet = ClientPacket::from(MessageSend::new(self.room.uuid(), message));
        packet.to_json().into_bytes()
    }

    /// A packet of exactly so many bytes.
    fn packet_of(&self, len: usize) -> Vec<u8> {
        let mut packet = self.packet("x");
        assert!(packet.len() <= len, "JSON can be made longer, not shorter");
        packet.resize(len, b' ');
        packet
    }

    async fn is_heard(&mut self, message: &str) {
        assert_eq!(self.session.message().await.message, message);
    }
}

/// A frame as a client sends it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len() as u64);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(b, m)| b ^ m));
    bytes
}

/// The first bytes of a frame that announces so long a payload.
fn header(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(0x80 | length as u8),
        126..=65_535 => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes
}

async fn send(session: &mut Client, bytes: &[u8]) {
    session.socket.get_mut().write_all(bytes).await.unwrap();
}

/// Asserts that each of these ends a connection with `code`, without anything else being sent.
async fn each_closes_with(code: CloseCode, cases: impl IntoIterator<Item = (String, Vec<u8>)>) {
    let talker = Talker::new().await;
    for (case, bytes) in cases {
        let mut session = talker.stranger().await;
        send(&mut session, &bytes).await;
        match session.frame().await {
            Message::Close(Some(close)) => {
                assert_eq!(CloseCode::from(u16::from(close.code)), code, "{case}");
            }
            other => panic!("{case} was answered with {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_message_cut_in_two_anywhere_arrives_unchanged() {
    let mut talker = Talker::new().await;
    // The first and the last character of each length that UTF-8 has, without controls.
    let message = "\u{7e}\u{a0}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}.";
    let packet = talker.packet(message);
    for cut in 0..=packet.len() {
        let (head, tail) = packet.split_at(cut);
        let frames = [frame(TEXT, head), frame(LAST | CONTINUATION, tail)].concat();
        send(&mut talker.session, &frames).await;
        talker.is_heard(message).await;
    }
}

#[tokio::test]
async fn a_message_arrives_from_many_fragments_and_empty_ones() {
    let mut talker = Talker::new().await;
    let packet = talker.packet("salaam");
    let mut frames = frame(TEXT, b"");
    for byte in packet {
        frames.extend(frame(CONTINUATION, &[byte]));
        frames.extend(frame(CONTINUATION, b""));
    }
    frames.extend(frame(LAST | CONTINUATION, b""));
    send(&mut talker.session, &frames).await;
    talker.is_heard("salaam").await;
}

#[tokio::test]
async fn bytes_that_arrive_one_at_a_time_make_the_same_message() {
    let mut talker = Talker::new().await;
    talker.session.socket.get_ref().set_nodelay(true).unwrap();
    let packet = talker.packet_of(200);
    let (head, tail) = packet.split_at(150);
    let frames = [
        frame(TEXT, head),
        frame(LAST | PING, b"between"),
        frame(LAST | CONTINUATION, tail),
    ];
    for byte in frames.concat() {
        send(&mut talker.session, &[byte]).await;
    }
    let pong = talker.session.frame().await;
    assert_eq!(pong, Message::Pong(b"between".as_slice().into()));
    talker.is_heard("x").await;
}

#[tokio::test]
async fn frames_that_arrive_together_are_heard_one_by_one_and_in_order() {
    let mut talker = Talker::new().await;
    let said: Vec<String> = (0..50).map(|i| format!("number {i}")).collect();
    let frames = said
        .iter()
        .flat_map(|said| frame(LAST | TEXT, &talker.packet(said)));
    let frames: Vec<u8> = frames.collect();
    send(&mut talker.session, &frames).await;
    for said in said {
        talker.is_heard(&said).await;
    }
}

#[tokio::test]
async fn a_ping_between_fragments_is_answered_before_the_message_is_whole() {
    let mut talker = Talker::new().await;
    let packet = talker.packet("salaam");
    send(&mut talker.session, &frame(TEXT, &packet[..20])).await;
    send(&mut talker.session, &frame(LAST | PONG, b"unasked")).await;
    send(&mut talker.session, &frame(LAST | PING, b"between")).await;
    let pong = talker.session.frame().await;
    assert_eq!(pong, Message::Pong(b"between".as_slice().into()));
    let rest = frame(LAST | CONTINUATION, &packet[20..]);
    send(&mut talker.session, &rest).await;
    talker.is_heard("salaam").await;
}

#[tokio::test]
async fn a_ping_of_up_to_125_bytes_comes_back_as_it_was() {
    let mut talker = Talker::new().await;
    for len in [0, 1, 7, 8, 124, 125] {
        let payload: Vec<u8> = (0..len).map(|i| 255 - i).collect();
        send(&mut talker.session, &frame(LAST | PING, &payload)).await;
        let pong = talker.session.frame().await;
        assert_eq!(pong, Message::Pong(payload.into()));
    }
}

#[tokio::test]
async fn each_way_to_write_a_length_is_read_up_to_the_limit() {
    let mut talker = Talker::new().await;
    for len in [125, 126, 127, 65_535, LIMIT] {
        // The shortest packet that says something has more than 125 bytes.
        let whole = talker.packet_of(len.max(200));
        let (head, tail) = whole.split_at(whole.len() - len);
        let frames = if head.is_empty() {
            frame(LAST | TEXT, &whole)
        } else {
            [frame(TEXT, head), frame(LAST | CONTINUATION, tail)].concat()
        };
        send(&mut talker.session, &frames).await;
        talker.is_heard("x").await;
    }
    // The same length in more bytes than it needs.
    let packet = talker.packet("y");
    let mut frames = vec![LAST | TEXT, 0x80 | 127];
    frames.extend((packet.len() as u64).to_be_bytes());
    frames.extend(&frame(LAST | TEXT, &packet)[header(0, packet.len() as u64).len() - 4..]);
    send(&mut talker.session, &frames).await;
    talker.is_heard("y").await;
}

#[tokio::test]
async fn a_message_that_announces_too_much_is_refused_before_its_payload_arrives() {
    let over = LIMIT as u64 + 1;
    let half = vec![b'x'; LIMIT / 2];
    let mut second_half = frame(TEXT, &half);
    second_half.extend(header(LAST | CONTINUATION, LIMIT as u64 / 2 + 1));
    let mut after_a_ping = frame(LAST | PONG, b"");
    after_a_ping.extend(header(LAST | TEXT, over));
    let cases = [
        ("one byte over", header(LAST | TEXT, over)),
        ("binary", header(LAST | BINARY, over)),
        ("a first fragment", header(TEXT, over)),
        ("a terabyte", header(LAST | TEXT, 1 << 40)),
        ("the largest length", header(LAST | TEXT, i64::MAX as u64)),
        ("a second fragment", second_half),
        ("after another frame", after_a_ping),
    ];
    let cases = cases.map(|(case, bytes)| (case.to_owned(), bytes));
    each_closes_with(CloseCode::MessageTooBig, cases).await;
}

#[tokio::test]
async fn a_frame_the_protocol_does_not_allow_closes_with_1002() {
    let after = |start: &[u8], bytes: Vec<u8>| [start, &bytes].concat();
    let started = frame(TEXT, b"so far");
    let named = [
        ("no mask", vec![LAST | TEXT, 1, b'x']),
        ("no mask, nothing to mask", vec![LAST | TEXT, 0]),
        ("a ping without a mask", vec![LAST | PING, 0]),
        ("a length of 64 bits", header(LAST | TEXT, 1 << 63)),
        ("a ping of 126 bytes", frame(LAST | PING, &[0; 126])),
        ("a pong of 65,536 bytes", header(LAST | PONG, 65_536)),
        ("a close of 126 bytes", frame(LAST | CLOSE, &[b'x'; 126])),
        ("a ping in fragments", frame(PING, b"")),
        ("a pong in fragments", frame(PONG, b"")),
        ("a close in fragments", frame(CLOSE, b"")),
        ("nothing to continue", frame(LAST | CONTINUATION, b"x")),
        ("nothing to continue yet", frame(CONTINUATION, b"x")),
        (
            "text in a message",
            after(&started, frame(LAST | TEXT, b"x")),
        ),
        (
            "a new start in a message",
            after(&started, frame(TEXT, b"x")),
        ),
        (
            "binary in a message of text",
            after(&started, frame(LAST | BINARY, b"x")),
        ),
    ];
    let reserved_bits = (1..8).flat_map(|bits: u8| {
        [TEXT, BINARY, CLOSE, PING, PONG].map(|opcode| {
            (
                format!("bits {bits:03b}, opcode {opcode}"),
                opcode | bits << 4,
            )
        })
    });
    let opcodes = (3..8).chain(11..16);
    let unknown = opcodes.map(|opcode| (format!("opcode {opcode}"), opcode));
    let starts = reserved_bits
        .chain(unknown)
        .map(|(case, first)| (case, frame(LAST | first, b"")));
    let named = named.map(|(case, bytes)| (case.to_owned(), bytes));
    each_closes_with(CloseCode::ProtocolError, named.into_iter().chain(starts)).await;
}

#[tokio::test]
async fn what_was_said_before_a_broken_frame_is_answered_first() {
    let mut talker = Talker::new().await;
    let mut frames = frame(TEXT, b"no ");
    frames.extend(frame(LAST | CONTINUATION, b"packet"));
    frames.extend(frame(LAST | CONTINUATION, b"of nothing"));
    frames.extend(frame(LAST | TEXT, &talker.packet("too late")));
    send(&mut talker.session, &frames).await;
    talker.session.error().await;
    let end = talker.session.frame().await;
    assert!(matches!(end, Message::Close(Some(close)) if u16::from(close.code) == 1002));
}

#[tokio::test]
async fn a_client_that_answers_the_close_is_disconnected_at_once() {
    let chat = Chat::with(ChatSettings {
        close_timeout: Duration::from_secs(3_600),
        ..unlimited()
    });
    let mut session = chat.connect(chat.user()).await;
    // Still on its way when the mistake is seen.
    let mut frames = frame(LAST | TEXT, &[0xff; 1_000]);
    frames.extend(frame(LAST | BINARY, &[0; LIMIT]));
    send(&mut session, &frames).await;
    assert_eq!(session.closed().await, CloseCode::InvalidText);
    // Reading on answers the close.
    let end = tokio::time::timeout(EVENT_TIMEOUT, session.socket.next()).await;
    assert!(matches!(end, Ok(None)), "{end:?}");
}

#[tokio::test]
async fn bytes_in_fragments_close_with_1003_like_whole_ones() {
    let bytes = [
        frame(BINARY, &[0xff]),
        frame(LAST | CONTINUATION, &[0xff]),
        frame(LAST | TEXT, b"too late"),
    ];
    let cases = [("fragments".to_owned(), bytes.concat())];
    each_closes_with(CloseCode::UnsupportedData, cases).await;
}

/// A close frame's payload.
fn goodbye(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(LAST | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

#[tokio::test]
async fn a_valid_close_is_answered_and_later_frames_are_ignored() {
    let mut cases: Vec<(String, Vec<u8>)> = [
        1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 3999, 4000, 4999,
    ]
    .map(|code| (code.to_string(), goodbye(code, b"")))
    .into();
    cases.push(("no code".to_owned(), frame(LAST | CLOSE, b"")));
    cases.push((
        "a reason".to_owned(),
        goodbye(1000, "sai an jima ɗ".as_bytes()),
    ));
    cases.push(("a long reason".to_owned(), goodbye(1000, &[b'x'; 123])));
    cases.push((
        "in a message".to_owned(),
        [frame(TEXT, b"unfinished"), goodbye(1000, b"")].concat(),
    ));
    let talker = Talker::new().await;
    for (case, mut bytes) in cases {
        let mut session = talker.stranger().await;
        bytes.extend(frame(LAST | PING, b"too late"));
        bytes.extend(frame(LAST | TEXT, b"too late"));
        send(&mut session, &bytes).await;
        match session.frame().await {
            Message::Close(Some(close)) => assert_eq!(u16::from(close.code), 1000, "{case}"),
            other => panic!("{case} was answered with {other:?}"),
        }
        assert!(session.socket.next().await.is_none(), "{case}");
    }
}

#[tokio::test]
async fn a_close_with_a_code_that_may_not_travel_closes_with_1002() {
    let codes = [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ];
    let codes = codes.map(|code| (code.to_string(), goodbye(code, b"")));
    let half = ("half a code".to_owned(), frame(LAST | CLOSE, &[3]));
    each_closes_with(CloseCode::ProtocolError, codes.into_iter().chain([half])).await;
}

/// What is not UTF-8, whatever follows.
const NOT_UTF8: [(&str, &[u8]); 12] = [
    ("the end of a character alone", b"\x80"),
    ("a slash in two bytes", b"\xc0\xaf"),
    ("a slash in three bytes", b"\xe0\x80\xaf"),
    ("a slash in four bytes", b"\xf0\x80\x80\xaf"),
    ("the first surrogate", b"\xed\xa0\x80"),
    ("the last surrogate", b"\xed\xbf\xbf"),
    ("more than there are characters", b"\xf4\x90\x80\x80"),
    ("a fifth byte", b"\xf8\x88\x80\x80\x80"),
    ("a byte of no character", b"\xff"),
    ("two bytes, the second missing", b"\xc9."),
    ("three bytes, the third missing", b"\xe2\x82."),
    ("four bytes, the fourth missing", b"\xf0\x9f\x98."),
];

#[tokio::test]
async fn text_that_is_not_utf8_closes_with_1007_wherever_the_mistake_is() {
    let mut cases = Vec::new();
    for (what, mistake) in NOT_UTF8 {
        for (place, before, after) in [
            ("alone", "", ""),
            ("at the start", "", "afterwards"),
            ("at the end", "before ü", ""),
            ("in the middle", "before ü", "afterwards ü"),
        ] {
            let text = [before.as_bytes(), mistake, after.as_bytes()].concat();
            cases.push((format!("{what} {place}"), frame(LAST | TEXT, &text)));
            let (head, tail) = text.split_at(before.len() + 1);
            let fragments = [frame(TEXT, head), frame(LAST | CONTINUATION, tail)];
            cases.push((format!("{what} {place}, in two"), fragments.concat()));
        }
    }
    for end in [b"\xc9".as_slice(), b"\xe2\x82", b"\xf0\x9f\x98"] {
        cases.push((format!("cut off: {end:x?}"), frame(LAST | TEXT, end)));
        let fragments = [frame(TEXT, end), frame(LAST | CONTINUATION, b"")];
        cases.push((format!("cut off later: {end:x?}"), fragments.concat()));
    }
    each_closes_with(CloseCode::InvalidText, cases).await;
}

#[tokio::test]
async fn text_that_can_no_longer_become_utf8_is_refused_without_the_rest() {
    let mut cases = Vec::new();
    for (what, mistake) in NOT_UTF8 {
        cases.push((format!("{what}, in a fragment"), frame(TEXT, mistake)));
        let mut part = header(LAST | TEXT, 1_000);
        part.extend(&frame(0, mistake)[6..]);
        cases.push((format!("{what}, in part of a frame"), part));
    }
    each_closes_with(CloseCode::InvalidText, cases).await;
}

#[tokio::test]
async fn a_reason_that_is_not_utf8_closes_with_1007() {
    let reasons = NOT_UTF8.map(|(what, mistake)| (what.to_owned(), goodbye(1000, mistake)));
    each_closes_with(CloseCode::InvalidText, reasons).await;
}

#[tokio::test]
async fn the_servers_own_frames_say_their_length_in_each_way() {
    let mut talker = Talker::new().await;
    for message in ["x".to_owned(), "y".repeat(4_000)] {
        talker.session.say(talker.room, &message).await;
        talker.is_heard(&message).await;
    }
    for _ in 0..20 {
        talker.session.say(talker.room, &"z".repeat(4_000)).await;
        talker.session.message().await;
    }
    let mut page = ListMessageRequest::new(talker.room.uuid());
    page.limit = NonZeroU64::new(100);
    assert_eq!(talker.session.history(page).await.messages.len(), 22);
}
