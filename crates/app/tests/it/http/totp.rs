//! TOTP: enrollment, log-in, recovery codes, removal, and groups that require it.

use abu_application::platform::rate_limits::Quota;
use abu_chat_protocol::CloseCode;
use abu_domain::{access::Permission, identity::user::User};
use abu_settings::Settings;
use abu_test_support::{ChatClient, TestDatabase, TestServer};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use totp_rs::{Builder, Totp};

use super::support::{Answer, PASSWORD, Rig, pairs};
use crate::program::{abu_admin, folder, say};

/// An authenticator app.
struct Device(Totp);

impl Device {
    fn of(secret: &Value) -> Self {
        let secret = totp_rs::Secret::try_from_base32(secret.as_str().unwrap()).unwrap();
        Self(Builder::new().with_secret(secret).build().unwrap())
    }

    /// What it shows so many half minutes from now.
    fn shows(&self, steps: i64) -> String {
        let then = chrono::Utc::now().timestamp() + steps * 30;
        self.0.generate(then.try_into().unwrap()).to_string()
    }

    /// Whether it shows this about now.
    fn may_show(&self, code: &str) -> bool {
        (-3..=3).any(|steps| self.shows(steps) == code)
    }

    /// What it does not show.
    fn wrong(&self) -> String {
        let mut codes = (0..).map(|code| format!("{code:06}"));
        codes.find(|code| !self.may_show(code)).unwrap()
    }
}

/// An enrolled user with a session from before the enrollment.
pub(super) struct Enrolled {
    pub(super) user: User,
    access_token: Value,
    device: Device,
    pub(super) recovery_codes: Vec<String>,
}

const WRONG_PASSWORD: (&str, &str) = ("/password", "password.wrong");
const WRONG_OTP: (&str, &str) = ("/otp", "otp.wrong");

/// Holds that the answer blames this field, and no other.
#[track_caller]
fn refused(answer: &Answer, mistake: (&str, &str)) {
    assert_eq!(answer.mistakes(), pairs(&[mistake]));
}

async fn begin(rig: &Rig, access_token: &Value, password: &str) -> Answer {
    let call = rig.post("/api/v1/auth/totp").bearing(access_token);
    call.json(&json!({"password": password})).send().await
}

async fn confirm(rig: &Rig, access_token: &Value, otp: &str) -> Answer {
    let call = rig.post("/api/v1/auth/totp/confirm").bearing(access_token);
    call.json(&json!({"otp": otp})).send().await
}

async fn remove(rig: &Rig, access_token: &Value, password: &str, otp: &str) -> Answer {
    let call = rig.delete("/api/v1/auth/totp").bearing(access_token);
    let body = json!({"password": password, "otp": otp});
    call.json(&body).send().await
}

async fn renew(rig: &Rig, access_token: &Value, password: &str, otp: &str) -> Answer {
    let call = rig.post("/api/v1/auth/totp/recovery-codes");
    let body = json!({"password": password, "otp": otp});
    call.bearing(access_token).json(&body).send().await
}

async fn state(rig: &Rig, access_token: &Value) -> Value {
    let call = rig.get("/api/v1/auth/totp").bearing(access_token);
    call.send().await.expect(200)
}

async fn log_in(rig: &Rig, user: &User, password: &str, otp: Option<&str>) -> Answer {
    let body = json!({"email": user.email.as_str(), "password": password, "otp": otp});
    rig.post("/api/v1/auth/token").json(&body).send().await
}

fn codes(answer: &Value) -> Vec<String> {
    let codes = answer["recovery_codes"].as_array().unwrap();
    let own = |code: &Value| code.as_str().unwrap().to_owned();
    codes.iter().map(own).collect()
}

/// Enrolls a new member.
pub(super) async fn enrolled(rig: &Rig) -> Enrolled {
    let user = rig.member();
    let access_token = rig.log_in(&user).await["access_token"].clone();
    let secret = begin(rig, &access_token, PASSWORD).await.expect(201);
    let device = Device::of(&secret["secret"]);
    let confirmed = confirm(rig, &access_token, &device.shows(0)).await;
    let recovery_codes = codes(&confirmed.expect(200));
    forget_steps(rig);
    Enrolled {
        user,
        access_token,
        device,
        recovery_codes,
    }
}

/// As if what was shown so far had been shown long ago.
fn forget_steps(rig: &Rig) {
    rig.database()
        .execute("UPDATE totp_secrets SET last_step = 0");
}

