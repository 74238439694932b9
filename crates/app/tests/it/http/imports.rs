//! Imports of the register over HTTP: shapes, headers, and the order of checks.

use std::time::Duration;

use abu_domain::{access::Permission::ImportAlumni, identity::user::User};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::support::{Answer, Rig};

/// What does not happen within this time does not happen.
const EVENT_TIMEOUT: Duration = Duration::from_secs(60);

const FILE: &str =
    "Surname,First Name,Matric No,Degree,Year\nBello,Amina,U15CS1070,bsc,2015\nSani,,,,\n";

const DEGREE: &str = "INSERT INTO degrees (code, name, level, abbreviation, created_at, last_modified)
    VALUES ('bsc', 'Bachelor of Science', 'bachelor', 'B.Sc.', now(), now()) ON CONFLICT DO NOTHING";

fn mapping() -> Value {
    json!({
        "surname": {"column": "Surname"},
        "given_names": {"columns": ["First Name"]},
        "matric": {"column": "Matric No"},
        "degree": {"column": "Degree"},
        "year": {"column": "Year"},
    })
}

/// The address of an upload with these parameters besides mapping and legal basis.
pub(super) fn upload_address(more: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("mapping", &mapping().to_string());
    query.append_pair("legal_basis", "Public task");
    query.extend_pairs(more);
    format!("/api/v1/admin/imports?{}", query.finish())
}

async fn rig() -> (Rig, User) {
    let rig = Rig::without_limits().await;
    rig.database().execute(DEGREE);
    let office = rig.holder_of(&[ImportAlumni]);
    (rig, office)
}

async fn upload(rig: &Rig, office: &User, key: Uuid, file: &str) -> Answer {
    rig.post(&upload_address(&[]))
        .by(office)
        .header("idempotency-key", &key.to_string())
        .header("content-type", "text/csv")
        .body(file.to_owned())
        .send()
        .await
}

