//! Ends of a chat, and reconnects instead of an end.

use std::time::Duration;

use abu_chat_client::{
    CloseCode, ConnectError, EndReason, Event, Interruption, RequestError, UserId,
};

use crate::{
    fake::{FakeServer, Script},
    people::{Person, client_of, in_time, server, until},
};

const UNAUTHORIZED: &str = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";
const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
const CLOSING: &str =
    "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn closing_the_chat_takes_the_user_offline_and_fails_later_requests() {
    let server = server().await;
    let client = client_of(&server);
    let mut amina = Person::new(&server, &client).await;
    let mut musa = Person::new(&server, &client).await;
    let room = amina.group(&mut [&mut musa]).await;

    in_time(musa.chat.close()).await;
    goes_offline(&mut amina, &musa.id).await;
    let refused = musa.chat.send(&room, "Anybody?").await;
    assert_eq!(refused, Err(RequestError::Ended(EndReason::Closed)));
    assert_eq!(musa.chat.ended().await, EndReason::Closed);
    let mut last = None;
    while let Some(event) = in_time(musa.events.next()).await {
        last = Some(event);
    }
    assert!(
        matches!(last, Some(Event::Ended(EndReason::Closed))),
        "{last:?}"
    );
}

#[tokio::test]
async fn an_answer_before_the_close_handshake_ends_still_arrives() {
    let mut server = FakeServer::new([Script::AnswerLate]).await;
    let (chat, _events) = server.session().connect().await.unwrap();
    let sending = chat.clone();
    let sent = tokio::spawn(async move { sending.send(&"room".into(), "Last words").await });
    assert_eq!(in_time(server.said.recv()).await.unwrap(), "Last words");
    in_time(chat.close()).await;
    let stored = in_time(sent).await.unwrap().unwrap();
    assert_eq!(stored.text, "Last words");
    let refused = chat.send(&"room".into(), "And another thing").await;
    assert_eq!(refused, Err(RequestError::Ended(EndReason::Closed)));
}

#[tokio::test]
async fn closing_the_chat_fails_unanswered_requests() {
    let server = FakeServer::new([Script::Stay]).await;
    let (chat, _events) = server.session().connect().await.unwrap();
    let room = "room".into();
    let (sent, ()) =
        in_time(async { tokio::join!(chat.send(&room, "Anybody?"), chat.close()) }).await;
    assert_eq!(sent, Err(RequestError::Ended(EndReason::Closed)));
}

#[tokio::test]
async fn dropping_a_chat_and_its_events_ends_it() {
    let server = server().await;
    let client = client_of(&server);
    let mut amina = Person::new(&server, &client).await;
    let mut musa = Person::new(&server, &client).await;
    amina.group(&mut [&mut musa]).await;

    let id = musa.id.clone();
    drop(musa);
    goes_offline(&mut amina, &id).await;
}

