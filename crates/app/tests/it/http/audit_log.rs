//! Reading the audit log over HTTP.

use abu_domain::{access::Permission, identity::user::User};
use serde_json::{Value, json};

use super::support::{Rig, pairs};

const LOG: &str = "/api/v1/admin/audit-log";

async fn page(rig: &Rig, viewer: &User, query: &str) -> Value {
    let path = format!("{LOG}?{query}");
    rig.get(&path).by(viewer).send().await.expect(200)
}

async fn suspend(rig: &Rig, admin: &User, user: &User) -> String {
    let path = format!("/api/v1/users/{}/deactivate", user.id);
    let answer = rig.post(&path).by(admin).send().await;
    answer.expect(200);
    answer.header("x-request-id").to_owned()
}

#[tokio::test]
async fn an_entry_says_who_did_what_to_whom_from_where() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewAuditLog]);
    let (admin, user) = (rig.holder_of(&[Permission::ModifyUser]), rig.user());
    let request = suspend(&rig, &admin, &user).await;
    let mut entry = page(&rig, &viewer, "limit=1").await["items"][0].take();
    for made_up in ["uuid", "created_at", "hash"] {
        assert!(entry[made_up].take().is_string());
    }
    let seq = entry["seq"].take().as_i64().unwrap();
    assert_eq!(
        entry,
        json!({
            "seq": null,
            "uuid": null,
            "created_at": null,
            "actor": {"kind": "user", "uuid": admin.id.to_string(), "name": null},
            "action": "user.suspend",
            "target": {"type": "user", "id": user.id.to_string()},
            "address": "127.0.0.1",
            "request_id": request,
            "details": {},
            "hash": null,
        })
    );
    let before = page(&rig, &viewer, "action=access.seed").await["items"][0].take();
    assert_eq!(
        before["actor"],
        json!({"kind": "system", "uuid": null, "name": null})
    );
    assert!(before["seq"].as_i64().unwrap() < seq);
}

#[tokio::test]
async fn each_filter_shows_the_entries_it_names() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewAuditLog]);
    let admin = rig.holder_of(&[Permission::ModifyUser]);
    let (user, other) = (rig.user(), rig.user());
    suspend(&rig, &admin, &user).await;
    suspend(&rig, &admin, &other).await;
    for (query, expected) in [
        (format!("actor={}", admin.id), 2),
        (format!("actor={}", user.id), 0),
        ("action=user.suspend".to_owned(), 2),
        ("action=user.activate".to_owned(), 0),
        (format!("target={}", user.id), 1),
        (format!("target_type=user&target={}", other.id), 1),
        (format!("target_type=session&target={}", other.id), 0),
        ("action=user.suspend&to=2026-01-01T00:00:00Z".to_owned(), 0),
        (
            "action=user.suspend&from=2026-01-01T00:00:00Z".to_owned(),
            2,
        ),
        (
            "action=user.suspend&from=2999-01-01T00:00:00Z".to_owned(),
            0,
        ),
    ] {
        let shown = page(&rig, &viewer, &format!("{query}&count=true")).await;
        let items = shown["items"].as_array().unwrap();
        assert_eq!(items.len(), expected, "{query}: {shown}");
        assert_eq!(shown["total"], json!({"value": expected, "relation": "eq"}));
    }
}

#[tokio::test]
async fn pages_continue_without_gaps_although_each_view_adds_an_entry() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewAuditLog]);
    let admin = rig.holder_of(&[Permission::ModifyUser]);
    for _ in 0..3 {
        suspend(&rig, &admin, &rig.user()).await;
    }
    let first = page(&rig, &viewer, "limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = page(&rig, &viewer, &format!("limit=2&cursor={cursor}")).await;
    let seq = |page: &Value, index: usize| page["items"][index]["seq"].as_i64().unwrap();
    assert_eq!(seq(&second, 0), seq(&first, 1) - 1);
    let back = second["prev_cursor"].as_str().unwrap();
    let again = page(&rig, &viewer, &format!("limit=2&cursor={back}")).await;
    assert_eq!(again["items"], first["items"]);
}

#[tokio::test]
async fn every_wrong_filter_is_named() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewAuditLog]);
    let path = format!("{LOG}?actor=amina&action=user.praise&target_type=&target=%00&from=now&to=");
    let mistakes = rig.get(&path).by(&viewer).send().await.mistakes();
    assert_eq!(
        mistakes,
        pairs(&[
            ("actor", "uuid.invalid"),
            ("action", "action.unknown"),
            ("target_type", "text.short"),
            ("target", "text.short"),
            ("from", "time.invalid"),
            ("to", "time.invalid"),
        ])
    );
}

#[tokio::test]
async fn a_tampered_entry_is_shown_as_stored() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewAuditLog]);
    suspend(&rig, &rig.holder_of(&[Permission::ModifyUser]), &rig.user()).await;
    rig.database().execute(
        "ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only;
         UPDATE audit_log SET details = 'nothing', hash = '' WHERE action = 'user.suspend'",
    );
    let entry = page(&rig, &viewer, "limit=1").await["items"][0].take();
    assert_eq!(entry["details"], json!({"unreadable": "nothing"}));
    assert_eq!(entry["hash"], "");
}
