//! Who may call which route. A route that is missing here fails the tests.

use std::collections::BTreeSet;

use abu_domain::access::Permission;
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Call, Rig};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Access {
    /// Everybody.
    Public,
    /// Everybody with an account.
    User,
    /// Holders of one permission.
    Holder(Permission),
    /// Members of the room; to others it does not exist.
    Member,
}

use Access::{Holder, Member, Public, User};
use Permission::{CreateUser, ModifyMail, ModifyUser, ViewMail, ViewUser};

const TABLE: &[(&str, &str, Access)] = &[
    ("GET", "/", Public),
    ("GET", "/docs", Public),
    ("GET", "/docs/", Public),
    ("GET", "/docs/{file}", Public),
    ("GET", "/openapi.json", Public),
    ("GET", "/problems/{slug}", Public),
    ("GET", "/health/live", Public),
    ("GET", "/health/ready", Public),
    ("GET", "/chat", User),
    ("POST", "/api/v1/auth/token", Public),
    ("POST", "/api/v1/auth/ws-ticket", User),
    ("GET", "/api/v1/me", User),
    ("GET", "/api/v1/users", Holder(ViewUser)),
    ("POST", "/api/v1/users", Holder(CreateUser)),
    ("GET", "/api/v1/users/{uuid}", Holder(ViewUser)),
    ("POST", "/api/v1/users/{uuid}/activate", Holder(ModifyUser)),
    (
        "POST",
        "/api/v1/users/{uuid}/deactivate",
        Holder(ModifyUser),
    ),
    ("GET", "/api/v1/rooms", User),
    ("POST", "/api/v1/rooms", User),
    ("GET", "/api/v1/rooms/{uuid}", Member),
    ("PATCH", "/api/v1/rooms/{uuid}", Member),
    ("DELETE", "/api/v1/rooms/{uuid}", Member),
    ("GET", "/api/v1/rooms/{uuid}/members", Member),
    ("POST", "/api/v1/rooms/{uuid}/members", Member),
    ("DELETE", "/api/v1/rooms/{uuid}/members/{user_uuid}", Member),
    ("PATCH", "/api/v1/rooms/{uuid}/members/{user_uuid}", Member),
    ("GET", "/api/v1/admin/mails", Holder(ViewMail)),
    (
        "POST",
        "/api/v1/admin/mails/{uuid}/retry",
        Holder(ModifyMail),
    ),
    ("GET", "/api/v1/rooms/{uuid}/messages", Member),
    ("POST", "/api/v1/rooms/{uuid}/messages", Member),
];

/// The routes of the API description.
fn described(description: &Value) -> Vec<(String, String)> {
    let paths = description["paths"].as_object().unwrap();
    let mut routes = Vec::new();
    for (path, item) in paths {
        for method in item.as_object().unwrap().keys() {
            routes.push((method.to_uppercase(), path.clone()));
        }
    }
    routes
}

#[tokio::test]
async fn every_route_of_the_description_is_in_the_table_and_no_other() {
    let description = Rig::start().await.description().await;
    let described: BTreeSet<_> = described(&description).into_iter().collect();
    let table: BTreeSet<_> = TABLE
        .iter()
        .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(described, table);
    for (method, path, access) in TABLE {
        let security = &description["paths"][path][method.to_lowercase()]["security"];
        assert_eq!(security.is_array(), *access != Public, "{method} {path}");
    }
}

