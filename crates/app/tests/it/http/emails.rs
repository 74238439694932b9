//! The e-mail addresses of accounts.

use std::collections::BTreeSet;

use abu_domain::identity::user::User;
use serde_json::{Value, json};

use super::{
    post::Post,
    support::{Answer, PASSWORD, Rig, pairs, password_hash},
};

const CONFIRM_FURTHER: &str = "Confirm your further e-mail address";
const CONFIRM_NEW: &str = "Confirm your new e-mail address";
const APPROVE: &str = "Approve a new e-mail address";
const ADDED: &str = "An e-mail address was added";
const IN_USE: &str = "This e-mail address is yours already";

/// Who can log in with this address, by [`PASSWORD`].
fn member_at(rig: &Rig, email: &str) -> User {
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

async fn verify(rig: &Rig, token: &str) -> Answer {
    let body = json!({"token": token});
    rig.post("/api/v1/auth/verify-email")
        .json(&body)
        .send()
        .await
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

async fn remove(rig: &Rig, session: &str, id: &str, password: &str) -> Answer {
    let call = rig.delete(&format!("/api/v1/me/emails/{id}")).with(session);
    call.json(&json!({"password": password})).send().await
}

/// Opens the link by which this primary address approves another one.
async fn approve(rig: &Rig, post: &Post, primary: &str) {
    let token = post.letter(primary, APPROVE).link("verify-email");
    let approved = verify(rig, &token).await.expect(200);
    assert_eq!(approved, json!({"verified": true}));
}

/// Adds an address to the account with this primary one, and proves it.
async fn add_proved(rig: &Rig, post: &Post, session: &str, primary: &str, email: &str) {
    add(rig, session, email).await.expect(202);
    approve(rig, post, primary).await;
    let token = post.letter(email, CONFIRM_FURTHER).link("verify-email");
    verify(rig, &token).await.expect(200);
}

fn entry(email: &str, is_primary: bool, is_proved: bool) -> (String, bool, bool) {
    (email.to_owned(), is_primary, is_proved)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_further_address_counts_once_it_is_proved_and_approved() {
    let (rig, post) = Post::start().await;
    member_at(&rig, "amina@example.com");
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
    let verified = verify(&rig, &token).await.expect(200);
    assert_eq!(verified, json!({"verified": true}));
    verify(&rig, &token).await.problem("gone");
    assert_eq!(
        addresses(&rig, &session).await[1],
        entry("amina@example.org", false, false)
    );
    approve(&rig, &post, "amina@example.com").await;
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
    member_at(&rig, "amina@example.com");
    member_at(&rig, "owner@example.com");
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
        for _ in 0..2 {
            post.letter("amina@example.com", APPROVE);
        }
    }
    let listed = addresses(&rig, &session).await;
    assert_eq!(
        listed[1..],
        [
            entry("free@example.com", false, false),
            entry("owner@example.com", false, false),
        ]
    );
    assert_eq!(post.all().len(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_address_is_listed_no_more() {
    let (rig, post) = Post::start().await;
    member_at(&rig, "amina@example.com");
    let session = rig.log_in_as("amina@example.com", PASSWORD).await;
    let (primary, further) = ("amina@example.com", "amina@example.org");
    add_proved(&rig, &post, &session, primary, further).await;
    let id = id_of(&rig, &session, further).await;
    let wrong = remove(&rig, &session, &id, "a guess").await;
    assert_eq!(wrong.mistakes(), pairs(&[("/password", "password.wrong")]));
    remove(&rig, &session, &id, PASSWORD).await.expect_nothing();
    let again = remove(&rig, &session, &id, PASSWORD).await;
    again.problem("not-found");
    assert_eq!(
        addresses(&rig, &session).await,
        [entry("amina@example.com", true, true)]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dotted_capital_i_in_an_address_breaks_no_list() {
    let (rig, post) = Post::start().await;
    let admin = rig.superuser();
    member_at(&rig, "amina@example.com");
    let session = rig.log_in_as("amina@example.com", PASSWORD).await;
    add(&rig, &session, "İx@example.com").await.expect(202);
    // The letter to the address itself waits for a mail server that takes letters beyond ASCII.
    approve(&rig, &post, "amina@example.com").await;
    let mails = rig.get("/api/v1/admin/mails").by(&admin).send().await;
    assert!(!mails.expect(200)["items"].as_array().unwrap().is_empty());
    let shown = addresses(&rig, &session).await;
    assert_eq!(shown[1], entry("i\u{307}x@example.com", false, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_spellings_of_a_host_are_one_address_that_mail_reaches() {
    const PUNYCODE: &str = "amina@xn--bcher-kva.example";
    let (rig, post) = Post::start().await;
    member_at(&rig, "amina@example.com");
    let session = rig.log_in_as("amina@example.com", PASSWORD).await;
    add(&rig, &session, "Amina@Bücher.example")
        .await
        .expect(202);
    approve(&rig, &post, "amina@example.com").await;
    let token = post.letter(PUNYCODE, CONFIRM_FURTHER).link("verify-email");
    verify(&rig, &token).await.expect(200);
    for spelling in [
        "amina@bücher.example",
        "amina@bu\u{308}cher.example",
        PUNYCODE,
    ] {
        rig.try_log_in(spelling, PASSWORD).await.expect(200);
    }
    let literal = add(&rig, &session, "amina@[127.0.0.1]").await;
    literal.problem("validation-failed");
    assert_eq!(literal.mistakes(), pairs(&[("/email", "email.invalid")]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmed_primary_address_waits_for_the_approval_of_the_present_one() {
    let (rig, post) = Post::start().await;
    let amina = member_at(&rig, "amina@example.com");
    let session = rig.log_in_as("amina@example.com", PASSWORD).await;
    let new = "amina@example.org";
    let asked = claim(&rig, "/api/v1/me/email", &session, new).await;
    asked.expect(202);
    let token = post.letter(new, CONFIRM_NEW).link("confirm-email");
    let confirm = rig.post("/api/v1/me/email/confirm").with(&session);
    let confirmed = confirm.json(&json!({"token": token})).send().await;
    assert_eq!(confirmed.expect(200)["changed"], false);
    rig.assert_stored(&format!(
        "(SELECT email FROM users WHERE id = '{}') = 'amina@example.com'",
        amina.id
    ));
    approve(&rig, &post, "amina@example.com").await;
    assert_eq!(addresses(&rig, &session).await, [entry(new, true, true)]);
    post.letter("amina@example.com", "Your e-mail address was changed");
}
