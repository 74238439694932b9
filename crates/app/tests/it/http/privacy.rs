//! Erasure of one's own account, and copies of one's data.

use abu_domain::identity::user::User;
use serde_json::{Value, json};

use super::support::{Answer, PASSWORD, Rig, pairs};

const ERASURE: &str = "/api/v1/me/erasure";
const EXPORTS: &str = "/api/v1/me/exports";

/// Asks again until the file is written.
async fn ready(rig: &Rig, user: &User, path: &str) -> Value {
    loop {
        let export = rig.get(path).by(user).send().await.expect(200);
        match export["state"].as_str() {
            Some("pending") => tokio::task::yield_now().await,
            Some("ready") => return export,
            _ => panic!("{export}"),
        }
    }
}

async fn request(rig: &Rig, user: &User, path: &str, password: &str) -> Answer {
    let call = rig.post(path).by(user);
    call.json(&json!({"password": password})).send().await
}

#[tokio::test]
async fn an_erasure_is_scheduled_shown_and_canceled() {
    let rig = Rig::start().await;
    let user = rig.member();
    let refused = request(&rig, &user, ERASURE, "another password").await;
    assert_eq!(
        refused.mistakes(),
        pairs(&[("/password", "password.wrong")])
    );
    let scheduled = request(&rig, &user, ERASURE, PASSWORD).await.expect(202);
    assert_eq!(scheduled["is_own"], true);
    assert!(scheduled["requested_at"].is_string() && scheduled["runs_at"].is_string());
    let again = request(&rig, &user, ERASURE, PASSWORD).await.expect(202);
    assert_eq!(again, scheduled);
    let shown = rig.get(ERASURE).by(&user).send().await.expect(200);
    assert_eq!(shown, scheduled);
    rig.log_in(&user).await;
    rig.delete(ERASURE).by(&user).send().await.expect_nothing();
    for gone in [
        rig.get(ERASURE).by(&user).send().await,
        rig.delete(ERASURE).by(&user).send().await,
    ] {
        gone.problem("not-found");
    }
}

#[tokio::test]
async fn a_copy_of_the_data_is_fetched_by_its_owner_alone() {
    let rig = Rig::start().await;
    let (user, other) = (rig.member(), rig.member());
    let database = rig.database();
    let room = database.group(user.id).member(other.id).create().id;
    for number in 0..1_200 {
        database.message(room, user.id, &format!("mine {number}"));
    }
    database.message(room, other.id, "theirs");

    let refused = request(&rig, &user, EXPORTS, "another password").await;
    assert_eq!(
        refused.mistakes(),
        pairs(&[("/password", "password.wrong")])
    );
    let accepted = request(&rig, &user, EXPORTS, PASSWORD).await;
    let export = accepted.expect(202);
    let task = export["task_uuid"].as_str().unwrap();
    assert_eq!(accepted.header("location"), format!("/api/v1/tasks/{task}"));
    let path = format!("{EXPORTS}/{}", export["uuid"].as_str().unwrap());
    let export = ready(&rig, &user, &path).await;
    let listed = rig.get(EXPORTS).by(&user).send().await.expect(200);
    assert_eq!(listed["items"], json!([export]));

    let fetched = rig.get(&format!("{path}/file")).by(&user).send().await;
    assert_eq!(
        fetched.header("content-disposition"),
        format!(
            "attachment; filename=\"abu-alumni-data-{}.json\"",
            export["uuid"].as_str().unwrap()
        )
    );
    assert_eq!(
        fetched.text().len() as u64,
        export["bytes"].as_u64().unwrap()
    );
    let data = fetched.expect(200);
    assert_eq!(data["format"], "abu-alumni-connect/1");
    assert_eq!(data["account"][0]["email"], user.email.as_str());
    assert_eq!(data["email_addresses"].as_array().unwrap().len(), 1);
    assert_eq!(data["rooms"][0]["uuid"], room.to_string());
    let mut texts: Vec<&str> = data["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["text"].as_str().unwrap())
        .collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 1_200);
    assert!(!fetched.text().contains("theirs"));
    assert!(!fetched.text().contains(other.email.as_str()));
    assert!(!fetched.text().contains("password_hash"));
    let log = data["access_log"].as_array().unwrap();
    assert!(
        log.iter()
            .any(|entry| entry["action"] == "account.export" && entry["by"] == "you")
    );

    for path in [path.clone(), format!("{path}/file")] {
        rig.get(&path).by(&other).send().await.problem("not-found");
    }
    let again = request(&rig, &user, EXPORTS, PASSWORD).await;
    again.problem("rate-limited");
    rig.assert_stored("EXISTS (SELECT FROM email_outbox WHERE kind = 'export_ready')");

    database.execute("UPDATE data_exports SET expires_at = now()");
    let expired = rig.get(&format!("{path}/file")).by(&user).send().await;
    expired.problem("gone");
}
