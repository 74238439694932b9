//! Requests of one user, and the events that another gets.

use std::time::Duration;

use abu_chat_client::{Emoji, Event, MessageId, Outgoing, RequestError, RoomId};
use abu_test_support::TestServer;
use uuid::Uuid;

use crate::people::{Person, client_of, server, until};

async fn two(server: &TestServer) -> (Person, Person, RoomId) {
    let client = client_of(server);
    let mut amina = Person::new(server, &client).await;
    let mut musa = Person::new(server, &client).await;
    let room = amina.group(&mut [&mut musa]).await;
    (amina, musa, room)
}

#[tokio::test]
async fn a_sent_message_is_stored_and_reaches_every_member() {
    let server = server().await;
    let (mut amina, mut musa, room) = two(&server).await;
    let sent = amina.chat.send(&room, " Sannu! ").await.unwrap();
    assert_eq!((sent.text.as_str(), sent.seq), ("Sannu!", 1));
    assert_eq!(sent.sender_id, amina.id);
    assert_eq!(amina.message().await, sent);
    assert_eq!(musa.message().await, sent);
    let answer = musa.chat.reply(&sent, "Sannu da zuwa").await.unwrap();
    assert_eq!(answer.reply_to, Some(sent.id));
    assert_eq!(amina.message().await, answer);
}

#[tokio::test]
async fn changes_to_a_message_reach_every_member() {
    let server = server().await;
    let (amina, mut musa, room) = two(&server).await;
    let sent = amina.chat.send(&room, "Sanu").await.unwrap();
    let mut seen = musa.message().await;

    let edited = amina.chat.edit(&room, &sent.id, "Sannu").await.unwrap();
    let told = until(&mut musa.events, |event| match event {
        Event::Updated(updated) => Some(updated),
        _ => None,
    })
    .await;
    assert_eq!(told, edited);
    assert!(seen.update(&told));
    assert_eq!(seen.text, "Sannu");

    let thumb = Emoji::new("\u{1f44d}").unwrap();
    amina
        .chat
        .react(&room, &sent.id, thumb.clone())
        .await
        .unwrap();
    let told = until(&mut musa.events, |event| match event {
        Event::Reaction(reaction) => Some(reaction),
        _ => None,
    })
    .await;
    assert!(seen.react(&told));
    assert_eq!(seen.reactions[0].emoji, thumb);
    let again = amina
        .chat
        .react(&room, &sent.id, thumb.clone())
        .await
        .unwrap();
    assert_eq!(again.revision, None, "nothing changed");
    amina.chat.unreact(&room, &sent.id, thumb).await.unwrap();

    amina.chat.delete(&room, &sent.id).await.unwrap();
    let told = until(&mut musa.events, |event| match event {
        Event::Updated(updated) => Some(updated),
        _ => None,
    })
    .await;
    assert!(seen.update(&told));
    assert!(seen.deleted && seen.text.is_empty());
}