async fn goes_offline(amina: &mut Person, who: &UserId) {
    until(&mut amina.events, |event| match event {
        Event::Presence { user_id, is_online } if user_id == *who && !is_online => Some(()),
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn requests_still_work_after_the_events_are_dropped() {
    let server = server().await;
    let client = client_of(&server);
    let mut amina = Person::new(&server, &client).await;
    let mut musa = Person::new(&server, &client).await;
    let room = amina.group(&mut [&mut musa]).await;
    drop(musa.events);
    for number in 0..10 {
        let text = format!("message {number}");
        musa.chat.send(&room, text.as_str()).await.unwrap();
        amina.hears(&text).await;
    }
}

#[tokio::test]
async fn logging_out_ends_the_chat_for_good() {
    let server = server().await;
    let mut amina = Person::new(&server, &client_of(&server)).await;
    amina.session.log_out().await.unwrap();
    assert_eq!(in_time(amina.chat.ended()).await, EndReason::LoggedOut);
    let reason = loop {
        match in_time(amina.events.next()).await {
            Some(Event::Ended(reason)) => break reason,
            Some(_) => {}
            None => panic!("no event of the end"),
        }
    };
    assert_eq!(reason, EndReason::LoggedOut);
    assert!(in_time(amina.events.next()).await.is_none());
}

#[tokio::test]
async fn a_suspended_account_cannot_connect() {
    let server = server().await;
    let suspended = server.database().user().suspended().create();
    let token = server.token(suspended.id);
    let session = client_of(&server).with_tokens(move || {
        let token = abu_chat_client::AccessToken::new(token.as_str());
        async move { Ok(token) }
    });
    let refused = session.connect().await.unwrap_err();
    assert!(
        matches!(refused, ConnectError::Ended(EndReason::Suspended)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_server_without_profile_v2_is_unsupported() {
    let server = FakeServer::new([Script::OldServer]).await;
    let refused = server.session().connect().await.unwrap_err();
    let expected = matches!(refused, ConnectError::Ended(EndReason::UnsupportedServer));
    assert!(expected, "{refused:?}");
}

#[tokio::test]
async fn a_closed_connection_comes_back_unless_its_code_says_never() {
    let codes = [
        CloseCode::GoingAway,
        CloseCode::SlowConsumer,
        CloseCode::AccountSuspended,
    ];
    let server = FakeServer::new(codes.map(Script::Close)).await;
    let (chat, mut events) = server.session().connect().await.unwrap();
    let mut causes = Vec::new();
    let reason = loop {
        match in_time(events.next()).await {
            Some(Event::Reconnecting { cause, .. }) => causes.push(cause),
            Some(Event::Ended(reason)) => break reason,
            Some(_) => {}
            None => panic!("no event of the end"),
        }
    };
    assert_eq!(causes, [codes[0], codes[1]].map(Interruption::Closed));
    assert_eq!(reason, EndReason::Suspended);
    assert_eq!(chat.ended().await, EndReason::Suspended);
}

#[tokio::test]
async fn an_expired_token_is_replaced_before_the_next_attempt() {
    let scripts = [Script::Close(CloseCode::TokenExpired), Script::Stay];
    let mut server = FakeServer::new(scripts).await;
    let (_chat, mut events) = server.session().connect().await.unwrap();
    let delay = until(&mut events, |event| match event {
        Event::Reconnecting { delay, .. } => Some(delay),
        _ => None,
    })
    .await;
    assert_eq!(delay, Duration::ZERO);
    assert_eq!(server.tokens.recv().await.unwrap(), "token-1");
    assert_eq!(in_time(server.tokens.recv()).await.unwrap(), "token-2");
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_before_the_log_in_ends() {
    let mut server = FakeServer::new([Script::Refuse(UNAUTHORIZED), Script::Stay]).await;
    let connected = server.session().connect().await;
    assert!(connected.is_ok());
    assert_eq!(server.tokens.recv().await.unwrap(), "token-1");
    assert_eq!(server.tokens.recv().await.unwrap(), "token-2");

    let server = FakeServer::new([Script::Refuse(UNAUTHORIZED)]).await;
    let refused = server.session().connect().await.unwrap_err();
    assert!(
        matches!(refused, ConnectError::Ended(EndReason::LoggedOut)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_reconnect_waits_for_the_servers_retry_after() {
    let server = FakeServer::new([Script::Refuse(CLOSING), Script::Stay]).await;
    let refused = server.session().connect().await.unwrap_err();
    assert!(matches!(refused, ConnectError::NotNow(_)), "{refused:?}");

    let server = FakeServer::new([Script::Refuse(CLOSING), Script::Stay]).await;
    let (_chat, mut events) = server.session().open(Vec::new());
    let Some(Event::Reconnecting {
        delay,
        cause,
        attempt,
    }) = in_time(events.next()).await
    else {
        panic!("the first attempt fails");
    };
    assert_eq!((attempt, cause), (1, Interruption::Refused(503)));
    assert!(delay >= Duration::from_secs(1), "{delay:?}");
    let next = in_time(events.next()).await;
    assert!(matches!(next, Some(Event::Connected(_))), "{next:?}");
}

#[tokio::test]
async fn a_reconnect_waits_as_long_as_the_closing_server_asks() {
    let wait = Duration::from_millis(500);
    let scripts = [
        Script::Drain(wait),
        Script::Close(CloseCode::GoingAway),
        Script::Stay,
    ];
    let server = FakeServer::new(scripts).await;
    let (_chat, mut events) = server.session().connect().await.unwrap();
    let mut delays = Vec::new();
    while delays.len() < 2 {
        delays.push(
            until(&mut events, |event| match event {
                Event::Reconnecting { delay, .. } => Some(delay),
                _ => None,
            })
            .await,
        );
    }
    assert!(delays[0] >= wait, "{delays:?}");
    assert!(delays[1] < wait, "{delays:?}");
}

#[tokio::test]
async fn a_forbidden_chat_is_over() {
    let server = FakeServer::new([Script::Refuse(FORBIDDEN)]).await;
    let (chat, _events) = server.session().open(Vec::new());
    assert!(matches!(in_time(chat.ended()).await, EndReason::Refused(_)));
}