/// A well-formed request to the route. What it is about need not exist.
fn request<'a>(rig: &'a Rig, method: &str, path: &str, room: &str) -> Call<'a> {
    let id = match path.starts_with("/api/v1/rooms") {
        true => room,
        false => "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
    };
    let address = path
        .replace("{user_uuid}", "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b42")
        .replace("{uuid}", id)
        .replace("{file}", "index.html")
        .replace("{slug}", "not-found");
    let call = rig.call(method, &address);
    match (method, path) {
        ("POST", "/api/v1/auth/token") => call.json(&json!({
            "email": abu_test_support::ADMIN_EMAIL,
            "password": abu_test_support::ADMIN_PASSWORD,
        })),
        ("POST", "/api/v1/users") => call.json(&json!({
            "email": format!("{}@example.com", Uuid::new_v4()),
            "password": "correct horse battery",
            "firstname": "Amina",
            "lastname": "Bello",
        })),
        ("POST", "/api/v1/rooms") => {
            call.json(&json!({"kind": "group", "name": "x", "member_ids": []}))
        }
        ("PATCH", "/api/v1/rooms/{uuid}") => call.json(&json!({"name": "y"})),
        ("POST", "/api/v1/rooms/{uuid}/members") => call.json(&json!({"member_ids": []})),
        ("PATCH", "/api/v1/rooms/{uuid}/members/{user_uuid}") => {
            call.json(&json!({"role": "member"}))
        }
        ("POST", "/api/v1/rooms/{uuid}/messages") => call.json(&json!({
            "message": "hello",
            "client_message_id": Uuid::new_v4(),
        })),
        _ => call,
    }
}

#[tokio::test]
async fn nobody_reaches_only_what_is_public() {
    let rig = Rig::start().await;
    let room = Uuid::new_v4().to_string();
    for (method, path, access) in TABLE {
        let answer = request(&rig, method, path, &room).send().await;
        match access {
            Public => assert!(answer.status.as_u16() < 400, "{method} {path}: {answer:?}"),
            _ => {
                answer.problem("authentication-required");
            }
        }
    }
}

#[tokio::test]
async fn an_account_without_permissions_reaches_what_is_its_own() {
    let rig = Rig::start().await;
    let (user, owner) = (rig.user(), rig.user());
    let room = rig.database().group(owner.id).create().id.to_string();
    for (method, path, access) in TABLE {
        let answer = request(&rig, method, path, &room).by(&user).send().await;
        match access {
            // The chat is reached, and asks for a WebSocket.
            Public | User => assert!(
                answer.status.as_u16() < 400 || answer.status.as_u16() == 426,
                "{method} {path}: {answer:?}"
            ),
            Holder(permission) => {
                let problem = answer.problem("permission-denied");
                assert_eq!(problem["required"], json!([permission.name()]));
            }
            Member => {
                answer.problem("not-found");
            }
        }
    }
}

#[tokio::test]
async fn who_holds_all_permissions_but_one_is_refused_for_that_one() {
    let rig = Rig::start().await;
    for (method, path, access) in TABLE {
        let Holder(needed) = *access else { continue };
        let others: Vec<_> = [CreateUser, ViewUser, ModifyUser, Permission::DeleteUser]
            .into_iter()
            .filter(|permission| *permission != needed)
            .collect();
        let user = rig.holder_of(&others);
        let answer = request(&rig, method, path, "").by(&user).send().await;
        let problem = answer.problem("permission-denied");
        assert_eq!(
            problem["required"],
            json!([needed.name()]),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn who_holds_exactly_the_permission_is_let_through() {
    let rig = Rig::start().await;
    for (method, path, access) in TABLE {
        let Holder(permission) = *access else {
            continue;
        };
        let user = rig.holder_of(&[permission]);
        let answer = request(&rig, method, path, "").by(&user).send().await;
        let status = answer.status.as_u16();
        assert!(status < 400 || status == 404, "{method} {path}: {answer:?}");
    }
}

#[tokio::test]
async fn a_stranger_cannot_tell_a_room_from_none() {
    let rig = Rig::start().await;
    let (stranger, owner) = (rig.user(), rig.user());
    let room = rig.database().group(owner.id).create().id.to_string();
    let nothing = Uuid::new_v4().to_string();
    for (method, path, access) in TABLE {
        if *access != Member {
            continue;
        }
        let mut bodies = Vec::new();
        for id in [&room, &nothing] {
            let answer = request(&rig, method, path, id).by(&stranger).send().await;
            let mut problem = answer.problem("not-found");
            problem.as_object_mut().unwrap().remove("instance");
            bodies.push(problem);
        }
        assert_eq!(bodies[0], bodies[1], "{method} {path}");
    }
}