#[tokio::test]
async fn history_is_read_from_its_end_and_back_to_its_beginning() {
    let server = server().await;
    let (amina, _musa, room) = two(&server).await;
    for number in 1..=7 {
        amina.chat.send(&room, number.to_string()).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut page = amina.chat.history(&room, 3).await.unwrap();
    assert_eq!(page.total, 7);
    while let Some(first) = page.messages.first() {
        let before = first.seq;
        seen.splice(
            0..0,
            page.messages.iter().map(|message| message.text.clone()),
        );
        page = amina.chat.history_before(&room, before, 3).await.unwrap();
        assert_eq!(page.total, 7);
    }
    assert_eq!(seen, ["1", "2", "3", "4", "5", "6", "7"]);
}

#[tokio::test]
async fn each_refusal_has_its_own_error() {
    let server = server().await;
    let (amina, musa, room) = two(&server).await;
    let elsewhere = RoomId::from(Uuid::new_v4());
    let nowhere = MessageId::from(Uuid::new_v4());
    let sent = amina.chat.send(&room, "Mine").await.unwrap();

    let refused = amina.chat.send(&elsewhere, "Hello?").await;
    assert_eq!(refused, Err(RequestError::NotAMember));
    assert_eq!(amina.chat.send(&room, " ").await, Err(RequestError::Empty));
    let refused = amina.chat.send(&room, "x".repeat(4_001)).await;
    assert_eq!(refused, Err(RequestError::TooLong { limit: 4_000 }));
    let refused = amina.chat.edit(&room, &nowhere, "New").await;
    assert_eq!(refused, Err(RequestError::NotFound));
    let refused = musa.chat.edit(&room, &sent.id, "Not mine").await;
    assert_eq!(refused, Err(RequestError::Forbidden));
    let refused = amina.chat.history(&elsewhere, 10).await;
    assert_eq!(refused, Err(RequestError::NotAMember));
}

#[tokio::test]
async fn a_rate_limited_send_fails_with_the_time_to_wait() {
    let server = TestServer::start_with(|settings| settings.chat.messages_per_second = 1).await;
    let (amina, _musa, room) = two(&server).await;
    amina.chat.send(&room, "one").await.unwrap();
    let refused = amina.chat.send(&room, "two").await;
    let Err(RequestError::RateLimited { retry_after }) = refused else {
        panic!("{refused:?}");
    };
    assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_secs(2));
}

#[tokio::test]
async fn the_same_id_stores_a_message_once() {
    let server = server().await;
    let (amina, mut musa, room) = two(&server).await;
    let message = Outgoing::new("Once").client_message_id(Uuid::new_v4());
    let first = amina.chat.send(&room, message.clone()).await.unwrap();
    let second = amina.chat.send(&room, message).await.unwrap();
    assert_eq!(first.id, second.id);
    amina.chat.send(&room, "and then").await.unwrap();
    musa.hears("Once").await;
    musa.hears("and then").await;
}

#[tokio::test]
async fn read_marks_typing_and_presence_arrive_as_events() {
    let server = server().await;
    let (mut amina, musa, room) = two(&server).await;
    let sent = amina.chat.send(&room, "Are you there?").await.unwrap();
    musa.chat.typing(&room, true);
    let typing = until(&mut amina.events, |event| match event {
        Event::Typing(typing) if typing.is_typing => Some(typing),
        _ => None,
    })
    .await;
    assert_eq!(typing.participant_id, musa.id);
    assert_eq!(musa.chat.mark_read(&room, sent.seq).await, Ok(sent.seq));
    let mark = until(&mut amina.events, |event| match event {
        Event::Read(mark) if mark.participant_id == musa.id => Some(mark),
        _ => None,
    })
    .await;
    assert_eq!(mark.seq, sent.seq);
    let presence = amina.chat.presence(&room, None).await.unwrap();
    let online = presence
        .participants
        .iter()
        .filter(|who| who.is_online)
        .count();
    assert_eq!((online, presence.has_more), (2, false));
}

#[tokio::test]
async fn the_list_of_rooms_has_unread_counts_and_the_members() {
    let server = server().await;
    let (amina, musa, room) = two(&server).await;
    amina.chat.send(&room, "one").await.unwrap();
    let last = amina.chat.send(&room, "two").await.unwrap();
    let rooms = musa.session.rooms().await.unwrap();
    let [listed] = &rooms[..] else {
        panic!("{rooms:?}");
    };
    assert_eq!((&listed.id, listed.last_seq), (&room, 2));
    assert_eq!((listed.is_direct, listed.member_count), (false, 2));
    assert_eq!(listed.last_message.as_ref(), Some(&last));
    assert_eq!(listed.unread_count, Some(2));
    let (members, next) = musa.session.members(&room, None).await.unwrap();
    assert_eq!((members.len(), next), (2, None));
    let direct = musa.session.open_direct_room(&amina.id).await.unwrap();
    assert!(direct.is_direct);
    let same = amina.session.open_direct_room(&musa.id).await.unwrap();
    assert_eq!(same.id, direct.id);
}
