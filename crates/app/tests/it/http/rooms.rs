//! Rooms: create, list, rename, archive.

use abu_application::messaging::rooms::RoomQuotas;
use abu_domain::{identity::user::User, messaging::room::RoomRole};
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Answer, Rig, pairs};

async fn open(rig: &Rig, by: &User, body: Value) -> Answer {
    rig.post("/api/v1/rooms").by(by).json(&body).send().await
}

fn direct(other: &User) -> Value {
    json!({"kind": "direct", "member_ids": [other.id.uuid()]})
}

fn group(name: &str, others: &[&User]) -> Value {
    let ids: Vec<Uuid> = others.iter().map(|user| user.id.uuid()).collect();
    json!({"kind": "group", "name": name, "member_ids": ids})
}

fn person(user: &User) -> Value {
    json!({
        "user_uuid": user.id.uuid(),
        "firstname": user.firstname.as_str(),
        "lastname": user.lastname.as_str(),
    })
}

async fn listed(rig: &Rig, user: &User) -> Vec<String> {
    listed_where(rig, user, "").await
}

async fn listed_where(rig: &Rig, user: &User, query: &str) -> Vec<String> {
    let path = format!("/api/v1/rooms{query}");
    let page = rig.get(&path).by(user).send().await.expect(200);
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|room| room["uuid"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_new_group_has_its_creator_and_each_named_member_once() {
    let rig = Rig::start().await;
    let (maker, one, two) = (rig.user(), rig.user(), rig.user());
    let body = group(" Class of 2015 ", &[&one, &two, &one, &maker]);
    let answer = open(&rig, &maker, body).await;
    let room = answer.expect(201);
    let uuid = room["uuid"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/api/v1/rooms/{uuid}"));
    let mut expected = json!({
        "uuid": uuid,
        "kind": "group",
        "name": "Class of 2015",
        "created_by": maker.id.uuid(),
        "created_at": room["created_at"],
        "last_modified": room["created_at"],
        "last_seq": 0,
        "member_count": 3,
        "my_role": "owner",
        "last_read_seq": 0,
        "unread_count": 0,
        "muted_until": null,
        "pinned": false,
        "hidden": false,
        "archived_at": null,
        "other": null,
    });
    assert_eq!(room, expected);
    let path = format!("/api/v1/rooms/{uuid}");
    for (user, role) in [(&maker, "owner"), (&one, "member"), (&two, "member")] {
        expected["my_role"] = json!(role);
        assert_eq!(rig.get(&path).by(user).send().await.expect(200), expected);
    }
}

#[tokio::test]
async fn a_direct_room_is_the_same_for_either_member_every_time() {
    let rig = Rig::start().await;
    let (one, other) = (rig.user(), rig.user());
    let room = open(&rig, &one, direct(&other)).await.expect(201);
    assert_eq!(room["kind"], "direct");
    assert!(room["name"].is_null());
    assert_eq!(room["other"], person(&other));
    let again = open(&rig, &other, direct(&one)).await;
    assert!(!again.headers.contains_key("location"));
    let again = again.expect(200);
    assert_eq!(again["uuid"], room["uuid"]);
    assert_eq!(again["other"], person(&one));
}

#[tokio::test]
async fn a_room_that_breaks_rules_is_not_opened() {
    let rig = Rig::start().await;
    let (maker, other) = (rig.user(), rig.user());
    let suspended = rig.database().user().suspended().create();
    let id = other.id.uuid();
    for (body, mistakes) in [
        (json!({}), &[("/kind", "required")][..]),
        (json!({"kind": "herd"}), &[("/member_ids", "required")]),
        (
            json!({"kind": "herd", "name": "", "member_ids": []}),
            &[("/kind", "kind.unknown"), ("/name", "name.length")],
        ),
        (
            json!({"kind": "herd", "member_ids": []}),
            &[("/kind", "kind.unknown")],
        ),
        (
            json!({"kind": "group", "member_ids": []}),
            &[("/name", "required")],
        ),
        (
            json!({"kind": "group", "name": " ", "member_ids": []}),
            &[("/name", "name.length")],
        ),
        (
            json!({"kind": "group", "name": "a\nb", "member_ids": []}),
            &[("/name", "name.control-character")],
        ),
        (
            json!({"kind": "group", "name": "x", "member_ids": ["x"]}),
            &[("/member_ids/0", "uuid.invalid")],
        ),
        (
            json!({"kind": "group", "name": "x", "member_ids": null}),
            &[("/member_ids", "type.list")],
        ),
        (
            json!({"kind": "group", "name": "x", "member_ids": vec![id; 501]}),
            &[("/member_ids", "list.length")],
        ),
        (
            json!({"kind": "direct", "name": "x", "member_ids": [id]}),
            &[("/name", "name.direct")],
        ),
        (
            json!({"kind": "direct", "member_ids": []}),
            &[("/member_ids", "member_ids.one-other")],
        ),
        (
            json!({"kind": "direct", "member_ids": [id, Uuid::new_v4()]}),
            &[("/member_ids", "member_ids.one-other")],
        ),
        (direct(&maker), &[("/member_ids", "member_ids.one-other")]),
        (direct(&suspended), &[("/member_ids", "user.unknown")]),
        (
            group("x", &[&suspended]),
            &[("/member_ids", "user.unknown")],
        ),
        (
            json!({"kind": "group", "name": "x", "member_ids": [Uuid::new_v4()]}),
            &[("/member_ids", "user.unknown")],
        ),
    ] {
        let answer = open(&rig, &maker, body.clone()).await;
        assert_eq!(answer.mistakes(), pairs(mistakes), "{body}");
    }
    assert_eq!(listed(&rig, &maker).await, Vec::<String>::new());
}

#[tokio::test]
async fn my_rooms_are_sorted_by_activity_with_their_last_message() {
    let rig = Rig::start().await;
    let (me, other) = (rig.user(), rig.user());
    let database = rig.database();
    let quiet = database.group(me.id).create();
    let busy = database.group(me.id).member(other.id).create();
    let newest = database.group(me.id).create();
    database.group(other.id).create();
    let said = database.message(busy.id, other.id, "sannu");

    let page = rig.get("/api/v1/rooms").by(&me).send().await.expect(200);
    let expected = [busy.id, newest.id, quiet.id].map(|id| id.to_string());
    assert_eq!(listed(&rig, &me).await, expected);
    assert_eq!(page["items"][0]["last_seq"], 1);
    let last = &page["items"][0]["last_message"];
    assert_eq!(last["message"], "sannu");
    assert_eq!(last["message_id"], said.id.to_string());
    assert_eq!(last["sender"], person(&other));
    assert!(page["items"][1]["last_message"].is_null());

    let first = rig
        .get("/api/v1/rooms?limit=1")
        .by(&me)
        .send()
        .await
        .expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let next = rig
        .get(&format!("/api/v1/rooms?limit=1&cursor={cursor}"))
        .by(&me);
    let next = next.send().await.expect(200);
    assert_eq!(next["items"][0]["uuid"], newest.id.to_string());
}

#[tokio::test]
async fn a_used_up_quota_is_refused_with_the_time_to_wait() {
    let rig = Rig::start_with(|settings| {
        settings.rooms.quotas = Some(RoomQuotas {
            rooms: 1,
            people: 1,
        });
    })
    .await;
    let (maker, one, two) = (rig.user(), rig.user(), rig.user());
    let room = open(&rig, &maker, group("x", &[&one])).await.expect(201);
    let members = format!("/api/v1/rooms/{}/members", room["uuid"].as_str().unwrap());
    let add = rig.post(&members).by(&maker);
    let add = add.json(&json!({"member_ids": [two.id.uuid()]}));
    for answer in [
        open(&rig, &maker, group("y", &[])).await,
        open(&rig, &maker, direct(&two)).await,
        add.send().await,
    ] {
        let wait: u32 = answer.header("retry-after").parse().unwrap();
        assert!((86_000..=86_401).contains(&wait), "{wait}");
        assert_eq!(answer.problem("rate-limited")["retry_after"], wait);
    }
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_cannot_remove_a_name() {
    let rig = Rig::start().await;
    let owner = rig.user();
    let room = rig.database().group(owner.id).name("as it was").create();
    let path = format!("/api/v1/rooms/{}", room.id);
    let patch = async |body: Value| rig.patch(&path).by(&owner).json(&body).send().await;
    assert_eq!(patch(json!({})).await.expect(200)["name"], "as it was");
    let removed = patch(json!({"name": null})).await;
    assert_eq!(removed.mistakes(), pairs(&[("/name", "type.text")]));
    let other = patch(json!({"kind": "direct"})).await;
    assert_eq!(other.mistakes(), pairs(&[("/kind", "unknown")]));

    let merge = rig.patch(&path).by(&owner).body(r#"{"name": "merged"}"#);
    let merge = merge.header("content-type", "application/merge-patch+json");
    assert_eq!(merge.send().await.expect(200)["name"], "merged");
}

#[tokio::test]
async fn only_an_owner_archives_a_group_which_is_then_only_read() {
    let rig = Rig::start().await;
    let (owner, moderator) = (rig.user(), rig.user());
    let room = rig.database().group(owner.id);
    let room = room.with_role(moderator.id, RoomRole::Moderator).create();
    rig.database().message(room.id, owner.id, "the last word");
    let path = format!("/api/v1/rooms/{}", room.id);
    let refused = rig.delete(&path).by(&moderator).send().await;
    refused.problem("permission-denied");

    rig.delete(&path).by(&owner).send().await.expect_nothing();
    rig.delete(&path).by(&owner).send().await.expect_nothing();
    assert_eq!(listed(&rig, &owner).await, Vec::<String>::new());
    rig.get(&path).by(&owner).send().await.expect(200);
    let messages = format!("{path}/messages");
    let read = rig.get(&messages).by(&moderator).send().await.expect(200);
    assert_eq!(read["items"][0]["message"], "the last word");

    let say = json!({"message": "one more", "client_message_id": Uuid::new_v4()});
    for call in [
        rig.patch(&path).json(&json!({"name": "x"})),
        rig.post(&format!("{path}/members"))
            .json(&json!({"member_ids": []})),
        rig.post(&messages).json(&say),
    ] {
        let answer = call.by(&owner).send().await;
        assert_eq!(answer.status.as_u16(), 409);
        assert_eq!(answer.problem("conflict")["code"], "archived");
    }
}

#[tokio::test]
async fn a_deleted_direct_room_is_hidden_from_the_caller_until_its_next_message() {
    let rig = Rig::start().await;
    let (one, other) = (rig.user(), rig.user());
    let room = open(&rig, &one, direct(&other)).await.expect(201);
    let uuid = room["uuid"].as_str().unwrap();
    let path = format!("/api/v1/rooms/{uuid}");
    rig.delete(&path).by(&one).send().await.expect_nothing();
    assert_eq!(listed(&rig, &one).await, Vec::<String>::new());
    assert_eq!(listed(&rig, &other).await, [uuid]);
    rig.get(&path).by(&one).send().await.expect(200);

    let say = json!({"message": "sannu", "client_message_id": Uuid::new_v4()});
    let said = rig.post(&format!("{path}/messages")).by(&other).json(&say);
    said.send().await.expect(201);
    assert_eq!(listed(&rig, &one).await, [uuid]);

    let leave = rig.delete(&format!("{path}/members/{}", one.id)).by(&one);
    leave.send().await.expect_nothing();
    assert_eq!(listed(&rig, &one).await, Vec::<String>::new());
    let again = open(&rig, &one, direct(&other)).await.expect(200);
    assert_eq!(again["uuid"], uuid);
    assert_eq!(listed(&rig, &one).await, [uuid]);
}

#[tokio::test]
async fn parameters_narrow_the_list_and_refuse_what_they_do_not_know() {
    let rig = Rig::start().await;
    let (me, musa) = (
        rig.user(),
        rig.database().user().name("Musa", "Garba").create(),
    );
    let direct = rig.database().direct_room(me.id, musa.id).id.to_string();
    let group = rig.database().group(me.id).name("Garba Hall").create().id;
    let archived = rig.database().group(me.id).archived().create().id;
    let (group, archived) = (group.to_string(), archived.to_string());
    for (query, expected) in [
        ("?kind=direct", vec![&direct]),
        ("?kind=direct&kind=group", vec![&group, &direct]),
        ("?q=garba", vec![&group, &direct]),
        ("?q=garba+musa", vec![&direct]),
        ("?archived=true", vec![&archived]),
        ("?archived=false", vec![&group, &direct]),
        ("?hidden=true", vec![]),
        ("?sort=last_activity", vec![&direct, &group]),
    ] {
        let listed = listed_where(&rig, &me, query).await;
        assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let wrong = rig.get("/api/v1/rooms?kind=herd&archived=maybe&hidden=1&q=");
    let mistakes = wrong.by(&me).send().await.mistakes();
    let expected = [
        ("archived", "flag.invalid"),
        ("hidden", "flag.invalid"),
        ("kind", "kind.unknown"),
        ("q", "text.short"),
    ];
    assert_eq!(mistakes, pairs(&expected));
}

#[tokio::test]
async fn settings_are_answered_and_shown_with_the_room() {
    let rig = Rig::start().await;
    let (me, other) = (rig.user(), rig.user());
    let room = rig.database().group(me.id).member(other.id).create().id;
    rig.database().message(room, other.id, "sannu");
    let path = format!("/api/v1/rooms/{room}");
    let settings = format!("{path}/settings");
    let put = async |body: &Value| rig.call("PUT", &settings).by(&me).json(body).send().await;
    let badge = async || {
        let badge = rig.get("/api/v1/me/unread-count").by(&me).send().await;
        badge.expect(200)
    };
    assert_eq!(badge().await, json!({"rooms": 1, "messages": 1}));

    let muted = json!({
        "muted_until": "2099-01-05T08:30:00.000001Z",
        "pinned": true,
        "hidden": false,
    });
    let answer = put(&muted).await;
    assert_eq!(answer.expect(200), muted);
    let tag = answer.header("etag").to_owned();
    let shown = rig.get(&path).by(&me).send().await.expect(200);
    for name in ["muted_until", "pinned", "hidden"] {
        assert_eq!(shown[name], muted[name], "{name}");
    }
    assert_eq!(badge().await, json!({"rooms": 0, "messages": 0}));

    let hidden = json!({"muted_until": null, "pinned": false, "hidden": true});
    put(&hidden).await.expect(200);
    let stale = rig.call("PUT", &settings).by(&me).json(&muted);
    let stale = stale.header("if-match", &tag).send().await;
    stale.problem("precondition-failed");
    assert_eq!(listed(&rig, &me).await, Vec::<String>::new());
    assert_eq!(
        listed_where(&rig, &me, "?hidden=true").await,
        [room.to_string()]
    );

    for (field, value, code) in [
        ("muted_until", json!("tomorrow"), "time.invalid"),
        (
            "muted_until",
            json!("+10000-01-01T00:00:00Z"),
            "time.invalid",
        ),
        ("muted_until", json!(7), "type.text"),
        ("pinned", json!("yes"), "type.flag"),
        ("hidden", json!(null), "type.flag"),
    ] {
        let mut body = muted.clone();
        body[field] = value;
        let mistakes = put(&body).await.mistakes();
        assert_eq!(mistakes, pairs(&[(&format!("/{field}"), code)]));
    }
}
