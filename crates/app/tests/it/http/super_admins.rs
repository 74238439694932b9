//! Invariant: at least one active super admin exists.

use abu_domain::{
    UserId,
    access::{Permission, SUPER_ADMIN_GROUP},
    identity::user::User,
};
use abu_test_support::ADMIN_EMAIL;
use serde_json::{Value, json};

use super::support::{Answer, Rig};

/// The first superuser, created at start.
async fn first(rig: &Rig) -> UserId {
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    let path = format!("/api/v1/users?q={ADMIN_EMAIL}");
    let page = rig.get(&path).by(&viewer).send().await.expect(200);
    let id: uuid::Uuid = page["items"][0]["uuid"].as_str().unwrap().parse().unwrap();
    id.into()
}

fn super_admin(rig: &Rig) -> User {
    rig.database().user().in_group(SUPER_ADMIN_GROUP).create()
}

async fn leave(rig: &Rig, by: UserId, who: UserId) -> Answer {
    let path = format!("/api/v1/users/{who}/groups");
    let body = json!({"groups": [SUPER_ADMIN_GROUP]});
    rig.delete(&path).by_id(by).json(&body).send().await
}

async fn suspend(rig: &Rig, by: UserId, who: UserId) -> Answer {
    let path = format!("/api/v1/users/{who}/deactivate");
    rig.post(&path).by_id(by).send().await
}

async fn erase(rig: &Rig, by: UserId, who: UserId) -> Answer {
    let path = format!("/api/v1/users/{who}");
    let body = json!({"reason": "Leaves."});
    rig.delete(&path).by_id(by).json(&body).send().await
}

fn is_last(answer: &Answer) -> bool {
    answer.status.as_u16() == 409 && answer.problem("conflict")["code"] == "last-super-admin"
}

#[tokio::test]
async fn the_last_one_neither_leaves_nor_is_suspended_nor_erased() {
    let rig = Rig::start().await;
    let last = first(&rig).await;
    // One who is suspended can do nothing, nor can one who never proved their address.
    let other = || rig.database().user().in_group(SUPER_ADMIN_GROUP);
    other().suspended().create();
    other().with(|new| new.email_verified_at = None).create();
    for answer in [
        leave(&rig, last, last).await,
        suspend(&rig, last, last).await,
    ] {
        assert!(is_last(&answer), "{}", answer.text());
    }
    let other = super_admin(&rig).id;
    // The bootstrapped superuser stays one as long as the account exists.
    let kept = leave(&rig, last, last).await;
    assert_eq!(kept.problem("conflict")["code"], "superuser");
    suspend(&rig, last, last).await.expect(200);
    // A user with the same permissions outside the group.
    let equal = rig.holder_of(Permission::ALL).id;
    for answer in [
        leave(&rig, other, other).await,
        suspend(&rig, other, other).await,
        erase(&rig, equal, other).await,
    ] {
        assert!(is_last(&answer), "{}", answer.text());
    }
}

#[tokio::test]
async fn of_two_who_go_at_once_one_stays() {
    let rig = Rig::start().await;
    rig.database().execute("UPDATE users SET is_active = false");
    for _ in 0..8 {
        let (one, other) = (super_admin(&rig).id, super_admin(&rig).id);
        let (left, right) = tokio::join!(leave(&rig, one, one), suspend(&rig, other, other));
        let lasts = [&left, &right].map(|answer| usize::from(is_last(answer)));
        assert_eq!(lasts, if left.status == 204 { [0, 1] } else { [1, 0] });
        // Each other, too.
        let (one, other) = (super_admin(&rig).id, super_admin(&rig).id);
        rig.database().execute(&format!(
            "UPDATE users SET is_active = false WHERE id NOT IN ('{one}', '{other}')"
        ));
        let (left, right) = tokio::join!(leave(&rig, one, other), leave(&rig, other, one));
        let gone = [&left, &right].map(|answer| usize::from(answer.status == 204));
        assert_eq!(
            gone.iter().sum::<usize>(),
            1,
            "{} {}",
            left.text(),
            right.text()
        );
        rig.database().execute("UPDATE users SET is_active = false");
    }
}

#[tokio::test]
async fn their_group_keeps_the_roles_that_it_begins_with() {
    let rig = Rig::start().await;
    let admin = super_admin(&rig);
    let path = format!("/api/v1/groups/{SUPER_ADMIN_GROUP}");
    let call = async |method: &str, path: &str, body: Value| {
        let call = rig.call(method, path).by(&admin).header("if-match", "*");
        call.json(&body).send().await
    };
    let roles = format!("{path}/roles");
    for answer in [
        call("PUT", &path, json!({"description": "", "roles": []})).await,
        call("DELETE", &roles, json!({"roles": ["user_admin"]})).await,
        call("DELETE", &format!("{roles}/job_admin"), json!({})).await,
    ] {
        assert!(is_last(&answer), "{}", answer.text());
    }
    let role = rig.role_of(&["can_view_user"]);
    call("POST", &roles, json!({"roles": [role]}))
        .await
        .expect(200);
    call("DELETE", &roles, json!({"roles": [role]}))
        .await
        .expect_nothing();
}

#[tokio::test]
async fn they_hold_everything_whatever_their_roles_say() {
    let rig = Rig::start().await;
    let (admin, other) = (super_admin(&rig), super_admin(&rig));
    let body = json!({"permissions": ["can_view_user"]});
    let path = "/api/v1/roles/user_admin/permissions";
    let cut = rig.delete(path).by(&admin).json(&body).send().await;
    cut.expect_nothing();
    rig.get("/api/v1/users").by(&other).send().await.expect(200);

    let new = json!({"name": "can_print_card"});
    rig.post("/api/v1/permissions")
        .by(&admin)
        .json(&new)
        .send()
        .await
        .expect(201);
    let role = json!({"name": "card_printer", "permissions": ["can_print_card"]});
    rig.post("/api/v1/roles")
        .by(&other)
        .json(&role)
        .send()
        .await
        .expect(201);
    let me = rig.get("/api/v1/me").by(&other).send().await.expect(200);
    assert!(
        me["permissions"]
            .as_array()
            .unwrap()
            .contains(&json!("can_print_card"))
    );
}
