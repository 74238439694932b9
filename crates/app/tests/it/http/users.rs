//! Account administration: update, suspension, erasure, reset links.

use abu_domain::{UserId, access::Permission};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    post::Post,
    support::{Rig, pairs},
};

fn details(email: &str) -> Value {
    json!({"email": email, "firstname": "Amina", "lastname": "Bello"})
}

/// Makes sure that the audit log has so many entries of this about the account.
#[track_caller]
fn audited(rig: &Rig, action: &str, user: UserId, entries: usize) {
    rig.assert_audited(action, &user.to_string(), "", entries);
}

#[tokio::test]
async fn an_account_is_changed_as_a_whole_by_who_has_seen_it() {
    let rig = Rig::start().await;
    let admin = rig.holder_of(&[Permission::ModifyUser, Permission::ViewUser]);
    let user = rig.database().user().email("amina@example.com").create().id;
    let path = format!("/api/v1/users/{user}");
    let seen = rig.get(&path).by(&admin).send().await;
    let body = json!({
        "email": "AMINA@example.com",
        "firstname": " Aminatu ",
        "middlename": "Zara",
        "lastname": "Bello",
        "phone": "0803 123 4567",
    });
    let put = |tag: &str, body: &Value| {
        let call = rig.put(&path).by(&admin).header("if-match", tag);
        call.json(body).send()
    };
    let answer = put(seen.header("etag"), &body).await;
    let mut expected = seen.expect(200);
    for (field, value) in [
        ("firstname", json!("Aminatu")),
        ("middlename", json!("Zara")),
        ("phone", json!("+2348031234567")),
        ("last_modified", answer.json()["last_modified"].clone()),
    ] {
        expected[field] = value;
    }
    assert_eq!(answer.expect(200), expected);
    put(seen.header("etag"), &body)
        .await
        .problem("precondition-failed");
    // Left out is gone: the whole is replaced.
    let bare = put(answer.header("etag"), &details("amina@example.com")).await;
    assert_eq!(bare.expect(200)["phone"], Value::Null);
    put("*", &details("amina@example.com")).await.expect(200);
    audited(&rig, "user.update", user, 2);
    audited(&rig, "user.change-email", user, 0);

    let mut wrong =
        json!({"email": "nowhere", "firstname": "", "lastname": "Bello", "phone": "12"});
    let expected = [
        ("/email", "email.invalid"),
        ("/firstname", "name.length"),
        ("/phone", "phone.invalid"),
    ];
    assert_eq!(put("*", &wrong).await.mistakes(), pairs(&expected));
    wrong["phone"] = json!(7);
    let expected = [("/phone", "type.text")];
    assert_eq!(put("*", &wrong).await.mistakes(), pairs(&expected));
    let nobody = format!("/api/v1/users/{}", Uuid::new_v4());
    let nobody = rig.put(&nobody).by(&admin).json(&details("b@example.com"));
    nobody.send().await.problem("not-found");
}

