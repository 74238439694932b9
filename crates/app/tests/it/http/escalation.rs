//! Privilege escalation: tries every route that could grant more rights or act on a stronger
//! account.

use abu_domain::{
    UserId,
    access::{Permission, SUPER_ADMIN_GROUP},
    identity::user::User,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Answer, Rig};

/// All that one can hold about accounts and rights, and nothing else.
const ADMINISTRATION: [Permission; 16] = [
    Permission::CreateUser,
    Permission::ViewUser,
    Permission::ModifyUser,
    Permission::DeleteUser,
    Permission::CreatePermission,
    Permission::ViewPermission,
    Permission::ModifyPermission,
    Permission::DeletePermission,
    Permission::CreateRole,
    Permission::ViewRole,
    Permission::ModifyRole,
    Permission::DeleteRole,
    Permission::CreateGroup,
    Permission::ViewGroup,
    Permission::ModifyGroup,
    Permission::DeleteGroup,
];

/// What the attacker lacks.
const PRIZE: Permission = Permission::ViewAuditLog;

async fn call(rig: &Rig, by: &User, method: &str, path: &str, body: &Value) -> Answer {
    let call = rig.call(method, &format!("/api/v1/{path}")).by(by);
    let call = call.header("if-match", "*");
    match body.is_null() {
        true => call.send().await,
        false => call.json(body).send().await,
    }
}

fn details(email: &str) -> Value {
    json!({"email": email, "firstname": "Eve", "lastname": "Bello"})
}

/// Assigns the role past the routes.
fn assign(
    rig: &Rig,
    user: UserId,
    role: &str,
    scope: Option<Uuid>,
    from: &str,
    until: &str,
) -> Uuid {
    let id = Uuid::new_v4();
    let (kind, chapter) = match scope {
        Some(chapter) => ("chapter", format!("'{chapter}'")),
        None => ("global", "NULL".to_owned()),
    };
    rig.database().execute(&format!(
        "INSERT INTO role_assignments (id, user_id, role_id, scope_type, scope_id, valid_from,
                                       valid_until, created_at, last_modified)
         SELECT '{id}', '{user}', id, '{kind}', {chapter}, {from}, {until}, now(), now()
         FROM roles WHERE name = '{role}'"
    ));
    id
}

fn put_in_group(rig: &Rig, user: UserId, group: &str) {
    rig.database().execute(&format!(
        "INSERT INTO user_group (user_id, group_id)
         SELECT '{user}', id FROM groups WHERE name = '{group}'"
    ));
}

/// All that these routes can change.
async fn everything(rig: &Rig, by: &User) -> Vec<Value> {
    let mut all = Vec::new();
    for list in [
        "users?limit=50",
        "permissions?limit=100",
        "roles?limit=100",
        "groups?limit=100",
        "role-assignments?limit=100",
    ] {
        let answer = rig.get(&format!("/api/v1/{list}")).by(by).send().await;
        all.push(answer.expect(200));
    }
    all
}

