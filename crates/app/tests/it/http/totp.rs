//! TOTP: enrollment, log-in, recovery codes, removal, and groups that require it.

use abu_app::settings::Settings;
use abu_chat_protocol::CloseCode;
use abu_domain::{access::Permission, identity::user::User};
use abu_rest::rate_limits::Quota;
use abu_test_support::ChatClient;
use futures_util::future::join_all;
use serde_json::{Value, json};
use totp_rs::{Builder, Totp};

use super::support::{Answer, PASSWORD, Rig, pairs};

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

/// Enrolls a logged-in user.
async fn enroll(rig: &Rig, user: User, access_token: Value) -> Enrolled {
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

pub(super) async fn enrolled(rig: &Rig) -> Enrolled {
    let user = rig.member();
    let access_token = rig.log_in(&user).await["access_token"].clone();
    enroll(rig, user, access_token).await
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
async fn what_is_set_up_already_cannot_be_begun_or_confirmed_again() {
    let rig = Rig::start().await;
    let Enrolled {
        access_token,
        device,
        ..
    } = enrolled(&rig).await;
    for answer in [
        begin(&rig, &access_token, PASSWORD).await,
        confirm(&rig, &access_token, &device.shows(0)).await,
    ] {
        assert_eq!(answer.status.as_u16(), 409);
        assert_eq!(answer.problem("conflict")["code"], "totp-enabled");
    }
    let other = rig.log_in(&rig.member()).await["access_token"].clone();
    for answer in [
        confirm(&rig, &other, "123456").await,
        remove(&rig, &other, PASSWORD, "123456").await,
        renew(&rig, &other, PASSWORD, "123456").await,
    ] {
        assert_eq!(answer.status.as_u16(), 409);
        assert_eq!(answer.problem("conflict")["code"], "totp-not-enabled");
    }
}

#[tokio::test]
async fn beginning_again_makes_the_secret_from_before_worthless() {
    let rig = Rig::start().await;
    let user = rig.member();
    let token = rig.log_in(&user).await["access_token"].clone();
    refused(&begin(&rig, &token, "a wrong one").await, WRONG_PASSWORD);
    let first = begin(&rig, &token, PASSWORD).await.expect(201);
    let old = Device::of(&first["secret"]).shows(0);
    let new = loop {
        let second = begin(&rig, &token, PASSWORD).await.expect(201);
        let new = Device::of(&second["secret"]);
        // Once in a while two devices show the same.
        if !new.may_show(&old) {
            break new;
        }
    };
    refused(&confirm(&rig, &token, &old).await, WRONG_OTP);
    confirm(&rig, &token, &new.shows(0)).await.expect(200);
}

#[tokio::test]
async fn every_wrong_log_in_with_a_second_factor_gets_one_response() {
    let rig = Rig::start().await;
    let Enrolled { user, device, .. } = enrolled(&rig).await;
    let nobody = rig.user();
    let mut bodies = Vec::new();
    for (who, password, otp) in [
        (&user, "a wrong one", None),
        (&user, "a wrong one", Some(device.shows(0))),
        (&user, PASSWORD, Some(device.wrong())),
        (&user, PASSWORD, Some("7Q2M-9ZKD-04TX-W8RB".to_owned())),
        (&user, PASSWORD, Some(String::new())),
        (&user, PASSWORD, Some("x".repeat(10_000))),
        (&nobody, PASSWORD, Some(device.shows(0))),
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
async fn a_suspension_is_reported_only_after_both_factors() {
    let rig = Rig::start().await;
    let Enrolled { user, device, .. } = enrolled(&rig).await;
    rig.database().execute("UPDATE users SET is_active = false");
    log_in(&rig, &user, PASSWORD, None)
        .await
        .problem("otp-required");
    let wrong = log_in(&rig, &user, PASSWORD, Some("wrong")).await;
    wrong.problem("invalid-credentials");
    let right = log_in(&rig, &user, PASSWORD, Some(&device.shows(0))).await;
    assert_eq!(right.status.as_u16(), 403);
    right.problem("account-suspended");
}

#[tokio::test]
async fn a_used_one_time_password_invalidates_itself_and_earlier_ones() {
    let rig = Rig::start().await;
    let Enrolled { user, device, .. } = enrolled(&rig).await;
    let (earlier, used) = (device.shows(0), device.shows(1));
    log_in(&rig, &user, PASSWORD, Some(&used)).await.expect(200);
    for again in [&used, &earlier] {
        log_in(&rig, &user, PASSWORD, Some(again))
            .await
            .problem("invalid-credentials");
    }
}

#[tokio::test]
async fn of_concurrent_uses_of_one_code_one_succeeds() {
    let rig = Rig::start_without_limits().await;
    let who = enrolled(&rig).await;
    for shown in [who.device.shows(0), who.recovery_codes[0].clone()] {
        let attempts = (0..6).map(|_| log_in(&rig, &who.user, PASSWORD, Some(&shown)));
        let answers = join_all(attempts).await;
        let entered = answers.iter().filter(|answer| answer.status == 200);
        assert_eq!(entered.count(), 1);
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            refused.problem("invalid-credentials");
        }
    }
}

#[tokio::test]
async fn the_one_time_password_that_confirmed_is_used_up() {
    let rig = Rig::start().await;
    let user = rig.member();
    let token = rig.log_in(&user).await["access_token"].clone();
    let secret = begin(&rig, &token, PASSWORD).await.expect(201);
    let shown = Device::of(&secret["secret"]).shows(0);
    confirm(&rig, &token, &shown).await.expect(200);
    log_in(&rig, &user, PASSWORD, Some(&shown))
        .await
        .problem("invalid-credentials");
}

#[tokio::test]
async fn a_recovery_code_stands_in_once_however_it_is_typed() {
    let rig = Rig::start().await;
    let who = enrolled(&rig).await;
    let typed = who.recovery_codes[3].to_lowercase().replace('-', " ");
    log_in(&rig, &who.user, PASSWORD, Some(&typed))
        .await
        .expect(200);
    for again in [&typed, &who.recovery_codes[3]] {
        log_in(&rig, &who.user, PASSWORD, Some(again))
            .await
            .problem("invalid-credentials");
    }
    assert_eq!(
        state(&rig, &who.access_token).await["recovery_codes_left"],
        9
    );
    let factor = "SELECT details::json ->> 'second_factor' FROM audit_log
                  WHERE action = 'session.create' ORDER BY seq DESC LIMIT 1";
    assert_eq!(rig.database().texts(factor), ["recovery-code"]);
    log_in(&rig, &who.user, PASSWORD, Some(&who.recovery_codes[4]))
        .await
        .expect(200);
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
async fn who_has_lost_their_device_does_without_by_a_recovery_code() {
    let rig = Rig::start().await;
    let who = enrolled(&rig).await;
    let removed = remove(&rig, &who.access_token, PASSWORD, &who.recovery_codes[9]).await;
    removed.expect_nothing();
    log_in(&rig, &who.user, PASSWORD, None).await.expect(200);
}

#[tokio::test]
async fn who_stole_a_token_cannot_try_many_passwords() {
    let rig = Rig::start_with(|settings: &mut Settings| {
        settings.rate_limits.log_in_account = Quota::new(4, 3_600);
    })
    .await;
    let who = enrolled(&rig).await;
    let token = &who.access_token;
    // Beginning and confirming were two.
    for _ in 0..2 {
        let guessed = remove(&rig, token, "a guess", "a guess").await;
        refused(&guessed, WRONG_PASSWORD);
    }
    let shown = who.device.shows(0);
    for answer in [
        remove(&rig, token, PASSWORD, &shown).await,
        renew(&rig, token, PASSWORD, &shown).await,
        begin(&rig, token, PASSWORD).await,
        confirm(&rig, token, &shown).await,
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
async fn a_one_time_password_where_none_is_needed_does_no_harm() {
    let rig = Rig::start().await;
    let user = rig.member();
    log_in(&rig, &user, PASSWORD, Some("123456"))
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
async fn a_secret_moved_to_another_account_opens_nothing() {
    let rig = Rig::start().await;
    let (amina, musa) = (enrolled(&rig).await, enrolled(&rig).await);
    rig.database().execute(&format!(
        "UPDATE totp_secrets SET sealed_secret = (
             SELECT sealed_secret FROM totp_secrets WHERE user_id = '{}')
         WHERE user_id = '{}'",
        amina.user.id, musa.user.id
    ));
    let answer = log_in(&rig, &musa.user, PASSWORD, Some(&amina.device.shows(0))).await;
    assert_eq!(answer.status.as_u16(), 500);
    answer.problem("internal-error");
    // Recovery codes need no secret.
    log_in(&rig, &musa.user, PASSWORD, Some(&musa.recovery_codes[0]))
        .await
        .expect(200);
}

/// A server that requires TOTP of a group, and one of its members.
async fn staff() -> (Rig, User) {
    let rig = Rig::start_with(|settings: &mut Settings| {
        settings.auth.totp_required_groups = vec!["staff_group".to_owned()];
    })
    .await;
    let user = rig.member();
    rig.grant(user.id, &[Permission::ViewUser]);
    rig.database().execute(&format!(
        "UPDATE groups SET name = 'staff_group'
         WHERE id = (SELECT group_id FROM user_group WHERE user_id = '{}')",
        user.id
    ));
    (rig, user)
}

async fn users(rig: &Rig, access_token: &Value) -> Answer {
    rig.get("/api/v1/users").bearing(access_token).send().await
}

#[tokio::test]
async fn where_a_group_requires_them_permissions_count_only_with_one_time_passwords() {
    let (rig, user) = staff().await;
    let session = rig.log_in(&user).await;
    let other = rig.log_in(&user).await;
    for pair in [&session, &other] {
        let refused = users(&rig, &pair["access_token"]).await;
        assert_eq!(refused.status.as_u16(), 403);
        refused.problem("totp-required");
        // What is their own they reach.
        let own = rig.get("/api/v1/me").bearing(&pair["access_token"]);
        own.send().await.expect(200);
    }
    assert_eq!(
        state(&rig, &session["access_token"]).await["required"],
        true
    );

    let who = enroll(&rig, user, session["access_token"].clone()).await;
    users(&rig, &session["access_token"]).await.expect(200);
    // The other one began with a password alone.
    let ended = users(&rig, &other["access_token"]).await;
    ended.problem("invalid-token");
    let entered = log_in(&rig, &who.user, PASSWORD, Some(&who.device.shows(0))).await;
    let entered = entered.expect(200);
    users(&rig, &entered["access_token"]).await.expect(200);

    forget_steps(&rig);
    let shown = who.device.shows(0);
    let removed = remove(&rig, &who.access_token, PASSWORD, &shown).await;
    removed.expect_nothing();
    for pair in [&session, &entered] {
        users(&rig, &pair["access_token"])
            .await
            .problem("totp-required");
    }
}

#[tokio::test]
async fn joining_such_a_group_requires_totp_in_live_sessions_at_once() {
    let (rig, _) = staff().await;
    let admin = rig.superuser();
    let user = rig.member();
    rig.grant(user.id, &[Permission::ViewUser]);
    let [phone, laptop] = [rig.log_in(&user).await, rig.log_in(&user).await];
    let call = async |method: &str, group: &str| {
        let path = format!("/api/v1/users/{}/groups", user.id);
        let call = rig.call(method, &path).by(&admin);
        call.json(&json!({"groups": [group]})).send().await
    };
    call("POST", "editor_group").await.expect(200);
    for pair in [&phone, &laptop] {
        users(&rig, &pair["access_token"]).await.expect(200);
    }
    call("POST", "staff_group").await.expect(200);
    for pair in [&phone, &laptop] {
        let refused = users(&rig, &pair["access_token"]).await;
        refused.problem("totp-required");
    }
    // Another group neither adds to that nor takes it away.
    call("DELETE", "editor_group").await.expect_nothing();
    users(&rig, &phone["access_token"])
        .await
        .problem("totp-required");
    call("DELETE", "staff_group").await.expect_nothing();
    users(&rig, &phone["access_token"]).await.expect(200);

    // An enrolled user keeps the permissions.
    let who = enroll(&rig, user.clone(), phone["access_token"].clone()).await;
    call("POST", "staff_group").await.expect(200);
    users(&rig, &who.access_token).await.expect(200);
}

#[tokio::test]
async fn a_group_that_requires_them_by_its_name_keeps_it() {
    let (rig, _) = staff().await;
    let admin = rig.superuser();
    let put = async |group: &str, body: Value| {
        let call = rig.put(&format!("/api/v1/groups/{group}")).by(&admin);
        call.header("if-match", "*").json(&body).send().await
    };
    let body = json!({"name": "guest_group", "description": "Guests.", "roles": []});
    let refused = put("staff_group", body.clone()).await;
    assert_eq!(refused.status.as_u16(), 409);
    assert_eq!(refused.problem("conflict")["code"], "totp-group");
    let kept = json!({"name": "staff_group", "description": "Staff.", "roles": []});
    put("staff_group", kept).await.expect(200);
    let other = rig.group_of("member");
    put(&other, body).await.expect(200);
}

#[tokio::test]
async fn each_refresh_looks_again_whether_one_time_passwords_are_due() {
    let (rig, user) = staff().await;
    let refresh = |pair: &Value| {
        let body = json!({"refresh_token": pair["refresh_token"]});
        let call = rig.post("/api/v1/auth/refresh").json(&body);
        async move { call.send().await.expect(200) }
    };
    let rename = |from: &str, to: &str| {
        let renaming = format!("UPDATE groups SET name = '{to}' WHERE name = '{from}'");
        rig.database().execute(&renaming);
    };
    let pair = rig.log_in(&user).await;
    users(&rig, &pair["access_token"])
        .await
        .problem("totp-required");
    rename("staff_group", "guest_group");
    let pair = refresh(&pair).await;
    users(&rig, &pair["access_token"]).await.expect(200);
    rename("guest_group", "staff_group");
    let pair = refresh(&pair).await;
    users(&rig, &pair["access_token"])
        .await
        .problem("totp-required");
    enroll(&rig, user, pair["access_token"].clone()).await;
    let pair = refresh(&pair).await;
    users(&rig, &pair["access_token"]).await.expect(200);
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
