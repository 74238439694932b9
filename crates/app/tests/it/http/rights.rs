//! Administration of permissions, roles and groups.

use abu_domain::identity::user::User;
use serde_json::{Value, json};

use super::support::{Answer, Rig, pairs};

/// The tag of what is at the address.
async fn tag(rig: &Rig, by: &User, path: &str) -> String {
    let answer = rig.get(path).by(by).send().await;
    answer.header("etag").to_owned()
}

async fn put(rig: &Rig, by: &User, path: &str, body: Value) -> Answer {
    let tag = tag(rig, by, path).await;
    let call = rig.put(path).by(by).header("if-match", &tag);
    call.json(&body).send().await
}

async fn post(rig: &Rig, by: &User, path: &str, body: Value) -> Answer {
    rig.post(path).by(by).json(&body).send().await
}

async fn delete(rig: &Rig, by: &User, path: &str, body: Value) -> Answer {
    rig.delete(path).by(by).json(&body).send().await
}

#[tokio::test]
async fn a_role_is_made_changed_as_a_whole_and_deleted() {
    let rig = Rig::start().await;
    let admin = rig.superuser();
    let draft = json!({
        "name": "newsletter_admin",
        "description": " Writes the newsletter. ",
        "permissions": ["can_create_event", "can_create_announcement", "can_create_event"],
    });
    let answer = post(&rig, &admin, "/api/v1/roles", draft).await;
    let role = answer.expect(201);
    let path = "/api/v1/roles/newsletter_admin";
    assert_eq!(answer.header("location"), path);
    let expected = json!({
        "name": "newsletter_admin",
        "description": "Writes the newsletter.",
        "is_system": false,
        "permissions": ["can_create_announcement", "can_create_event"],
        "created_at": role["created_at"],
        "last_modified": role["created_at"],
    });
    assert_eq!(role, expected);
    assert_eq!(rig.get(path).by(&admin).send().await.expect(200), role);
    rig.assert_audited("role.create", "newsletter_admin", "can_create_event", 1);

    let change = json!({"description": "Ours.", "permissions": ["can_delete_announcement"]});
    let answer = put(&rig, &admin, path, change).await;
    let changed = answer.expect(200);
    // Replaced, not added to.
    assert_eq!(changed["permissions"], json!(["can_delete_announcement"]));
    assert_eq!(changed["description"], "Ours.");
    assert!(changed["last_modified"].as_str() > role["last_modified"].as_str());
    assert_eq!(answer.header("etag"), tag(&rig, &admin, path).await);
    let details = r#""added":"can_delete_announcement"%"removed":"can_create_announcement, "#;
    rig.assert_audited("role.update", "newsletter_admin", details, 1);

    rig.delete(path).by(&admin).send().await.expect_nothing();
    rig.get(path).by(&admin).send().await.problem("not-found");
    rig.delete(path)
        .by(&admin)
        .send()
        .await
        .problem("not-found");
    rig.assert_audited("role.delete", "newsletter_admin", "", 1);
}

#[tokio::test]
async fn a_group_is_made_changed_as_a_whole_and_deleted() {
    let rig = Rig::start().await;
    let admin = rig.superuser();
    let draft = json!({"name": "newsroom_group", "roles": ["job_admin", "event_admin"]});
    let answer = post(&rig, &admin, "/api/v1/groups", draft).await;
    let group = answer.expect(201);
    let path = "/api/v1/groups/newsroom_group";
    assert_eq!(answer.header("location"), path);
    let expected = json!({
        "name": "newsroom_group",
        "description": "",
        "is_system": false,
        "roles": ["event_admin", "job_admin"],
        "created_at": group["created_at"],
        "last_modified": group["created_at"],
    });
    assert_eq!(group, expected);
    let change = json!({"description": "Ours.", "roles": ["announcement_admin"]});
    let changed = put(&rig, &admin, path, change).await.expect(200);
    assert_eq!(changed["roles"], json!(["announcement_admin"]));
    rig.assert_audited("group.create", "newsroom_group", "job_admin", 1);
    rig.assert_audited("group.update", "newsroom_group", "announcement_admin", 1);
    rig.delete(path).by(&admin).send().await.expect_nothing();
    rig.get(path).by(&admin).send().await.problem("not-found");
    rig.assert_audited("group.delete", "newsroom_group", "", 1);
}

#[tokio::test]
async fn a_permission_is_made_changed_and_deleted() {
    let rig = Rig::start().await;
    let admin = rig.superuser();
    let draft = json!({"name": "can_print_card"});
    let made = post(&rig, &admin, "/api/v1/permissions", draft).await;
    assert_eq!(made.expect(201)["is_system"], false);
    let path = made.header("location").to_owned();
    let change = json!({"name": "can_print_cards", "description": "Print cards."});
    let changed = put(&rig, &admin, &path, change).await.expect(200);
    assert_eq!(changed["name"], "can_print_cards");
    rig.get(&path).by(&admin).send().await.problem("not-found");
    rig.assert_audited("permission.update", "can_print_cards", "can_print_card", 1);
    let path = "/api/v1/permissions/can_print_cards";
    rig.delete(path).by(&admin).send().await.expect_nothing();
    rig.get(path).by(&admin).send().await.problem("not-found");
}

