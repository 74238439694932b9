//! Role assignments with scopes and terms.

use abu_domain::{access::Permission, identity::user::User};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Answer, Rig, pairs};

const PATH: &str = "/api/v1/role-assignments";

async fn assign(rig: &Rig, by: &User, body: &Value) -> Answer {
    rig.post(PATH).by(by).json(body).send().await
}

async fn permissions(rig: &Rig, of: &User) -> Value {
    let answer = rig.get("/api/v1/me/permissions").by(of).send().await;
    answer.expect(200)["items"].clone()
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_term_counts_from_its_beginning_to_its_end() {
    let rig = Rig::start().await;
    let (admin, officer) = (rig.superuser(), rig.user());
    let until = "2099-01-05T08:30:00Z";
    let body = json!({
        "user": officer.id.uuid(),
        "role": "job_admin",
        "scope_type": "global",
        "valid_until": until,
        "office_title": " Careers officer ",
    });
    let answer = assign(&rig, &admin, &body).await;
    let made = answer.expect(201);
    let path = answer.header("location").to_owned();
    let expected = json!({
        "uuid": made["uuid"],
        "user": officer.id.uuid(),
        "role": "job_admin",
        "scope_type": "global",
        "scope_uuid": null,
        "valid_from": made["created_at"],
        "valid_until": until,
        "office_title": "Careers officer",
        "created_by": admin.id.uuid(),
        "created_at": made["created_at"],
        "last_modified": made["created_at"],
    });
    assert_eq!(made, expected);
    assert_eq!(path, format!("{PATH}/{}", made["uuid"].as_str().unwrap()));
    assert_eq!(rig.get(&path).by(&admin).send().await.expect(200), made);
    let held =
        json!({"permission": "can_approve_job", "scope": {"type": "global"}, "until": until});
    assert_eq!(permissions(&rig, &officer).await, json!([held]));

    rig.delete(&path).by(&admin).send().await.expect_nothing();
    assert_eq!(permissions(&rig, &officer).await, json!([]));
    let ended = rig.get(&path).by(&admin).send().await.expect(200);
    assert!(time(&ended["valid_until"]) <= Utc::now());
    assert_eq!(ended["last_modified"], ended["valid_until"]);
    // Over is over.
    rig.delete(&path).by(&admin).send().await.expect_nothing();
    assert_eq!(rig.get(&path).by(&admin).send().await.expect(200), ended);
    for action in ["assignment.create", "assignment.end"] {
        rig.assert_audited(action, &officer.id.to_string(), "job_admin", 1);
    }
}

#[tokio::test]
async fn what_is_held_is_listed_once_a_scope_with_its_last_end() {
    let rig = Rig::start().await;
    let (admin, officer) = (rig.superuser(), rig.holder_of(&[Permission::CreateEvent]));
    let [here, there] = [1, 2].map(Uuid::from_u128);
    let sooner = "2098-01-05T08:30:00Z";
    let later = "2099-01-05T08:30:00Z";
    for (role, chapter, until) in [
        ("chapter_editor", there, sooner),
        ("chapter_secretary", there, later),
        ("chapter_editor", here, sooner),
    ] {
        let body = json!({
            "user": officer.id.uuid(), "role": role, "scope_type": "chapter", "scope_uuid": chapter,
            "valid_until": until,
        });
        assign(&rig, &admin, &body).await.expect(201);
    }
    let at = |permission: &str, chapter: Uuid, until: &str| {
        let scope = json!({"type": "chapter", "uuid": chapter});
        json!({"permission": permission, "scope": scope, "until": until})
    };
    let expected = json!([
        {"permission": "can_create_event", "scope": {"type": "global"}},
        at("can_create_announcement", here, sooner),
        at("can_approve_member", there, later),
        at("can_create_announcement", there, later),
        at("can_create_event", there, later),
    ]);
    assert_eq!(permissions(&rig, &officer).await, expected);
    let anonymous = rig.get("/api/v1/me/permissions").send().await;
    anonymous.problem("authentication-required");
}

#[tokio::test]
async fn an_invalid_assignment_is_reported_by_field() {
    let rig = Rig::start().await;
    let (admin, officer) = (rig.superuser(), rig.user());
    let good = json!({"user": officer.id.uuid(), "role": "job_admin", "scope_type": "global"});
    let chapter = Uuid::new_v4();
    for (changes, place, code) in [
        (json!({"user": "amina"}), "/user", "uuid.invalid"),
        (json!({"user": chapter}), "/user", "user.unknown"),
        (json!({"role": "Job Admin"}), "/role", "name.form"),
        (json!({"role": "no_such_role"}), "/role", "role.unknown"),
        (
            json!({"scope_type": "faculty"}),
            "/scope_type",
            "scope_type.unknown",
        ),
        (json!({"scope_type": "chapter"}), "/scope_uuid", "required"),
        (
            json!({"scope_uuid": chapter}),
            "/scope_uuid",
            "scope_uuid.global",
        ),
        (
            json!({"valid_from": "tomorrow"}),
            "/valid_from",
            "time.invalid",
        ),
        (
            json!({"valid_until": "2020-01-05T08:30:00Z"}),
            "/valid_until",
            "term.over",
        ),
        (
            json!({"valid_from": "2099-01-05T08:30:00Z", "valid_until": "2098-01-05T08:30:00Z"}),
            "/valid_until",
            "term.over",
        ),
        (
            json!({"office_title": " "}),
            "/office_title",
            "office_title.length",
        ),
        (json!({"title": "Chair"}), "/title", "unknown"),
    ] {
        let mut body = good.clone();
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = assign(&rig, &admin, &body).await;
        assert_eq!(answer.mistakes(), pairs(&[(place, code)]), "{changes}");
    }
}

#[tokio::test]
async fn the_list_filters_by_user_role_chapter_and_running_term() {
    let rig = Rig::start().await;
    let admin = rig.superuser();
    let (amina, bello) = (rig.user().id, rig.user().id);
    let chapter = Uuid::new_v4();
    for (user, role, chapter, from) in [
        (
            amina,
            "chapter_chair",
            Some(chapter),
            "2020-01-05T08:30:00Z",
        ),
        (
            bello,
            "chapter_editor",
            Some(chapter),
            "2020-01-05T08:30:00Z",
        ),
        (bello, "job_admin", None, "2099-01-05T08:30:00Z"),
    ] {
        let mut body =
            json!({"user": user.uuid(), "role": role, "scope_type": "global", "valid_from": from});
        if let Some(chapter) = chapter {
            body["scope_type"] = json!("chapter");
            body["scope_uuid"] = json!(chapter);
        }
        assign(&rig, &admin, &body).await.expect(201);
    }
    for (query, expected) in [
        (
            String::new(),
            vec!["job_admin", "chapter_editor", "chapter_chair"],
        ),
        (format!("user={bello}"), vec!["job_admin", "chapter_editor"]),
        (
            format!("scope_uuid={chapter}"),
            vec!["chapter_editor", "chapter_chair"],
        ),
        ("role=chapter_chair".into(), vec!["chapter_chair"]),
        ("role=no_such_role".into(), vec![]),
        (
            "active=true".into(),
            vec!["chapter_editor", "chapter_chair"],
        ),
        ("active=false".into(), vec!["job_admin"]),
        (
            format!("user={bello}&active=true&count=true"),
            vec!["chapter_editor"],
        ),
        ("limit=2".into(), vec!["job_admin", "chapter_editor"]),
    ] {
        let page = rig
            .get(&format!("{PATH}?{query}"))
            .by(&admin)
            .send()
            .await
            .expect(200);
        let items = page["items"].as_array().unwrap();
        let roles: Vec<_> = items
            .iter()
            .map(|item| item["role"].as_str().unwrap())
            .collect();
        assert_eq!(roles, expected, "{query}");
        assert_eq!(page["next_cursor"].is_string(), query == "limit=2");
        if query.contains("count") {
            assert_eq!(page["total"]["value"], 1);
        }
    }
}
