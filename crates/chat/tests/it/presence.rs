use std::num::NonZeroU64;

use abu_chat_protocol::{
    ServerPacket,
    client::PresenceRequest,
    server::{ErrorCode, PresenceResponse},
};
use abu_domain::{RoomId, UserId};
use uuid::Uuid;

use crate::support::{Chat, Client};

async fn hears_join_of(client: &mut Client, user: UserId) {
    match client.packet().await {
        ServerPacket::ChatJoinNotify(packet) => {
            assert_eq!(packet.participant_id.to_uuid(), Some(user.uuid()));
        }
        other => panic!("a join was expected, not {other:?}"),
    }
}

async fn hears_leave_of(client: &mut Client, user: UserId) {
    match client.packet().await {
        ServerPacket::ChatLeave(packet) => {
            assert_eq!(packet.participant_id.to_uuid(), Some(user.uuid()));
        }
        other => panic!("a leave was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn who_shares_several_rooms_hears_of_a_join_and_a_leave_once() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let mut room = chat.room(&[amina, bello]).await;
    for _ in 0..4 {
        room = chat.room(&[bello, amina]).await;
    }
    let mut watching = chat.connect(bello).await;
    let mut joining = chat.connect(amina).await;
    joining.join().await;
    hears_join_of(&mut watching, amina).await;
    joining.hears_nothing_else(room).await;
    assert_eq!(
        watching.message().await.sender_id.to_uuid(),
        Some(amina.uuid())
    );
    joining.leave().await;
    hears_leave_of(&mut watching, amina).await;
    watching.hears_nothing_else(room).await;
}

#[tokio::test]
async fn only_the_first_join_and_the_last_leave_are_broadcast() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut watching = chat.connect(bello).await;
    let mut phone = chat.connect(amina).await;
    let mut laptop = chat.connect(amina).await;
    phone.join().await;
    phone.join().await;
    laptop.join().await;
    hears_join_of(&mut watching, amina).await;
    phone.leave().await;
    laptop.hears_nothing_else(room).await;
    watching.message().await;
    drop(laptop);
    hears_leave_of(&mut watching, amina).await;
}

#[tokio::test]
async fn who_never_joined_leaves_unnoticed() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut watching = chat.connect(bello).await;
    let mut ghost = chat.connect(amina).await;
    ghost.hears_nothing_else(room).await;
    watching.message().await;
    ghost.leave().await;
    watching.hears_nothing_else(room).await;
}

#[tokio::test]
async fn people_without_a_common_room_do_not_hear_of_each_other() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    chat.room(&[amina]).await;
    let elsewhere = chat.room(&[bello]).await;
    let mut watching = chat.connect(bello).await;
    let mut joining = chat.connect(amina).await;
    joining.join().await;
    let own = chat.room(&[amina]).await;
    joining.hears_nothing_else(own).await;
    watching.hears_nothing_else(elsewhere).await;
}

#[tokio::test]
async fn the_rest_of_the_platform_sees_who_is_there() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    chat.room(&[amina, bello]).await;
    let mut watching = chat.connect(bello).await;
    let mut joining = chat.connect(amina).await;
    assert_eq!(chat.online(&[amina, bello]), [false, false]);
    joining.join().await;
    hears_join_of(&mut watching, amina).await;
    assert_eq!(chat.online(&[amina, bello]), [true, false]);
    joining.leave().await;
    hears_leave_of(&mut watching, amina).await;
    assert_eq!(chat.online(&[amina]), [false]);
}

async fn present(client: &mut Client, request: PresenceRequest) -> PresenceResponse {
    client.ask("who", request).await;
    match client.answer("who").await {
        ServerPacket::PresenceResponse(response) => response,
        other => panic!("who is there was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn a_v2_session_queries_presence_and_last_seen_times() {
    let chat = Chat::start();
    let (amina, bello, chidi, dayo) = (chat.user(), chat.user(), chat.user(), chat.user());
    let room = chat.room(&[amina, bello, chidi, dayo]).await;
    let mut asking = chat.connect_v2(amina).await;
    // Connected, but not there.
    let _silent = chat.connect(dayo).await;
    let mut online = chat.connect(bello).await;
    online.join().await;
    hears_join_of(&mut asking, bello).await;
    let mut gone = chat.connect(chidi).await;
    gone.join().await;
    hears_join_of(&mut asking, chidi).await;
    gone.leave().await;
    hears_leave_of(&mut asking, chidi).await;

    // The time is noted a moment after the others were told.
    let response = loop {
        let response = present(&mut asking, PresenceRequest::new(room.uuid())).await;
        if response
            .participants
            .iter()
            .any(|who| who.last_seen.is_some())
        {
            break response;
        }
    };
    assert!(!response.has_more);
    let mut members = [amina, bello, chidi, dayo];
    members.sort_unstable();
    let order: Vec<_> = response
        .participants
        .iter()
        .map(|who| who.participant_id.to_uuid())
        .collect();
    assert_eq!(order, members.map(|user| Some(user.uuid())));
    for who in response.participants {
        let user = who.participant_id.to_uuid().unwrap();
        assert_eq!(who.is_online, user == bello.uuid());
        assert_eq!(who.last_seen.is_some(), user == chidi.uuid());
    }
}

#[tokio::test]
async fn presence_is_paginated_and_sent_to_members_only() {
    let chat = Chat::start();
    let users: Vec<_> = (0..5).map(|_| chat.user()).collect();
    let room = chat.room(&users).await;
    let mut asking = chat.connect_v2(users[0]).await;
    let mut found = Vec::new();
    loop {
        let mut request = PresenceRequest::new(room.uuid());
        request.limit = NonZeroU64::new(2);
        request.after = found.last().cloned();
        let response = present(&mut asking, request).await;
        let has_more = response.has_more;
        assert!(response.participants.len() <= 2);
        found.extend(
            response
                .participants
                .into_iter()
                .map(|who| who.participant_id),
        );
        if !has_more {
            break;
        }
    }
    let mut expected: Vec<_> = users.iter().map(|user| Some(user.uuid())).collect();
    expected.sort_unstable();
    let found: Vec<_> = found
        .iter()
        .map(abu_chat_protocol::UserId::to_uuid)
        .collect();
    assert_eq!(found, expected);

    let mut error = async |request: PresenceRequest| {
        asking.ask("x", request).await;
        match asking.answer("x").await {
            ServerPacket::Error(error) => error.code,
            other => panic!("{other:?}"),
        }
    };
    let nowhere = RoomId::new(Uuid::new_v4());
    assert_eq!(
        error(PresenceRequest::new(nowhere.uuid())).await,
        ErrorCode::NotAMember
    );
    let after_nobody = PresenceRequest::new(room.uuid()).after("user123");
    assert_eq!(error(after_nobody).await, ErrorCode::InvalidPayload);
}
