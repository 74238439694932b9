//! Recovery from lost connections: resends, catch-up, resume.

use std::time::Duration;

use abu_chat_client::{Event, Interruption};
use abu_test_support::TestServer;

use crate::{
    people::{Person, account, builder, client_of, in_time, server, until},
    proxy::Proxy,
};

async fn is_back(person: &mut Person) {
    let mut was_away = false;
    until(&mut person.events, |event| match event {
        Event::Reconnecting { .. } => {
            was_away = true;
            None
        }
        Event::Connected(_) if was_away => Some(()),
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_stored_once() {
    let server = server().await;
    let proxy = Proxy::new(server.address()).await;
    let mut amina = Person::new(&server, &client_of(&server)).await;
    let mut musa = Person::new(&server, &builder(proxy.url()).build().unwrap()).await;
    let room = amina.group(&mut [&mut musa]).await;

    proxy.set_deaf(true);
    let sending = musa.chat.clone();
    let to = room.clone();
    let sent = tokio::spawn(async move { sending.send(&to, "Once").await });
    let heard = amina.hears("Once").await;
    assert!(!sent.is_finished(), "the answer is on its way");
    proxy.cut();
    proxy.set_deaf(false);
    let stored = in_time(sent).await.unwrap().unwrap();
    assert_eq!(stored.id, heard.id);
    assert_eq!(musa.hears("Once").await.id, heard.id);
    musa.chat.send(&room, "and then").await.unwrap();
    amina.hears("and then").await;
    musa.hears("and then").await;
}

#[tokio::test]
async fn missed_messages_and_changes_arrive_in_order_after_a_reconnect() {
    let server = server().await;
    let proxy = Proxy::new(server.address()).await;
    let mut amina = Person::new(&server, &client_of(&server)).await;
    let mut musa = Person::new(&server, &builder(proxy.url()).build().unwrap()).await;
    let room = amina.group(&mut [&mut musa]).await;
    let old = amina.chat.send(&room, "Sanu").await.unwrap();
    musa.hears("Sanu").await;

    let nowhere = "127.0.0.1:1".parse().unwrap();
    proxy.lead_to(nowhere);
    proxy.cut();
    // More than one answer to `sync-request` can hold.
    for number in 0..150 {
        amina
            .chat
            .send(&room, format!("message {number}"))
            .await
            .unwrap();
    }
    amina.chat.edit(&room, &old.id, "Sannu").await.unwrap();
    proxy.lead_to(server.address());
    is_back(&mut musa).await;
    let mut refreshed = None;
    for number in 0..150 {
        let message = until(&mut musa.events, |event| match event {
            Event::Message(message) => Some(message),
            Event::Refreshed(message) => {
                refreshed = Some(message);
                None
            }
            _ => None,
        })
        .await;
        assert_eq!(message.text, format!("message {number}"));
    }
    let refreshed = match refreshed {
        Some(message) => message,
        None => {
            until(&mut musa.events, |event| match event {
                Event::Refreshed(message) => Some(message),
                _ => None,
            })
            .await
        }
    };
    assert_eq!((refreshed.id, refreshed.text.as_str()), (old.id, "Sannu"));
}

#[tokio::test]
async fn a_server_that_comes_back_elsewhere_is_found_again() {
    let first = server().await;
    let proxy = Proxy::new(first.address()).await;
    let mut musa = Person::new(&first, &builder(proxy.url()).build().unwrap()).await;
    let room = musa.group(&mut []).await;
    let database = first.database().clone();
    first.stop().await;
    let cause = until(&mut musa.events, |event| match event {
        Event::Reconnecting { cause, .. } => Some(cause),
        _ => None,
    })
    .await;
    assert_eq!(
        cause,
        Interruption::Closed(abu_chat_client::CloseCode::GoingAway)
    );

    let chat = musa.chat.clone();
    let to = room.clone();
    let sent = tokio::spawn(async move { chat.send(&to, "Sent while away").await });
    let second = TestServer::start_on(database, |settings| {
        settings.rate_limits.enabled = false;
        settings.chat.rate_limits_enabled = false;
    })
    .await;
    proxy.lead_to(second.address());
    in_time(sent).await.unwrap().unwrap();
    musa.hears("Sent while away").await;
}

#[tokio::test]
async fn a_silent_connection_counts_as_lost() {
    let server = TestServer::start_with(|settings| {
        settings.chat.ping_interval = Duration::from_millis(200);
        settings.chat.idle_timeout = Duration::from_millis(600);
    })
    .await;
    let proxy = Proxy::new(server.address()).await;
    let mut musa = Person::new(&server, &builder(proxy.url()).build().unwrap()).await;
    proxy.set_deaf(true);
    let cause = until(&mut musa.events, |event| match event {
        Event::Reconnecting { cause, .. } => Some(cause),
        _ => None,
    })
    .await;
    assert_eq!(cause, Interruption::Silent);
    proxy.cut();
    proxy.set_deaf(false);
    until(&mut musa.events, |event| match event {
        Event::Connected(_) => Some(()),
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn a_slow_reader_can_still_send_and_gets_every_message() {
    let server = server().await;
    let client = builder(server.url("")).event_queue(4).build().unwrap();
    let mut amina = Person::new(&server, &client_of(&server)).await;
    let mut musa = Person::new(&server, &client).await;
    let room = amina.group(&mut [&mut musa]).await;
    for number in 1..=300 {
        amina.chat.typing(&room, number == 300);
        amina.chat.send(&room, number.to_string()).await.unwrap();
        amina.hears(&number.to_string()).await;
    }
    // A full event queue does not block requests.
    let own = in_time(musa.chat.send(&room, "301")).await.unwrap();
    assert_eq!(own.seq, 301);
    let mut has_lagged = false;
    for number in 1..=301 {
        let message = until(&mut musa.events, |event| match event {
            Event::Message(message) => Some(message),
            Event::Lagged => {
                has_lagged = true;
                None
            }
            _ => None,
        })
        .await;
        assert_eq!(message.text, number.to_string());
    }
    assert!(has_lagged, "the client reports dropped typing hints");
}

#[tokio::test]
async fn a_room_joined_while_disconnected_is_announced_and_delivers_messages() {
    let server = server().await;
    let proxy = Proxy::new(server.address()).await;
    let mut amina = Person::new(&server, &client_of(&server)).await;
    let mut musa = Person::new(&server, &builder(proxy.url()).build().unwrap()).await;
    let nowhere = "127.0.0.1:1".parse().unwrap();
    proxy.lead_to(nowhere);
    proxy.cut();
    let room = amina
        .session
        .open_group("New", std::slice::from_ref(&musa.id))
        .await
        .unwrap();
    amina.hears_of(&room.id).await;
    amina.chat.send(&room.id, "before").await.unwrap();
    proxy.lead_to(server.address());
    musa.hears_of(&room.id).await;
    let history = musa.chat.history(&room.id, 10).await.unwrap();
    assert_eq!(history.messages[0].text, "before");
    amina.chat.send(&room.id, "after").await.unwrap();
    assert_eq!(musa.hears("after").await.seq, 2);
}

#[tokio::test]
async fn another_process_goes_on_where_the_first_one_stopped() {
    let server = server().await;
    let mut amina = Person::new(&server, &client_of(&server)).await;
    let client = client_of(&server);
    let (id, session) = account(&server, &client);
    let mut musa = Person::connect(id.clone(), session.clone()).await;
    let room = amina.group(&mut [&mut musa]).await;
    amina.chat.send(&room, "one").await.unwrap();
    amina.chat.send(&room, "two").await.unwrap();
    musa.hears("one").await;
    let positions = musa.events.positions();
    musa.chat.close().await;
    amina.chat.send(&room, "three").await.unwrap();

    let (chat, events) = session.connect_from(positions).await.unwrap();
    let mut musa = Person {
        id,
        session,
        chat,
        events,
    };
    for text in ["two", "three"] {
        musa.hears(text).await;
    }
}
