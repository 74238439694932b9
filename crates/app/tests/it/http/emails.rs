//! The e-mail addresses of accounts.

use std::collections::BTreeSet;

use abu_chat_protocol::CloseCode;
use abu_domain::{access::Permission, identity::user::User};
use abu_test_support::ChatClient;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    post::Post,
    support::{Answer, PASSWORD, Rig, pairs, password_hash},
};

const CONFIRM_FURTHER: &str = "Confirm your further e-mail address";
const CONFIRM_NEW: &str = "Confirm your new e-mail address";
const ADDED: &str = "An e-mail address was added";
const CHANGED: &str = "Your e-mail address was changed";
const UNDONE: &str = "You have your old e-mail address back";
const IN_USE: &str = "This e-mail address is yours already";
const EXISTS: &str = "You have an account already";
const CONFIRM: &str = "Confirm your e-mail address";
const CHOOSE: &str = "Choose a new password";
const NEW_PASSWORD: &str = "guinea corn at the old market";

/// Who can log in with this address, by [`PASSWORD`].
fn somebody(rig: &Rig, email: &str) -> User {
    let user = rig.database().user().email(email);
    user.password_hash(password_hash()).create()
}

async fn claim(rig: &Rig, path: &str, session: &str, email: &str) -> Answer {
    let body = json!({"email": email, "password": PASSWORD});
    rig.post(path).with(session).json(&body).send().await
}

/// Wants one more address.
async fn add(rig: &Rig, session: &str, email: &str) -> Answer {
    claim(rig, "/api/v1/me/emails", session, email).await
}

/// Wants another primary address.
async fn change(rig: &Rig, session: &str, email: &str) -> Answer {
    claim(rig, "/api/v1/me/email", session, email).await
}

async fn confirm(rig: &Rig, session: &str, token: &str) -> Answer {
    let body = json!({"token": token});
    let call = rig.post("/api/v1/me/email/confirm").with(session);
    call.json(&body).send().await
}

async fn undo(rig: &Rig, token: &str) -> Answer {
    let body = json!({"token": token});
    rig.post("/api/v1/auth/email-change/undo")
        .json(&body)
        .send()
        .await
}

async fn verify(rig: &Rig, token: &str) -> Answer {
    let body = json!({"token": token});
    rig.post("/api/v1/auth/verify-email")
        .json(&body)
        .send()
        .await
}

async fn register(rig: &Rig, email: &str) -> Answer {
    let body = json!({
        "email": email, "password": PASSWORD, "firstname": "Musa", "lastname": "Danladi",
        "terms_version": "1", "consents": {},
    });
    rig.post("/api/v1/auth/register").json(&body).send().await
}

async fn list(rig: &Rig, session: &str) -> Value {
    let call = rig.get("/api/v1/me/emails").with(session);
    call.send().await.expect(200)
}

/// The addresses, each with whether it is the primary one and whether it is proved.
async fn addresses(rig: &Rig, session: &str) -> Vec<(String, bool, bool)> {
    let list = list(rig, session).await;
    assert_eq!(
        (&list["next_cursor"], &list["prev_cursor"]),
        (&Value::Null, &Value::Null)
    );
    let items = list["items"].as_array().unwrap();
    let entry = |item: &Value| {
        let email = item["email"].as_str().unwrap().to_owned();
        (
            email,
            item["is_primary"] == true,
            item["verified_at"].is_string(),
        )
    };
    items.iter().map(entry).collect()
}

/// The id of one of the addresses.
async fn id_of(rig: &Rig, session: &str, email: &str) -> String {
    let list = list(rig, session).await;
    let mut items = list["items"].as_array().unwrap().iter();
    let item = items.find(|item| item["email"] == email).unwrap();
    item["uuid"].as_str().unwrap().to_owned()
}

async fn remove(rig: &Rig, session: &str, id: &str) -> Answer {
    let call = rig.delete(&format!("/api/v1/me/emails/{id}")).with(session);
    call.send().await
}

/// Adds an address and proves it.
async fn add_proved(rig: &Rig, post: &Post, session: &str, email: &str) {
    add(rig, session, email).await.expect(202);
    let token = post.letter(email, CONFIRM_FURTHER).link("verify-email");
    verify(rig, &token).await.expect(200);
}

