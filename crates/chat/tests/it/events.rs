//! Events that no session of this process caused.

use abu_application::messaging::events::Event;
use abu_chat_protocol::{ServerPacket, server::ErrorCode};
use abu_domain::{
    MessageId,
    messaging::{
        message::NewMessage,
        room::{Departure, RoomRole},
        text::MessageText,
    },
};
use chrono::Utc;
use uuid::Uuid;

use crate::support::Chat;

async fn publish(chat: &Chat, event: Event) {
    // As it arrives from another process.
    let json = serde_json::to_string(&event).unwrap();
    let events = chat.events();
    let applied = tokio::task::spawn_blocking(move || {
        let event: Event = serde_json::from_str(&json).unwrap();
        events.publish(event)
    });
    applied.await.unwrap().await;
}

#[tokio::test]
async fn an_event_from_elsewhere_reaches_every_session_that_it_concerns() {
    let chat = Chat::start();
    let (amina, bello, stranger) = (chat.user(), chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let own = chat.room(&[stranger]).await;
    let mut first = chat.connect(amina).await;
    let mut second = chat.connect_v2(bello).await;
    let mut outside = chat.connect(stranger).await;
    let message = NewMessage {
        id: MessageId::new(Uuid::now_v7()),
        room_id: room,
        sender_id: amina,
        text: MessageText::parse("from elsewhere").unwrap(),
        client_message_id: None,
        reply_to: None,
        sent_at: Utc::now(),
    };
    let message = message.at(1);
    publish(&chat, Event::MessageStored { message }).await;
    for session in [&mut first, &mut second] {
        assert_eq!(session.message().await.message, "from elsewhere");
    }
    let typing = Event::TypingChanged {
        room,
        user: amina,
        is_typing: true,
    };
    publish(&chat, typing).await;
    for session in [&mut first, &mut second] {
        let packet = session.packet().await;
        assert!(
            matches!(packet, ServerPacket::TypingNotify(_)),
            "{packet:?}"
        );
    }
    let joined = Event::PresenceChanged {
        user: amina,
        rooms: vec![room],
        is_online: true,
    };
    publish(&chat, joined).await;
    let packet = second.packet().await;
    assert!(
        matches!(packet, ServerPacket::ChatJoinNotify(_)),
        "{packet:?}"
    );
    first.hears_nothing_else(room).await;
    outside.hears_nothing_else(own).await;
}

/// By the time it is read, another user may have undone it, of whom an event is to come.
#[tokio::test]
async fn a_change_that_was_undone_names_no_actor() {
    let chat = Chat::start();
    let (amina, bello, chidi) = (chat.user(), chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut watching = chat.connect_v2(amina).await;
    let moved = |users, added| Event::MembershipChanged {
        room,
        users,
        added,
        by: bello,
    };
    publish(&chat, moved(vec![chidi], true)).await;
    publish(&chat, moved(vec![bello], false)).await;
    let roles = Event::RolesChanged {
        room,
        roles: vec![(bello, RoomRole::Owner)],
        by: Some(amina),
    };
    publish(&chat, roles).await;
    watching.hears_nothing_else(room).await;
}

#[tokio::test]
async fn a_membership_event_from_elsewhere_is_applied_by_its_ids() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut removed = chat.connect(bello).await;
    let change = chat
        .people
        .transaction(|tx| tx.remove_member(room, bello, Departure::Removed, Utc::now()));
    change.unwrap();
    let event = Event::MembershipChanged {
        room,
        users: vec![bello],
        added: false,
        by: amina,
    };
    publish(&chat, event).await;
    removed.say(room, "still here").await;
    assert_eq!(removed.error().await.code, ErrorCode::NotAMember);
}
