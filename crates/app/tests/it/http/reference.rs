//! Reference data: versions, caching, and the office's edits.

use abu_domain::access::Permission;
use serde_json::{Value, json};

use super::support::{Answer, Rig, pairs};

const HISTORY: &str = "/api/v1/admin/reference/departments/history";

fn items(list: &Value) -> &Vec<Value> {
    list["items"].as_array().unwrap()
}

fn item<'a>(list: &'a Value, code: &str) -> &'a Value {
    let mut all = items(list).iter();
    all.find(|item| item["code"] == code).unwrap()
}

async fn list(rig: &Rig, kind: &str) -> Answer {
    rig.get(&format!("/api/v1/reference/{kind}")).send().await
}

#[tokio::test]
async fn every_list_is_public_and_whole() {
    let rig = Rig::start().await;
    let index = rig.get("/api/v1/reference").send().await;
    assert_eq!(index.header("cache-control"), "public, max-age=300");
    let index = index.expect(200);
    for (kind, count) in [
        ("faculties", 19),
        ("departments", 99),
        ("degrees", 42),
        ("programmes", 63),
        ("states", 37),
        ("countries", 249),
        ("industries", 21),
    ] {
        let answer = list(&rig, kind).await;
        assert_eq!(answer.header("cache-control"), "public, max-age=86400");
        let list = answer.expect(200);
        assert_eq!(items(&list).len(), count, "{kind}");
        let mut heads = items(&index).iter();
        let head = heads.find(|head| head["kind"] == kind).unwrap();
        for field in ["version", "source", "retrieved", "last_modified"] {
            assert_eq!(head[field], list[field], "{kind} {field}");
        }
    }
    assert_eq!(items(&index).len(), 7);
}

#[tokio::test]
async fn entries_have_the_fields_of_their_list_and_no_others() {
    let rig = Rig::start().await;
    let departments = list(&rig, "departments").await.expect(200);
    assert_eq!(
        item(&departments, "chemical-and-petroleum-engineering"),
        &json!({
            "code": "chemical-and-petroleum-engineering",
            "name": "Chemical and Petroleum Engineering",
            "aliases": ["Chemical Engineering"],
            "faculty": "engineering",
            "valid_from": null,
            "valid_until": null,
            "successor": null,
            "confirmed": false,
        })
    );
    assert_eq!(departments["confirmed"], false);
    let states = list(&rig, "states").await.expect(200);
    let kaduna = item(&states, "kaduna");
    assert_eq!(
        (&kaduna["zone"], &kaduna["iso_code"], &kaduna["confirmed"]),
        (&json!("north_west"), &json!("NG-KD"), &json!(true))
    );
    assert_eq!(states["confirmed"], true);
    let countries = list(&rig, "countries").await.expect(200);
    assert_eq!(item(&countries, "CI")["name"], "Côte d’Ivoire");
}

#[tokio::test]
async fn a_list_is_sent_once_for_each_version() {
    let rig = Rig::start().await;
    let office = rig.holder_of(&[Permission::ManageSettings]);
    let path = "/api/v1/reference/departments";
    let first = list(&rig, "departments").await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("\"1-"), "{tag}");
    let again = rig.get(path).header("if-none-match", &tag).send().await;
    assert_eq!(again.status.as_u16(), 304);
    assert!(again.body.is_empty());
    assert_eq!(again.header("cache-control"), "public, max-age=86400");

    let change = json!({"aliases": ["History and War Studies"]});
    let changed = rig.patch(HISTORY).by(&office).header("if-match", "*");
    changed.json(&change).send().await.expect(200);
    let newer = rig.get(path).header("if-none-match", &tag).send().await;
    assert!(newer.header("etag").starts_with("\"2-"));
    let newer = newer.expect(200);
    assert_eq!(newer["version"], 2);
    assert_eq!(item(&newer, "history")["aliases"], change["aliases"]);
}

#[tokio::test]
async fn a_version_is_immutable_and_only_the_newest_is_there() {
    let rig = Rig::start().await;
    let office = rig.holder_of(&[Permission::ManageSettings]);
    let version = |number: &str| format!("/api/v1/reference/departments/v/{number}");
    let first = rig.get(&version("1")).send().await;
    assert_eq!(
        first.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(
        first.expect(200),
        list(&rig, "departments").await.expect(200)
    );
    let changed = rig.patch(HISTORY).by(&office).header("if-match", "*");
    let change = json!({"confirmed_by": "Registry"});
    changed.json(&change).send().await.expect(200);
    for number in ["0", "1", "3", "-1", "x", "99999999999999999999"] {
        let absent = rig.get(&version(number)).send().await;
        absent.problem("not-found");
        assert_eq!(absent.header("cache-control"), "no-store");
    }
    rig.get(&version("2")).send().await.expect(200);
}

#[tokio::test]
async fn lists_are_compressed_and_unknown_ones_are_not_there() {
    let rig = Rig::start().await;
    let call = rig.get("/api/v1/reference/countries");
    let packed = call.header("accept-encoding", "gzip").send().await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() < 8_000, "{}", packed.body.len());
    list(&rig, "lgas").await.problem("not-found");
    list(&rig, "countries?fields=code")
        .await
        .problem("unknown-parameter");
}

