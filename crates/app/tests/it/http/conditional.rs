//! Conditional requests (RFC 9110, 13): `If-None-Match` and `If-Match`.

use std::collections::BTreeSet;

use abu_domain::{RoomId, access::Permission, identity::user::User, messaging::room::RoomRole};
use serde_json::{Value, json};

use super::{
    documentation::{body_schema, operations},
    support::{Answer, Rig, Subjects},
};

/// A room, its owner, and its address.
fn room(rig: &Rig) -> (User, String) {
    let owner = rig.user();
    let room = rig.database().group(owner.id).create();
    (owner, format!("/api/v1/rooms/{}", room.id))
}

async fn rename(rig: &Rig, path: &str, by: &User, name: &str, if_match: Option<&str>) -> Answer {
    let call = rig.patch(path).by(by).json(&json!({"name": name}));
    match if_match {
        Some(tag) => call.header("if-match", tag).send().await,
        None => call.send().await,
    }
}

/// What the answer depends on besides its address.
fn vary(answer: &Answer) -> BTreeSet<String> {
    let values = answer.headers.get_all("vary").iter();
    values
        .flat_map(|value| value.to_str().unwrap().split(','))
        .map(|name| name.trim().to_lowercase())
        .collect()
}

/// What exists only once the caller asked for it; the tests of its resource read it.
const ASKED_FOR: [&str; 6] = [
    "/api/v1/invitations/{code}",
    "/api/v1/me/erasure",
    "/api/v1/me/exports/{uuid}",
    "/api/v1/me/exports/{uuid}/file",
    "/api/v1/rooms/{uuid}/messages/{message_id}",
    "/api/v1/tasks/{uuid}",
];

/// Every GET of the description, with its path filled in, that answers with a body.
fn readable(description: &Value, subjects: &Subjects) -> Vec<String> {
    let paths = description["paths"].as_object().unwrap();
    let answers = |item: &Value| !item["get"]["responses"]["200"]["content"].is_null();
    // Looking into the audit log adds to it, so it is another one each time.
    // A file of codes is streamed, and each download is noted. Subjects have no file as evidence.
    // Profiles of others are for verified graduates, and have tests of their own.
    let same_again = |path: &str| {
        path != "/api/v1/admin/audit-log"
            && !path.ends_with("/codes.csv")
            && !path.ends_with("/{evidence_uuid}")
            && !["/api/v1/profiles/{uuid}", "/api/v1/p/{slug}"].contains(&path)
    };
    let readable = paths.iter().filter(|(path, item)| {
        answers(item) && same_again(path) && !ASKED_FOR.contains(&path.as_str())
    });
    let filled = readable.map(|(path, _)| match path.as_str() {
        "/api/v1/alumni/suggest" => format!("{path}?q=bel"),
        path => subjects.fill(path, ""),
    });
    filled.collect()
}

#[tokio::test]
async fn whatever_can_be_read_is_not_sent_again_to_who_has_it() {
    let rig = Rig::start().await;
    let viewer = rig.superuser();
    rig.verify(&viewer);
    let subjects = Subjects::of(&rig, &viewer, Permission::ModifyRole);
    let paths = readable(&rig.description().await, &subjects);
    assert!(paths.len() >= 12, "{paths:?}");
    for path in paths {
        let whole = rig.get(&path).by(&viewer).send().await;
        assert_eq!(whole.status.as_u16(), 200, "{path}");
        let tag = whole.header("etag").to_owned();
        // A streamed file is known by its version, not by its bytes.
        let is_strong = tag.starts_with('"') && tag.len() >= 24;
        assert!(is_strong || path.ends_with("/errors.csv"), "{path} {tag}");
        for method in ["GET", "HEAD"] {
            let again = rig.call(method, &path).by(&viewer);
            let again = again.header("if-none-match", &tag).send().await;
            assert_eq!(again.status.as_u16(), 304, "{method} {path}");
            assert!(again.body.is_empty());
            for name in ["etag", "cache-control", "content-security-policy"] {
                assert_eq!(again.header(name), whole.header(name), "{path} {name}");
            }
            assert_eq!(vary(&again), vary(&whole), "{path}");
            assert!(vary(&again).contains("accept-encoding"), "{path}");
            assert!(!again.header("x-request-id").is_empty());
            for name in ["content-type", "content-length", "content-encoding"] {
                assert!(!again.headers.contains_key(name), "{path} {name}");
            }
        }
    }
}

