//! End-to-end scenario of one account over HTTP, chat and SMTP.

use abu_chat_protocol::CloseCode;
use abu_test_support::ChatClient;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::{
    post::Post,
    support::{Answer, Rig},
};

const OLD: &str = "fatima@example.com";
const NEW: &str = "fatima.bello@example.org";
const FIRST_PASSWORD: &str = "harmattan over kongo hill";
const SECOND_PASSWORD: &str = "guinea corn at the old market";
const THIRD_PASSWORD: &str = "rain on the senate building";

/// Sends a body with this access token, or anonymously.
async fn post(rig: &Rig, path: &str, token: Option<&Value>, body: Value) -> Answer {
    let call = rig.post(&format!("/api/v1{path}")).json(&body);
    match token {
        Some(token) => call.bearing(token).send().await,
        None => call.send().await,
    }
}

async fn log_in(rig: &Rig, email: &str, password: &str, otp: Option<&str>) -> Value {
    let body = json!({"email": email, "password": password, "otp": otp, "device_name": "phone"});
    post(rig, "/auth/token", None, body).await.expect(200)
}

async fn chat(rig: &Rig, tokens: &Value) -> ChatClient {
    let call = rig.post("/api/v1/auth/ws-ticket");
    let ticket = call.bearing(&tokens["access_token"]).send().await;
    let ticket = ticket.expect(200)["ticket"].as_str().unwrap().to_owned();
    let url = format!("ws://{}/chat?ticket={ticket}", rig.server.address());
    ChatClient::connect(&url).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_registered_used_secured_recovered_and_left() {
    let (rig, mail) = Post::start().await;

    // Registering; the link proves the address, sets the password and logs in.
    let draft = json!({
        "email": OLD, "firstname": "Fatima", "lastname": "Bello",
        "terms_version": "2026-01", "consents": {"directory": true},
    });
    post(&rig, "/auth/register", None, draft).await.expect(202);
    let tokens = mail.complete(&rig, OLD, FIRST_PASSWORD).await;

    // Chatting, staying logged in.
    let mut session = chat(&rig, &tokens).await;
    session.join().await;
    let body = json!({"refresh_token": tokens["refresh_token"]});
    let tokens = post(&rig, "/auth/refresh", None, body).await.expect(200);
    let access = tokens["access_token"].clone();

    // One-time passwords.
    let body = json!({"password": FIRST_PASSWORD});
    let begun = post(&rig, "/auth/totp", Some(&access), body)
        .await
        .expect(201);
    let secret = Secret::try_from_base32(begun["secret"].as_str().unwrap()).unwrap();
    let device = Builder::new().with_secret(secret).build().unwrap();
    let now = u64::try_from(chrono::Utc::now().timestamp()).unwrap();
    let body = json!({"otp": device.generate(now).to_string()});
    let confirmed = post(&rig, "/auth/totp/confirm", Some(&access), body).await;
    let codes = confirmed.expect(200)["recovery_codes"].clone();
    let code = |n: usize| codes[n].as_str().unwrap().to_owned();
    let body = json!({"email": OLD, "password": FIRST_PASSWORD});
    post(&rig, "/auth/token", None, body)
        .await
        .problem("otp-required");

    // Another password ends all other sessions and their connections, and not this one.
    let elsewhere = log_in(&rig, OLD, FIRST_PASSWORD, Some(&code(0))).await;
    let mut on_the_other = chat(&rig, &elsewhere).await;
    let body = json!({"current_password": FIRST_PASSWORD, "new_password": SECOND_PASSWORD});
    post(&rig, "/me/password", Some(&access), body)
        .await
        .expect_nothing();
    assert_eq!(on_the_other.closed().await, CloseCode::TokenExpired);
    mail.letter(OLD, "Your password was changed");

    // A change of address, undone from the old address, which revokes all sessions.
    let body = json!({"email": NEW, "password": SECOND_PASSWORD});
    post(&rig, "/me/email", Some(&access), body)
        .await
        .expect(202);
    let letter = mail.letter(OLD, "Approve a new e-mail address");
    let token = json!({"token": letter.link("verify-email")});
    post(&rig, "/auth/verify-email", None, token)
        .await
        .expect(200);
    let letter = mail.letter(NEW, "Confirm your new e-mail address");
    let token = json!({"token": letter.link("confirm-email")});
    post(&rig, "/me/email/confirm", Some(&access), token)
        .await
        .expect(200);
    let letter = mail.letter(OLD, "Your e-mail address was changed");
    let token = json!({"token": letter.link("undo-email-change")});
    post(&rig, "/auth/email-change/undo", None, token)
        .await
        .expect(200);
    assert_eq!(session.closed().await, CloseCode::TokenExpired);
    let refused = rig.get("/api/v1/me").bearing(&access).send().await;
    refused.problem("invalid-token");

    // The way back in: links to another password, of which the newest is good, once.
    let letter = mail.letter(OLD, "You have your old e-mail address back");
    let older = letter.link("reset-password");
    let body = json!({"email": OLD});
    post(&rig, "/auth/forgot-password", None, body)
        .await
        .expect(202);
    let letter = mail.letter(OLD, "Choose a new password");
    let newest = letter.link("reset-password");
    for (link, status) in [(&older, 410), (&newest, 200), (&newest, 410)] {
        let body = json!({"password": THIRD_PASSWORD});
        let path = format!("/auth/reset-password/{link}");
        let answer = post(&rig, &path, None, body).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    }

    // Logged in on two devices, and out of both. The one-time passwords went with the undone change: who
    // changed the address may have set them up.
    let phone = log_in(&rig, OLD, THIRD_PASSWORD, None).await;
    let laptop = log_in(&rig, OLD, THIRD_PASSWORD, None).await;
    let mut sockets = [chat(&rig, &phone).await, chat(&rig, &laptop).await];
    let everywhere = rig.post("/api/v1/auth/logout-all");
    let everywhere = everywhere.bearing(&phone["access_token"]).send().await;
    everywhere.expect_nothing();
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, CloseCode::TokenExpired);
    }
    for tokens in [&phone, &laptop] {
        let me = rig.get("/api/v1/me").bearing(&tokens["access_token"]);
        me.send().await.problem("invalid-token");
        let body = json!({"refresh_token": tokens["refresh_token"]});
        let refused = post(&rig, "/auth/refresh", None, body).await;
        refused.problem("invalid-token");
    }
}