#[tokio::test]
async fn the_office_adds_an_entry_and_edits_what_it_has_seen() {
    let rig = Rig::start().await;
    let office = rig.holder_of(&[Permission::ManageSettings]);
    let body = json!({
        "code": "software-engineering",
        "name": "Software Engineering",
        "faculty": "physical-sciences",
        "valid_from": "2026-10-01",
    });
    let create = || {
        rig.post("/api/v1/admin/reference/departments")
            .by(&office)
            .json(&body)
    };
    let created = create().send().await;
    let address = created.header("location").to_owned();
    assert_eq!(
        address,
        "/api/v1/admin/reference/departments/software-engineering"
    );
    let entry = created.expect(201);
    assert_eq!(entry["kind"], "departments");
    assert_eq!(entry["valid_from"], "2026-10-01");
    assert!(entry["edited_at"].is_string() && entry["confirmed_by"].is_null());
    let taken = create().send().await;
    assert_eq!(taken.problem("duplicate")["errors"][0]["pointer"], "/code");

    let seen = rig.get(&address).by(&office).send().await;
    let tag = seen.header("etag").to_owned();
    let end = json!({"valid_until": "2027-09-30", "successor": "computer-science"});
    let unseen = rig.patch(&address).by(&office).json(&end).send().await;
    unseen.problem("precondition-required");
    let patch = || {
        rig.patch(&address)
            .by(&office)
            .header("if-match", &tag)
            .json(&end)
    };
    let ended = patch().send().await.expect(200);
    assert_eq!(ended["successor"], "computer-science");
    patch().send().await.problem("precondition-failed");
    rig.assert_audited(
        "reference.update",
        "departments/software-engineering",
        "validity, successor",
        1,
    );
    let listed = list(&rig, "departments").await.expect(200);
    assert_eq!(
        item(&listed, "software-engineering")["valid_until"],
        "2027-09-30"
    );
}

#[tokio::test]
async fn what_a_body_has_wrong_is_named_by_field() {
    let rig = Rig::start().await;
    let office = rig.holder_of(&[Permission::ManageSettings]);
    for (kind, body, mistakes) in [
        (
            "departments",
            json!({"code": "A B", "name": "", "aliases": ["\u{1}"], "zone": "north_west"}),
            &[
                ("/code", "code.form"),
                ("/name", "label.length"),
                ("/aliases/0", "name.control-character"),
                ("/faculty", "required"),
                ("/zone", "field.of-another-list"),
            ][..],
        ),
        (
            "departments",
            json!({"code": "x", "name": "X y", "faculty": "alchemy"}),
            &[("/faculty", "code.unknown")],
        ),
        (
            "faculties",
            json!({"code": "x", "name": "X y", "successor": "alchemy"}),
            &[("/successor", "successor.unknown")],
        ),
        (
            "degrees",
            json!({"code": "x", "name": "X y", "level": "wizard", "abbreviation": "X."}),
            &[("/level", "level.unknown")],
        ),
        (
            "faculties",
            json!({"code": "x", "name": "X y", "valid_from": "2026-02-30", "valid_until": "+2026-1-1"}),
            &[
                ("/valid_from", "day.invalid"),
                ("/valid_until", "day.invalid"),
            ],
        ),
        (
            "faculties",
            json!({"code": "x", "name": "X y", "valid_from": "2026-02-03", "valid_until": "2026-02-02"}),
            &[("/valid_until", "valid_until.before-start")],
        ),
        (
            "faculties",
            json!({"code": "x", "name": "★"}),
            &[("/name", "label.no-letter")],
        ),
    ] {
        let path = format!("/api/v1/admin/reference/{kind}");
        let answer = rig.post(&path).by(&office).json(&body).send().await;
        assert_eq!(answer.mistakes(), pairs(mistakes), "{body}");
    }
    let patch = rig.patch(HISTORY).by(&office).header("if-match", "*");
    let foreign = patch.json(&json!({"degree": "bsc"})).send().await;
    assert_eq!(
        foreign.mistakes(),
        pairs(&[("/degree", "field.of-another-list")])
    );
}
