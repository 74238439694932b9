//! Log redaction: no secrets and no personal data.

use std::{
    sync::{Condvar, Mutex},
    time::Duration,
};

use abu_application::{
    identity::ports::{LinkPurpose, LinkTokens},
    platform::{
        mail::{self, MailContent},
        ports::Clock,
        system::{SystemClock, SystemIds},
    },
};
use abu_domain::platform::text::{EmailAddress, PersonName};
use abu_mail::SmtpSecurity;
use abu_security::HmacLinkTokens;
use abu_test_support::{SECRET, SmtpBehavior, SmtpServer};
use log::{LevelFilter, Log, Metadata, Record};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    post::Post,
    support::{PASSWORD, Rig},
};

/// How long a line may take before the test has failed.
const EVENT_TIMEOUT: Duration = Duration::from_secs(20);

/// Keeps every line of the process's log, of all levels and modules.
struct Lines {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

static LINES: Lines = Lines {
    lines: Mutex::new(Vec::new()),
    more: Condvar::new(),
};

impl Log for Lines {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // What the test's own client says of its requests is not the server's log.
        if record.target().starts_with("tungstenite") {
            return;
        }
        let pairs = Pairs::of(record);
        let line = format!("{} {}{pairs}", record.target(), record.args());
        self.lines.lock().unwrap().push(line);
        self.more.notify_all();
    }

    fn flush(&self) {}
}

/// The pairs of a record, as ` key=value` each.
struct Pairs;

impl Pairs {
    fn of(record: &Record<'_>) -> String {
        struct Text(String);
        impl<'kvs> log::kv::VisitSource<'kvs> for Text {
            fn visit_pair(
                &mut self,
                key: log::kv::Key<'kvs>,
                value: log::kv::Value<'kvs>,
            ) -> Result<(), log::kv::Error> {
                self.0.push_str(&format!(" {key}={value}"));
                Ok(())
            }
        }
        let mut text = Text(String::new());
        record.key_values().visit(&mut text).unwrap();
        text.0
    }
}

pub(super) fn listen() {
    // Whichever test is first installs it.
    if log::set_logger(&LINES).is_ok() {
        log::set_max_level(LevelFilter::Trace);
    }
}

/// Waits for the line of the access log that ends a request.
pub(super) fn access_line(request: &str) -> String {
    let mine = format!(" request={request}");
    line_with("abu_app::access", &mine)
}

/// Waits for a line of that module with this in it.
fn line_with(module: &str, mine: &str) -> String {
    let is_mine = |line: &&String| line.starts_with(module) && line.contains(mine);
    let lines = LINES.lines.lock().unwrap();
    let missing = |lines: &mut Vec<String>| !lines.iter().any(|line| is_mine(&line));
    let (lines, _) = LINES
        .more
        .wait_timeout_while(lines, EVENT_TIMEOUT, missing)
        .unwrap();
    let line = lines.iter().find(is_mine).cloned();
    // The lock is given back before anything fails: all other tests log through it.
    drop(lines);
    line.expect("the line comes in time")
}

fn assert_nowhere(secret: &str) {
    let lines = LINES.lines.lock().unwrap();
    let line = lines.iter().find(|line| line.contains(secret)).cloned();
    drop(lines);
    assert_eq!(line, None);
}

#[tokio::test]
async fn each_request_has_one_line_that_names_the_caller_and_no_query() {
    listen();
    let rig = Rig::start().await;
    let user = rig.user();
    let me = rig.get("/api/v1/me").by(&user).send().await;
    let line = access_line(me.header("x-request-id"));
    assert!(line.contains("GET /api/v1/me 200"), "{line}");
    assert!(line.contains(&format!(" user={}", user.id)), "{line}");
    assert!(
        line.contains(&format!(" bytes={}", me.body.len())),
        "{line}"
    );

    let query = rig.get("/nothing?where=nowhere").send().await;
    let line = access_line(query.header("x-request-id"));
    assert!(line.contains("GET /nothing 404"), "{line}");
    assert!(
        !line.contains("nowhere") && !line.contains("user="),
        "{line}"
    );
}