#[tokio::test]
async fn changes_of_roles_and_groups_say_what_they_have_seen() {
    let rig = Rig::start().await;
    let admin = rig.superuser();
    for (path, part) in [
        (format!("/api/v1/roles/{}", rig.role_of(&[])), "permissions"),
        (
            format!("/api/v1/groups/{}", rig.group_of("member")),
            "roles",
        ),
    ] {
        let body = json!({"description": "Ours.", part: []});
        let bare = rig.put(&path).by(&admin).json(&body).send().await;
        assert_eq!(bare.status.as_u16(), 428, "{path}");
        bare.problem("precondition-required");

        let seen = tag(&rig, &admin, &path).await;
        let change = |tag: &str, body: &Value| {
            let call = rig.put(&path).by(&admin).header("if-match", tag);
            call.json(body).send()
        };
        change(&seen, &body).await.expect(200);
        let late = change(&seen, &json!({"description": "Theirs.", part: []})).await;
        assert_eq!(late.status.as_u16(), 412, "{path}");
        late.problem("precondition-failed");
        let now = rig.get(&path).by(&admin).send().await;
        assert_eq!(now.expect(200)["description"], "Ours.");
        // What changes nothing makes no new version.
        change(now.header("etag"), &body).await.expect(200);
        assert_eq!(tag(&rig, &admin, &path).await, now.header("etag"));
        let stale = rig.delete(&path).by(&admin).header("if-match", &seen);
        stale.send().await.problem("precondition-failed");
        change("*", &body).await.expect(200);
    }
}

#[tokio::test]
async fn permissions_are_added_to_a_role_and_taken_out_of_it() {
    let rig = Rig::start().await;
    let admin = rig.superuser();
    let name = rig.role_of(&["can_view_user"]);
    let path = format!("/api/v1/roles/{name}");
    let part = format!("{path}/permissions");
    let more = json!({"permissions": ["can_view_user", "can_view_role", "can_view_group"]});
    let answer = post(&rig, &admin, &part, more.clone()).await;
    let all = json!(["can_view_group", "can_view_role", "can_view_user"]);
    assert_eq!(answer.expect(200)["permissions"], all);
    rig.assert_audited(
        "role.add-permission",
        &name,
        "can_view_group, can_view_role",
        1,
    );
    let again = post(&rig, &admin, &part, more).await;
    assert_eq!(again.header("etag"), answer.header("etag"));

    let fewer = json!({"permissions": ["can_view_group", "can_create_user"]});
    delete(&rig, &admin, &part, fewer.clone())
        .await
        .expect_nothing();
    delete(&rig, &admin, &part, fewer).await.expect_nothing();
    let one = format!("{part}/can_view_role");
    rig.delete(&one).by(&admin).send().await.expect_nothing();
    rig.delete(&one)
        .by(&admin)
        .send()
        .await
        .problem("not-found");
    let role = rig.get(&path).by(&admin).send().await.expect(200);
    assert_eq!(role["permissions"], json!(["can_view_user"]));
    rig.assert_audited("role.remove-permission", &name, "can_view_role", 1);
}

#[tokio::test]
async fn roles_are_added_to_a_group_and_taken_out_of_it() {
    let rig = Rig::start().await;
    let admin = rig.superuser();
    let name = rig.group_of("member");
    let path = format!("/api/v1/groups/{name}");
    let part = format!("{path}/roles");
    let more = json!({"roles": ["job_admin", "event_admin"]});
    let answer = post(&rig, &admin, &part, more).await;
    let all = json!(["event_admin", "job_admin", "member"]);
    assert_eq!(answer.expect(200)["roles"], all);
    rig.assert_audited("group.add-role", &name, "event_admin, job_admin", 1);
    let fewer = json!({"roles": ["job_admin"]});
    delete(&rig, &admin, &part, fewer).await.expect_nothing();
    let one = format!("{part}/event_admin");
    rig.delete(&one).by(&admin).send().await.expect_nothing();
    rig.delete(&one)
        .by(&admin)
        .send()
        .await
        .problem("not-found");
    let group = rig.get(&path).by(&admin).send().await.expect(200);
    assert_eq!(group["roles"], json!(["member"]));
    rig.assert_audited("group.remove-role", &name, "event_admin", 1);
}

