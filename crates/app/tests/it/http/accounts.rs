//! Log-in and account administration.

use abu_domain::access::Permission;
use abu_test_support::{ADMIN_EMAIL, ADMIN_PASSWORD};
use serde_json::{Value, json};

use super::support::{Answer, Rig};

async fn log_in(rig: &Rig, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    rig.post("/api/v1/auth/token").json(&body).send().await
}

#[tokio::test]
async fn a_log_in_gives_a_token_that_opens_the_account() {
    let rig = Rig::start().await;
    let token = log_in(&rig, &ADMIN_EMAIL.to_uppercase(), ADMIN_PASSWORD).await;
    let token = token.expect(200);
    assert_eq!(token["token_type"], "bearer");
    assert_eq!(token["expires_in"], 900);
    assert_eq!(token["user"]["verification"], "unverified");

    let bearer = format!("bearer {}", token["access_token"].as_str().unwrap());
    let me = rig.get("/api/v1/me").header("authorization", &bearer);
    let me = me.send().await.expect(200);
    assert_eq!(me["uuid"], token["user"]["uuid"]);
    assert_eq!(me["permissions"], token["user"]["permissions"]);
    assert_eq!(me["email"], ADMIN_EMAIL);
    assert_eq!(me["is_superuser"], true);
    assert_eq!(me["groups"], json!(["super_admin_group"]));
    assert!(me["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(
        me["permissions"].as_array().unwrap().len(),
        Permission::ALL.len()
    );
}

#[tokio::test]
async fn every_wrong_log_in_is_answered_alike() {
    let rig = Rig::start().await;
    let mut bodies = Vec::new();
    for (email, password) in [
        (ADMIN_EMAIL, "not the password"),
        ("unknown@example.com", ADMIN_PASSWORD),
        (ADMIN_EMAIL, ""),
        (ADMIN_EMAIL, "\0"),
        (ADMIN_EMAIL, &"x".repeat(2_000)),
    ] {
        let answer = log_in(&rig, email, password).await;
        assert_eq!(answer.status.as_u16(), 401);
        let mut problem = answer.problem("invalid-credentials");
        problem.as_object_mut().unwrap().remove("instance");
        bodies.push(problem);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn a_new_account_can_log_in_until_it_is_suspended() {
    let rig = Rig::start().await;
    let admin = rig.holder_of(&[Permission::CreateUser, Permission::ModifyUser]);
    let password = "ƙarfe mai ƙarfi";
    let draft = json!({
        "email": "Fatima@Example.com",
        "password": password,
        "firstname": " Fatima ",
        "middlename": null,
        "lastname": "Bello",
        "phone": "0803 123 4567",
    });
    let answer = rig
        .post("/api/v1/users")
        .by(&admin)
        .json(&draft)
        .send()
        .await;
    let user = answer.expect(201);
    let uuid = user["uuid"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/api/v1/users/{uuid}"));
    let expected = json!({
        "uuid": uuid,
        "email": "fatima@example.com",
        "firstname": "Fatima",
        "middlename": null,
        "lastname": "Bello",
        "phone": "+2348031234567",
        "is_active": true,
        "is_superuser": false,
        "verification": "unverified",
        "groups": ["applicant_group"],
        "created_at": user["created_at"],
        "last_modified": user["created_at"],
    });
    assert_eq!(user, expected);
    log_in(&rig, "fatima@example.com", password)
        .await
        .expect(200);

    let path = format!("/api/v1/users/{uuid}");
    let suspend = rig.post(&format!("{path}/deactivate")).by(&admin);
    assert_eq!(suspend.send().await.expect(200)["is_active"], false);
    let refused = log_in(&rig, "fatima@example.com", password).await;
    assert_eq!(refused.status.as_u16(), 403);
    refused.problem("account-suspended");
    log_in(&rig, "fatima@example.com", "a wrong one")
        .await
        .problem("invalid-credentials");

    let activate = rig.post(&format!("{path}/activate")).by(&admin);
    assert_eq!(activate.send().await.expect(200)["is_active"], true);
    log_in(&rig, "fatima@example.com", password)
        .await
        .expect(200);
}

#[tokio::test]
async fn an_address_has_one_account_however_it_is_spelt() {
    let rig = Rig::start().await;
    let admin = rig.holder_of(&[Permission::CreateUser]);
    let draft = |email: &str| json!({"email": email, "password": "a long password", "firstname": "A", "lastname": "B"});
    let create = |body: Value| {
        let call = rig.post("/api/v1/users").by(&admin).json(&body);
        async move { call.send().await }
    };
    create(draft("twice@example.com")).await.expect(201);
    let again = create(draft("TWICE@example.com")).await;
    assert_eq!(again.status.as_u16(), 409);
    let problem = again.problem("duplicate");
    assert_eq!(problem["errors"][0]["pointer"], "/email");
}

#[tokio::test]
async fn a_token_says_nothing_of_permissions_that_were_taken_away_since() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    rig.get("/api/v1/users")
        .by(&viewer)
        .send()
        .await
        .expect(200);
    rig.database().execute("DELETE FROM permission_role");
    let answer = rig.get("/api/v1/users").by(&viewer).send().await;
    answer.problem("permission-denied");
}
