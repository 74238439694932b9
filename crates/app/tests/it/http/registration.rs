//! Self-registration and proof of the address.

use serde_json::{Value, json};

use super::{
    post::Post,
    support::{Answer, PASSWORD, Rig, pairs, password_hash},
};

const CONFIRM: &str = "Confirm your e-mail address";
const EXISTS: &str = "You have an account already";
const CHOOSE: &str = "Choose your password";

fn draft(email: &str) -> Value {
    json!({
        "email": email,
        "password": PASSWORD,
        "firstname": "Fatima",
        "middlename": "Zahra",
        "lastname": "Bello",
        "phone": "0803 123 4567",
        "terms_version": "2026-01",
        "consents": {"directory": true, "digest": false},
    })
}

async fn register(rig: &Rig, draft: &Value) -> Answer {
    rig.post("/api/v1/auth/register").json(draft).send().await
}

async fn verify(rig: &Rig, token: &str) -> Answer {
    let body = json!({"token": token});
    rig.post("/api/v1/auth/verify-email")
        .json(&body)
        .send()
        .await
}

/// As the reader of the address does who registered more than once, or was not the only one to.
async fn choose_password(rig: &Rig, post: &Post, email: &str, password: &str) {
    let link = post.letter(email, CHOOSE).link("reset-password");
    let reset = rig.post(&format!("/api/v1/auth/reset-password/{link}"));
    let body = json!({"password": password});
    reset.json(&body).send().await.expect(200);
}

async fn resend(rig: &Rig, email: &str) -> Answer {
    let body = json!({"email": email});
    let call = rig.post("/api/v1/auth/verify-email/resend").json(&body);
    call.send().await
}