#[tokio::test]
async fn a_request_shows_its_network_and_whether_authentication_failed() {
    listen();
    let rig = Rig::start_with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let user = rig.member();
    let address = "192.0.2.77";
    let email = user.email.as_str();
    let body = |password: &str| json!({"email": email, "password": password});
    let log_in = |password| rig.post("/api/v1/auth/token").json(&body(password));
    let change = json!({"current_password": "a wrong one", "new_password": PASSWORD});
    let own = rig.post("/api/v1/me/password").by(&user).json(&change);
    for (call, status, failed) in [
        (log_in("a wrong one"), 401, true),
        (own, 422, true),
        (log_in(PASSWORD), 200, false),
        (rig.get("/api/v1/users").by(&user), 403, false),
    ] {
        let answer = call.header("x-forwarded-for", address).send().await;
        assert_eq!(answer.status.as_u16(), status);
        let line = access_line(answer.header("x-request-id"));
        assert!(line.contains(" network=192.0.2.0/24"), "{line}");
        assert_eq!(line.contains(" failed=authentication"), failed, "{line}");
        assert!(!line.contains(address) && !line.contains(email), "{line}");
    }
}

#[tokio::test]
async fn tokens_tickets_and_passwords_are_nowhere_in_the_log() {
    listen();
    let rig = Rig::start().await;
    let user = rig.user();
    let token = rig.server.token(user.id);
    let ticket = rig.post("/api/v1/auth/ws-ticket").by(&user).send().await;
    let ticket = ticket.expect(200)["ticket"].as_str().unwrap().to_owned();
    let password = "the password in the test of the log";
    let email = "in.the.test.of.the.log@example.com";
    let mut requests = Vec::new();
    for call in [
        rig.get(&format!("/chat?token={token}")),
        rig.get(&format!("/chat?ticket={ticket}")),
        rig.get(&format!(
            "/chat?token={token}&ticket={ticket}&tokne={token}"
        )),
        rig.get(&format!("/chat/?token={token}")),
        rig.get(&format!("/api/v1/me?token={token}")),
        rig.post("/api/v1/auth/token")
            .json(&json!({"email": email, "password": password})),
        rig.post("/api/v1/auth/token")
            .json(&json!({"email": email, "password": [password]})),
    ] {
        let answer = call.send().await;
        assert!(!answer.text().contains(&token), "{}", answer.text());
        requests.push(answer.header("x-request-id").to_owned());
    }
    for request in &requests {
        access_line(request);
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [_, claims, signature] = parts[..] else {
        panic!("a token has three parts")
    };
    for secret in [&claims[..40], signature, &ticket, password, email] {
        assert_nowhere(secret);
    }
}

/// What could be seen of a JSON text that is a secret: it, and what it is put together from.
fn parts(secret: &Value) -> Vec<String> {
    let secret = secret.as_str().unwrap();
    let long = secret.split('.').filter(|part| part.len() > 10);
    long.chain([secret]).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_log_holds_no_credentials() {
    listen();
    let key = "the encryption key in the test of the log";
    let rig = Rig::start_with(|settings| {
        settings.auth.encryption_key = Some(key.into());
        settings.rate_limits.enabled = false;
    })
    .await;
    let user = rig.member();
    let pair = rig.log_in(&user).await;
    let access = &pair["access_token"];
    let call = rig.post("/api/v1/auth/totp").bearing(access);
    let secret = call.json(&json!({"password": PASSWORD})).send().await;
    let secret = secret.expect(201);
    let device = totp_rs::Totp::from_url(secret["otpauth_uri"].as_str().unwrap()).unwrap();
    let now = u64::try_from(chrono::Utc::now().timestamp()).unwrap();
    let otp = json!({"otp": device.generate(now).to_string()});
    let call = rig.post("/api/v1/auth/totp/confirm").bearing(access);
    let codes = call.json(&otp).send().await.expect(200)["recovery_codes"].clone();
    let used = codes[0].as_str().unwrap();

    let mut requests = Vec::new();
    for call in [
        rig.post("/api/v1/auth/refresh")
            .json(&json!({"refresh_token": pair["refresh_token"]})),
        rig.post("/api/v1/auth/refresh")
            .json(&json!({"refresh_token": [pair["refresh_token"]]})),
        rig.post(&format!(
            "/api/v1/auth/refresh?refresh_token={}",
            pair["refresh_token"]
        )),
        rig.post("/api/v1/auth/token").json(&json!({
            "email": user.email.as_str(), "password": PASSWORD, "otp": used,
        })),
        rig.post("/api/v1/auth/token").json(&json!({
            "email": user.email.as_str(), "password": PASSWORD, "otp": [used],
        })),
        rig.post("/api/v1/auth/docs-token")
            .form(&[("username", user.email.as_str()), ("password", PASSWORD)]),
        rig.post("/api/v1/auth/docs-token")
            .form(&[("username", PASSWORD), ("password", used)]),
        rig.delete("/api/v1/auth/totp")
            .bearing(access)
            .json(&json!({"password": PASSWORD, "otp": codes[1]})),
    ] {
        let answer = call.send().await;
        assert!(!answer.text().contains(used), "{}", answer.text());
        requests.push(answer.header("x-request-id").to_owned());
    }
    for request in &requests {
        access_line(request);
    }
    for secret in [
        access,
        &pair["refresh_token"],
        &secret["secret"],
        &codes[0],
        &codes[1],
    ] {
        for part in parts(secret) {
            assert_nowhere(&part);
        }
    }
    for secret in [key, PASSWORD, user.email.as_str()] {
        assert_nowhere(secret);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_holds_no_address_password_name_or_link() {
    listen();
    let (rig, post) = Post::start().await;
    let (email, further) = ("life.in.the.log@example.com", "more.in.the.log@example.com");
    let (first, second) = ("a heron over the log", "a kingfisher over the log");
    let draft = json!({
        "email": email, "firstname": "Inthelog", "lastname": "Bello",
        "phone": "+2348031234567", "terms_version": "1", "consents": {},
    });
    let call = |path: &str| rig.post(&format!("/api/v1{path}"));
    call("/auth/register").json(&draft).send().await.expect(202);
    call("/auth/register").json(&draft).send().await.expect(202);
    post.letter(email, "Confirm your e-mail address");
    let letter = post.letter(email, "Confirm your e-mail address");
    let token = letter.link("verify-email");
    for (password, status) in [("password1234", 422), (first, 200)] {
        let body = json!({"token": token, "password": password});
        let verify = call("/auth/verify-email").json(&body).send().await;
        assert_eq!(verify.status.as_u16(), status);
    }
    let forgot = call("/auth/forgot-password").json(&json!({"email": email}));
    forgot.send().await.expect(202);
    let link = post
        .letter(email, "Choose a new password")
        .link("reset-password");
    let reset = |password: &str| {
        let call = call(&format!("/auth/reset-password/{link}"));
        call.json(&json!({"password": password})).send()
    };
    let encoded = format!("/auth/reset%2Dpassword/{link}");
    let answer = call(&encoded).json(&json!({})).send().await;
    let line = access_line(answer.header("x-request-id"));
    assert!(
        line.contains("POST /api/v1/auth/reset-password/ "),
        "{line}"
    );
    reset("password1234").await.problem("validation-failed");
    let answer = reset(second).await;
    answer.expect(200);
    let line = access_line(answer.header("x-request-id"));
    assert!(
        line.contains("POST /api/v1/auth/reset-password/ 200"),
        "{line}"
    );
    let session = rig.log_in_as(email, second).await;
    let add = json!({"email": further, "password": second});
    let add = call("/me/emails").with(&session).json(&add);
    let answer = add.send().await;
    answer.expect(202);
    access_line(answer.header("x-request-id"));
    post.letter(further, "Confirm your further e-mail address");
    for secret in [
        email,
        further,
        first,
        second,
        "Inthelog",
        &token,
        &link,
        "8031234567",
    ] {
        assert_nowhere(secret);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_log_lines_hold_no_address_link_or_smtp_password() {
    listen();
    let (address, password) = ("in.a.mail@example.com", "the mail server's password");
    let log_in = Some(("the mail server's user", password));
    let smtp = SmtpServer::start_with(SmtpSecurity::StartTls, log_in);
    smtp.script([
        SmtpBehavior::Refuse("451 <in.a.mail@example.com>: not now"),
        SmtpBehavior::Refuse("550 <in.a.mail@example.com>: never"),
        SmtpBehavior::Accept,
    ]);
    let by_smtp = Rig::start_with(|settings| smtp.receive_from(settings)).await;
    let to_files = Rig::start().await;
    let verification_id = Uuid::new_v4();
    let enqueue = |rig: &Rig| {
        let content = MailContent::VerifyEmail {
            verification_id,
            firstname: PersonName::parse("Amina").unwrap(),
        };
        let to = EmailAddress::parse(address).unwrap();
        let put = rig
            .database()
            .transaction(|tx| mail::enqueue(tx, &SystemIds, SystemClock.now(), &to, content));
        put.unwrap()
    };
    for (rig, words) in [
        (&by_smtp, "not taken"),
        (&by_smtp, "given up"),
        (&by_smtp, "was sent"),
        (&to_files, "was sent"),
    ] {
        let id = enqueue(rig);
        let line = line_with("abu_mail::worker", &format!(" mail={id} "));
        assert!(line.contains(words), "{line}");
        assert!(line.contains(" kind=verify_email"), "{line}");
    }
    line_with("abu_mail::files", "the mail verify_email is in ");
    let links = HmacLinkTokens::new(SECRET.as_bytes());
    let token = links.text(LinkPurpose::VerifyEmail, verification_id);
    for secret in [address, password, &token] {
        assert_nowhere(secret);
    }
}
