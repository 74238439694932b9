//! Read marks.

use std::num::NonZeroU64;

use abu_application::messaging::{ports::ReadMark as Mark, submission::SubmitError};
use abu_chat_protocol::{
    ServerPacket,
    client::ReadMark,
    server::{ErrorCode, ReadNotify},
};
use abu_domain::{RoomId, UserId};
use abu_test_support::caller;
use uuid::Uuid;

use crate::support::{Chat, Client};

fn mark(room: RoomId, seq: u64) -> ReadMark {
    ReadMark::new(room.uuid(), NonZeroU64::new(seq).unwrap())
}

fn notify(packet: ServerPacket) -> ReadNotify {
    match packet {
        ServerPacket::ReadNotify(notify) => notify,
        other => panic!("a read mark was expected, not {other:?}"),
    }
}

async fn heard(client: &mut Client) -> ReadNotify {
    notify(client.packet().await)
}

async fn answered(client: &mut Client, name: &str) -> ReadNotify {
    notify(client.answer(name).await)
}

/// Place of the last message read, and how many were not, by the list of rooms.
fn unread(chat: &Chat, user: UserId, room: RoomId) -> (i64, i64) {
    let own = chat.people.read(|tx| tx.own_room(room, user, &[])).unwrap();
    let own = own.unwrap();
    (own.last_read_seq, own.unread_count)
}

/// Stores messages from this sender.
fn fill(chat: &Chat, room: RoomId, sender: UserId, count: usize) {
    for n in 1..=count {
        chat.people.message(room, sender, &format!("message {n}"));
    }
}

#[tokio::test]
async fn a_moved_mark_is_broadcast_and_an_unmoved_one_only_acknowledged() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    fill(&chat, room, bello, 3);
    let mut phone = chat.connect_v2(amina).await;
    let mut laptop = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;
    let mut old = chat.connect(bello).await;

    phone.ask("up", mark(room, 2)).await;
    let moved = answered(&mut phone, "up").await;
    assert_eq!(moved, ReadNotify::new(room.uuid(), amina.uuid(), 2));
    assert_eq!(heard(&mut laptop).await, moved);
    assert_eq!(heard(&mut other).await, moved);

    // Back, and where it stands.
    phone.ask("back", mark(room, 1)).await;
    assert_eq!(answered(&mut phone, "back").await.seq, 2);
    laptop.ask("same", mark(room, 2)).await;
    assert_eq!(answered(&mut laptop, "same").await.seq, 2);
    // Past the end, which counts as the end.
    laptop.send(mark(room, u64::MAX)).await;
    for session in [&mut phone, &mut laptop, &mut other] {
        assert_eq!(heard(session).await.seq, 3);
    }
    assert_eq!(unread(&chat, amina, room), (3, 0));
    assert_eq!(unread(&chat, bello, room), (0, 3));
    other.say(room, "that was all").await;
    for session in [&mut phone, &mut laptop, &mut other, &mut old] {
        assert_eq!(session.message().await.message, "that was all");
    }
}

#[tokio::test]
async fn in_a_large_room_a_mark_reaches_only_the_readers_sessions() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let others = (0..199).map(|_| chat.user());
    let members: Vec<UserId> = others.chain([bello]).collect();
    let room = chat.people.group(amina).members(members).create().id;
    fill(&chat, room, bello, 3);
    let mut phone = chat.connect_v2(amina).await;
    let mut laptop = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;
    phone.ask("up", mark(room, 2)).await;
    let moved = answered(&mut phone, "up").await;
    assert_eq!(heard(&mut laptop).await, moved);
    // Whatever had been told before this would have come before it.
    phone.say(room, "that was all").await;
    assert_eq!(other.message().await.message, "that was all");
}

#[tokio::test]
async fn marks_in_quick_succession_are_each_answered_and_end_at_the_furthest() {
    const MARKS: u64 = 40;
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    fill(&chat, room, bello, MARKS as usize);
    let mut one = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;
    for seq in 1..=MARKS {
        one.ask(&seq.to_string(), mark(room, seq)).await;
    }
    let mut open: Vec<u64> = (1..=MARKS).collect();
    while !open.is_empty() {
        let (packet, request_ref) = one.packet_with_ref().await;
        let stands = notify(packet).seq;
        let name: u64 = request_ref.unwrap().as_str().parse().unwrap();
        assert!(stands >= name, "{name} is answered with {stands}");
        open.retain(|open| *open != name);
    }
    let mut last = 0;
    while last < MARKS {
        let seq = heard(&mut other).await.seq;
        assert!(seq > last, "it never moves back");
        last = seq;
    }
    other.hears_nothing_else(room).await;
}

#[tokio::test]
async fn sending_moves_the_senders_mark_without_a_broadcast() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    fill(&chat, room, bello, 3);
    let mut one = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;
    one.say(room, "I have read all that").await;
    one.message().await;
    other.message().await;
    // No packet announces its completion.
    while unread(&chat, amina, room) != (4, 0) {}
    one.ask("?", mark(room, 4)).await;
    assert_eq!(answered(&mut one, "?").await.seq, 4);
    other.hears_nothing_else(room).await;
}

#[tokio::test]
async fn earlier_messages_count_as_read_for_a_new_member() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina]).await;
    fill(&chat, room, amina, 5);
    let added = chat.rooms.add_members(caller(amina), room, vec![bello]);
    added.await.unwrap();
    assert_eq!(unread(&chat, bello, room), (5, 0));
    fill(&chat, room, amina, 1);
    assert_eq!(unread(&chat, bello, room), (5, 1));
}

#[tokio::test]
async fn only_members_mark_and_archived_rooms_accept_marks() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina]).await;
    fill(&chat, room, amina, 2);
    let mut member = chat.connect_v2(amina).await;
    let mut stranger = chat.connect_v2(bello).await;
    for (name, room) in [("a", room), ("b", RoomId::new(Uuid::new_v4()))] {
        stranger.ask(name, mark(room, 1)).await;
        match stranger.answer(name).await {
            ServerPacket::Error(error) => assert_eq!(error.code, ErrorCode::NotAMember),
            other => panic!("{other:?}"),
        }
    }
    // A use case asks before it comes here; the store still has the last word.
    let late = Mark {
        room_id: room,
        user_id: bello,
        seq: 1,
        wrote: false,
    };
    let refused = chat.messaging.read_marks.submit(late).await;
    assert_eq!(refused, Err(SubmitError::NotAMember));

    chat.rooms.delete(caller(amina), room).await.unwrap();
    assert!(matches!(member.packet().await, ServerPacket::RoomNotify(_)));
    member.ask("c", mark(room, 2)).await;
    assert_eq!(answered(&mut member, "c").await.seq, 2);
}

#[tokio::test]
async fn to_a_v1_session_there_are_no_read_marks() {
    let chat = Chat::start();
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    fill(&chat, room, amina, 2);
    let mut old = chat.connect(amina).await;
    old.send(mark(room, 1)).await;
    assert_eq!(old.error().await.code, ErrorCode::UnknownType);
    let mark = Mark {
        room_id: room,
        user_id: amina,
        seq: 1,
        wrote: false,
    };
    chat.messaging.read_marks.submit(mark).await.unwrap();
    old.hears_nothing_else(room).await;
}
