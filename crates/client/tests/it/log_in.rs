//! Login, token refresh, and the REST calls of a session.

use std::time::Duration;

use abu_chat_client::{
    ApiError, ConnectError, EndReason, Event, LogIn, LogInError, secrecy::ExposeSecret,
};
use abu_test_support::{ADMIN_EMAIL, ADMIN_PASSWORD, TestServer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};

use crate::people::{Person, account, builder, client_of, in_time, server};

#[tokio::test]
async fn the_right_password_opens_a_session_and_a_wrong_one_says_so() {
    let server = server().await;
    let client = client_of(&server);
    let session = client
        .log_in(LogIn::new(ADMIN_EMAIL, ADMIN_PASSWORD))
        .await
        .unwrap();
    assert!(session.user_id().is_some());
    assert!(session.rooms().await.unwrap().is_empty());
    let (chat, _events) = session.connect().await.unwrap();
    chat.close().await;

    let wrong = client
        .log_in(LogIn::new(ADMIN_EMAIL, "something else"))
        .await;
    assert!(
        matches!(wrong, Err(LogInError::WrongCredentials)),
        "{wrong:?}"
    );
}

#[tokio::test]
async fn a_session_that_was_logged_out_is_over_everywhere() {
    let server = server().await;
    let (_, session) = account(&server, &client_of(&server));
    session.log_out().await.unwrap();
    let rooms = session.rooms().await;
    assert!(
        matches!(rooms, Err(ApiError::Token(EndReason::LoggedOut))),
        "{rooms:?}"
    );
    let refused = session.connect().await.unwrap_err();
    assert!(
        matches!(refused, ConnectError::Ended(EndReason::LoggedOut)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_to_be_so() {
    let closed_port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let client = builder(format!("http://{closed_port}")).build().unwrap();
    let refused = client
        .log_in(LogIn::new("amina@example.com", "samaru"))
        .await;
    let expected = matches!(refused, Err(LogInError::Api(ApiError::Unreachable(_))));
    assert!(expected, "{refused:?}");
}

#[tokio::test]
async fn the_hook_gets_each_refresh_token_and_the_newest_resumes() {
    let server = server().await;
    let (tell, mut told) = mpsc::unbounded_channel();
    let client = builder(server.url(""))
        .on_refresh_token(move |token| drop(tell.send(token.clone())))
        .build()
        .unwrap();
    let session = client
        .log_in(LogIn::new(ADMIN_EMAIL, ADMIN_PASSWORD))
        .await
        .unwrap();
    let newest = told.recv().await.unwrap();
    drop(session);
    let session = client.resume(newest);
    session.rooms().await.unwrap();
    told.recv().await.unwrap();
    session.rooms().await.unwrap();
    assert!(told.try_recv().is_err(), "a good token is not replaced");
}

#[tokio::test]
async fn a_live_session_outlives_its_tokens() {
    let lifetime = Duration::from_secs(2);
    let server = TestServer::start_with(|settings| {
        settings.rate_limits.enabled = false;
        settings.chat.rate_limits_enabled = false;
        settings.auth.access_token_ttl = lifetime;
    })
    .await;
    let (tell, mut refreshed) = mpsc::unbounded_channel();
    let client = builder(server.url(""))
        .on_refresh_token(move |token| drop(tell.send(token.clone())))
        .build()
        .unwrap();
    let mut amina = Person::new(&server, &client).await;
    let room = amina.group(&mut []).await;
    let began = std::time::Instant::now();
    while began.elapsed() < 2 * lifetime {
        in_time(refreshed.recv()).await.unwrap();
    }
    amina.chat.send(&room, "Still here").await.unwrap();
    loop {
        match in_time(amina.events.next()).await.unwrap() {
            Event::Message(message) => break assert_eq!(message.text, "Still here"),
            Event::Reconnecting { cause, .. } => panic!("the session ended: {cause}"),
            _ => {}
        }
    }
}

/// A server that drops its answers to the first `losses` refreshes; returns its URL and the requests.
async fn lossy_server(losses: usize) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for number in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"}") && !request.starts_with(b"GET ") {
                assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
            }
            tell.send(String::from_utf8(request).unwrap()).unwrap();
            let body = match number {
                lost if lost < losses => continue,
                refresh if refresh == losses => {
                    r#"{"access_token": "access", "expires_in": 900, "refresh_token": "second"}"#
                }
                _ => r#"{"items": [], "next_cursor": null}"#,
            };
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(body.as_bytes()).await.unwrap();
        }
    });
    (url, told)
}

#[tokio::test]
async fn a_refresh_with_a_lost_answer_is_retried_with_the_same_token() {
    let (url, mut requests) = lossy_server(1).await;
    let (tell, mut told) = mpsc::unbounded_channel();
    let client = builder(url)
        .on_refresh_token(move |token| drop(tell.send(token.expose_secret().to_owned())))
        .build()
        .unwrap();
    in_time(client.resume("first").rooms()).await.unwrap();
    for _try in 0..2 {
        let request = requests.recv().await.unwrap();
        assert!(
            request.ends_with(r#"{"refresh_token":"first"}"#),
            "{request}"
        );
    }
    assert_eq!(told.recv().await.unwrap(), "second");
    assert!(requests.recv().await.unwrap().starts_with("GET "));
}

#[tokio::test]
async fn the_newest_refresh_token_survives_a_panic_of_the_hook() {
    let server = server().await;
    let (tell, mut told) = mpsc::unbounded_channel();
    let client = builder(server.url(""))
        .on_refresh_token(move |token| {
            tell.send(token.expose_secret().to_owned()).unwrap();
            panic!("the disk is full");
        })
        .build()
        .unwrap();
    let (_, session) = account(&server, &client);
    let mut seen = std::collections::HashSet::new();
    for _time in 0..3 {
        let refused = session.rooms().await;
        assert!(
            matches!(refused, Err(ApiError::Unreachable(_))),
            "{refused:?}"
        );
        let newest = in_time(told.recv()).await.unwrap();
        assert!(
            seen.insert(newest),
            "each refresh goes on from the one before"
        );
    }
}