/// What of an answer does not differ from request to request.
fn form(answer: &Answer) -> (u16, Vec<String>, String) {
    let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    let mut body = answer.json();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("instance");
    }
    (answer.status.as_u16(), names, body.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_account_logs_in_after_it_proves_its_address() {
    let (rig, post) = Post::start().await;
    let answer = register(&rig, &draft("Fatima@Example.com")).await;
    assert!(answer.expect(202)["message"].is_string());
    let refused = rig.try_log_in("fatima@example.com", PASSWORD).await;
    refused.problem("email-unverified");

    let letter = post.letter("fatima@example.com", CONFIRM);
    assert!(letter.text.starts_with("Hello Fatima,"), "{}", letter.text);
    let token = letter.link("verify-email");
    verify(&rig, &token).await.expect(200);
    let session = rig.log_in_as("fatima@example.com", PASSWORD).await;
    let me = rig
        .get("/api/v1/me")
        .with(&session)
        .send()
        .await
        .expect(200);
    for (field, value) in [
        ("email", json!("fatima@example.com")),
        ("firstname", json!("Fatima")),
        ("middlename", json!("Zahra")),
        ("lastname", json!("Bello")),
        ("phone", json!("+2348031234567")),
        ("verification", json!("unverified")),
        ("groups", json!(["applicant_group"])),
        ("permissions", json!([])),
        ("is_deactivated", json!(false)),
    ] {
        assert_eq!(me[field], value, "{field}");
    }
    rig.assert_stored(
        "(SELECT array_agg((purpose, granted, version, source)::text ORDER BY purpose) FROM consents)
         = ARRAY['(digest,f,2026-01,registration)', '(directory,t,2026-01,registration)',
                 '(terms,t,2026-01,registration)']",
    );
    rig.assert_stored(
        "(SELECT array_agg(action ORDER BY seq) FROM audit_log WHERE actor IN ('anonymous', 'user'))
         = ARRAY['account.register', 'email.verify', 'session.create']",
    );

    // The link is good once.
    assert_eq!(verify(&rig, &token).await.status.as_u16(), 410);
    verify(&rig, &token).await.problem("gone");
}

#[tokio::test]
async fn what_is_wrong_with_a_registration_is_named() {
    let rig = Rig::without_limits().await;
    for (field, value, place, code) in [
        ("email", json!("amina"), "/email", "email.invalid"),
        ("password", json!("short"), "/password", "password.length"),
        (
            "password",
            json!("password1234"),
            "/password",
            "password.weak",
        ),
        (
            "password",
            json!("x9$k FATIMA 2f!q"),
            "/password",
            "password.personal",
        ),
        (
            "password",
            json!("x9$k zahra 2f!q"),
            "/password",
            "password.personal",
        ),
        (
            "password",
            json!("x9$k Registers.1 2f!q"),
            "/password",
            "password.personal",
        ),
        (
            "terms_version",
            json!("one two"),
            "/terms_version",
            "terms_version.invalid",
        ),
        ("consents", json!([]), "/consents", "type.object"),
        (
            "consents",
            json!({"spam": true}),
            "/consents/spam",
            "unknown",
        ),
        (
            "consents",
            json!({"terms": false}),
            "/consents/terms",
            "unknown",
        ),
        (
            "consents",
            json!({"digest": "yes"}),
            "/consents/digest",
            "type.flag",
        ),
        ("is_superuser", json!(true), "/is_superuser", "unknown"),
        ("groups", json!(["super_admin_group"]), "/groups", "unknown"),
    ] {
        let mut wrong = draft("registers.1@example.com");
        wrong[field] = value;
        let answer = register(&rig, &wrong).await;
        assert_eq!(answer.mistakes(), pairs(&[(place, code)]), "{wrong}");
        assert!(!answer.text().contains("2f!q"), "{}", answer.text());
    }
    rig.assert_stored("(SELECT count(*) FROM users) = 1 AND NOT EXISTS (SELECT FROM email_outbox)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_response_does_not_reveal_whether_an_address_has_an_account() {
    let (rig, post) = Post::start().await;
    let people = rig.database();
    let owner = people
        .user()
        .email("owner@example.com")
        .password_hash(password_hash());
    let owner = owner.create();
    let of_suspended = "suspended@example.com";
    people.user().email(of_suspended).suspended().create();
    let further = "further@example.com";
    people.execute(&format!(
        "INSERT INTO user_emails (id, user_id, email, is_primary, verified_at, created_at)
         VALUES (gen_random_uuid(), '{}', '{further}', false, now(), now())",
        owner.id
    ));
    register(&rig, &draft("registered@example.com")).await;

    let mut forms = Vec::new();
    for (email, subject) in [
        ("new@example.com", CONFIRM),
        ("registered@example.com", CONFIRM),
        ("owner@example.com", EXISTS),
        (of_suspended, EXISTS),
        (further, EXISTS),
    ] {
        let mut other = draft(email);
        other["password"] = json!("quite another good password");
        forms.push(form(&register(&rig, &other).await));
        post.letter(email, subject);
    }
    assert!(
        forms.windows(2).all(|pair| pair[0] == pair[1]),
        "{forms:#?}"
    );
    assert_eq!(post.all().len(), forms.len() + 1);

    // And to the owner nothing has happened.
    rig.log_in_as("owner@example.com", PASSWORD).await;
    let other = "quite another good password";
    let refused = rig.try_log_in("owner@example.com", other).await;
    refused.problem("invalid-credentials");
    rig.assert_stored("NOT EXISTS (SELECT FROM users WHERE email = 'further@example.com')");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verifying_an_address_registered_twice_answers_that_a_password_comes_next() {
    let (rig, post) = Post::start().await;
    let email = "fatima@example.com";
    register(&rig, &draft(email)).await.expect(202);
    post.letter(email, CONFIRM);
    register(&rig, &draft(email)).await.expect(202);
    let link = post.letter(email, CONFIRM).link("verify-email");
    let verified = verify(&rig, &link).await.expect(200);
    assert_eq!(verified["next"], "choose-password");
    choose_password(&rig, &post, email, "what only the reader chose").await;
    rig.log_in_as(email, "what only the reader chose").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_names_are_stored_unchanged_or_refused() {
    let (rig, post) = Post::start().await;
    let long = "Ṣ".repeat(100);
    for (number, name) in [
        "Robert'); DROP TABLE users; --",
        "<script>alert(1)</script>",
        "{{ 7 * 7 }} ${7*7} %s %n",
        "\u{202e}anima\u{202c}",
        "Zoë 👩🏾‍🎓 N̴̛͚",
        "see https://evil.example/now",
        "null",
        "\\u0000 ' \" ; \\",
        long.as_str(),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("hostile{number}@example.com");
        let mut hostile = draft(&email);
        hostile["firstname"] = json!(name);
        hostile["lastname"] = json!(name);
        register(&rig, &hostile).await.expect(202);
        let letter = post.letter(&email, CONFIRM);
        assert!(!letter.text.contains("evil.example"), "{}", letter.text);
        verify(&rig, &letter.link("verify-email")).await.expect(200);
        let session = rig.log_in_as(&email, PASSWORD).await;
        let me = rig
            .get("/api/v1/me")
            .with(&session)
            .send()
            .await
            .expect(200);
        assert_eq!(me["firstname"], name);
    }
    for (name, code) in [
        ("", "name.length"),
        (" \t ", "name.length"),
        ("a\u{0}b", "name.control-character"),
        ("a\r\nBcc: x@example.com", "name.control-character"),
        (&format!("{long}x"), "name.length"),
    ] {
        let mut hostile = draft("refused@example.com");
        hostile["lastname"] = json!(name);
        let answer = register(&rig, &hostile).await;
        assert_eq!(answer.mistakes(), pairs(&[("/lastname", code)]), "{name:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resend_mails_only_unproved_registrations_and_reveals_nothing() {
    let (rig, post) = Post::start().await;
    rig.database().user().email("owner@example.com").create();
    let email = "fatima@example.com";
    register(&rig, &draft(email)).await.expect(202);
    let first = post.letter(email, CONFIRM).link("verify-email");
    let mut forms = Vec::new();
    for email in ["unknown@example.com", "owner@example.com", email] {
        forms.push(form(&resend(&rig, email).await));
    }
    assert_eq!(forms[0].0, 202);
    assert!(
        forms.windows(2).all(|pair| pair[0] == pair[1]),
        "{forms:#?}"
    );

    let second = post.letter(email, CONFIRM).link("verify-email");
    verify(&rig, &first).await.problem("gone");
    verify(&rig, &second).await.expect(200);
    // No registration is pending any more.
    resend(&rig, email).await.expect(202);
    let expected = (email.to_owned(), CONFIRM.to_owned());
    assert_eq!(post.all(), [expected.clone(), expected]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_links_and_malformed_links_get_the_same_response() {
    let (rig, post) = Post::start().await;
    let email = "fatima@example.com";
    register(&rig, &draft(email)).await.expect(202);
    let late = post.letter(email, CONFIRM).link("verify-email");
    rig.database()
        .execute("UPDATE email_verifications SET expires_at = now()");
    let unknown = "A".repeat(43);
    let mut forms = Vec::new();
    for token in [
        late.as_str(),
        &unknown,
        &late[1..],
        "",
        "\0",
        "é",
        "../../etc/passwd",
    ] {
        forms.push(form(&verify(&rig, token).await));
    }
    assert_eq!(forms[0].0, 410);
    assert!(
        forms.windows(2).all(|pair| pair[0] == pair[1]),
        "{forms:#?}"
    );
    let no_text = rig.post("/api/v1/auth/verify-email");
    let no_text = no_text.json(&json!({"token": [late]})).send().await;
    assert_eq!(no_text.mistakes(), pairs(&[("/token", "type.text")]));
    rig.try_log_in(email, PASSWORD)
        .await
        .problem("email-unverified");
}
