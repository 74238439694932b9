//! Self-registration and proof of the address.

use std::collections::BTreeSet;

use abu_domain::access::Permission;
use serde_json::{Value, json};

use super::{
    post::Post,
    support::{Answer, PASSWORD, Rig, pairs, password_hash},
};

const CONFIRM: &str = "Confirm your e-mail address";
const EXISTS: &str = "You have an account already";

fn draft(email: &str) -> Value {
    json!({
        "email": email,
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
    verify_by(rig, json!({"token": token, "password": PASSWORD})).await
}

async fn verify_by(rig: &Rig, body: Value) -> Answer {
    rig.post("/api/v1/auth/verify-email")
        .json(&body)
        .send()
        .await
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
async fn a_registrations_link_takes_the_password_and_logs_in() {
    let (rig, post) = Post::start().await;
    let answer = register(&rig, &draft("Fatima@Example.com")).await;
    assert!(answer.expect(202)["message"].is_string());

    let letter = post.letter("fatima@example.com", CONFIRM);
    assert!(letter.text.starts_with("Hello Fatima,"), "{}", letter.text);
    let token = letter.link("verify-email");
    // What is refused leaves the link good.
    for (body, code) in [
        (json!({"token": token}), "required"),
        (
            json!({"token": token, "password": "short"}),
            "password.length",
        ),
        (
            json!({"token": token, "password": "password1234"}),
            "password.weak",
        ),
        (
            json!({"token": token, "password": "x9$k zahra 2f!q"}),
            "password.personal",
        ),
    ] {
        let answer = verify_by(&rig, body).await;
        assert_eq!(answer.mistakes(), pairs(&[("/password", code)]));
        assert!(!answer.text().contains("2f!q"), "{}", answer.text());
    }
    let body = json!({"token": token, "password": PASSWORD, "device_name": "Fatima's phone"});
    let tokens = verify_by(&rig, body).await.expect(200);
    let log_in = rig
        .try_log_in("fatima@example.com", PASSWORD)
        .await
        .expect(200);
    let names =
        |body: &Value| -> BTreeSet<String> { body.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(names(&tokens), names(&log_in));
    assert_eq!(tokens["user"], log_in["user"]);
    assert_eq!(tokens["user"]["email"], "fatima@example.com");
    let body = json!({"refresh_token": tokens["refresh_token"]});
    let refresh = rig.post("/api/v1/auth/refresh").json(&body);
    refresh.send().await.expect(200);
    rig.assert_stored("EXISTS (SELECT FROM sessions WHERE device_name = 'Fatima''s phone')");
    let me = rig
        .get("/api/v1/me")
        .bearing(&tokens["access_token"])
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
         = ARRAY['account.register', 'email.verify', 'session.create', 'session.create']",
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
        (
            "password",
            json!("x9$k FATIMA 2f!q"),
            "/password",
            "unknown",
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
        forms.push(form(&register(&rig, &draft(email)).await));
        post.letter(email, subject);
    }
    assert!(
        forms.windows(2).all(|pair| pair[0] == pair[1]),
        "{forms:#?}"
    );
    assert_eq!(post.all().len(), forms.len() + 1);

    // And to the owner nothing has happened.
    rig.log_in_as("owner@example.com", PASSWORD).await;
    rig.assert_stored("NOT EXISTS (SELECT FROM users WHERE email = 'further@example.com')");
}

#[tokio::test]
async fn a_login_does_not_reveal_an_unfinished_registration() {
    let rig = Rig::without_limits().await;
    register(&rig, &draft("fatima@example.com"))
        .await
        .expect(202);
    let of_previous_release = rig.database().user().email("old@example.com");
    let of_previous_release = of_previous_release.password_hash(password_hash());
    of_previous_release
        .with(|new| new.email_verified_at = None)
        .create();
    let mut forms = Vec::new();
    for email in [
        "unknown@example.com",
        "fatima@example.com",
        "old@example.com",
    ] {
        forms.push(form(&rig.try_log_in(email, PASSWORD).await));
    }
    assert_eq!(forms[0].0, 401);
    assert!(
        forms.windows(2).all(|pair| pair[0] == pair[1]),
        "{forms:#?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_of_the_office_logs_in_and_recovers_after_its_owners_proof() {
    let (rig, post) = Post::start().await;
    let staff = rig.holder_of(&[Permission::CreateUser]);
    let email = "fatima@example.com";
    let new = json!({
        "email": email, "password": PASSWORD, "firstname": "Fatima", "lastname": "Bello",
    });
    let made = rig.post("/api/v1/users").by(&staff).json(&new).send().await;
    made.expect(201);
    let session = rig.log_in_as(email, PASSWORD).await;
    let verified_at = async || {
        let call = rig.get("/api/v1/me/emails").with(&session);
        call.send().await.expect(200)["items"][0]["verified_at"].clone()
    };
    assert_eq!(verified_at().await, Value::Null);
    let forgot = async || {
        let call = rig.post("/api/v1/auth/forgot-password");
        call.json(&json!({"email": email})).send().await.expect(202)
    };
    forgot().await;
    resend(&rig, email).await.expect(202);
    let letter = post.letter(email, "Confirm the e-mail address of your account");
    let token = letter.link("verify-email");
    let body = json!({"token": token, "password": "quite another good password"});
    let verified = verify_by(&rig, body).await.expect(200);
    assert_eq!(verified, json!({"verified": true}));
    assert!(verified_at().await.is_string());
    rig.log_in_as(email, PASSWORD).await;
    forgot().await;
    post.letter(email, "Choose a new password");
    // The first request sent nothing.
    assert_eq!(post.all().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_names_are_stored_unchanged_or_refused() {
    let (rig, post) = Post::start().await;
    let long = "Ṣ".repeat(100);
    for (number, name) in [
        "Robert'); DROP TABLE users; --",
        "<script>alert(1)</script>",
        "{{ 7 * 7 }} ${7*7} %s %n",
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
        let tokens = verify(&rig, &letter.link("verify-email")).await.expect(200);
        let me = rig
            .get("/api/v1/me")
            .bearing(&tokens["access_token"])
            .send()
            .await
            .expect(200);
        assert_eq!(me["firstname"], name);
    }
    for (name, code) in [
        ("", "name.length"),
        (" \t ", "name.length"),
        ("a\u{0}b", "name.control-character"),
        ("\u{202e}anima\u{202c}", "name.invisible-character"),
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
        .problem("invalid-credentials");
}