fn mails(rig: &Rig, kind: &str) -> usize {
    rig.database()
        .texts(&format!(
            "SELECT kind FROM email_outbox WHERE kind = '{kind}'"
        ))
        .len()
}

#[tokio::test]
async fn one_time_passwords_are_asked_for_once_the_device_has_proved_itself() {
    let rig = Rig::start().await;
    let user = rig.member();
    let token = rig.log_in(&user).await["access_token"].clone();
    let nothing = json!({
        "enabled": false, "enabled_at": null, "required": false, "recovery_codes_left": 0,
    });
    assert_eq!(state(&rig, &token).await, nothing);

    let secret = begin(&rig, &token, PASSWORD).await.expect(201);
    let uri = secret["otpauth_uri"].as_str().unwrap();
    let from_uri = Totp::from_url(uri).unwrap();
    assert_eq!(from_uri.secret().to_base32(), secret["secret"]);
    assert_eq!(from_uri.account_name(), user.email.as_str());
    assert_eq!(from_uri.issuer(), Some("ABU Alumni Connect"));
    // Until then everything is as it was.
    assert_eq!(state(&rig, &token).await, nothing);
    log_in(&rig, &user, PASSWORD, None).await.expect(200);

    let device = Device::of(&secret["secret"]);
    for wrong in ["000000x", "7Q2M-9ZKD-04TX-W8RB", "", &device.wrong()] {
        refused(&confirm(&rig, &token, wrong).await, WRONG_OTP);
    }
    let confirmed = confirm(&rig, &token, &device.shows(0)).await.expect(200);
    let recovery_codes = codes(&confirmed);
    assert_eq!(recovery_codes.len(), 10);
    assert!(recovery_codes.iter().all(|code| code.len() == 19));
    let now = state(&rig, &token).await;
    assert_eq!(now["enabled"], true);
    assert_eq!(now["recovery_codes_left"], 10);
    assert!(now["enabled_at"].is_string());
    assert_eq!(mails(&rig, "totp_enabled"), 1);
    assert_eq!(
        rig.database()
            .texts("SELECT action FROM audit_log WHERE action LIKE 'totp%'"),
        ["totp.enable"]
    );

    let refused = log_in(&rig, &user, PASSWORD, None).await;
    assert_eq!(refused.status.as_u16(), 401);
    refused.problem("otp-required");
    forget_steps(&rig);
    let entered = log_in(&rig, &user, PASSWORD, Some(&device.shows(0))).await;
    entered.expect(200);
}