#[tokio::test]
async fn an_address_that_the_staff_gives_is_the_one_that_counts() {
    let rig = Rig::start().await;
    let admin = rig.holder_of(&[Permission::ModifyUser]);
    let user = rig.database().user().email("old@example.com").create().id;
    rig.database().user().email("taken@example.com").create();
    rig.database().execute(&format!(
        "INSERT INTO password_resets (id, user_id, token_hash, created_at, expires_at)
         VALUES (gen_random_uuid(), '{user}', '\\x00', now(), now() + interval '1 hour')"
    ));
    let put = |email: &str| {
        let call = rig.put(&format!("/api/v1/users/{user}")).by(&admin);
        call.json(&details(email)).send()
    };
    let taken = put("Taken@example.com").await;
    assert_eq!(taken.status.as_u16(), 409);
    assert_eq!(taken.problem("duplicate")["errors"][0]["pointer"], "/email");
    assert_eq!(
        put("new@example.com").await.expect(200)["email"],
        "new@example.com"
    );
    // One address, proved; what was sent to the old one is dead.
    rig.assert_stored(&format!(
        "(SELECT array_agg(email) FROM user_emails WHERE user_id = '{user}' AND is_primary
          AND verified_at IS NOT NULL) = '{{new@example.com}}'"
    ));
    rig.assert_stored("(SELECT bool_and(used_at IS NOT NULL) FROM password_resets)");
    // A mail notifies the old address.
    rig.assert_stored(
        "(SELECT array_agg(kind || ' ' || recipient) FROM email_outbox)
         = '{email_replaced old@example.com}'",
    );
    // It ends nothing.
    rig.get("/api/v1/me").by_id(user).send().await.expect(200);
    audited(&rig, "user.change-email", user, 1);
    audited(&rig, "user.update", user, 0);
    rig.assert_stored("NOT EXISTS (SELECT FROM audit_log WHERE details LIKE '%example.com%')");

    let own = rig.put(&format!("/api/v1/users/{}", admin.id)).by(&admin);
    let own = own.json(&details("mine@example.com")).send().await;
    assert_eq!(own.problem("conflict")["code"], "own-account");
    let own = rig.put(&format!("/api/v1/users/{}", admin.id)).by(&admin);
    own.json(&details(admin.email.as_str()))
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn groups_are_joined_and_left() {
    let rig = Rig::start().await;
    let admin = rig.superuser();
    let user = rig.user().id;
    let path = format!("/api/v1/users/{user}/groups");
    let groups = async || rig.get(&path).by(&admin).send().await.expect(200)["groups"].clone();
    assert_eq!(groups().await, json!([]));
    let body = json!({"groups": ["editor_group", "dpo_group", "dpo_group"]});
    let call = rig.post(&path).by(&admin).json(&body).send().await;
    let joined = call.expect(200);
    assert_eq!(joined["groups"], json!(["dpo_group", "editor_group"]));
    let again = rig.post(&path).by(&admin).json(&body).send().await;
    assert_eq!(again.expect(200), joined);
    let id = user.to_string();
    rig.assert_audited("user.add-to-group", &id, "editor_group, dpo_group", 1);
    for _ in 0..2 {
        let body = json!({"groups": ["dpo_group", "moderator_group"]});
        let call = rig.delete(&path).by(&admin).json(&body);
        call.send().await.expect_nothing();
    }
    assert_eq!(groups().await, json!(["editor_group"]));
    audited(&rig, "user.remove-from-group", user, 1);
    let listed = rig.get("/api/v1/users?group=editor_group").by(&admin);
    assert_eq!(
        listed.send().await.expect(200)["items"][0]["uuid"],
        json!(user.uuid())
    );
}

#[tokio::test]
async fn an_unverified_account_gets_no_rights() {
    let rig = Rig::start().await;
    let admin = rig.superuser();
    let registered = rig.database().user().email("registered@example.com");
    let user = registered
        .with(|new| new.email_verified_at = None)
        .create()
        .id;
    let path = format!("/api/v1/users/{user}");
    let join = async || {
        let call = rig.post(&format!("{path}/groups")).by(&admin);
        call.json(&json!({"groups": ["editor_group"]})).send().await
    };
    let assign = async || {
        let body = json!({"user": user.uuid(), "role": "job_admin", "scope_type": "global"});
        let call = rig.post("/api/v1/role-assignments").by(&admin);
        call.json(&body).send().await
    };
    for refused in [join().await, assign().await] {
        assert_eq!(refused.status.as_u16(), 409);
        assert_eq!(refused.problem("conflict")["code"], "email-unverified");
    }
    rig.assert_stored("NOT EXISTS (SELECT FROM role_assignments)");
    audited(&rig, "user.add-to-group", user, 0);
    // The administrator vouches for the address.
    let vouched = rig.put(&path).by(&admin);
    vouched
        .json(&details("amina@example.com"))
        .send()
        .await
        .expect(200);
    join().await.expect(200);
    assign().await.expect(201);
}

#[tokio::test]
async fn suspending_ends_every_session_for_good() {
    let rig = Rig::start().await;
    let admin = rig.holder_of(&[Permission::ModifyUser]);
    let user = rig.user().id;
    let call = |what: &str| {
        let path = format!("/api/v1/users/{user}/{what}");
        rig.post(&path).by(&admin).send()
    };
    for _ in 0..2 {
        assert_eq!(call("deactivate").await.expect(200)["is_active"], false);
    }
    rig.assert_stored(&format!(
        "(SELECT bool_and(revoked_because = 'suspended') FROM sessions WHERE user_id = '{user}')"
    ));
    for _ in 0..2 {
        assert_eq!(call("activate").await.expect(200)["is_active"], true);
    }
    // A suspension revoked all sessions, so a new log-in is needed.
    let answer = rig.get("/api/v1/me").by_id(user).send().await;
    answer.problem("invalid-token");
    audited(&rig, "user.suspend", user, 1);
    audited(&rig, "user.activate", user, 1);
}