/// Changes the primary address, and returns the token that undoes it.
async fn change_proved(rig: &Rig, post: &Post, session: &str, from: &str, to: &str) -> String {
    change(rig, session, to).await.expect(202);
    let token = post.letter(to, CONFIRM_NEW).link("confirm-email");
    confirm(rig, session, &token).await.expect(200);
    post.letter(from, CHANGED).link("undo-email-change")
}

/// As if they had turned one-time passwords on.
fn set_up_totp(rig: &Rig, user: &User) {
    rig.database().execute(&format!(
        "INSERT INTO totp_secrets (user_id, sealed_secret, created_at, confirmed_at)
         VALUES ('{}', '\\x00', now(), now())",
        user.id
    ));
}

/// Makes it look as if the times of these columns were longer ago than a change can be undone.
fn age(rig: &Rig, table: &str, columns: &[&str]) {
    for column in columns {
        rig.database().execute(&format!(
            "UPDATE {table} SET {column} = {column} - interval '73 hours'"
        ));
    }
}

fn without_instance(answer: &Answer) -> Value {
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("instance");
    body
}

fn entry(email: &str, is_primary: bool, is_proved: bool) -> (String, bool, bool) {
    (email.to_owned(), is_primary, is_proved)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_further_address_counts_once_it_is_proved() {
    let (rig, post) = Post::start().await;
    somebody(&rig, "amina@example.com");
    let session = rig.log_in_as("amina@example.com", PASSWORD).await;
    add(&rig, &session, "Amina@Example.org").await.expect(202);
    assert_eq!(
        addresses(&rig, &session).await,
        [
            entry("amina@example.com", true, true),
            entry("amina@example.org", false, false)
        ]
    );
    let refused = rig.try_log_in("amina@example.org", PASSWORD).await;
    refused.problem("invalid-credentials");

    let token = post
        .letter("amina@example.org", CONFIRM_FURTHER)
        .link("verify-email");
    // It makes an address no primary one.
    confirm(&rig, &session, &token).await.problem("gone");
    verify(&rig, &token).await.expect(200);
    verify(&rig, &token).await.problem("gone");
    let notice = post.letter("amina@example.com", ADDED);
    assert!(notice.text.contains("a***@example.org"), "{}", notice.text);
    assert_eq!(
        addresses(&rig, &session).await,
        [
            entry("amina@example.com", true, true),
            entry("amina@example.org", false, true)
        ]
    );
    rig.log_in_as("amina@example.org", PASSWORD).await;
    let me = rig
        .get("/api/v1/me")
        .with(&session)
        .send()
        .await
        .expect(200);
    assert_eq!(me["email"], "amina@example.com");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_does_not_reveal_that_an_address_is_taken() {
    let (rig, post) = Post::start().await;
    somebody(&rig, "amina@example.com");
    somebody(&rig, "owner@example.com");
    let session = rig.log_in_as("amina@example.com", PASSWORD).await;
    for (path, subject) in [
        ("/api/v1/me/emails", CONFIRM_FURTHER),
        ("/api/v1/me/email", CONFIRM_NEW),
    ] {
        let free = claim(&rig, path, &session, "free@example.com").await;
        let taken = claim(&rig, path, &session, "owner@example.com").await;
        assert_eq!(free.expect(202), taken.expect(202));
        let names = |answer: &Answer| -> BTreeSet<String> {
            answer.headers.keys().map(ToString::to_string).collect()
        };
        assert_eq!(names(&free), names(&taken));
        post.letter("free@example.com", subject);
        let letter = post.letter("owner@example.com", IN_USE);
        assert!(!letter.text.contains("token="), "{}", letter.text);
    }
    let listed = addresses(&rig, &session).await;
    assert_eq!(
        listed[1..],
        [
            entry("free@example.com", false, false),
            entry("owner@example.com", false, false),
        ]
    );
    assert_eq!(post.all().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_added_is_refused_and_says_why() {
    let (rig, _post) = Post::start().await;
    somebody(&rig, "amina@example.com");
    let session = rig.log_in_as("amina@example.com", PASSWORD).await;
    for path in ["/api/v1/me/emails", "/api/v1/me/email"] {
        let body = json!({"email": "b@example.com", "password": "not hers at all"});
        let wrong = rig.post(path).with(&session).json(&body).send().await;
        assert_eq!(wrong.mistakes(), pairs(&[("/password", "password.wrong")]));
        let body = json!({"email": "b", "password": PASSWORD});
        let wrong = rig.post(path).with(&session).json(&body).send().await;
        assert_eq!(wrong.mistakes(), pairs(&[("/email", "email.invalid")]));
        let own = claim(&rig, path, &session, "AMINA@example.com").await;
        assert_eq!(own.status.as_u16(), 409);
        own.problem("duplicate");
    }
    for number in 2..=5 {
        add(&rig, &session, &format!("{number}@example.com"))
            .await
            .expect(202);
    }
    // Asking once more for one of them has the link sent again.
    add(&rig, &session, "5@example.com").await.expect(202);
    for answer in [
        add(&rig, &session, "6@example.com").await,
        change(&rig, &session, "6@example.com").await,
    ] {
        assert_eq!(answer.problem("conflict")["code"], "too-many-addresses");
    }
    assert_eq!(addresses(&rig, &session).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_owner_removes_an_address_and_never_the_primary_one() {
    let (rig, post) = Post::start().await;
    somebody(&rig, "amina@example.com");
    somebody(&rig, "musa@example.com");
    let amina = rig.log_in_as("amina@example.com", PASSWORD).await;
    let musa = rig.log_in_as("musa@example.com", PASSWORD).await;
    add_proved(&rig, &post, &amina, "amina@example.org").await;
    let body = json!({"email": "amina@example.org"});
    let forgot = || rig.post("/api/v1/auth/forgot-password").json(&body).send();
    forgot().await.expect(202);
    let link = post
        .letter("amina@example.org", CHOOSE)
        .link("reset-password");

    let primary = id_of(&rig, &amina, "amina@example.com").await;
    let further = id_of(&rig, &amina, "amina@example.org").await;
    for (session, id) in [
        (&musa, &primary),
        (&musa, &further),
        (&amina, &Uuid::nil().to_string()),
    ] {
        remove(&rig, session, id).await.problem("not-found");
    }
    let refused = remove(&rig, &amina, &primary).await;
    assert_eq!(refused.problem("conflict")["code"], "primary-address");
    remove(&rig, &amina, &further).await.expect_nothing();
    remove(&rig, &amina, &further).await.problem("not-found");

    // Nothing that was sent there opens anything.
    let body = json!({"password": NEW_PASSWORD});
    let reset = rig.post(&format!("/api/v1/auth/reset-password/{link}"));
    reset.json(&body).send().await.problem("gone");
    let refused = rig.try_log_in("amina@example.org", PASSWORD).await;
    refused.problem("invalid-credentials");
    add_proved(&rig, &post, &musa, "amina@example.org").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_account_to_prove_an_address_owns_it() {
    let (rig, post) = Post::start().await;
    somebody(&rig, "amina@example.com");
    somebody(&rig, "musa@example.com");
    let amina = rig.log_in_as("amina@example.com", PASSWORD).await;
    let musa = rig.log_in_as("musa@example.com", PASSWORD).await;
    let shared = "both@example.com";
    register(&rig, shared).await.expect(202);
    let of_registration = post.letter(shared, CONFIRM).link("verify-email");
    add(&rig, &amina, shared).await.expect(202);
    let of_amina = post.letter(shared, CONFIRM_FURTHER).link("verify-email");
    change(&rig, &musa, shared).await.expect(202);
    let of_musa = post.letter(shared, CONFIRM_NEW).link("confirm-email");

    verify(&rig, &of_amina).await.expect(200);
    let late = verify(&rig, &of_registration).await;
    let later = confirm(&rig, &musa, &of_musa).await;
    let unknown = verify(&rig, &"A".repeat(43)).await;
    assert_eq!(without_instance(&late), without_instance(&unknown));
    assert_eq!(without_instance(&later), without_instance(&unknown));
    late.problem("gone");
    // Of the registration nothing is left, and the address opens the account that proved it.
    rig.assert_stored("NOT EXISTS (SELECT FROM users WHERE email = 'both@example.com')");
    let session = rig.log_in_as(shared, PASSWORD).await;
    let me = rig
        .get("/api/v1/me")
        .with(&session)
        .send()
        .await
        .expect(200);
    assert_eq!(me["email"], "amina@example.com");
    register(&rig, shared).await.expect(202);
    post.letter(shared, EXISTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_concurrent_proofs_of_an_address_one_wins_without_an_error() {
    let (rig, post) = Post::start().await;
    for round in 0..5 {
        let shared = format!("shared{round}@example.com");
        let mut tokens = Vec::new();
        for name in ["amina", "musa"] {
            let email = format!("{name}{round}@example.com");
            somebody(&rig, &email);
            let session = rig.log_in_as(&email, PASSWORD).await;
            add(&rig, &session, &shared).await.expect(202);
            tokens.push(post.letter(&shared, CONFIRM_FURTHER).link("verify-email"));
        }
        let (one, other) = tokio::join!(verify(&rig, &tokens[0]), verify(&rig, &tokens[1]));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 410]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_primary_address_changes_once_the_new_one_is_proved() {
    let (rig, post) = Post::start().await;
    somebody(&rig, "amina@example.com");
    somebody(&rig, "musa@example.com");
    let session = rig.log_in_as("amina@example.com", PASSWORD).await;
    let foreign = rig.log_in_as("musa@example.com", PASSWORD).await;
    change(&rig, &session, "amina@example.org")
        .await
        .expect(202);
    let letter = post.letter("amina@example.org", CONFIRM_NEW);
    let token = letter.link("confirm-email");
    let me = rig
        .get("/api/v1/me")
        .with(&session)
        .send()
        .await
        .expect(200);
    assert_eq!(me["email"], "amina@example.com");

    // The link is for her alone, and proves no further address.
    confirm(&rig, &foreign, &token).await.problem("gone");
    verify(&rig, &token).await.problem("gone");
    confirm(&rig, &session, &token).await.expect(200);
    confirm(&rig, &session, &token).await.problem("gone");
    assert_eq!(
        addresses(&rig, &session).await,
        [entry("amina@example.org", true, true)]
    );
    let me = rig
        .get("/api/v1/me")
        .with(&session)
        .send()
        .await
        .expect(200);
    assert_eq!(me["email"], "amina@example.org");
    rig.log_in_as("amina@example.org", PASSWORD).await;
    let old = rig.try_log_in("amina@example.com", PASSWORD).await;
    old.problem("invalid-credentials");
    let notice = post.letter("amina@example.com", CHANGED);
    assert!(notice.text.contains("a***@example.org"), "{}", notice.text);
    assert!(
        !notice.text.contains("amina@example.org"),
        "{}",
        notice.text
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_of_the_old_address_recovers_the_account() {
    let (rig, post) = Post::start().await;
    let user = somebody(&rig, "amina@example.com");
    let thief = rig.log_in_as("amina@example.com", PASSWORD).await;
    let mut socket = ChatClient::connect(&rig.server.chat_url(user.id))
        .await
        .unwrap();
    // The thief prepares: one address before the change, one after it, and a link to a password.
    add_proved(&rig, &post, &thief, "thief1@example.com").await;
    let token = change_proved(
        &rig,
        &post,
        &thief,
        "amina@example.com",
        "thief2@example.com",
    )
    .await;
    add_proved(&rig, &post, &thief, "thief3@example.com").await;
    add(&rig, &thief, "thief4@example.com").await.expect(202);
    let pending = post
        .letter("thief4@example.com", CONFIRM_FURTHER)
        .link("verify-email");
    let body = json!({"email": "thief1@example.com"});
    let forgot = rig.post("/api/v1/auth/forgot-password").json(&body);
    forgot.send().await.expect(202);
    let link = post
        .letter("thief1@example.com", CHOOSE)
        .link("reset-password");
    set_up_totp(&rig, &user);

    undo(&rig, &token).await.expect(200);
    rig.assert_stored("NOT EXISTS (SELECT FROM totp_secrets)");
    assert_eq!(socket.closed().await, CloseCode::TokenExpired);
    let out = rig.get("/api/v1/me").with(&thief).send().await;
    out.problem("invalid-token");
    for email in ["amina", "thief1", "thief2", "thief3"] {
        let email = format!("{email}@example.com");
        let refused = rig.try_log_in(&email, PASSWORD).await;
        refused.problem("invalid-credentials");
    }
    verify(&rig, &pending).await.problem("gone");
    let path = format!("/api/v1/auth/reset-password/{link}");
    let body = json!({"password": NEW_PASSWORD});
    rig.post(&path).json(&body).send().await.problem("gone");

    let letter = post.letter("amina@example.com", UNDONE);
    let path = format!(
        "/api/v1/auth/reset-password/{}",
        letter.link("reset-password")
    );
    rig.post(&path).json(&body).send().await.expect(200);
    let session = rig.log_in_as("amina@example.com", NEW_PASSWORD).await;
    assert_eq!(
        addresses(&rig, &session).await,
        [entry("amina@example.com", true, true)]
    );
    let again = undo(&rig, &token).await;
    assert_eq!(again.status.as_u16(), 410);
    again.problem("gone");
    // What was the thief's is free again.
    register(&rig, "thief2@example.com").await.expect(202);
    post.letter("thief2@example.com", CONFIRM);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_keeps_addresses_and_totp_from_long_before_the_change() {
    let (rig, post) = Post::start().await;
    let user = somebody(&rig, "amina@example.com");
    let session = rig.log_in_as("amina@example.com", PASSWORD).await;
    add_proved(&rig, &post, &session, "old.friend@example.com").await;
    age(&rig, "user_emails", &["created_at", "verified_at"]);
    let token = change_proved(
        &rig,
        &post,
        &session,
        "amina@example.com",
        "new@example.com",
    )
    .await;
    set_up_totp(&rig, &user);
    age(&rig, "totp_secrets", &["created_at", "confirmed_at"]);
    undo(&rig, &token).await.expect(200);
    rig.assert_stored("EXISTS (SELECT FROM totp_secrets)");
    rig.database().execute("DELETE FROM totp_secrets");
    let path = post
        .letter("amina@example.com", UNDONE)
        .link("reset-password");
    let body = json!({"password": NEW_PASSWORD});
    let reset = rig.post(&format!("/api/v1/auth/reset-password/{path}"));
    reset.json(&body).send().await.expect(200);
    let session = rig.log_in_as("old.friend@example.com", NEW_PASSWORD).await;
    assert_eq!(
        addresses(&rig, &session).await,
        [
            entry("amina@example.com", true, true),
            entry("old.friend@example.com", false, true)
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_removes_what_was_completed_after_the_window_began() {
    let (rig, post) = Post::start().await;
    let user = somebody(&rig, "amina@example.com");
    let thief = rig.log_in_as("amina@example.com", PASSWORD).await;
    add_proved(&rig, &post, &thief, "thief1@example.com").await;
    set_up_totp(&rig, &user);
    age(&rig, "user_emails", &["created_at"]);
    age(&rig, "totp_secrets", &["created_at"]);
    let (old, new) = ("amina@example.com", "thief2@example.com");
    let token = change_proved(&rig, &post, &thief, old, new).await;
    undo(&rig, &token).await.expect(200);
    rig.assert_stored(
        "NOT EXISTS (SELECT FROM totp_secrets)
         AND NOT EXISTS (SELECT FROM user_emails WHERE email LIKE 'thief%')",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_address_cannot_undo_an_administrators_change() {
    let (rig, post) = Post::start().await;
    let user = somebody(&rig, "amina@example.com");
    let session = rig.log_in_as("amina@example.com", PASSWORD).await;
    let (first, second) = ("amina@example.com", "second@example.com");
    let token = change_proved(&rig, &post, &session, first, second).await;
    let office = rig.holder_of(&[Permission::ViewUser, Permission::ModifyUser]);
    let path = format!("/api/v1/users/{}", user.id);
    let shown = rig.get(&path).by(&office).send().await;
    let tag = shown.header("etag");
    let put = rig.put(&path).by(&office).header("if-match", tag);
    let body = json!({"email": "third@example.com", "firstname": "Amina", "lastname": "Bello"});
    put.json(&body).send().await.expect(200);
    undo(&rig, &token).await.problem("gone");
    rig.assert_stored("EXISTS (SELECT FROM users WHERE email = 'third@example.com')");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_within_its_undo_window_cannot_be_claimed() {
    let (rig, post) = Post::start().await;
    let old = "amina@example.com";
    somebody(&rig, old);
    somebody(&rig, "musa@example.com");
    let amina = rig.log_in_as(old, PASSWORD).await;
    let musa = rig.log_in_as("musa@example.com", PASSWORD).await;
    // One who had a link to it beforehand is too late as well.
    add(&rig, &musa, old).await.expect(202);
    post.letter(old, IN_USE);
    let token = change_proved(&rig, &post, &amina, old, "amina@example.org").await;

    register(&rig, old).await.expect(202);
    post.letter(old, EXISTS);
    for answer in [add(&rig, &musa, old).await, change(&rig, &musa, old).await] {
        answer.expect(202);
        let letter = post.letter(old, IN_USE);
        assert!(!letter.text.contains("token="), "{}", letter.text);
    }
    let admin = rig.holder_of(&[Permission::CreateUser]);
    let made = json!({
        "email": old, "password": NEW_PASSWORD, "firstname": "Not", "lastname": "Her",
    });
    let create = || rig.post("/api/v1/users").by(&admin).json(&made).send();
    create().await.problem("duplicate");
    undo(&rig, &token).await.expect(200);
    post.letter(old, UNDONE);

    // Once nothing can be undone any more, it is free.
    let path = post_reset(&rig, &post, old).await;
    let body = json!({"password": PASSWORD});
    rig.post(&path).json(&body).send().await.expect(200);
    let amina = rig.log_in_as(old, PASSWORD).await;
    let token = change_proved(&rig, &post, &amina, old, "amina@example.net").await;
    rig.database()
        .execute("UPDATE email_changes SET undo_until = now()");
    undo(&rig, &token).await.problem("gone");
    add(&rig, &musa, old).await.expect(202);
    let letter = post.letter(old, CONFIRM_FURTHER);
    verify(&rig, &letter.link("verify-email")).await.expect(200);
    rig.log_in_as(old, PASSWORD).await;
    create().await.problem("duplicate");
}

/// The path of a link to another password for this address.
async fn post_reset(rig: &Rig, post: &Post, email: &str) -> String {
    let body = json!({"email": email});
    let forgot = rig.post("/api/v1/auth/forgot-password").json(&body);
    forgot.send().await.expect(202);
    let link = post.letter(email, CHOOSE).link("reset-password");
    format!("/api/v1/auth/reset-password/{link}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undoing_a_change_undoes_those_that_followed_and_none_before() {
    let (rig, post) = Post::start().await;
    let [first, second, third] = ["1@example.com", "2@example.com", "3@example.com"];
    somebody(&rig, first);
    let session = rig.log_in_as(first, PASSWORD).await;
    let to_first = change_proved(&rig, &post, &session, first, second).await;
    let to_second = change_proved(&rig, &post, &session, second, third).await;
    undo(&rig, &to_second).await.expect(200);
    rig.assert_stored("EXISTS (SELECT FROM users WHERE email = '2@example.com')");
    undo(&rig, &to_first).await.expect(200);
    rig.assert_stored("EXISTS (SELECT FROM users WHERE email = '1@example.com')");

    let path = post_reset(&rig, &post, first).await;
    let body = json!({"password": PASSWORD});
    rig.post(&path).json(&body).send().await.expect(200);
    let session = rig.log_in_as(first, PASSWORD).await;
    let to_first = change_proved(&rig, &post, &session, first, second).await;
    let to_second = change_proved(&rig, &post, &session, second, third).await;
    undo(&rig, &to_first).await.expect(200);
    undo(&rig, &to_second).await.problem("gone");
    rig.assert_stored(
        "(SELECT array_agg(email) FROM user_emails WHERE email LIKE '_@%') = ARRAY['1@example.com']",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_invalidates_links_that_others_requested() {
    let (rig, post) = Post::start().await;
    somebody(&rig, "amina@example.com");
    let thief = rig.log_in_as("amina@example.com", PASSWORD).await;
    let session = rig.log_in_as("amina@example.com", PASSWORD).await;
    add(&rig, &thief, "thief1@example.com").await.expect(202);
    change(&rig, &thief, "thief2@example.com").await.expect(202);
    let further = post
        .letter("thief1@example.com", CONFIRM_FURTHER)
        .link("verify-email");
    let primary = post
        .letter("thief2@example.com", CONFIRM_NEW)
        .link("confirm-email");
    let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    let call = rig.post("/api/v1/me/password").with(&session).json(&body);
    call.send().await.expect_nothing();
    verify(&rig, &further).await.problem("gone");
    confirm(&rig, &session, &primary).await.problem("gone");
}