#[tokio::test]
async fn a_tag_is_compared_weakly_and_anywhere_in_the_list() {
    let rig = Rig::start().await;
    let user = rig.user();
    let whole = rig.get("/api/v1/me").by(&user).send().await;
    let tag = whole.header("etag");
    for (known, status) in [
        (tag.to_owned(), 304),
        (format!("W/{tag}"), 304),
        (format!("\"other\", W/{tag}, \"another\""), 304),
        ("*".to_owned(), 304),
        ("\"other\"".to_owned(), 200),
        (tag.trim_matches('"').to_owned(), 200),
        ("nonsense".to_owned(), 200),
        (String::new(), 200),
    ] {
        let call = rig.get("/api/v1/me").by(&user);
        let answer = call.header("if-none-match", &known).send().await;
        assert_eq!(answer.status.as_u16(), status, "{known}");
        assert_eq!(answer.header("etag"), tag, "{known}");
    }
}

#[tokio::test]
async fn not_modified_requires_the_same_permission_as_the_content() {
    let rig = Rig::start().await;
    let (owner, path) = room(&rig);
    let whole = rig.get(&path).by(&owner).send().await;
    let tag = whole.header("etag");
    let stranger = rig.get(&path).by(&rig.user());
    let stranger = stranger.header("if-none-match", tag).send().await;
    stranger.problem("not-found");
    assert!(!stranger.headers.contains_key("etag"));
    let anonymous = rig.get(&path).header("if-none-match", "*").send().await;
    anonymous.problem("authentication-required");
}