#[tokio::test]
async fn no_route_escalates_rights_or_reaches_a_stronger_account() {
    let rig = Rig::start().await;
    let root = rig.superuser();
    let attacker = rig.holder_of(&ADMINISTRATION);
    let own_group = attacker_group(&rig, &root, &attacker).await;
    let (weak, strong) = (rig.user().id, rig.holder_of(&[PRIZE]).id);
    let (suspended, soon) = (rig.holder_of(&[PRIZE]).id, rig.user().id);
    rig.database().execute(&format!(
        "UPDATE users SET is_active = false WHERE id = '{suspended}'"
    ));

    let prize = PRIZE.name();
    let (weak_role, strong_role) = (rig.role_of(&[]), rig.role_of(&[prize]));
    let unused_role = rig.role_of(&[prize]);
    let (weak_group, strong_group) = (rig.group_of(&weak_role), rig.group_of(&strong_role));
    let unused_group = rig.group_of(&strong_role);
    put_in_group(&rig, strong, &strong_group);
    assign(
        &rig,
        soon,
        &strong_role,
        None,
        "now() + interval '1 day'",
        "NULL",
    );
    let office = assign(
        &rig,
        weak,
        &strong_role,
        Some(Uuid::from_u128(1)),
        "now()",
        "NULL",
    );
    // The attacker holds all its permissions, but a stronger user holds it too.
    let shared_role = rig.role_of(&["can_view_user"]);
    let shared_group = rig.group_of(&shared_role);
    put_in_group(&rig, strong, &shared_group);
    let assigned_role = rig.role_of(&["can_view_user"]);
    assign(&rig, strong, &assigned_role, None, "now()", "NULL");

    let me = attacker.id;
    let (permissions, roles) = (
        json!({"permissions": [prize]}),
        json!({"roles": [strong_role]}),
    );
    let lose = json!({"permissions": ["can_view_user"]});
    let words = |part: &str, names: &[&str]| json!({"description": "Mine.", part: names});
    let term = |user: UserId, scope: Value| {
        let mut body = json!({"user": user.uuid(), "role": strong_role, "scope_type": "global"});
        if !scope.is_null() {
            body["scope_type"] = json!("chapter");
            body["scope_uuid"] = scope;
        }
        body
    };
    let attacks: Vec<(&str, String, Value)> = vec![
        // Accounts.
        ("PUT", format!("users/{strong}"), details("eve@example.com")),
        ("PUT", format!("users/{soon}"), details("eve@example.com")),
        (
            "DELETE",
            format!("users/{strong}"),
            json!({"reason": "Mine."}),
        ),
        (
            "DELETE",
            format!("users/{soon}"),
            json!({"reason": "Mine."}),
        ),
        (
            "POST",
            format!("users/{strong}/password-reset"),
            Value::Null,
        ),
        ("POST", format!("users/{soon}/password-reset"), Value::Null),
        ("POST", format!("users/{strong}/deactivate"), Value::Null),
        ("POST", format!("users/{suspended}/activate"), Value::Null),
        (
            "POST",
            format!("users/{strong}/groups"),
            json!({"groups": [weak_group]}),
        ),
        (
            "DELETE",
            format!("users/{strong}/groups"),
            json!({"groups": [shared_group]}),
        ),
        (
            "DELETE",
            format!("users/{strong}/groups"),
            json!({"groups": [strong_group]}),
        ),
        (
            "POST",
            format!("users/{me}/groups"),
            json!({"groups": [strong_group]}),
        ),
        (
            "POST",
            format!("users/{me}/groups"),
            json!({"groups": [weak_group, "dpo_group"]}),
        ),
        (
            "POST",
            format!("users/{weak}/groups"),
            json!({"groups": [strong_group]}),
        ),
        // Roles.
        (
            "POST",
            "roles".into(),
            json!({"name": "mine", "permissions": [prize]}),
        ),
        (
            "PUT",
            format!("roles/{weak_role}"),
            words("permissions", &[prize]),
        ),
        (
            "POST",
            format!("roles/{weak_role}/permissions"),
            permissions.clone(),
        ),
        (
            "PUT",
            format!("roles/{strong_role}"),
            words("permissions", &[]),
        ),
        (
            "PUT",
            format!("roles/{strong_role}"),
            words("permissions", &[prize]),
        ),
        (
            "PUT",
            format!("roles/{strong_role}"),
            json!({"name": "mine", "description": "", "permissions": [prize]}),
        ),
        (
            "POST",
            format!("roles/{strong_role}/permissions"),
            lose.clone(),
        ),
        (
            "DELETE",
            format!("roles/{strong_role}/permissions"),
            permissions.clone(),
        ),
        (
            "DELETE",
            format!("roles/{strong_role}/permissions/{prize}"),
            Value::Null,
        ),
        ("DELETE", format!("roles/{unused_role}"), Value::Null),
        (
            "PUT",
            format!("roles/{shared_role}"),
            words("permissions", &[]),
        ),
        (
            "DELETE",
            format!("roles/{shared_role}/permissions"),
            lose.clone(),
        ),
        (
            "DELETE",
            format!("roles/{shared_role}/permissions/can_view_user"),
            Value::Null,
        ),
        ("DELETE", format!("roles/{assigned_role}/permissions"), lose),
        // Groups.
        (
            "POST",
            "groups".into(),
            json!({"name": "mine", "roles": [strong_role]}),
        ),
        (
            "PUT",
            format!("groups/{own_group}"),
            words("roles", &[&strong_role]),
        ),
        ("POST", format!("groups/{own_group}/roles"), roles.clone()),
        (
            "POST",
            format!("groups/{own_group}/roles"),
            json!({"roles": ["privacy_admin"]}),
        ),
        ("PUT", format!("groups/{strong_group}"), words("roles", &[])),
        (
            "PUT",
            format!("groups/{strong_group}"),
            words("roles", &[&strong_role]),
        ),
        (
            "POST",
            format!("groups/{strong_group}/roles"),
            json!({"roles": [weak_role]}),
        ),
        ("DELETE", format!("groups/{strong_group}/roles"), roles),
        (
            "DELETE",
            format!("groups/{strong_group}/roles/{strong_role}"),
            Value::Null,
        ),
        ("DELETE", format!("groups/{unused_group}"), Value::Null),
        ("PUT", format!("groups/{shared_group}"), words("roles", &[])),
        (
            "DELETE",
            format!("groups/{shared_group}/roles"),
            json!({"roles": [shared_role]}),
        ),
        // Permissions.
        (
            "PUT",
            format!("permissions/{prize}"),
            json!({"description": "Mine."}),
        ),
        // Terms.
        ("POST", "role-assignments".into(), term(me, Value::Null)),
        ("POST", "role-assignments".into(), term(weak, Value::Null)),
        (
            "POST",
            "role-assignments".into(),
            term(me, json!(Uuid::from_u128(7))),
        ),
        (
            "POST",
            "role-assignments".into(),
            json!({"user": strong.uuid(), "role": weak_role, "scope_type": "global"}),
        ),
        (
            "POST",
            "role-assignments".into(),
            json!({
                "user": weak.uuid(), "role": weak_role, "scope_type": "chapter",
                "scope_uuid": Uuid::from_u128(1),
            }),
        ),
        ("DELETE", format!("role-assignments/{office}"), Value::Null),
    ];
    let before = everything(&rig, &root).await;
    for (method, path, body) in &attacks {
        let answer = call(&rig, &attacker, method, path, body).await;
        assert_eq!(
            answer.status.as_u16(),
            403,
            "{method} {path} {}",
            answer.text()
        );
        let problem = answer.problem("permission-denied");
        let required = problem["required"].as_array().unwrap();
        // Of a seeded group's or role's other permissions too.
        assert!(
            required.contains(&json!(prize)),
            "{method} {path} {problem}"
        );
    }
    assert_eq!(everything(&rig, &root).await, before);
}

