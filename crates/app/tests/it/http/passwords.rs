//! Password reset and change.

use std::collections::BTreeSet;

use abu_chat_protocol::CloseCode;
use abu_test_support::{ChatClient, session_of};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    post::Post,
    support::{Answer, PASSWORD, Rig, pairs, password_hash},
};

const CHOOSE: &str = "Choose a new password";
const CHANGED: &str = "Your password was changed";
const NEW: &str = "guinea corn at the old market";

async fn forgot(rig: &Rig, email: &str) -> Answer {
    let body = json!({"email": email});
    rig.post("/api/v1/auth/forgot-password")
        .json(&body)
        .send()
        .await
}

async fn reset(rig: &Rig, link: &str, password: &str) -> Answer {
    let body = json!({"password": password});
    let call = rig.post(&format!("/api/v1/auth/reset-password/{link}"));
    call.json(&body).send().await
}

/// The link that comes to who has forgotten their password.
async fn link(rig: &Rig, post: &Post, email: &str) -> String {
    forgot(rig, email).await.expect(202);
    post.letter(email, CHOOSE).link("reset-password")
}

fn without_instance(answer: &Answer) -> Value {
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("instance");
    body
}

/// Who can log in with this address, by [`PASSWORD`].
fn member_at(rig: &Rig, email: &str) -> abu_domain::identity::user::User {
    let user = rig.database().user().email(email);
    user.password_hash(password_hash()).create()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_link_goes_only_to_verified_active_accounts() {
    let (rig, post) = Post::start().await;
    let people = rig.database();
    let owner = member_at(&rig, "owner@example.com");
    people
        .user()
        .email("suspended@example.com")
        .suspended()
        .create();
    let registered = people.user().email("registered@example.com");
    registered.with(|new| new.email_verified_at = None).create();
    people.execute(&format!(
        "INSERT INTO user_emails (id, user_id, email, is_primary, verified_at, created_at) VALUES
         (gen_random_uuid(), '{0}', 'further@example.com', false, now(), now()),
         (gen_random_uuid(), '{0}', 'claimed@example.com', false, NULL, now())",
        owner.id
    ));
    let mut answers = Vec::new();
    for email in [
        "unknown@example.com",
        "suspended@example.com",
        "registered@example.com",
        "claimed@example.com",
        "further@example.com",
        "Owner@Example.com",
    ] {
        let answer = forgot(&rig, email).await;
        let names: BTreeSet<_> = answer.headers.keys().map(ToString::to_string).collect();
        answers.push((answer.expect(202), names));
    }
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "{answers:#?}"
    );
    post.letter("owner@example.com", CHOOSE);
    post.letter("further@example.com", CHOOSE);
    assert_eq!(post.all().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_for_an_account_alone_is_done_after_the_answer() {
    let (rig, post) = Post::start().await;
    let owner = member_at(&rig, "owner@example.com");
    let registered = rig.database().user().email("registered@example.com");
    registered.with(|new| new.email_verified_at = None).create();
    // Both answers come, and neither of the two things can be done yet.
    let held = rig.database().lock("password_resets");
    forgot(&rig, "owner@example.com").await.expect(202);
    rig.database().wait_for_blocked(1);
    drop(held);
    post.letter("owner@example.com", CHOOSE);

    let held = rig.database().lock("email_verifications");
    let body = json!({"email": "registered@example.com"});
    let again = rig.post("/api/v1/auth/verify-email/resend").json(&body);
    again.send().await.expect(202);
    rig.database().wait_for_blocked(1);
    drop(held);
    post.letter("registered@example.com", "Confirm your e-mail address");
    rig.assert_stored(&format!(
        "(SELECT target_id FROM audit_log WHERE action = 'password.forgotten') = '{}'",
        owner.id
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_gives_another_password_and_ends_every_session() {
    let (rig, post) = Post::start().await;
    let email = "owner@example.com";
    let owner = member_at(&rig, email);
    let other = rig.user();
    let url = |user| rig.server.chat_url(user);
    let mut socket = ChatClient::connect(&url(owner.id)).await.unwrap();
    let mut others = ChatClient::connect(&url(other.id)).await.unwrap();
    let session = rig.log_in_as(email, PASSWORD).await;
    let link = link(&rig, &post, email).await;

    let weak = reset(&rig, &link, "password1234").await;
    assert_eq!(weak.mistakes(), pairs(&[("/password", "password.weak")]));
    let personal = reset(&rig, &link, "x9$k bello 2f!q").await;
    assert_eq!(
        personal.mistakes(),
        pairs(&[("/password", "password.personal")])
    );
    rig.get("/api/v1/me")
        .with(&session)
        .send()
        .await
        .expect(200);

    assert!(reset(&rig, &link, NEW).await.expect(200)["message"].is_string());
    assert_eq!(socket.closed().await, CloseCode::TokenExpired);
    let me = rig.get("/api/v1/me").with(&session).send().await;
    me.problem("invalid-token");
    rig.get("/api/v1/me")
        .by(&owner)
        .send()
        .await
        .problem("invalid-token");
    rig.try_log_in(email, PASSWORD)
        .await
        .problem("invalid-credentials");
    rig.log_in_as(email, NEW).await;
    post.letter(email, CHANGED);
    others.join().await;
    rig.get("/api/v1/me").by(&other).send().await.expect(200);

    let again = reset(&rig, &link, PASSWORD).await;
    assert_eq!(again.status.as_u16(), 410);
    again.problem("gone");
    rig.log_in_as(email, NEW).await;
    rig.assert_stored(&format!(
        "(SELECT array_agg(DISTINCT revoked_because) FROM sessions
          WHERE user_id = '{}' AND revoked_at IS NOT NULL) = ARRAY['password-reset']",
        owner.id
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_used_replaced_expired_or_guessed_link_changes_nothing() {
    let (rig, post) = Post::start().await;
    let email = "owner@example.com";
    member_at(&rig, email);
    let replaced = link(&rig, &post, email).await;
    let late = link(&rig, &post, email).await;
    reset(&rig, &replaced, NEW).await.problem("gone");
    // A new reset replaces the previous one.
    rig.assert_stored("(SELECT count(*) FROM password_resets) = 1");
    rig.database()
        .execute("UPDATE password_resets SET expires_at = now()");
    let row = "SELECT id::text FROM password_resets";
    rig.assert_stored(&format!(
        "'{late}' NOT IN ({row}) AND '{replaced}' NOT IN ({row})"
    ));
    let mut bodies = Vec::new();
    let guesses = (0..50).map(|_| Uuid::new_v4().to_string());
    let versioned = format!("{}8{}", &late[..14], &Uuid::new_v4().to_string()[15..]);
    let near = [
        replaced,
        late,
        versioned,
        Uuid::nil().to_string(),
        Uuid::max().to_string(),
    ];
    for link in near.into_iter().chain(guesses) {
        let answer = reset(&rig, &link, NEW).await;
        assert_eq!(answer.status.as_u16(), 410);
        answer.problem("gone");
        bodies.push(without_instance(&answer));
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    reset(&rig, "no-uuid", NEW).await.problem("not-found");
    rig.log_in_as(email, PASSWORD).await;
}

async fn change(rig: &Rig, path: &str, session: &str, current: &str, new: &str) -> Answer {
    let body = json!({"current_password": current, "new_password": new});
    rig.post(path).with(session).json(&body).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changing_a_password_takes_the_old_one_and_ends_the_other_sessions() {
    let (rig, post) = Post::start().await;
    let email = "owner@example.com";
    let owner = member_at(&rig, email);
    let mut socket = ChatClient::connect(&rig.server.chat_url(owner.id))
        .await
        .unwrap();
    let session = rig.log_in_as(email, PASSWORD).await;
    let elsewhere = rig.log_in_as(email, PASSWORD).await;
    let link = link(&rig, &post, email).await;
    let own = "/api/v1/me/password";

    let wrong = change(&rig, own, &session, NEW, NEW).await;
    assert_eq!(
        wrong.mistakes(),
        pairs(&[("/current_password", "password.wrong")])
    );
    for (new, code) in [
        ("short", "password.length"),
        ("password1234", "password.weak"),
        ("x9$k bello 2f!q", "password.personal"),
    ] {
        let refused = change(&rig, own, &session, PASSWORD, new).await;
        assert_eq!(refused.mistakes(), pairs(&[("/new_password", code)]));
    }
    rig.get("/api/v1/me")
        .with(&elsewhere)
        .send()
        .await
        .expect(200);

    change(&rig, own, &session, PASSWORD, NEW)
        .await
        .expect_nothing();
    assert_eq!(socket.closed().await, CloseCode::TokenExpired);
    rig.get("/api/v1/me")
        .with(&session)
        .send()
        .await
        .expect(200);
    let ended = rig.get("/api/v1/me").with(&elsewhere).send().await;
    ended.problem("invalid-token");
    rig.try_log_in(email, PASSWORD)
        .await
        .problem("invalid-credentials");
    rig.log_in_as(email, NEW).await;
    post.letter(email, CHANGED);
    reset(&rig, &link, PASSWORD).await.problem("gone");
    rig.assert_stored(&format!(
        "(SELECT revoked_because FROM sessions WHERE id = '{}') = 'password-changed'",
        session_of(owner.id)
    ));
}

#[tokio::test]
async fn by_the_address_of_an_account_only_its_owner_changes_the_password() {
    let rig = Rig::start().await;
    let owner = rig.member();
    let stranger = rig.member();
    let session = rig.log_in_as(stranger.email.as_str(), PASSWORD).await;
    let mut bodies = Vec::new();
    for id in [owner.id.uuid(), Uuid::new_v4()] {
        let path = format!("/api/v1/users/{id}/password");
        let refused = change(&rig, &path, &session, PASSWORD, NEW).await;
        assert_eq!(refused.status.as_u16(), 403);
        refused.problem("permission-denied");
        bodies.push(without_instance(&refused));
    }
    assert_eq!(bodies[0], bodies[1]);
    rig.log_in_as(owner.email.as_str(), PASSWORD).await;

    let path = format!("/api/v1/users/{}/password", stranger.id);
    change(&rig, &path, &session, PASSWORD, NEW)
        .await
        .expect_nothing();
    rig.log_in_as(stranger.email.as_str(), NEW).await;
}
