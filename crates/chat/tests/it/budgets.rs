//! The budget of listeners: above it nothing is refused, and listeners hear the last state.

use abu_application::{messaging::rooms::RoomPatch, platform::versions::Expected};
use abu_chat::ChatSettings;
use abu_chat_protocol::{
    ServerPacket,
    client::{ReactionAdd, ReactionRemove, ReadMark, Typing},
    server::{MemberChange, RoomChange},
};
use abu_domain::{
    RoomId, UserId,
    messaging::{room::RoomRole, text::RoomName},
};
use abu_test_support::caller;

use crate::support::{Chat, Client, unlimited};

/// One listener a second, after ten.
const SETTINGS: fn() -> ChatSettings = || ChatSettings {
    rate_limits_enabled: true,
    notices_per_minute: 60,
    messages_per_second: 100_000,
    messages_per_minute: 100_000,
    packets_per_second: 100_000,
    ..unlimited()
};

/// Renames the room until the user has used up the budget: who listens hears of the first names.
async fn use_up(chat: &Chat, user: UserId, room: RoomId, listeners: &mut [&mut Client]) {
    let mut spent = 0;
    while spent < 60 {
        rename(chat, user, room, &format!("name {spent}")).await;
        for listener in listeners.iter_mut() {
            assert_eq!(name(listener).await, format!("name {spent}"));
        }
        spent += listeners.len();
    }
}

async fn rename(chat: &Chat, user: UserId, room: RoomId, name: &str) {
    let patch = RoomPatch {
        name: Some(RoomName::parse(name).unwrap()),
    };
    let renamed = chat
        .rooms
        .modify(caller(user), room, patch, Expected::Anything);
    renamed.await.unwrap();
}

async fn name(client: &mut Client) -> String {
    match client.packet().await {
        ServerPacket::RoomNotify(news) => {
            assert_eq!(news.change, RoomChange::Renamed);
            news.name.unwrap()
        }
        other => panic!("a name was expected, not {other:?}"),
    }
}

/// Amina's room with Bello, in which she has used up her budget, and Bello's session.
async fn scene() -> (Chat, UserId, UserId, RoomId, Client) {
    let chat = Chat::with(SETTINGS());
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut other = chat.connect_v2(bello).await;
    use_up(&chat, amina, room, &mut [&mut other]).await;
    (chat, amina, bello, room, other)
}

#[tokio::test]
async fn names_and_roles_above_the_budget_come_once_with_the_last_state() {
    let (chat, amina, bello, room, mut other) = scene().await;
    for number in 0..20 {
        rename(&chat, amina, room, &format!("later {number}")).await;
    }
    for role in [RoomRole::Owner, RoomRole::Member, RoomRole::Moderator] {
        let set = chat
            .rooms
            .set_role(caller(amina), room, bello, role, Expected::Anything);
        set.await.unwrap();
    }
    let (mut names, mut roles) = (Vec::new(), Vec::new());
    while names.last().is_none_or(|name| name != "later 19") || roles.is_empty() {
        match other.packet().await {
            ServerPacket::RoomNotify(news) => names.extend(news.name),
            ServerPacket::MemberNotify(news) => roles.push(news.role.unwrap().as_str().to_owned()),
            packet => panic!("{packet:?}"),
        }
    }
    assert!(names.len() <= 3, "{names:?}");
    assert_eq!(roles, ["moderator"]);
    other.hears_nothing_else(room).await;
}

#[tokio::test]
async fn members_who_come_and_go_above_the_budget_are_named_once() {
    let (chat, amina, _, room, mut other) = scene().await;
    let chidi = chat.user();
    for _ in 0..5 {
        let added = chat.rooms.add_members(caller(amina), room, vec![chidi]);
        added.await.unwrap();
        let removed = chat.rooms.remove_member(caller(amina), room, chidi);
        removed.await.unwrap();
    }
    let mut changes = Vec::new();
    while changes.last() != Some(&MemberChange::Removed) {
        match other.packet().await {
            ServerPacket::MemberNotify(news) => changes.push(news.change),
            packet => panic!("{packet:?}"),
        }
    }
    assert!(changes.len() <= 2, "{changes:?}");
    other.hears_nothing_else(room).await;
}

#[tokio::test]
async fn typing_and_read_marks_above_the_budget_end_in_the_last_state() {
    let (chat, amina, bello, room, mut other) = scene().await;
    for number in 0..9 {
        chat.people.message(room, bello, &number.to_string());
    }
    let mut phone = chat.connect_v2(amina).await;
    for seq in 1..=9 {
        phone
            .send(ReadMark::new(room.uuid(), seq.try_into().unwrap()))
            .await;
        phone.send(Typing::new(room.uuid(), seq % 2 == 1)).await;
    }
    let (mut marks, mut typing) = (Vec::new(), Vec::new());
    while marks.last() != Some(&9) || typing.last() != Some(&true) {
        match other.packet().await {
            ServerPacket::ReadNotify(mark) => marks.push(mark.seq),
            ServerPacket::TypingNotify(notice) => typing.push(notice.is_typing),
            packet => panic!("{packet:?}"),
        }
    }
    assert!(
        marks.len() <= 3 && typing.len() <= 3,
        "{marks:?} {typing:?}"
    );
}

/// Their numbers have no gaps, so none is left out.
#[tokio::test]
async fn reactions_above_the_budget_all_come_in_their_order() {
    let (chat, amina, bello, room, mut other) = scene().await;
    let message = chat.people.message(room, bello, "graduated!").id;
    let mut phone = chat.connect_v2(amina).await;
    let heart = || abu_chat_protocol::Emoji::new("\u{1f44d}").unwrap();
    for _ in 0..10 {
        let (room, message) = (room.uuid(), message.uuid());
        phone.send(ReactionAdd::new(room, message, heart())).await;
        phone
            .send(ReactionRemove::new(room, message, heart()))
            .await;
    }
    for expected in 1..=20 {
        match other.packet().await {
            ServerPacket::ReactionNotify(change) => {
                assert_eq!(change.revision.map(u64::from), Some(expected));
            }
            packet => panic!("{packet:?}"),
        }
    }
}

/// What others do never uses up what is mine.
#[tokio::test]
async fn who_is_brought_into_a_room_is_not_charged_for_it() {
    let (chat, amina, bello, room, mut other) = scene().await;
    let own = chat.room(&[bello, amina]).await;
    let chidi = chat.user();
    chat.room(&[chidi]).await;
    let added = chat.rooms.add_members(caller(amina), room, vec![chidi]);
    added.await.unwrap();
    let mut phone = chat.connect_v2(chidi).await;
    phone.send(Typing::new(room.uuid(), true)).await;
    loop {
        match other.packet().await {
            ServerPacket::TypingNotify(notice) => {
                assert_eq!(notice.participant_id.to_uuid(), Some(chidi.uuid()));
                break;
            }
            ServerPacket::MemberNotify(_) | ServerPacket::RoomNotify(_) => {}
            packet => panic!("{packet:?}"),
        }
    }
    other.say(own, "over").await;
}
