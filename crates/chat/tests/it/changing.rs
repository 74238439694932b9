//! Edits, deletions and reactions.

use std::num::NonZeroU64;

use abu_application::platform::versions::Expected;
use abu_chat::ChatSettings;
use abu_chat_protocol::{
    Emoji, MessageId, ServerPacket,
    client::{
        ListMessageRequest, MessageDelete, MessageEdit, MessageSend, ReactionAdd, ReactionRemove,
    },
    server::{ErrorCode, MessageUpdated, ReactionNotify},
};
use abu_domain::{RoomId, messaging::room::RoomRole};
use abu_test_support::caller;
use uuid::Uuid;

use crate::support::{Chat, Client};

fn thumb() -> Emoji {
    Emoji::new("\u{1f44d}").unwrap()
}

fn updated(packet: ServerPacket) -> MessageUpdated {
    match packet {
        ServerPacket::MessageUpdated(updated) => updated,
        other => panic!("a changed message was expected, not {other:?}"),
    }
}

fn reacted(packet: ServerPacket) -> ReactionNotify {
    match packet {
        ServerPacket::ReactionNotify(notify) => notify,
        other => panic!("a reaction was expected, not {other:?}"),
    }
}

fn error(packet: ServerPacket) -> ErrorCode {
    match packet {
        ServerPacket::Error(error) => error.code,
        other => panic!("an error was expected, not {other:?}"),
    }
}

/// Says something and hears it, as do the others.
async fn say(
    client: &mut Client,
    others: &mut [&mut Client],
    room: RoomId,
    text: &str,
) -> MessageId {
    client.say(room, text).await;
    for other in others {
        other.message().await;
    }
    client.message().await.message_id.unwrap()
}

#[tokio::test]
async fn an_edit_reaches_every_v2_session_and_no_v1_session() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut one = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;
    let mut old = chat.connect(bello).await;
    let id = say(&mut one, &mut [&mut other, &mut old], room, "helo").await;

    let edit = MessageEdit::new(room.uuid(), id.clone(), " hello ");
    one.ask("fix", edit.clone()).await;
    let change = updated(one.answer("fix").await);
    assert_eq!(updated(other.packet().await), change);
    assert_eq!(change.message_id, id);
    assert_eq!((change.message.as_str(), change.deleted), ("hello", false));
    assert_eq!((change.seq.get(), change.revision.get()), (1, 1));
    assert!(change.edited_at.is_some());

    // The same once more changes nothing, and is answered to who asks.
    one.ask("again", edit).await;
    assert_eq!(updated(one.answer("again").await), change);
    other.hears_nothing_else(room).await;
    old.message().await;
    old.hears_nothing_else(room).await;

    let page = old.history(ListMessageRequest::new(room.uuid())).await;
    assert_eq!(page.messages.last().unwrap().message, "hello");
}

#[tokio::test]
async fn a_deleted_message_keeps_its_place_for_every_member() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut one = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;
    let id = say(&mut one, &mut [&mut other], room, "oh no").await;
    say(&mut one, &mut [&mut other], room, "and on").await;
    one.send(ReactionAdd::new(room.uuid(), id.clone(), thumb()))
        .await;
    for session in [&mut one, &mut other] {
        assert_eq!(reacted(session.packet().await).revision.unwrap().get(), 1);
    }

    one.ask("gone", MessageDelete::new(room.uuid(), id.clone()))
        .await;
    let change = updated(one.answer("gone").await);
    assert_eq!(updated(other.packet().await), change);
    assert!(change.deleted && change.message.is_empty());
    assert_eq!((change.seq.get(), change.revision.get()), (1, 2));
    one.ask("twice", MessageDelete::new(room.uuid(), id.clone()))
        .await;
    assert_eq!(updated(one.answer("twice").await), change);

    let page = other.history(ListMessageRequest::new(room.uuid())).await;
    assert_eq!((page.total_count, page.last_revision), (2, Some(2)));
    let gone = &page.messages[1];
    assert_eq!(gone.message_id.as_ref(), Some(&id));
    assert!(gone.deleted && gone.message.is_empty() && gone.reactions.is_empty());
    assert_eq!(gone.revision.unwrap().get(), 2);
    other.hears_nothing_else(room).await;

    let mut old = chat.connect(bello).await;
    let page = old.history(ListMessageRequest::new(room.uuid())).await;
    assert_eq!(page.messages.last().unwrap().message, "");
}