#[tokio::test]
async fn every_wrong_log_in_with_a_second_factor_gets_one_response() {
    let rig = Rig::start().await;
    let Enrolled { user, device, .. } = enrolled(&rig).await;
    let other = rig.user();
    let mut bodies = Vec::new();
    for (who, password, otp) in [
        (&user, "a wrong one", None),
        (&user, "a wrong one", Some(device.shows(0))),
        (&user, PASSWORD, Some(device.wrong())),
        (&user, PASSWORD, Some("7Q2M-9ZKD-04TX-W8RB".to_owned())),
        (&user, PASSWORD, Some(String::new())),
        (&user, PASSWORD, Some("x".repeat(10_000))),
        (&other, PASSWORD, Some(device.shows(0))),
    ] {
        let answer = log_in(&rig, who, password, otp.as_deref()).await;
        assert_eq!(answer.status.as_u16(), 401);
        let mut problem = answer.problem("invalid-credentials");
        problem.as_object_mut().unwrap().remove("instance");
        bodies.push(problem);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    let entered = log_in(&rig, &user, PASSWORD, Some(&device.shows(0))).await;
    entered.expect(200);
}

#[tokio::test]
async fn other_recovery_codes_take_both_factors_and_kill_the_old_ones() {
    let rig = Rig::start().await;
    let who = enrolled(&rig).await;
    let token = &who.access_token;
    for (password, otp, what) in [
        ("a wrong one", who.device.shows(0), WRONG_PASSWORD),
        (PASSWORD, who.device.wrong(), WRONG_OTP),
    ] {
        refused(&renew(&rig, token, password, &otp).await, what);
    }
    let renewed = renew(&rig, token, PASSWORD, &who.device.shows(0)).await;
    let fresh = codes(&renewed.expect(200));
    assert_eq!(fresh.len(), 10);
    log_in(&rig, &who.user, PASSWORD, Some(&who.recovery_codes[0]))
        .await
        .problem("invalid-credentials");
    log_in(&rig, &who.user, PASSWORD, Some(&fresh[0]))
        .await
        .expect(200);
    // A recovery code may itself pay for others.
    let again = renew(&rig, token, PASSWORD, &fresh[1]).await;
    assert_eq!(codes(&again.expect(200)).len(), 10);
    let renewals = "SELECT action FROM audit_log WHERE action = 'totp.renew-codes'";
    assert_eq!(rig.database().texts(renewals).len(), 2);
}

#[tokio::test]
async fn doing_without_takes_both_factors() {
    let rig = Rig::start().await;
    let who = enrolled(&rig).await;
    let token = &who.access_token;
    let (right, wrong) = (who.device.shows(0), who.device.wrong());
    for (password, otp, what) in [
        ("a wrong one", &right, WRONG_PASSWORD),
        (PASSWORD, &wrong, WRONG_OTP),
    ] {
        refused(&remove(&rig, token, password, otp).await, what);
    }
    remove(&rig, token, PASSWORD, &right).await.expect_nothing();
    assert_eq!(state(&rig, token).await["enabled"], false);
    log_in(&rig, &who.user, PASSWORD, None).await.expect(200);
    assert_eq!(mails(&rig, "totp_disabled"), 1);
    assert!(
        rig.database()
            .texts("SELECT user_id::text FROM totp_recovery_codes")
            .is_empty()
    );
    // And another device can be set up.
    let secret = begin(&rig, token, PASSWORD).await.expect(201);
    let device = Device::of(&secret["secret"]);
    confirm(&rig, token, &device.shows(0)).await.expect(200);
}

#[tokio::test]
async fn who_stole_a_token_cannot_try_many_passwords() {
    let rig = Rig::start_with(|settings: &mut Settings| {
        settings.rate_limits.log_in_account = Quota::new(4, 3_600);
    })
    .await;
    let who = enrolled(&rig).await;
    let token = &who.access_token;
    for _ in 0..4 {
        let guessed = remove(&rig, token, "a guess", "a guess").await;
        refused(&guessed, WRONG_PASSWORD);
    }
    let shown = who.device.shows(0);
    for answer in [
        remove(&rig, token, PASSWORD, &shown).await,
        renew(&rig, token, PASSWORD, &shown).await,
        begin(&rig, token, PASSWORD).await,
    ] {
        assert_eq!(answer.status.as_u16(), 429);
        answer.problem("rate-limited");
    }
    // Logging in is counted apart, so that a thief cannot lock the owner out.
    log_in(&rig, &who.user, PASSWORD, Some(&shown))
        .await
        .expect(200);
}

#[tokio::test]
async fn the_form_of_the_documentation_does_not_go_round_one_time_passwords() {
    let rig = Rig::start().await;
    let Enrolled { user, .. } = enrolled(&rig).await;
    let fields = [("username", user.email.as_str()), ("password", PASSWORD)];
    let call = rig.post("/api/v1/auth/docs-token").form(&fields);
    call.send().await.problem("otp-required");
}

#[tokio::test]
async fn secrets_and_codes_cannot_be_read_in_the_database() {
    let rig = Rig::start().await;
    let user = rig.member();
    let token = rig.log_in(&user).await["access_token"].clone();
    let secret = begin(&rig, &token, PASSWORD).await.expect(201);
    let shown = Device::of(&secret["secret"]).shows(0);
    let codes = codes(&confirm(&rig, &token, &shown).await.expect(200));
    let secret = totp_rs::Secret::try_from_base32(secret["secret"].as_str().unwrap()).unwrap();
    let in_hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let secret = in_hex(secret.as_bytes());
    let stored = rig
        .database()
        .texts("SELECT encode(sealed_secret, 'hex') FROM totp_secrets");
    assert!(!stored[0].contains(&secret));
    let stored = rig
        .database()
        .texts("SELECT encode(code_hash, 'hex') FROM totp_recovery_codes");
    for code in &codes {
        let typed = in_hex(code.as_bytes());
        assert!(
            stored
                .iter()
                .all(|hash| hash.len() == 64 && !hash.contains(&typed))
        );
    }
}

#[tokio::test]
async fn setting_up_and_doing_without_leaves_sessions_connected() {
    let rig = Rig::start().await;
    let who = enrolled(&rig).await;
    let room = rig.database().group(who.user.id).create();
    let url = format!(
        "ws://{}/chat?token={}",
        rig.server.address(),
        who.access_token.as_str().unwrap()
    );
    let mut client = ChatClient::connect(&url).await.unwrap();
    let shown = who.device.shows(0);
    let removed = remove(&rig, &who.access_token, PASSWORD, &shown).await;
    removed.expect_nothing();
    client.hears_nothing_else(room.id).await;
    let log_out = rig.post("/api/v1/auth/logout").bearing(&who.access_token);
    log_out.send().await.expect_nothing();
    assert_eq!(client.closed().await, CloseCode::TokenExpired);
}

#[tokio::test]
async fn the_staff_remove_the_factor_of_an_owner_who_lost_the_device() {
    let rig = Rig::start().await;
    let clerk = rig.holder_of(&[Permission::ModifyUser]);
    let Enrolled { user, .. } = enrolled(&rig).await;
    let path = format!("/api/v1/users/{}/totp", user.id);
    rig.delete(&path).by(&clerk).send().await.expect_nothing();
    log_in(&rig, &user, PASSWORD, None).await.expect(200);
    assert_eq!(mails(&rig, "totp_reset"), 1);
    rig.assert_audited("user.reset-totp", &user.id.to_string(), "", 1);
    let again = rig.delete(&path).by(&clerk).send().await;
    assert_eq!(again.problem("conflict")["code"], "totp-not-enabled");
    let own = rig.delete(&format!("/api/v1/users/{}/totp", clerk.id));
    let own = own.by(&clerk).send().await;
    assert_eq!(own.problem("conflict")["code"], "own-account");
}

const OLD_KEY: &str = "the key before the rotation, 32 bytes long";
const NEXT_KEY: &str = "the key after the rotation, 32 bytes long too";

/// A server with this key and perhaps the one before it.
async fn with_keys(database: &TestDatabase, key: &str, previous: Option<&str>) -> Rig {
    let server = TestServer::start_on(database.clone(), |settings| {
        settings.auth.encryption_key = Some(key.into());
        settings.auth.previous_encryption_key = previous.map(Into::into);
    });
    Rig::on(server.await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_time_passwords_outlive_a_rotation_of_the_encryption_key() {
    let database = TestDatabase::new();
    let rig = with_keys(&database, OLD_KEY, None).await;
    let who = enrolled(&rig).await;
    let enter = async |rig: &Rig| {
        forget_steps(rig);
        log_in(rig, &who.user, PASSWORD, Some(&who.device.shows(0))).await
    };
    rig.server.stop().await;

    let rig = with_keys(&database, NEXT_KEY, Some(OLD_KEY)).await;
    enter(&rig).await.expect(200);
    let folder = folder();
    let said = tokio::task::spawn_blocking({
        let url = database.url();
        move || {
            let mut command = abu_admin(&folder);
            command
                .args(["secrets", "re-encrypt"])
                .env("ABU__DATABASE__URL", url.expose_secret())
                .env("ABU__AUTH__ENCRYPTION_KEY", NEXT_KEY)
                .env("ABU__AUTH__PREVIOUS_ENCRYPTION_KEY", OLD_KEY);
            say(&mut command)
        }
    });
    let said = said.await.unwrap();
    assert_eq!(said.code, Some(0), "{}", said.err);
    enter(&rig).await.expect(200);
    rig.server.stop().await;

    let rig = with_keys(&database, NEXT_KEY, None).await;
    enter(&rig).await.expect(200);
    // And a wrong code is still wrong.
    forget_steps(&rig);
    let guessed = log_in(&rig, &who.user, PASSWORD, Some(&who.device.wrong())).await;
    guessed.problem("invalid-credentials");
    rig.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_lost_encryption_key_only_recovery_codes_log_in() {
    let database = TestDatabase::new();
    let rig = with_keys(&database, OLD_KEY, None).await;
    let who = enrolled(&rig).await;
    rig.server.stop().await;

    let rig = with_keys(&database, NEXT_KEY, None).await;
    let shown = who.device.shows(0);
    let refused = log_in(&rig, &who.user, PASSWORD, Some(&shown)).await;
    assert!(!refused.status.is_success(), "{}", refused.text());
    let recovered = log_in(&rig, &who.user, PASSWORD, Some(&who.recovery_codes[0])).await;
    recovered.expect(200);
    rig.server.stop().await;
}
