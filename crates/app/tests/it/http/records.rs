//! Records of the register over HTTP: shapes and headers.

use abu_domain::{
    access::Permission::{CreateAlumniRecord, ModifyAlumniRecord, ViewAlumniRecord},
    identity::user::User,
};
use serde_json::{Value, json};

use super::support::{Rig, pairs};

const REFERENCE: &str = "INSERT INTO degrees (code, name, level, abbreviation, created_at, last_modified)
    VALUES ('bsc', 'Bachelor of Science', 'bachelor', 'B.Sc.', now(), now()) ON CONFLICT DO NOTHING";
const RECORDS: &str = "/api/v1/admin/alumni-records";

async fn rig() -> (Rig, User) {
    let rig = Rig::start().await;
    rig.database().execute(REFERENCE);
    let office = rig.holder_of(&[CreateAlumniRecord, ModifyAlumniRecord, ViewAlumniRecord]);
    (rig, office)
}

fn record(surname: &str) -> Value {
    json!({
        "surname": surname,
        "given_names": "Amina",
        "email": "Amina@Example.com",
        "awards": [{"degree": "bsc", "year": 2015, "matric": "u15/cs/1070"}],
    })
}

async fn added(rig: &Rig, office: &User, surname: &str) -> Value {
    let answer = rig
        .post(RECORDS)
        .by(office)
        .json(&record(surname))
        .send()
        .await;
    let body = answer.expect(201);
    let address = format!("{RECORDS}/{}", body["uuid"].as_str().unwrap());
    assert_eq!(answer.header("location"), address);
    body
}

fn path(record: &Value) -> String {
    format!("{RECORDS}/{}", record["uuid"].as_str().unwrap())
}

#[tokio::test]
async fn a_record_is_added_found_seen_and_changed() {
    let (rig, office) = rig().await;
    let body = added(&rig, &office, "Bello").await;
    assert_eq!(body["email"], "amina@example.com");
    assert_eq!(body["awards"][0]["matric"], "u15/cs/1070");
    assert_eq!(body["is_claimed"], false);
    let sources = body["sources"].as_array().unwrap();
    assert!(sources.iter().all(|source| source["source"] == "office"));

    let found = rig.get(&format!(
        "{RECORDS}?q=bello&year=2015&matric=U15CS1070&count=true"
    ));
    let found = found.by(&office).send().await.expect(200);
    assert_eq!(found["items"][0]["uuid"], body["uuid"]);
    assert_eq!(found["total"]["value"], 1);

    let answer = rig.get(&path(&body)).by(&office).send().await;
    let etag = answer.header("etag").to_owned();
    assert_eq!(answer.expect(200), body);

    let patch = json!({"surname": "Yusuf", "email": null});
    let unsafe_patch = rig
        .patch(&path(&body))
        .by(&office)
        .json(&patch)
        .send()
        .await;
    unsafe_patch.problem("precondition-required");
    let change = |etag: &str| {
        rig.patch(&path(&body))
            .by(&office)
            .header("if-match", etag)
            .json(&patch)
    };
    let changed = change(&etag).send().await.expect(200);
    assert_eq!(
        (&changed["surname"], &changed["email"]),
        (&json!("Yusuf"), &json!(null))
    );
    change(&etag).send().await.problem("precondition-failed");

    let history = rig
        .get(&format!("{}/history", path(&body)))
        .by(&office)
        .send()
        .await;
    let history = history.expect(200);
    let expected = json!({"surname": "Bello", "email": "amina@example.com"});
    assert_eq!(history["events"][0]["before"], expected);
    rig.assert_audited(
        "record.update",
        body["uuid"].as_str().unwrap(),
        "surname",
        1,
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_record_is_named_field_by_field() {
    let (rig, office) = rig().await;
    let wrong = json!({
        "surname": "=HYPERLINK(\"x\")",
        "given_names": "",
        "phone": "12",
        "date_of_birth": "7/3/1985",
        "awards": [{"degree": "bsc", "year": 15}],
    });
    let refused = rig.post(RECORDS).by(&office).json(&wrong).send().await;
    let expected = [
        ("/surname", "name.formula"),
        ("/given_names", "name.length"),
        ("/phone", "phone.invalid"),
        ("/date_of_birth", "date.invalid"),
        ("/awards/0", "year.range"),
    ];
    assert_eq!(refused.mistakes(), pairs(&expected));
    let mut unknown = record("Bello");
    unknown["awards"][0]["degree"] = json!("dsc");
    let refused = rig.post(RECORDS).by(&office).json(&unknown).send().await;
    assert_eq!(
        refused.mistakes(),
        pairs(&[("/awards", "reference.unknown")])
    );
}

#[tokio::test]
async fn two_records_are_merged_or_remembered_as_two_people() {
    let (rig, office) = rig().await;
    let (one, two) = (
        added(&rig, &office, "Bello").await,
        added(&rig, &office, "Yusuf").await,
    );
    let people = json!({"uuid": one["uuid"], "other_uuid": two["uuid"]});
    let dismiss = rig
        .post("/api/v1/admin/duplicates/dismiss")
        .by(&office)
        .json(&people);
    dismiss.send().await.expect_nothing();
    let list = rig
        .get("/api/v1/admin/duplicates?count=true")
        .by(&office)
        .send()
        .await;
    assert_eq!(list.expect(200)["items"], json!([]));

    let merge = json!({"keep_uuid": one["uuid"], "drop_uuid": two["uuid"], "from_drop": ["names"]});
    let merging = || {
        rig.post(&format!("{RECORDS}/merge"))
            .by(&office)
            .json(&merge)
    };
    let merged = merging().send().await.expect(200);
    assert_eq!(merged["record"]["surname"], "Yusuf");
    assert_eq!(merged["record"]["awards"].as_array().unwrap().len(), 1);
    let problem = merging().send().await.problem("conflict");
    assert_eq!(problem["code"], "record-state");
    let gone = rig.get(&path(&two)).by(&office).send().await.expect(200);
    assert_eq!(
        (&gone["state"], &gone["merged_into"]),
        (&json!("merged"), &one["uuid"])
    );
}