#[tokio::test]
async fn reactions_are_counted_and_shown_with_the_history() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut one = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;
    let id = say(&mut one, &mut [&mut other], room, "graduated!").await;
    let add = ReactionAdd::new(room.uuid(), id.clone(), thumb());
    let remove = ReactionRemove::new(room.uuid(), id.clone(), thumb());

    other.ask("1", add.clone()).await;
    let first = reacted(other.answer("1").await);
    let expected = ReactionNotify::added(room.uuid(), id.clone(), bello.uuid(), thumb(), 1);
    assert_eq!(first, expected.clone().at_revision(NonZeroU64::MIN));
    assert_eq!(reacted(one.packet().await), first);
    // Given already: told to who asks alone, without a number.
    other.ask("2", add.clone()).await;
    assert_eq!(reacted(other.answer("2").await), expected);
    one.ask("3", add).await;
    assert_eq!(reacted(one.answer("3").await).count, 2);
    assert_eq!(reacted(other.packet().await).count, 2);

    for (viewer, first, second) in [(&mut one, amina, bello), (&mut other, bello, amina)] {
        let page = viewer.history(ListMessageRequest::new(room.uuid())).await;
        let [reaction] = page.messages[0].reactions.as_slice() else {
            panic!("one emoji was given");
        };
        assert_eq!((&reaction.emoji, reaction.count.get()), (&thumb(), 2));
        let users = [first.uuid().into(), second.uuid().into()];
        assert_eq!(reaction.user_ids, users, "who asks first");
    }

    other.ask("4", remove.clone()).await;
    let back = reacted(other.answer("4").await);
    assert_eq!(
        (back.is_added, back.count, back.revision.unwrap().get()),
        (false, 1, 3)
    );
    assert_eq!(reacted(one.packet().await), back);
    other.ask("5", remove).await;
    let nothing = reacted(other.answer("5").await);
    assert_eq!(
        (nothing.is_added, nothing.count, nothing.revision),
        (false, 1, None)
    );
    one.hears_nothing_else(room).await;
}

#[tokio::test]
async fn a_change_that_is_not_allowed_is_refused_with_its_reason() {
    let chat = Chat::start();
    let (amina, bello, chidi) = (chat.user(), chat.user(), chat.user());
    let room = chat.room(&[amina, bello, chidi]).await;
    let nowhere = RoomId::new(Uuid::new_v4());
    let mut owner = chat.connect_v2(amina).await;
    let mut plain = chat.connect_v2(bello).await;
    let id = say(&mut owner, &mut [&mut plain], room, "mine").await;
    let unknown = MessageId::from(Uuid::now_v7());

    let edit =
        |room: RoomId, id: &MessageId, text: &str| MessageEdit::new(room.uuid(), id.clone(), text);
    for (packet, code) in [
        (edit(room, &id, "yours"), ErrorCode::Forbidden),
        (edit(room, &id, " "), ErrorCode::InvalidPayload),
        (edit(room, &unknown, "x"), ErrorCode::NotFound),
        (edit(room, &"message123".into(), "x"), ErrorCode::NotFound),
        (edit(nowhere, &id, "x"), ErrorCode::NotAMember),
    ] {
        plain.ask("edit", packet.clone()).await;
        assert_eq!(error(plain.answer("edit").await), code, "{packet:?}");
    }
    plain
        .ask("a", MessageDelete::new(room.uuid(), id.clone()))
        .await;
    assert_eq!(error(plain.answer("a").await), ErrorCode::Forbidden);
    plain
        .ask("b", ReactionAdd::new(room.uuid(), unknown, thumb()))
        .await;
    assert_eq!(error(plain.answer("b").await), ErrorCode::NotFound);
    plain
        .send_text(&format!(
            r#"{{"type": "reaction-add", "ref": "c", "payload": {{"room_id": "{room}", "message_id": "{id}", "emoji": "like"}}}}"#
        ))
        .await;
    assert_eq!(error(plain.answer("c").await), ErrorCode::InvalidPayload);

    // Fifteen minutes later.
    chat.people
        .execute("UPDATE messages SET created_at = created_at - interval '16 minutes'");
    owner.ask("d", edit(room, &id, "late")).await;
    assert_eq!(error(owner.answer("d").await), ErrorCode::TooLate);
    let set_role = chat.rooms.set_role(
        caller(amina),
        room,
        bello,
        RoomRole::Moderator,
        Expected::Anything,
    );
    set_role.await.unwrap();
    for session in [&mut owner, &mut plain] {
        let packet = session.packet().await;
        assert!(
            matches!(packet, ServerPacket::MemberNotify(_)),
            "{packet:?}"
        );
    }
    plain
        .ask("e", MessageDelete::new(room.uuid(), id.clone()))
        .await;
    assert!(updated(plain.answer("e").await).deleted);
    updated(owner.packet().await);

    let last = say(&mut owner, &mut [&mut plain], room, "the end").await;
    chat.rooms.delete(caller(amina), room).await.unwrap();
    assert!(matches!(owner.packet().await, ServerPacket::RoomNotify(_)));
    owner.ask("f", MessageDelete::new(room.uuid(), last)).await;
    assert_eq!(error(owner.answer("f").await), ErrorCode::ReadOnlyRoom);
}