#[tokio::test]
async fn a_changed_list_and_another_manner_of_showing_it_have_other_tags() {
    let rig = Rig::start().await;
    let me = rig.user();
    rig.database().group(me.id).create();
    let tag = async |path: &str| {
        let answer = rig.get(path).by(&me).send().await;
        answer.header("etag").to_owned()
    };
    let mut tags = BTreeSet::new();
    for query in ["", "?count=true", "?fields=uuid"] {
        tags.insert(tag(&format!("/api/v1/rooms{query}")).await);
    }
    let before = tag("/api/v1/rooms").await;
    rig.database().group(me.id).create();
    tags.insert(tag("/api/v1/rooms").await);
    assert_eq!(tags.len(), 4);
    let call = rig.get("/api/v1/rooms").by(&me);
    let changed = call.header("if-none-match", &before).send().await;
    assert_eq!(changed.expect(200)["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_compressed_answer_is_not_sent_again_either() {
    let rig = Rig::start().await;
    let user = rig.user();
    let packed = rig.get("/api/v1/me").by(&user);
    let packed = packed.header("accept-encoding", "gzip").send().await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let tag = packed.header("etag");
    assert!(tag.starts_with("W/\""), "{tag}");
    for encoding in ["gzip", "identity"] {
        let again = rig.get("/api/v1/me").by(&user).header("if-none-match", tag);
        let again = again.header("accept-encoding", encoding).send().await;
        assert_eq!(again.status.as_u16(), 304);
        assert!(again.body.is_empty());
        assert!(vary(&again).contains("accept-encoding"));
    }
}

#[tokio::test]
async fn a_browser_page_reads_etags_and_gets_not_modified() {
    let origin = "https://alumni.abu.edu.ng";
    let allow = |settings: &mut abu_settings::Settings| {
        settings.cors.allowed_origins = vec![origin.to_owned()];
    };
    let rig = Rig::start_with(allow).await;
    let user = rig.user();
    let call = || rig.get("/api/v1/me").by(&user).header("origin", origin);
    let whole = call().send().await;
    let again = call().header("if-none-match", whole.header("etag"));
    let again = again.send().await;
    assert_eq!(again.status.as_u16(), 304);
    assert_eq!(again.header("access-control-allow-origin"), origin);
}

#[tokio::test]
async fn a_stale_if_match_is_refused() {
    let rig = Rig::start().await;
    let (owner, path) = room(&rig);
    let seen = rig.get(&path).by(&owner).send().await;
    let tag = seen.header("etag").to_owned();
    let first = rename(&rig, &path, &owner, "first", Some(&tag)).await;
    assert_eq!(first.expect(200)["name"], "first");
    let second = rename(&rig, &path, &owner, "second", Some(&tag)).await;
    assert_eq!(second.status.as_u16(), 412);
    second.problem("precondition-failed");
    let now = rig.get(&path).by(&owner).send().await;
    assert_eq!(now.expect(200)["name"], "first");

    // The answer to a change is what one would read, and carries the tag for the next change.
    assert_eq!(first.header("etag"), now.header("etag"));
    let third = rename(&rig, &path, &owner, "third", Some(first.header("etag"))).await;
    assert_eq!(third.expect(200)["name"], "third");
}

#[tokio::test]
async fn every_patch_and_put_refuses_a_stale_tag_and_takes_its_own_again() {
    let rig = Rig::without_limits().await;
    let description = rig.description().await;
    let mut changes = 0;
    for operation in operations(&description) {
        let Some(schema) = body_schema(&description, &operation) else {
            continue;
        };
        if !["PATCH", "PUT"].contains(&operation.method.as_str()) {
            continue;
        }
        let owner = rig.superuser();
        let subjects = Subjects::of(&rig, &owner, Permission::ModifyRole);
        let room = RoomId::new(subjects.room.parse().unwrap());
        let message = rig.database().message(room, owner.id, "sannu");
        let path = operation
            .path
            .replace("{message_id}", &message.id.to_string());
        let path = subjects.fill(&path, "");
        let body = schema.get("example").unwrap_or(&schema["examples"][0]);
        let change = async |tag: &str| {
            let call = rig.call(&operation.method, &path).by(&owner).json(body);
            call.header("if-match", tag).send().await
        };
        let stale = change("\"7fffffff-stale\"").await;
        assert_eq!(stale.status.as_u16(), 412, "{path} {}", stale.text());
        stale.problem("precondition-failed");
        let changed = change("*").await;
        changed.expect(200);
        change(changed.header("etag")).await.expect(200);
        changes += 1;
    }
    assert!(changes >= 8);
}

#[tokio::test]
async fn a_change_names_any_tag_in_any_form_or_none() {
    let rig = Rig::start().await;
    let (owner, path) = room(&rig);
    let tag = async || {
        let seen = rig.get(&path).by(&owner).send().await;
        seen.header("etag").to_owned()
    };
    let old = tag().await;
    rename(&rig, &path, &owner, "changed", None)
        .await
        .expect(200);
    for (form, status) in [
        ("NOW", 200),
        ("W/NOW", 200),
        ("\"other\", NOW", 200),
        ("OLD,W/NOW", 200),
        ("*", 200),
        ("OLD, \"other\"", 412),
        ("W/OLD", 412),
        ("\"other\"", 412),
        ("NOW-WITHOUT-QUOTES", 412),
        ("", 412),
    ] {
        let now = tag().await;
        let if_match = form
            .replace("NOW-WITHOUT-QUOTES", now.trim_matches('"'))
            .replace("NOW", &now)
            .replace("OLD", &old);
        // A patch that names nothing changes nothing, and is held to the tag all the same.
        let call = rig.patch(&path).by(&owner).json(&json!({}));
        let answer = call.header("if-match", &if_match).send().await;
        assert_eq!(answer.status.as_u16(), status, "{if_match}");
        if status == 200 {
            let renamed = rename(&rig, &path, &owner, "again", Some(&if_match)).await;
            renamed.expect(200);
        }
    }
}

#[tokio::test]
async fn of_two_who_change_what_both_have_seen_one_is_refused() {
    let rig = Rig::start().await;
    for _ in 0..5 {
        let (one, other) = (rig.user(), rig.user());
        let room = rig.database().group(one.id);
        let room = room.with_role(other.id, RoomRole::Moderator).create();
        let path = format!("/api/v1/rooms/{}", room.id);
        let seen = rig.get(&path).by(&one).send().await;
        let tag = Some(seen.header("etag"));
        let answers = tokio::join!(
            rename(&rig, &path, &one, "one", tag),
            rename(&rig, &path, &other, "other", tag),
        );
        let mut statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
    }
}

#[tokio::test]
async fn a_message_defeats_if_none_match_but_not_if_match() {
    let rig = Rig::start().await;
    let owner = rig.user();
    let room = rig.database().group(owner.id).create();
    let path = format!("/api/v1/rooms/{}", room.id);
    let seen = rig.get(&path).by(&owner).send().await;
    let tag = seen.header("etag").to_owned();
    rig.database().message(room.id, owner.id, "sannu");
    let again = rig.get(&path).by(&owner).header("if-none-match", &tag);
    assert_eq!(again.send().await.expect(200)["last_seq"], 1);
    rename(&rig, &path, &owner, "renamed", Some(&tag))
        .await
        .expect(200);
}

#[tokio::test]
async fn authorization_and_other_errors_precede_if_match() {
    let rig = Rig::start().await;
    let (owner, path) = room(&rig);
    let stranger = rename(&rig, &path, &rig.user(), "mine", Some("*")).await;
    stranger.problem("not-found");
    // Errors of the request itself come first.
    let old = Some("\"1-x\"");
    rig.delete(&path).by(&owner).send().await.expect_nothing();
    let archived = rename(&rig, &path, &owner, "late", old).await;
    assert_eq!(archived.problem("conflict")["code"], "archived");
    let nameless = rename(&rig, &path, &owner, "", old).await;
    nameless.mistakes();
}
