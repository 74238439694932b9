//! Files that no row names.

use std::{
    fs::{self, File},
    io::Write,
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime},
};

use abu_application::{
    orphans,
    platform::{
        jobs::{JobRunner, JobTimes, JobWakes, JobWorkers},
        orphans::{Orphans, SPARED_FOR},
        ports::{FileEntry, FileStore},
        system::SystemIds,
    },
};
use abu_domain::{identity::text::LoginPassword, platform::file_key::FileKey};
use abu_storage::FolderStore;
use uuid::Uuid;

use super::imports::Register;
use crate::support::{PASSWORD, TestApp};

/// What does not happen within this time does not happen.
const EVENT_TIMEOUT: Duration = Duration::from_secs(60);

fn store_of(app: &TestApp) -> FolderStore {
    FolderStore::new(app.files.path())
}

fn orphans_of(app: &TestApp) -> Orphans {
    orphans(Arc::new(store_of(app)))
}

fn put(app: &TestApp, key: &str) {
    let key = FileKey::parse(key).unwrap();
    let mut file = store_of(app).create(&key).unwrap();
    file.write_all(b"content").unwrap();
    file.finish().unwrap();
}

/// As if the file had been finished so long ago as to be deleted.
fn age(app: &TestApp, key: &str) {
    let file = File::options()
        .append(true)
        .open(app.files.path().join(key));
    let then = SystemTime::now() - SPARED_FOR;
    file.unwrap().set_modified(then).unwrap();
}

fn found(app: &TestApp) -> Vec<String> {
    let mut found = Vec::new();
    let note = |orphan: &FileEntry| {
        found.push(orphan.key.to_string());
        Ok(())
    };
    orphans_of(app).each(&*app.database.store(), note).unwrap();
    found.sort_unstable();
    found
}

fn delete(app: &TestApp) -> usize {
    orphans_of(app).delete(&*app.database.store()).unwrap()
}

#[tokio::test]
async fn files_that_a_row_names_are_no_orphans_however_old() {
    let register = Register::new();
    let app = &register.app;
    let uploaded = register
        .try_upload(b"Surname\nBello\n", |_draft| {})
        .unwrap();
    let amina = app.member().create();
    let password = LoginPassword::new(PASSWORD.into());
    let exports = &app.use_cases.identity.exports;
    let export = exports.request(amina.caller(), password).await.unwrap();
    let named = [
        format!("imports/{}.csv", uploaded.import.id),
        format!("exports/{}.json", export.id),
    ];
    put(app, &named[1]);
    named.iter().for_each(|key| age(app, key));
    assert_eq!(found(app), [""; 0]);
    assert_eq!(delete(app), 0);
    app.database.execute("UPDATE imports SET file_key = NULL");
    assert_eq!(found(app), named[..1]);
}

#[test]
fn orphans_are_spared_for_a_week_and_folders_of_others_for_ever() {
    let app = TestApp::new();
    let id = Uuid::new_v4();
    let [old, scan, young, odd, foreign] = [
        format!("exports/{id}.json"),
        format!("evidence/{id}"),
        format!("imports/{id}.csv"),
        "imports/no-id.csv".to_owned(),
        format!("avatars/{id}.webp"),
    ];
    for key in [&old, &scan, &young, &odd, &foreign] {
        put(&app, key);
    }
    for key in [&old, &scan, &odd, &foreign] {
        age(&app, key);
    }
    let mut orphans = vec![old, scan, young.clone(), odd];
    orphans.sort_unstable();
    assert_eq!(found(&app), orphans);
    assert_eq!(delete(&app), 3);
    assert_eq!(found(&app), [young]);
    assert!(fs::exists(app.files.path().join(foreign)).unwrap());
}

#[test]
fn more_orphans_than_one_look_up_takes_are_all_deleted() {
    let app = TestApp::new();
    for _ in 0..450 {
        let key = format!("exports/{}.json", Uuid::new_v4());
        put(&app, &key);
        age(&app, &key);
    }
    assert_eq!(delete(&app), 450);
    assert_eq!(found(&app), [""; 0]);
}

#[test]
fn the_nightly_job_deletes_orphans() {
    let app = TestApp::new();
    let key = format!("exports/{}.json", Uuid::new_v4());
    put(&app, &key);
    age(&app, &key);
    let workers = JobWorkers::start(JobRunner {
        store: app.database.store(),
        ids: Arc::new(SystemIds),
        handlers: app.use_cases.job_handlers(),
        wakes: JobWakes::new(2),
        poll_interval: Duration::from_millis(20),
        times: JobTimes::default(),
    })
    .unwrap();
    let deadline = Instant::now() + EVENT_TIMEOUT;
    while found(&app) == [key.as_str()] {
        assert!(Instant::now() < deadline, "nothing is deleted");
        app.database.execute(
            "UPDATE jobs SET next_attempt_at = now() WHERE kind = 'delete_orphans' AND leased_until IS NULL",
        );
        thread::yield_now();
    }
    workers.stop();
}