/// The attacker's own group, which gives what they hold.
async fn attacker_group(rig: &Rig, root: &User, attacker: &User) -> String {
    let path = format!("/api/v1/users/{}/groups", attacker.id);
    let answer = rig.get(&path).by(root).send().await.expect(200);
    answer["groups"][0].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn all_that_is_missing_is_named() {
    let rig = Rig::start().await;
    let attacker = rig.holder_of(&ADMINISTRATION);
    let path = format!("users/{}/groups", attacker.id);
    let answer = call(
        &rig,
        &attacker,
        "POST",
        &path,
        &json!({"groups": ["dpo_group"]}),
    )
    .await;
    let expected = [
        "can_approve_export",
        "can_manage_data_request",
        "can_view_audit_log",
    ];
    assert_eq!(
        answer.problem("permission-denied")["required"],
        json!(expected)
    );

    let body = json!({"groups": [SUPER_ADMIN_GROUP]});
    let answer = call(&rig, &attacker, "POST", &path, &body).await;
    let required = answer.problem("permission-denied")["required"].clone();
    let missing = Permission::ALL.len() - ADMINISTRATION.len();
    assert_eq!(required.as_array().unwrap().len(), missing);
}

#[tokio::test]
async fn what_one_holds_oneself_one_may_give_and_take_away() {
    let rig = Rig::start().await;
    let admin = rig.holder_of(&ADMINISTRATION);
    let (user, equal) = (rig.user().id, rig.holder_of(&ADMINISTRATION).id);
    let mine = json!({"name": "viewer", "permissions": ["can_view_user", "can_view_role"]});
    call(&rig, &admin, "POST", "roles", &mine).await.expect(201);
    let group = json!({"name": "viewers", "roles": ["viewer"]});
    call(&rig, &admin, "POST", "groups", &group)
        .await
        .expect(201);
    for somebody in [user, equal, admin.id] {
        let (path, body) = (
            format!("users/{somebody}/groups"),
            json!({"groups": ["viewers"]}),
        );
        call(&rig, &admin, "POST", &path, &body).await.expect(200);
    }
    rig.get("/api/v1/users")
        .by_id(user)
        .send()
        .await
        .expect(200);
    let fewer = json!({"permissions": ["can_view_user"]});
    let path = "roles/viewer/permissions";
    call(&rig, &admin, "DELETE", path, &fewer)
        .await
        .expect_nothing();
    let refused = rig.get("/api/v1/users").by_id(user).send().await;
    refused.problem("permission-denied");
    call(
        &rig,
        &admin,
        "PUT",
        &format!("users/{equal}"),
        &details("equal@example.com"),
    )
    .await
    .expect(200);
    let path = format!("users/{equal}/deactivate");
    call(&rig, &admin, "POST", &path, &Value::Null)
        .await
        .expect(200);
}

#[tokio::test]
async fn only_a_superuser_acts_on_a_superuser() {
    let rig = Rig::start().await;
    let superuser = rig.superuser().id;
    let admin = rig.database().user().in_group(SUPER_ADMIN_GROUP).create();
    for (method, path, body) in [
        (
            "PUT",
            format!("users/{superuser}"),
            details("eve@example.com"),
        ),
        (
            "DELETE",
            format!("users/{superuser}"),
            json!({"reason": "Mine."}),
        ),
        ("POST", format!("users/{superuser}/deactivate"), Value::Null),
        (
            "POST",
            format!("users/{superuser}/groups"),
            json!({"groups": ["dpo_group"]}),
        ),
        (
            "DELETE",
            format!("users/{superuser}/groups"),
            json!({"groups": [SUPER_ADMIN_GROUP]}),
        ),
    ] {
        let answer = call(&rig, &admin, method, &path, &body).await;
        answer.problem("permission-denied");
        // An update cannot set these fields.
        for unknown in ["is_superuser", "is_active", "groups", "verification"] {
            let mut more = details("more@example.com");
            more[unknown] = json!(true);
            let path = format!("users/{}", rig.user().id);
            let answer = call(&rig, &admin, "PUT", &path, &more).await;
            assert_eq!(
                answer.mistakes(),
                [(format!("/{unknown}"), "unknown".to_owned())]
            );
        }
    }
    let other = rig.superuser();
    let path = format!("users/{superuser}/deactivate");
    call(&rig, &other, "POST", &path, &Value::Null)
        .await
        .expect(200);
}

#[tokio::test]
async fn who_holds_something_for_a_term_does_not_make_it_last() {
    let rig = Rig::start().await;
    let held: Vec<&str> = ADMINISTRATION.iter().map(|one| one.name()).collect();
    let (officer, friend) = (rig.user(), rig.user().id);
    let role = rig.role_of(&held);
    let until = "now() + interval '1 day'";
    assign(
        &rig,
        officer.id,
        &role,
        None,
        "now() - interval '1 day'",
        until,
    );
    // Held for good: being in this group.
    let (own_group, own_role) = (rig.group_of("member"), rig.role_of(&["can_view_group"]));
    put_in_group(&rig, officer.id, &own_group);
    let other_role = rig.role_of(&["can_view_user"]);
    let other_group = rig.group_of(&other_role);
    let tomorrow = Utc::now() + TimeDelta::hours(20);
    let term = |user: UserId, until: Option<DateTime<Utc>>| json!({"user": user.uuid(), "role": other_role, "scope_type": "global", "valid_until": until});
    let refused = [
        (
            "POST",
            format!("groups/{own_group}/roles"),
            json!({"roles": [own_role]}),
        ),
        (
            "POST",
            "roles/member/permissions".into(),
            json!({"permissions": ["can_view_user"]}),
        ),
        (
            "POST",
            format!("users/{}/groups", officer.id),
            json!({"groups": [other_group]}),
        ),
        (
            "POST",
            format!("users/{friend}/groups"),
            json!({"groups": [other_group]}),
        ),
        ("POST", "role-assignments".into(), term(officer.id, None)),
        (
            "POST",
            "role-assignments".into(),
            term(officer.id, Some(tomorrow + TimeDelta::days(365))),
        ),
    ];
    for (method, path, body) in refused {
        let answer = call(&rig, &officer, method, &path, &body).await;
        let problem = answer.problem("permission-denied");
        assert_eq!(problem["required"].as_array().unwrap().len(), 1, "{path}");
    }
    // To oneself no longer than one has it, to a successor as long as they shall have it.
    for body in [term(officer.id, Some(tomorrow)), term(friend, None)] {
        call(&rig, &officer, "POST", "role-assignments", &body)
            .await
            .expect(201);
    }
}

#[tokio::test]
async fn a_chapter_permission_can_be_granted_in_that_chapter_only() {
    let rig = Rig::start().await;
    let [here, there] = [1, 2].map(Uuid::from_u128);
    let chair = rig.user();
    let role = rig.role_of(&["can_modify_role", "can_create_announcement"]);
    assign(&rig, chair.id, &role, Some(here), "now()", "NULL");
    let officer_elsewhere = rig.user().id;
    assign(
        &rig,
        officer_elsewhere,
        "chapter_chair",
        Some(there),
        "now()",
        "NULL",
    );
    let term = |user: UserId, role: &str, chapter: Option<Uuid>| match chapter {
        Some(chapter) => json!({
            "user": user.uuid(), "role": role, "scope_type": "chapter", "scope_uuid": chapter,
        }),
        None => json!({"user": user.uuid(), "role": role, "scope_type": "global"}),
    };
    let assign_role =
        async |body: Value| call(&rig, &chair, "POST", "role-assignments", &body).await;
    let editor = "chapter_editor";
    let made = assign_role(term(rig.user().id, editor, Some(here))).await;
    made.expect(201);
    // Rights in another chapter stay untouched.
    assign_role(term(officer_elsewhere, editor, Some(here)))
        .await
        .expect(201);
    let secretary = assign_role(term(rig.user().id, "chapter_secretary", Some(here))).await;
    let missing = json!(["can_approve_member", "can_create_event"]);
    assert_eq!(secretary.problem("permission-denied")["required"], missing);
    for scope in [Some(there), None] {
        let answer = assign_role(term(rig.user().id, editor, scope)).await;
        let problem = answer.problem("permission-denied");
        assert_eq!(problem["required"], json!(["can_modify_role"]));
    }
    // Roles themselves count everywhere.
    let own = json!({"permissions": ["can_create_announcement"]});
    let path = format!("roles/{}/permissions", rig.role_of(&[]));
    call(&rig, &chair, "POST", &path, &own)
        .await
        .problem("permission-denied");

    let lists = [
        (format!("?scope_uuid={here}"), true),
        (format!("?scope_uuid={there}"), false),
        (String::new(), false),
    ];
    for (query, may) in lists {
        let answer = rig
            .get(&format!("/api/v1/role-assignments{query}"))
            .by(&chair);
        let status = answer.send().await.status.as_u16();
        assert_eq!(status, if may { 200 } else { 403 }, "{query}");
    }
    let path = made.header("location");
    rig.get(path).by(&chair).send().await.expect(200);
    rig.delete(path).by(&chair).send().await.expect_nothing();
    let elsewhere = assign(&rig, rig.user().id, editor, Some(there), "now()", "NULL");
    for method in ["GET", "DELETE"] {
        let path = format!("role-assignments/{elsewhere}");
        let answer = call(&rig, &chair, method, &path, &Value::Null).await;
        answer.problem("permission-denied");
    }
    let nowhere = format!("role-assignments/{}", Uuid::new_v4());
    let answer = call(&rig, &chair, "GET", &nowhere, &Value::Null).await;
    answer.problem("permission-denied");
}