#[tokio::test]
async fn an_erasure_is_scheduled_once_and_called_off_by_activating() {
    let rig = Rig::start().await;
    let admin = rig.holder_of(&[Permission::DeleteUser, Permission::ModifyUser]);
    let user = rig.user().id;
    let path = format!("/api/v1/users/{user}");
    let erase = |body: Value| rig.delete(&path).by(&admin).json(&body).send();
    assert_eq!(
        erase(json!({})).await.mistakes(),
        pairs(&[("/reason", "required")])
    );
    assert_eq!(
        erase(json!({"reason": " "})).await.mistakes(),
        pairs(&[("/reason", "reason.length")])
    );
    let scheduled = erase(json!({"reason": "Asked for it."})).await.expect(202);
    let runs_at: DateTime<Utc> = scheduled["runs_at"].as_str().unwrap().parse().unwrap();
    let delay = runs_at - Utc::now();
    assert!(
        delay > TimeDelta::days(6) && delay <= TimeDelta::days(7),
        "{delay}"
    );
    assert_eq!(
        erase(json!({"reason": "Once more."})).await.expect(202),
        scheduled
    );
    rig.assert_audited(
        "user.schedule-erasure",
        &user.to_string(),
        "Asked for it.",
        1,
    );
    audited(&rig, "user.schedule-erasure", user, 1);
    rig.assert_stored(&format!(
        "(SELECT array_agg((reason, requested_by)::text) FROM erasures WHERE user_id = '{user}')
         = array['(\"Asked for it.\",{})']",
        admin.id
    ));
    rig.assert_stored(&format!(
        "(SELECT bool_and(revoked_because = 'erasure') FROM sessions WHERE user_id = '{user}')
         AND NOT (SELECT is_active FROM users WHERE id = '{user}')"
    ));
    let activate = || rig.post(&format!("{path}/activate")).by(&admin).send();
    assert_eq!(activate().await.expect(200)["is_active"], true);
    rig.assert_stored("NOT EXISTS (SELECT FROM erasures)");

    // What its owner asked for, its owner calls off.
    rig.database().execute(&format!(
        "INSERT INTO erasures (user_id, requested_by, reason, requested_at, runs_at)
         VALUES ('{user}', '{user}', 'My own wish.', now(), now() + interval '7 days')"
    ));
    erase(json!({"reason": "Asked for it again."}))
        .await
        .expect(202);
    activate().await.expect(200);
    rig.assert_stored("EXISTS (SELECT FROM erasures WHERE reason = 'My own wish.')");
}

#[tokio::test]
async fn administrators_cannot_erase_their_own_account_by_this_route() {
    let rig = Rig::start().await;
    let admin = rig.holder_of(&[Permission::DeleteUser]);
    let call = rig
        .delete(&format!("/api/v1/users/{}", admin.id))
        .by(&admin);
    let refused = call.json(&json!({"reason": "Leaves."})).send().await;
    assert_eq!(refused.status.as_u16(), 409);
    assert_eq!(refused.problem("conflict")["code"], "own-account");
    rig.assert_stored("NOT EXISTS (SELECT FROM erasures)");
    rig.get("/api/v1/me").by(&admin).send().await.expect(200);
}

#[tokio::test]
async fn an_administrator_mails_the_owner_a_reset_link() {
    let (rig, post) = Post::start().await;
    let admin = rig.holder_of(&[Permission::ModifyUser]);
    let user = rig.database().user().email("amina@example.com").create().id;
    let send = async |user: UserId| {
        let path = format!("/api/v1/users/{user}/password-reset");
        rig.post(&path).by(&admin).send().await
    };
    assert!(send(user).await.expect(202)["message"].is_string());
    let letter = post.letter("amina@example.com", "Choose a new password");
    let link = letter.link("reset-password/");
    let path = format!("/api/v1/auth/reset-password/{link}");
    let body = json!({"password": "purple monkey dishwasher"});
    rig.post(&path).json(&body).send().await.expect(200);
    rig.try_log_in("amina@example.com", "purple monkey dishwasher")
        .await
        .expect(200);
    audited(&rig, "user.send-reset", user, 1);

    let unproved = rig.database().user();
    let unproved = unproved
        .with(|new| new.email_verified_at = None)
        .create()
        .id;
    let refused = send(unproved).await;
    assert_eq!(refused.problem("conflict")["code"], "email-unverified");
    let suspended = rig.database().user().suspended().create().id;
    let refused = send(suspended).await;
    assert_eq!(refused.problem("conflict")["code"], "suspended");
    send(UserId::new(Uuid::new_v4())).await.problem("not-found");
    let stronger = rig.holder_of(&[Permission::ViewAuditLog]).id;
    let refused = send(stronger).await.problem("permission-denied");
    assert_eq!(refused["required"], json!(["can_view_audit_log"]));
}
