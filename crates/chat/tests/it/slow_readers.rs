//! What a session costs whose client reads late, or not at all.

use std::num::NonZeroU64;

use abu_chat::ChatSettings;
use abu_chat_protocol::{
    CloseCode, ServerPacket,
    client::{ListMessageRequest, ReadMark, Typing},
    server::ErrorCode,
};
use abu_domain::{RoomId, UserId};
use futures_util::SinkExt;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Chat, Client, unlimited};

/// The longest message in bytes.
fn longest() -> String {
    "\u{1f600}".repeat(4_000)
}

/// Waits until the server has sent the client something that it does not read.
async fn is_sent_to(client: &Client) {
    let mut one = [0];
    client.socket.get_ref().peek(&mut one).await.unwrap();
}

async fn room_of_two(chat: &Chat) -> (UserId, UserId, RoomId) {
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    (amina, bello, room)
}

/// Reads up to this message, and returns how many other packets came before.
async fn reads_up_to(client: &mut Client, text: &str) -> usize {
    let mut others = 0;
    loop {
        match client.packet().await {
            ServerPacket::MessageReceive(packet) if packet.message == text => return others,
            _ => others += 1,
        }
    }
}

#[tokio::test]
async fn pipelined_answers_all_arrive_at_a_late_reader_and_cut_no_connection() {
    const REQUESTS: usize = 20;
    let chat = Chat::start();
    let (amina, bello, room) = room_of_two(&chat).await;
    for _ in 0..100 {
        chat.people.message(room, amina, &longest());
    }
    let mut reader = chat.connect(bello).await;
    let mut other = chat.connect(amina).await;
    let mut request = ListMessageRequest::new(room.uuid());
    request.limit = NonZeroU64::new(100);
    for _ in 0..REQUESTS {
        reader.send(request.clone()).await;
    }
    is_sent_to(&reader).await;
    // What is pushed meanwhile waits beside the answers.
    for n in 0..10 {
        let text = format!("{n}");
        other.say(room, &text).await;
        reads_up_to(&mut other, &text).await;
    }
    let (mut answers, mut messages) = (0, 0);
    while answers < REQUESTS || messages < 10 {
        match reader.packet().await {
            ServerPacket::ListMessageResponse(page) => {
                assert_eq!(page.messages.len(), 100, "all that was asked for");
                answers += 1;
            }
            ServerPacket::MessageReceive(_) => messages += 1,
            packet => panic!("{packet:?}"),
        }
    }
    reader.hears_nothing_else(room).await;
}

#[tokio::test]
async fn twenty_thousand_typing_notices_do_not_end_a_late_reader() {
    let chat = Chat::start();
    let (amina, bello, room) = room_of_two(&chat).await;
    let late = chat.connect(bello).await;
    let mut typist = chat.connect(amina).await;
    for turn in 0..20_000 {
        let typing = Typing::new(room.uuid(), turn % 2 == 0);
        typist.socket.feed(text_of(typing)).await.unwrap();
    }
    typist.say(room, "still there?").await;
    typist.message().await;
    let mut late = late;
    let notices = reads_up_to(&mut late, "still there?").await;
    assert!(notices < 20_000, "some were dropped");
    late.hears_nothing_else(room).await;
}

fn text_of(packet: impl Into<abu_chat_protocol::ClientPacket>) -> Message {
    Message::text(packet.into().to_json())
}

#[tokio::test]
async fn read_marks_and_presence_reach_a_late_reader_in_their_last_state() {
    let chat = Chat::start();
    let (amina, bello, room) = room_of_two(&chat).await;
    for _ in 0..40 {
        chat.people.message(room, amina, "x");
    }
    let mut late = chat.connect_v2(bello).await;
    let mut reader = chat.connect_v2(amina).await;
    for _ in 0..50 {
        let mut brief = chat.connect(amina).await;
        brief.join().await;
        brief.leave().await;
    }
    for seq in 1..=40 {
        let mark = ReadMark::new(room.uuid(), NonZeroU64::new(seq).unwrap());
        reader.send(mark).await;
        while !matches!(reader.packet().await, ServerPacket::ReadNotify(_)) {}
    }
    reader.join().await;
    let (mut online, mut mark) = (false, 0);
    loop {
        match late.packet().await {
            ServerPacket::ChatJoinNotify(_) => online = true,
            ServerPacket::ChatLeave(_) => online = false,
            ServerPacket::ReadNotify(packet) => mark = packet.seq.max(mark),
            packet => panic!("{packet:?}"),
        }
        if online && mark == 40 {
            break;
        }
    }
    late.hears_nothing_else(room).await;
}

#[tokio::test]
async fn one_sender_of_long_messages_does_not_cut_a_late_reader_off() {
    let chat = Chat::with(ChatSettings::default());
    let (amina, bello, room) = room_of_two(&chat).await;
    let mut late = chat.connect(bello).await;
    let mut sender = chat.connect(amina).await;
    for _ in 0..38 {
        sender.say(room, &longest()).await;
    }
    let (mut stored, mut refused) = (0, 0);
    while stored + refused < 38 {
        match sender.packet().await {
            ServerPacket::MessageReceive(_) => stored += 1,
            ServerPacket::Error(error) => {
                assert_eq!(error.code, ErrorCode::RateLimited);
                assert!(error.retry_after_ms.is_some());
                refused += 1;
            }
            packet => panic!("{packet:?}"),
        }
    }
    assert!((4..8).contains(&stored), "{stored}");
    for _ in 0..stored {
        assert_eq!(late.message().await.message.len(), 16_000);
    }
}

/// A masked frame without a payload.
const EMPTY_CONTINUATION: [u8; 6] = [0, 0x80, 1, 2, 3, 4];
const EMPTY_PING: [u8; 6] = [0x89, 0x80, 1, 2, 3, 4];
const START_OF_A_TEXT: [u8; 7] = [1, 0x81, 1, 2, 3, 4, b' '];

/// Sends the same frame until the server has had enough, and returns how many bytes it took.
async fn flood(client: &mut Client, frame: [u8; 6]) -> usize {
    let frames = frame.repeat(10_000);
    let stream = client.socket.get_mut();
    let mut bytes = 0;
    while stream.write_all(&frames).await.is_ok() {
        bytes += frames.len();
        assert!(bytes < 100_000_000, "the server reads on");
    }
    bytes
}

#[tokio::test]
async fn a_flood_of_empty_frames_ends_its_session_after_a_thousand() {
    let chat = Chat::with(ChatSettings::default());
    for (start, frame) in [
        (&START_OF_A_TEXT[..], EMPTY_CONTINUATION),
        (&[], EMPTY_PING),
    ] {
        let mut client = chat.connect(chat.user()).await;
        client.socket.get_mut().write_all(start).await.unwrap();
        client
            .socket
            .get_mut()
            .write_all(&frame.repeat(1_100))
            .await
            .unwrap();
        assert_eq!(client.closed().await, CloseCode::PolicyViolation);
        // What the server took, and what the buffers of both sides took.
        let bytes = flood(&mut client, frame).await;
        assert!(bytes < 30_000_000, "{bytes}");
    }
}

#[tokio::test]
async fn fragments_end_a_session_even_where_packets_are_not_counted() {
    let chat = Chat::with(unlimited());
    let mut client = chat.connect(chat.user()).await;
    let stream = client.socket.get_mut();
    stream.write_all(&START_OF_A_TEXT).await.unwrap();
    let frames = EMPTY_CONTINUATION.repeat(1_024);
    stream.write_all(&frames).await.unwrap();
    assert_eq!(client.closed().await, CloseCode::PolicyViolation);
}
