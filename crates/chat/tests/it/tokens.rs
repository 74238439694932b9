//! Token renewal within a session.

use std::time::Duration;

use abu_chat_protocol::{CloseCode, ServerPacket, client::TokenRenew, server::ErrorCode};
use abu_domain::{LoginSessionId, UserId};
use abu_test_support::session_of;
use uuid::Uuid;

use crate::support::{Chat, Client, HOUR, token_of};

/// A token's life that ends within the test.
const SHORT: Duration = Duration::from_secs(4);

async fn expiring(client: &mut Client) -> chrono::DateTime<chrono::Utc> {
    match client.packet().await {
        ServerPacket::TokenExpiring(notice) => notice.expires_at,
        other => panic!("the end of the token was expected, not {other:?}"),
    }
}

fn own_token(user: UserId, lifetime: Duration) -> TokenRenew {
    TokenRenew::new(token_of(user, session_of(user), lifetime))
}

#[tokio::test]
async fn a_session_hears_of_its_tokens_expiry_and_continues_with_another() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let (mut renewing, welcome) = chat.connect_v2_for(amina, SHORT).await;
    assert_eq!(expiring(&mut renewing).await, welcome.token_expires_at);
    renewing.ask("go on", own_token(amina, HOUR)).await;
    match renewing.answer("go on").await {
        ServerPacket::TokenRenewed(renewed) => {
            assert!(renewed.expires_at > welcome.token_expires_at);
        }
        other => panic!("{other:?}"),
    }
    // Connected later, it ends later than the first would have.
    let (mut other, _) = chat.connect_v2_for(bello, SHORT).await;
    expiring(&mut other).await;
    assert_eq!(other.closed().await, CloseCode::TokenExpired);
    renewing.hears_nothing_else(room).await;

    // The session announces the next expiry too, and then closes.
    renewing.ask("once more", own_token(amina, SHORT)).await;
    assert!(matches!(
        renewing.answer("once more").await,
        ServerPacket::TokenRenewed(_)
    ));
    expiring(&mut renewing).await;
    assert_eq!(renewing.closed().await, CloseCode::TokenExpired);
}

#[tokio::test]
async fn a_foreign_expired_or_malformed_token_renews_no_session() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina]).await;
    let mut session = chat.connect_v2(amina).await;
    let another = LoginSessionId::new(Uuid::new_v4());
    for token in [
        token_of(bello, session_of(bello), HOUR),
        token_of(amina, another, HOUR),
        token_of(amina, session_of(amina), Duration::ZERO),
        "no token".to_owned(),
        String::new(),
    ] {
        session.ask("x", TokenRenew::new(token)).await;
        match session.answer("x").await {
            ServerPacket::Error(error) => {
                assert_eq!(error.code, ErrorCode::InvalidPayload);
                assert!(
                    error.message.starts_with("`token` must be"),
                    "{}",
                    error.message
                );
            }
            other => panic!("{other:?}"),
        }
    }
    session.hears_nothing_else(room).await;
}

#[tokio::test]
async fn a_log_in_that_has_ended_cannot_be_gone_on_with() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let mut ended = chat.connect_v2(amina).await;
    let mut suspended = chat.connect_v2(bello).await;
    // The chat has not been told yet.
    chat.people.execute(&format!(
        "UPDATE sessions SET revoked_at = now(), revoked_because = 'revoked' WHERE user_id = '{amina}';
         UPDATE users SET is_active = false WHERE id = '{bello}'"
    ));
    for (session, user) in [(&mut ended, amina), (&mut suspended, bello)] {
        session.ask("x", own_token(user, HOUR)).await;
        match session.answer("x").await {
            ServerPacket::Error(error) => assert_eq!(error.code, ErrorCode::InvalidPayload),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_v1_session_ends_with_its_token_without_a_word() {
    let chat = Chat::start();
    let amina = chat.user();
    let mut old = chat.connect_for(amina, SHORT).await;
    old.send(own_token(amina, HOUR)).await;
    assert_eq!(old.error().await.code, ErrorCode::UnknownType);
    let frame = old.frame().await;
    assert!(frame.is_close(), "{frame:?}");
}
