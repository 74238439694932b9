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
    let unknown = format!("/api/v1/users/{}", Uuid::new_v4());
    let unknown = rig.put(&unknown).by(&admin).json(&details("b@example.com"));
    unknown.send().await.problem("not-found");
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
async fn scheduling_an_erasure_takes_a_reason_and_answers_when_it_is_due() {
    let rig = Rig::start().await;
    let admin = rig.holder_of(&[Permission::DeleteUser]);
    let path = format!("/api/v1/users/{}", rig.user().id);
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
}

#[tokio::test]
async fn a_link_that_staff_sends_resets_the_password() {
    let (rig, post) = Post::start().await;
    let admin = rig.holder_of(&[Permission::ModifyUser]);
    let user = rig.database().user().email("amina@example.com").create().id;
    let path = format!("/api/v1/users/{user}/password-reset");
    let sent = rig.post(&path).by(&admin).send().await.expect(202);
    assert!(sent["message"].is_string());
    let letter = post.letter("amina@example.com", "Choose a new password");
    let link = letter.link("reset-password/");
    let path = format!("/api/v1/auth/reset-password/{link}");
    let body = json!({"password": "purple monkey dishwasher"});
    rig.post(&path).json(&body).send().await.expect(200);
    rig.try_log_in("amina@example.com", "purple monkey dishwasher")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_membership_in_a_group_shows_when_it_ends() {
    let rig = Rig::start().await;
    let admin = rig.holder_of(&[Permission::ModifyUser, Permission::ViewUser]);
    let group = rig.group_of(&rig.role_of(&["can_view_user"]));
    let path = format!("/api/v1/users/{}/groups", rig.user().id);
    let join = |body: Value| rig.post(&path).by(&admin).json(&body).send();
    let until = "2099-01-05T08:30:00Z";
    let joined = join(json!({"groups": [group], "valid_until": until})).await;
    assert_eq!(joined.expect(200)["groups"], json!([group]));
    let groups = rig.get(&path).by(&admin).send().await.expect(200);
    let memberships = json!([{"group": group, "valid_until": until}]);
    assert_eq!(
        groups,
        json!({"groups": [group], "memberships": memberships})
    );

    for (valid_until, code) in [
        ("2001-01-05T08:30:00Z", "term.over"),
        ("soon", "time.invalid"),
    ] {
        let refused = join(json!({"groups": [group], "valid_until": valid_until})).await;
        assert_eq!(refused.mistakes(), pairs(&[("/valid_until", code)]));
    }
    join(json!({"groups": [group]})).await.expect(200);
    let groups = rig.get(&path).by(&admin).send().await.expect(200);
    assert_eq!(groups["memberships"][0]["valid_until"], Value::Null);
}