/// The import once it is in this state.
async fn in_state(rig: &Rig, office: &User, path: &str, state: &str) -> Value {
    let poll = async {
        loop {
            let import = rig.get(path).by(office).send().await.expect(200);
            if import["state"] == state {
                return import;
            }
            assert_ne!(import["state"], "failed", "{import}");
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(EVENT_TIMEOUT, poll).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_uploaded_judged_committed_and_rolled_back() {
    let (rig, office) = rig().await;
    let answer = upload(&rig, &office, Uuid::new_v4(), FILE).await;
    let uploaded = answer.expect(202);
    let task = uploaded["task_uuid"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/api/v1/tasks/{task}"));
    let path = format!(
        "/api/v1/admin/imports/{}",
        uploaded["uuid"].as_str().unwrap()
    );

    let judged = in_state(&rig, &office, &path, "judged").await;
    assert_eq!(
        (&judged["lines"], &judged["encoding"]),
        (&json!(2), &json!("utf-8"))
    );
    let expected = json!({
        "malformed": 1, "unknown_value": 0, "duplicate_in_file": 0, "conflict": 0,
        "ready": 1, "will_update": 0, "unchanged": 0,
    });
    assert_eq!(judged["counts"], expected);
    let rows = rig
        .get(&format!("{path}/rows?state=ready&count=true"))
        .by(&office);
    let rows = rows.send().await.expect(200);
    assert_eq!(rows["total"]["value"], 1);
    assert_eq!(rows["items"][0]["line"], 2);
    assert_eq!(rows["items"][0]["matric"], "U15CS1070");
    let errors = rig
        .get(&format!("{path}/errors.csv"))
        .by(&office)
        .send()
        .await;
    assert_eq!(errors.header("content-type"), "text/csv; charset=utf-8");
    assert!(
        errors
            .header("content-disposition")
            .starts_with("attachment")
    );
    assert!(errors.text().contains("3,malformed,"), "{}", errors.text());

    let commit = rig.post(&format!("{path}/commit")).by(&office).send().await;
    let started = commit.expect(202);
    let task = started["task_uuid"].as_str().unwrap();
    assert_eq!(commit.header("location"), format!("/api/v1/tasks/{task}"));
    let committed = in_state(&rig, &office, &path, "committed").await;
    assert_eq!(committed["committed_by"], office.id.to_string());
    assert!(committed["rollback_until"].is_string());
    rig.assert_audited(
        "import.commit",
        committed["uuid"].as_str().unwrap(),
        r#""records":"1""#,
        1,
    );

    let again = rig.post(&format!("{path}/commit")).by(&office).send().await;
    assert_eq!(again.problem("conflict")["code"], "import-state");
    let undo = rig
        .post(&format!("{path}/rollback"))
        .by(&office)
        .send()
        .await;
    undo.expect(202);
    in_state(&rig, &office, &path, "rolled_back").await;
    let list = rig.get("/api/v1/admin/imports").by(&office).send().await;
    assert_eq!(list.expect(200)["items"][0]["state"], "rolled_back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_dry_run_the_commit_follows_the_judgment() {
    let (rig, office) = rig().await;
    let answer = rig
        .post(&upload_address(&[("dry_run", "false")]))
        .by(&office)
        .header("idempotency-key", &Uuid::new_v4().to_string())
        .header("content-type", "text/csv")
        .body(FILE.to_owned())
        .send()
        .await;
    let id = answer.expect(202)["uuid"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/admin/imports/{id}");
    in_state(&rig, &office, &path, "committed").await;
}

#[tokio::test]
async fn an_upload_is_done_once_for_each_key_and_each_file() {
    let (rig, office) = rig().await;
    let key = Uuid::new_v4();
    let first = upload(&rig, &office, key, FILE).await;
    let import = first.expect(202);
    let again = upload(&rig, &office, key, FILE).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(202), import);
    assert_eq!(again.header("location"), first.header("location"));
    let other = upload(&rig, &office, key, "Surname\nBello\n").await;
    other.problem("idempotency-key-reused");
    let same_file = upload(&rig, &office, Uuid::new_v4(), FILE).await;
    assert_eq!(same_file.expect(200)["uuid"], import["uuid"]);
}

#[tokio::test]
async fn a_form_carries_the_file_and_its_parameters_in_any_order() {
    let (rig, office) = rig().await;
    let part = |name: &str, value: &str| {
        format!("--xyz\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = format!(
        "--xyz\r\ncontent-disposition: form-data; name=\"file\"; filename=\"C:\\\\2015.csv\"\r\ncontent-type: text/csv\r\n\r\n{FILE}\r\n"
    );
    let body = [
        part("legal_basis", "Public task"),
        file,
        part("mapping", &mapping().to_string()),
        "--xyz--\r\n".to_owned(),
    ];
    let send = |body: String| {
        rig.post("/api/v1/admin/imports")
            .by(&office)
            .header("idempotency-key", &Uuid::new_v4().to_string())
            .header("content-type", "multipart/form-data; boundary=xyz")
            .body(body)
            .send()
    };
    let import = send(body.concat()).await.expect(202);
    assert_eq!(import["file_name"], "2015.csv");
    assert_eq!(import["legal_basis"], "Public task");
    let without_file = [
        part("legal_basis", "x"),
        part("mapping", &mapping().to_string()),
    ];
    let answer = send(format!("{}--xyz--\r\n", without_file.concat())).await;
    assert_eq!(
        answer.mistakes(),
        super::support::pairs(&[("/file", "required")])
    );
    let answer = send(format!("{}--xyz--\r\n", part("color", "red"))).await;
    assert_eq!(
        answer.mistakes(),
        super::support::pairs(&[("/file", "form.unknown")])
    );
}

#[tokio::test]
async fn what_an_upload_lacks_is_named_before_its_file_is_stored() {
    let (rig, office) = rig().await;
    let no_key = rig
        .post(&upload_address(&[]))
        .by(&office)
        .header("content-type", "text/csv")
        .body(FILE.to_owned());
    no_key.send().await.problem("idempotency-key-invalid");
    let bare = |kind: &str, file: &str| {
        rig.post("/api/v1/admin/imports")
            .by(&office)
            .header("idempotency-key", &Uuid::new_v4().to_string())
            .header("content-type", kind)
            .body(file.to_owned())
            .send()
    };
    let expected = super::support::pairs(&[("/mapping", "required"), ("/legal_basis", "required")]);
    let mut mistakes = bare("text/csv", FILE).await.mistakes();
    for mistake in &mut mistakes {
        mistake.0 = format!("/{}", mistake.0.trim_start_matches('/'));
    }
    assert_eq!(mistakes, expected);
    bare("application/json", "{}")
        .await
        .problem("unsupported-media");
    let empty = upload(&rig, &office, Uuid::new_v4(), "").await;
    assert_eq!(
        empty.mistakes(),
        super::support::pairs(&[("/file", "file.empty")])
    );
    let stored = rig.database().texts("SELECT count(*)::text FROM imports");
    assert_eq!(stored, ["0"]);
}

#[tokio::test]
async fn a_file_may_be_larger_than_other_bodies_up_to_its_own_limit() {
    let rig = Rig::start_with(|settings| {
        settings.server.max_body_bytes = 2_000;
        settings.imports.max_bytes = 10_000;
    })
    .await;
    rig.database().execute(DEGREE);
    let office = rig.holder_of(&[ImportAlumni]);
    let row = "Bello,Amina,U15CS1070,bsc,2015\n";
    let file = |rows: usize| {
        format!(
            "Surname,First Name,Matric No,Degree,Year\n{}",
            row.repeat(rows)
        )
    };
    upload(&rig, &office, Uuid::new_v4(), &file(200))
        .await
        .expect(202);
    let too_large = upload(&rig, &office, Uuid::new_v4(), &file(400)).await;
    too_large.problem("payload-too-large");
}

#[tokio::test]
async fn a_preview_proposes_a_mapping_and_stores_nothing() {
    let (rig, office) = rig().await;
    let preview = rig
        .post("/api/v1/admin/imports/preview")
        .by(&office)
        .header("content-type", "text/csv")
        .body(FILE.to_owned())
        .send()
        .await
        .expect(200);
    assert_eq!(preview["mapping"], mapping());
    assert_eq!(preview["rows"][0][0], "Bello");
    assert_eq!(
        (&preview["encoding"], &preview["delimiter"]),
        (&json!("utf-8"), &json!(","))
    );
    let stored = rig.database().texts("SELECT count(*)::text FROM imports");
    assert_eq!(stored, ["0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mapping_that_does_not_fit_names_its_fields() {
    let (rig, office) = rig().await;
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("mapping", r#"{"surname":{"column":"Surname"}}"#)
        .append_pair("legal_basis", "Public task")
        .finish();
    let answer = rig
        .post(&format!("/api/v1/admin/imports?{query}"))
        .by(&office)
        .header("idempotency-key", &Uuid::new_v4().to_string())
        .header("content-type", "text/csv")
        .body(FILE.to_owned())
        .send()
        .await;
    let mistakes = answer.mistakes();
    assert!(
        mistakes
            .iter()
            .all(|(place, code)| place == "/mapping" && code == "mapping.required"),
        "{mistakes:?}"
    );
}
