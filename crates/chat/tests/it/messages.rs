use std::collections::HashSet;

use abu_chat::ChatSettings;
use abu_chat_protocol::client::ListMessageRequest;

use crate::support::{Chat, unlimited};

#[tokio::test]
async fn a_message_reaches_all_sessions_of_members_and_no_others() {
    let chat = Chat::start();
    let (amina, bello, stranger) = (chat.user(), chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let elsewhere = chat.room(&[stranger]).await;
    let mut phone = chat.connect(amina).await;
    let mut laptop = chat.connect(amina).await;
    let mut other = chat.connect(bello).await;
    let mut outside = chat.connect(stranger).await;

    phone.say(room, "  Salaam  ").await;

    for session in [&mut phone, &mut laptop, &mut other] {
        let message = session.message().await;
        assert_eq!(message.message, "Salaam");
        assert_eq!(message.room_id.to_uuid(), Some(room.uuid()));
        assert_eq!(message.sender_id.to_uuid(), Some(amina.uuid()));
    }
    outside.hears_nothing_else(elsewhere).await;
}

#[tokio::test]
async fn a_delivered_message_is_in_the_history_exactly_as_it_was_delivered() {
    let chat = Chat::start();
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let mut session = chat.connect(amina).await;
    session.say(room, "ABU \u{1F393} \"quoted\" \\ ünï").await;
    let delivered = session.message().await;
    let page = session.history(ListMessageRequest::new(room.uuid())).await;
    assert_eq!(page.messages, [delivered]);
    assert_eq!(page.total_count, 1);
}

#[tokio::test]
async fn members_need_not_join_to_get_messages() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut silent = chat.connect(bello).await;
    let mut sender = chat.connect(amina).await;
    sender.say(room, "hello").await;
    assert_eq!(silent.message().await.message, "hello");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_sessions_see_every_message_in_one_order_and_none_twice() {
    const SESSIONS: usize = 200;
    const EACH: usize = 5;
    let chat = Chat::with(ChatSettings {
        // All of it may wait for a client whose turn comes late: this is not about slow readers.
        outbox_max_bytes: 1 << 20,
        ..unlimited()
    });
    let users: Vec<_> = (0..SESSIONS).map(|_| chat.user()).collect();
    let room = chat.room(&users).await;
    let mut tasks = Vec::new();
    for (mut client, user) in chat.connect_all(&users).await.into_iter().zip(users) {
        tasks.push(tokio::spawn(async move {
            for n in 0..EACH {
                client.say(room, &format!("{user} {n}")).await;
            }
            let mut seen = Vec::with_capacity(SESSIONS * EACH);
            for _ in 0..SESSIONS * EACH {
                seen.push(client.message().await.message);
            }
            seen
        }));
    }
    let mut views = Vec::new();
    for task in tasks {
        views.push(task.await.unwrap());
    }
    // As many as were sent and none twice, so none is missing.
    assert_eq!(
        views[0].iter().collect::<HashSet<_>>().len(),
        SESSIONS * EACH
    );
    for view in &views {
        assert_eq!(view, &views[0]);
    }
}
