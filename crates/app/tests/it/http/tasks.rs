//! Tasks over HTTP.

use abu_application::platform::{
    jobs::Lane,
    ports::{Clock, Ids, NewJob, NewTask, RunAt},
    system::{SystemClock, SystemIds},
};
use abu_domain::{TaskId, UserId, access::Permission};
use abu_test_support::TestDatabase;
use serde_json::json;
use uuid::Uuid;

use super::support::Rig;

const SUBJECT: Uuid = Uuid::from_u128(7);

/// A task of the user; no release knows the kind of its job.
fn start(database: &TestDatabase, user: UserId) -> TaskId {
    let task = NewTask {
        id: SystemIds.random().into(),
        kind: "import_judge",
        subject: Some(SUBJECT),
        permission: Some(Permission::ImportAlumni.name()),
        created_by: Some(user),
        created_at: SystemClock.now(),
    };
    let job = NewJob {
        id: SystemIds.time_ordered().into(),
        lane: Lane::Bulk,
        kind: "no kind of this release",
        key: None,
        payload: json!({}),
        run_at: RunAt::Now,
    };
    assert!(
        database
            .transaction(|tx| tx.start_task(&task, &job))
            .unwrap()
    );
    task.id
}

#[tokio::test]
async fn a_task_is_shown_without_the_fields_that_have_no_value() {
    let rig = Rig::start().await;
    let user = rig.user();
    let id = start(rig.database(), user.id);
    let path = format!("/api/v1/tasks/{id}");
    let queued = rig.get(&path).by(&user).send().await.expect(200);
    let expected = json!({
        "uuid": id.to_string(),
        "kind": "import_judge",
        "subject": SUBJECT.to_string(),
        "state": "queued",
        "created_at": queued["created_at"],
        "last_modified": queued["last_modified"],
    });
    assert_eq!(queued, expected);

    rig.database().execute(&format!(
        "UPDATE tasks SET state = 'running', phase = 'stage', done = 250, total = 1000, unit = 'rows',
             phase_began_at = now() - interval '10 s', last_modified = now() WHERE id = '{id}'"
    ));
    let running = rig.get(&path).by(&user).send().await.expect(200);
    for (field, value) in [
        ("state", json!("running")),
        ("phase", json!("stage")),
        ("done", json!(250)),
        ("total", json!(1_000)),
        ("unit", json!("rows")),
        ("eta_seconds", json!(30)),
    ] {
        assert_eq!(running[field], value, "{running}");
    }

    rig.database().execute(&format!(
        "UPDATE tasks SET state = 'failed', failure = 'The file has no header.', ended_at = now()
         WHERE id = '{id}'"
    ));
    let failed = rig.get(&path).by(&user).send().await.expect(200);
    assert_eq!(failed["failure"], "The file has no header.");
    assert!(failed.get("eta_seconds").is_none());
}

#[tokio::test]
async fn who_asks_again_gets_304_until_something_changes() {
    let rig = Rig::start().await;
    let user = rig.user();
    let id = start(rig.database(), user.id);
    let path = format!("/api/v1/tasks/{id}");
    let first = rig.get(&path).by(&user).send().await;
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let again = || {
        rig.get(&path)
            .by(&user)
            .header("if-none-match", &tag)
            .send()
    };
    assert_eq!(again().await.status.as_u16(), 304);
    rig.database().execute(&format!(
        "UPDATE tasks SET state = 'running', last_modified = now() WHERE id = '{id}'"
    ));
    again().await.expect(200);
}

#[tokio::test]
async fn a_foreign_task_is_answered_as_an_unknown_one() {
    let rig = Rig::start().await;
    let (owner, stranger) = (rig.user(), rig.user());
    let id = start(rig.database(), owner.id);
    for method in ["GET", "DELETE"] {
        let mut bodies = Vec::new();
        for id in [id, TaskId::new(Uuid::new_v4())] {
            let path = format!("/api/v1/tasks/{id}");
            let answer = rig.call(method, &path).by(&stranger).send().await;
            assert_eq!(answer.status.as_u16(), 404, "{method}");
            let mut body = answer.problem("not-found");
            body["instance"] = json!(null);
            bodies.push(body);
        }
        assert_eq!(bodies[0], bodies[1], "{method}");
    }
    let staff = rig.holder_of(&[Permission::ImportAlumni]);
    let path = format!("/api/v1/tasks/{id}");
    rig.get(&path).by(&staff).send().await.expect(200);
}

#[tokio::test]
async fn a_cancellation_is_accepted_until_the_task_has_ended() {
    let rig = Rig::start().await;
    let user = rig.user();
    let id = start(rig.database(), user.id);
    let path = format!("/api/v1/tasks/{id}");
    let accepted = rig.delete(&path).by(&user).send().await;
    assert_eq!(accepted.headers["location"].to_str().unwrap(), path);
    assert_eq!(accepted.expect(202)["state"], "canceling");
    rig.assert_stored(&format!(
        "(SELECT canceled_at IS NOT NULL FROM jobs WHERE task_id = '{id}')"
    ));
    rig.database().execute(&format!(
        "UPDATE tasks SET state = 'done', ended_at = now() WHERE id = '{id}'"
    ));
    let late = rig.delete(&path).by(&user).send().await;
    assert_eq!(late.status.as_u16(), 409);
    assert_eq!(late.problem("conflict")["code"], "task-ended");
}
