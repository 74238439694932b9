//! The jobs that erase accounts and write copies of data.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use abu_application::{
    identity::ports::{DataExport, ExportState},
    platform::{
        jobs::{JobRunner, JobTimes, JobWakes, JobWorkers},
        system::SystemIds,
    },
};
use abu_domain::identity::text::LoginPassword;
use chrono::TimeDelta;
use serde_json::Value;

use super::{Scene, schedule, step};
use crate::support::{PASSWORD, TestApp};

/// What does not happen within this time does not happen.
const EVENT_TIMEOUT: Duration = Duration::from_secs(60);

fn start(app: &TestApp) -> JobWorkers {
    let workers = JobWorkers::start(JobRunner {
        store: app.database.store(),
        ids: Arc::new(SystemIds),
        handlers: app.use_cases.job_handlers(),
        wakes: JobWakes::new(2),
        poll_interval: Duration::from_millis(20),
        times: JobTimes::default(),
    });
    workers.unwrap()
}

/// Has every job due at once until the query answers `true`.
fn hurry_until(app: &TestApp, condition: &str) {
    let query = format!("SELECT ({condition})::text");
    let deadline = Instant::now() + EVENT_TIMEOUT;
    while app.database.texts(&query) != ["true"] {
        assert!(Instant::now() < deadline, "{condition}");
        app.database
            .execute("UPDATE jobs SET next_attempt_at = now() WHERE leased_until IS NULL");
        thread::yield_now();
    }
}

#[test]
fn the_job_erases_one_account_after_the_other_past_one_that_waits() {
    let scene = Scene::new();
    let app = &scene.app;
    for number in 0..300 {
        scene.say(scene.room, &scene.amina, &format!("text {number}"));
    }
    let last_admin = app.member().super_admin().create();
    for user in [last_admin.id(), scene.musa.id(), scene.amina.id()] {
        schedule(app, user);
        step(app, user);
    }
    app.clock.advance(TimeDelta::hours(24));
    let workers = start(app);
    hurry_until(app, "(SELECT count(*) FROM erasures) = 1");
    workers.stop();
    let left = app.database.texts("SELECT user_id::text FROM erasures");
    assert_eq!(left, [last_admin.id().to_string()]);
    assert!(
        scene
            .messages(scene.room)
            .iter()
            .all(|message| message.is_deleted())
    );
}

#[test]
fn erasures_that_wait_for_their_mail_hold_up_no_later_one() {
    let scene = Scene::new();
    let app = &scene.app;
    scene.say(scene.room, &scene.amina, "to be removed");
    let waiting: Vec<_> = (0..130).map(|_| app.member().create()).collect();
    for member in &waiting {
        schedule(app, member.id());
        step(app, member.id());
    }
    // All that is left is the last mail, and no mail server takes any.
    app.database.execute("UPDATE erasures SET stage = 1000");
    app.clock.advance(TimeDelta::minutes(1));
    schedule(app, scene.amina.id());
    step(app, scene.amina.id());
    app.clock.advance(TimeDelta::minutes(1));
    let workers = start(app);
    hurry_until(app, "EXISTS (SELECT FROM messages WHERE body = '')");
    workers.stop();
    let left = app
        .database
        .texts("SELECT count(*)::text FROM erasures WHERE stage = 1000");
    assert_eq!(left, [waiting.len().to_string()]);
}

#[tokio::test]
async fn the_job_writes_a_copy_of_what_the_user_gave_and_nothing_of_others() {
    let scene = Scene::new();
    let (app, amina) = (&scene.app, &scene.amina);
    scene.say(scene.direct, &scene.musa, "theirs");
    for number in 0..700 {
        scene.say(scene.room, amina, &format!("older {number}"));
        scene.say_with_id(scene.direct, amina, &format!("newer {number}"));
    }
    let exports = &app.use_cases.identity.exports;
    let password = LoginPassword::new(PASSWORD.into());
    let export = exports.request(amina.caller(), password).await.unwrap();
    let workers = start(app);
    hurry_until(
        app,
        "EXISTS (SELECT FROM data_exports WHERE ready_at IS NOT NULL)",
    );
    workers.stop();
    let written = exports.get(amina.caller(), export.id).await.unwrap();
    let file = exports.open(amina.caller(), export.id).await.unwrap();
    let DataExport {
        state: ExportState::Ready { bytes, .. },
        ..
    } = written
    else {
        panic!("{written:?}")
    };
    assert_eq!(file.size, bytes);
    let data: Value = serde_json::from_reader(file.reader).unwrap();
    let messages = data["messages"].as_array().unwrap();
    let mut texts: Vec<&str> = messages
        .iter()
        .map(|message| message["text"].as_str().unwrap())
        .collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!((messages.len(), texts.len()), (1_400, 1_400));
    assert!(!texts.contains(&"theirs"));
    assert_eq!(data["account"][0]["email"], amina.user.email.as_str());
    let others = data["rooms"].as_array().unwrap();
    let names: Vec<&Value> = others
        .iter()
        .map(|room| &room["other"]["user_uuid"])
        .collect();
    assert!(
        names.contains(&&Value::from(scene.musa.id().to_string())),
        "{names:?}"
    );
}