#[tokio::test]
async fn invalid_and_unknown_names_are_reported_by_position() {
    let rig = Rig::start().await;
    let admin = rig.superuser();
    let mut wrong = json!({
        "name": "No Name",
        "description": "x".repeat(301),
        "permissions": ["can_view_user", "Can_View_User", ""],
    });
    let answer = post(&rig, &admin, "/api/v1/roles", wrong.clone()).await;
    let expected = pairs(&[
        ("/name", "name.form"),
        ("/description", "description.length"),
        ("/permissions/1", "name.form"),
        ("/permissions/2", "name.form"),
    ]);
    assert_eq!(answer.mistakes(), expected);
    wrong["permissions"][2] = json!(7);
    let answer = post(&rig, &admin, "/api/v1/roles", wrong).await;
    let expected = pairs(&[("/permissions/2", "type.text")]);
    assert_eq!(answer.mistakes(), expected);
    let many: Vec<String> = (0..101).map(|number| format!("can_{number}")).collect();
    let many = json!({"name": "many_roles", "permissions": many});
    let many = post(&rig, &admin, "/api/v1/roles", many).await;
    assert_eq!(many.mistakes(), pairs(&[("/permissions", "list.length")]));

    let unknown = json!({"name": "role_of_none", "permissions": ["can_fly", "can_view_user"]});
    let unknown = post(&rig, &admin, "/api/v1/roles", unknown).await;
    let expected = pairs(&[("/permissions", "permission.unknown")]);
    assert_eq!(unknown.mistakes(), expected);
    assert!(unknown.text().contains("can_fly"));
    let unknown = json!({"name": "group_of_none", "roles": ["no_such_role"]});
    let unknown = post(&rig, &admin, "/api/v1/groups", unknown).await;
    assert_eq!(unknown.mistakes(), pairs(&[("/roles", "role.unknown")]));
    let path = format!("/api/v1/users/{}/groups", rig.user().id);
    let unknown = post(&rig, &admin, &path, json!({"groups": ["no_such_group"]})).await;
    assert_eq!(unknown.mistakes(), pairs(&[("/groups", "group.unknown")]));
    for path in [
        "roles/No%20Name",
        "roles/x",
        "groups/%00",
        "permissions/can'",
    ] {
        let nothing = rig.get(&format!("/api/v1/{path}")).by(&admin);
        nothing.send().await.problem("not-found");
    }
}

#[tokio::test]
async fn lists_are_by_name_and_found_by_a_part_of_it() {
    let rig = Rig::start().await;
    let admin = rig.superuser();
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        let name = |item: &Value| item["name"].as_str().unwrap().to_owned();
        items.iter().map(name).collect()
    };
    let page = async |path: &str| rig.get(path).by(&admin).send().await.expect(200);
    let all = page("/api/v1/roles?q=_ADMIN&limit=100&count=true").await;
    let found = names(&all);
    assert!(found.len() >= 14 && found.iter().all(|name| name.ends_with("_admin")));
    assert!(found.is_sorted());
    assert_eq!(
        all["total"],
        json!({"value": found.len(), "relation": "eq"})
    );

    let first = page("/api/v1/roles?q=_admin&limit=3").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = page(&format!("/api/v1/roles?q=_admin&limit=3&cursor={cursor}")).await;
    assert_eq!([names(&first), names(&second)].concat(), found[..6]);
    let cursor = second["prev_cursor"].as_str().unwrap();
    let back = page(&format!("/api/v1/roles?q=_admin&limit=3&cursor={cursor}")).await;
    assert_eq!(names(&back), names(&first));

    assert_eq!(names(&page("/api/v1/groups?q=dpo").await), ["dpo_group"]);
    let permissions = page("/api/v1/permissions?q=view_audit&fields=name").await;
    assert_eq!(
        permissions["items"],
        json!([{"name": "can_view_audit_log"}])
    );
    for nothing in ["%25", "ro%25le", "%5C"] {
        let page = page(&format!("/api/v1/roles?q={nothing}")).await;
        assert_eq!(page["items"], json!([]), "{nothing}");
    }
}

#[tokio::test]
async fn an_automatic_role_takes_no_permission_that_raises_rights() {
    let rig = Rig::start().await;
    let admin = rig.superuser();
    let refused = |answer: Answer, field: &str| {
        let problem = answer.problem("conflict");
        assert_eq!(problem["code"], "automatic-role");
        let errors = &problem["errors"];
        assert_eq!(errors.as_array().unwrap().len(), 1);
        assert_eq!(errors[0]["pointer"], field);
        assert_eq!(errors[0]["code"], "permission.raises-rights");
    };
    let permissions = json!({"permissions": ["can_create_event", "can_modify_role"]});
    let change = json!({"description": "", "permissions": ["can_modify_role"]});
    let path = "/api/v1/roles/member";
    let added = post(&rig, &admin, &format!("{path}/permissions"), permissions).await;
    refused(added, "/permissions");
    refused(put(&rig, &admin, path, change).await, "/permissions");
    let roles = json!({"roles": ["user_admin"]});
    let change = json!({"description": "", "roles": ["applicant", "group_admin"]});
    let path = "/api/v1/groups/applicant_group";
    let added = post(&rig, &admin, &format!("{path}/roles"), roles).await;
    let errors = added.problem("conflict")["errors"].clone();
    assert_eq!(errors.as_array().unwrap().len(), 3);
    let changed = put(&rig, &admin, path, change).await;
    assert_eq!(changed.problem("conflict")["code"], "automatic-role");
}