#[tokio::test]
async fn a_member_gives_a_message_so_many_emoji_and_no_more() {
    let chat = Chat::start();
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let mut one = chat.connect_v2(amina).await;
    let id = say(&mut one, &mut [], room, "react").await;
    for n in 0..=10 {
        let emoji = char::from_u32(0x1f600 + n).unwrap().to_string();
        let add = ReactionAdd::new(room.uuid(), id.clone(), Emoji::new(emoji).unwrap());
        one.ask("x", add).await;
        let answer = one.answer("x").await;
        match n {
            10 => assert_eq!(error(answer), ErrorCode::InvalidPayload),
            _ => assert_eq!(reacted(answer).count, 1),
        }
    }
}

#[tokio::test]
async fn changes_count_as_messages() {
    let chat = Chat::with(ChatSettings {
        messages_per_minute: 3,
        ..ChatSettings::default()
    });
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let mut one = chat.connect_v2(amina).await;
    let id = say(&mut one, &mut [], room, "one").await;
    let remove = ReactionRemove::new(room.uuid(), id, thumb());
    for _ in 0..2 {
        one.ask("ok", remove.clone()).await;
        reacted(one.answer("ok").await);
    }
    one.ask("fast", remove).await;
    match one.answer("fast").await {
        ServerPacket::Error(error) => {
            assert_eq!(error.code, ErrorCode::RateLimited);
            assert_eq!(error.request_type.as_deref(), Some("reaction-remove"));
            assert!(error.retry_after_ms.is_some());
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn to_a_v1_session_there_are_no_changes() {
    let chat = Chat::start();
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let mut new = chat.connect_v2(amina).await;
    let mut old = chat.connect(amina).await;
    let id = say(&mut new, &mut [&mut old], room, "one").await;
    old.send(MessageDelete::new(room.uuid(), id.clone())).await;
    assert_eq!(old.error().await.code, ErrorCode::UnknownType);
    old.send(ReactionAdd::new(room.uuid(), id, thumb())).await;
    assert_eq!(old.error().await.code, ErrorCode::UnknownType);
}

/// What a session sees of a room: places of messages and numbers of changes, in their order.
#[derive(Debug, PartialEq)]
enum Seen {
    Place(u64),
    Change(u64),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_session_sees_messages_and_changes_in_one_order_without_a_gap() {
    const PEOPLE: usize = 8;
    const ROUNDS: usize = 10;
    // Each says something, and two react to it and one takes it back.
    const PACKETS: usize = PEOPLE * ROUNDS * 4;
    let chat = Chat::start();
    let users: Vec<_> = (0..PEOPLE).map(|_| chat.user()).collect();
    let room = chat.room(&users).await;
    let mut clients = Vec::new();
    for user in &users {
        clients.push(chat.connect_v2(*user).await);
    }
    let mut tasks = Vec::new();
    for (n, mut client) in clients.into_iter().enumerate() {
        tasks.push(tokio::spawn(async move {
            client.say(room, &format!("{n}: 0")).await;
            let mut said = 1;
            let mut seen = Vec::new();
            while seen.len() < PACKETS {
                match client.packet().await {
                    ServerPacket::MessageReceive(message) => {
                        seen.push(Seen::Place(message.seq.unwrap().get()));
                        let sender: usize = message.message[..1].parse().unwrap();
                        let id = message.message_id.unwrap();
                        if [1, 2].contains(&((n + PEOPLE - sender) % PEOPLE)) {
                            client
                                .send(ReactionAdd::new(room.uuid(), id.clone(), thumb()))
                                .await;
                        }
                        if (n + PEOPLE - sender) % PEOPLE == 2 {
                            client
                                .send(ReactionRemove::new(room.uuid(), id, thumb()))
                                .await;
                        }
                        if sender == n && said < ROUNDS {
                            client
                                .send(MessageSend::new(room.uuid(), format!("{n}: {said}")))
                                .await;
                            said += 1;
                        }
                    }
                    ServerPacket::ReactionNotify(notify) => {
                        seen.push(Seen::Change(notify.revision.unwrap().get()));
                    }
                    other => panic!("{other:?}"),
                }
            }
            seen
        }));
    }
    let first = tasks.remove(0).await.unwrap();
    for task in tasks {
        assert_eq!(task.await.unwrap(), first);
    }
    let (mut places, mut changes) = (0, 0);
    for seen in first {
        match seen {
            Seen::Place(place) => {
                places = {
                    assert_eq!(place, places + 1);
                    place
                }
            }
            Seen::Change(change) => {
                changes = {
                    assert_eq!(change, changes + 1);
                    change
                }
            }
        }
    }
    assert_eq!(places as usize, PEOPLE * ROUNDS);
    assert_eq!(changes as usize, PEOPLE * ROUNDS * 3);
}
