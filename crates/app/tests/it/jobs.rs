//! Background jobs of the real programs: a killed server, a stop, the operator's commands.

use std::time::{Duration, Instant};

use abu_application::platform::{
    jobs::{JobState, Lane},
    lists::Seek,
    ports::{Ids, JobFilter, JobRecord, NewJob, RunAt},
    system::SystemIds,
};
use abu_domain::JobId;
use abu_test_support::TestDatabase;
use secrecy::ExposeSecret;
use serde_json::json;
use tempfile::TempDir;

use crate::program::{Program, Said, abu_admin, abu_server, folder, say};

/// What does not happen within this time does not happen.
const EVENT_TIMEOUT: Duration = Duration::from_secs(120);
/// The nightly job deletes them, so many at a step.
const OLD_TASKS: usize = 150_000;
const TASKS_A_STEP: usize = 500;

fn start(database: &TestDatabase, folder: &TempDir) -> Program {
    let server = Program::start(
        abu_server(folder)
            .env("ABU__DATABASE__URL", database.url().expose_secret())
            .env("ABU__JOBS__POLL_INTERVAL", "0.05"),
    );
    server.address();
    server
}

fn tasks(database: &TestDatabase) -> usize {
    let count = database.texts("SELECT count(*)::text FROM tasks");
    count[0].parse().unwrap()
}

fn jobs(database: &TestDatabase) -> Vec<JobRecord> {
    let all = JobFilter::default();
    database
        .read(|tx| tx.list_jobs(&all, Seek::START, 10))
        .unwrap()
}

/// The nightly job, once the server has scheduled it.
fn tidy(database: &TestDatabase) -> Option<JobRecord> {
    let filter = JobFilter {
        state: None,
        kind: Some("tidy".to_owned()),
    };
    let listed = database.read(|tx| tx.list_jobs(&filter, Seek::START, 10));
    let mut listed = listed.unwrap();
    assert!(listed.len() < 2, "{listed:?}");
    listed.pop()
}

#[track_caller]
fn wait_until(holds: impl Fn() -> bool) {
    let deadline = Instant::now() + EVENT_TIMEOUT;
    while !holds() {
        assert!(Instant::now() < deadline, "it does not happen");
        std::thread::yield_now();
    }
}

#[test]
fn a_server_that_is_killed_within_a_job_goes_on_at_its_checkpoint() {
    let (folder, database) = (folder(), TestDatabase::new());
    database.execute(&format!(
        "INSERT INTO tasks (id, kind, state, created_at, last_modified, ended_at)
         SELECT gen_random_uuid(), 'old', 'done', now(), now(), now() - interval '31 days'
         FROM generate_series(1, {OLD_TASKS})"
    ));
    let mut server = start(&database, &folder);
    wait_until(|| tidy(&database).is_some());
    database.execute("UPDATE jobs SET next_attempt_at = now() WHERE kind = 'tidy'");
    wait_until(|| tasks(&database) < OLD_TASKS - 3 * TASKS_A_STEP);
    server.kill();
    // A session that was committing may do so still.
    database.end_sessions();
    let left = tasks(&database);
    assert!(left > 0, "it was killed in the middle");
    assert_eq!(left % TASKS_A_STEP, 0, "whole steps alone");
    let claimed = tidy(&database).unwrap();
    assert!(claimed.cursor.is_some() && claimed.leased_until.is_some());

    // No worker holds it until its lease ends.
    let server = start(&database, &folder);
    assert_eq!(tasks(&database), left);
    database.execute("UPDATE jobs SET leased_until = now() WHERE kind = 'tidy'");
    wait_until(|| tasks(&database) == 0);
    wait_until(|| tidy(&database).unwrap().cursor.is_none());
    let next = tidy(&database).unwrap();
    assert_eq!((next.attempts, next.leased_until), (0, None));
    assert!(next.next_attempt_at > Some(chrono::Utc::now()));
    drop(server);
}

/// A job of no release, which no worker touches.
fn foreign(state: JobState) -> (TestDatabase, JobId) {
    let database = TestDatabase::new();
    let id = SystemIds.time_ordered().into();
    let job = NewJob {
        id,
        lane: Lane::Bulk,
        kind: "import_judge",
        key: Some("7".to_owned()),
        payload: json!({"import": 7}),
        run_at: RunAt::Now,
    };
    database.transaction(|tx| tx.enqueue_job(&job)).unwrap();
    if state == JobState::Dead {
        database.execute(
            "UPDATE jobs SET state = 'dead', attempts = 12, failed_at = now(),
                 last_error = 'the store of files is full'",
        );
    }
    (database, id)
}

fn admin(database: &TestDatabase, arguments: &[&str]) -> Said {
    let folder = folder();
    let mut command = abu_admin(&folder);
    command.env("ABU__DATABASE__URL", database.url().expose_secret());
    say(command.arg("jobs").args(arguments))
}

#[track_caller]
fn out(said: Said) -> String {
    assert_eq!(said.code, Some(0), "{}", said.err);
    said.out
}

#[test]
fn the_operator_lists_and_shows_jobs() {
    assert_eq!(out(admin(&TestDatabase::new(), &["list"])), "no jobs\n");
    let (database, id) = foreign(JobState::Dead);
    for arguments in [
        &["list"][..],
        &["list", "--dead"],
        &["list", "--kind", "import_judge"],
    ] {
        let listed = out(admin(&database, arguments));
        let lines: Vec<&str> = listed.lines().collect();
        assert_eq!(lines.len(), 2, "{listed}");
        assert!(lines[0].starts_with("JOB  ") && lines[0].ends_with("LAST ERROR"));
        assert!(lines[1].starts_with(&id.to_string()));
        assert!(lines[1].contains("given up") && lines[1].ends_with("the store of files is full"));
        let column = lines[0].find("LAST ERROR").unwrap();
        assert_eq!(lines[1].find("the store"), Some(column), "{listed}");
    }
    assert_eq!(
        out(admin(&database, &["list", "--kind", "tidy"])),
        "no jobs\n"
    );
    let shown = out(admin(&database, &["show", &id.to_string()]));
    for line in [
        "kind        import_judge",
        "state       given up",
        "attempts    12",
        "key         7",
        "parameters  {\"import\":7}",
        "last error  the store of files is full",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
    }
    let unknown = admin(&database, &["show", "0197a4f0-8d5e-7cc3-98c4-dc0c0c07398f"]);
    assert_eq!(
        (unknown.code, unknown.complaint().contains("no such job")),
        (Some(1), true)
    );
}

#[test]
fn the_operator_revives_and_cancels_jobs() {
    let (database, id) = foreign(JobState::Dead);
    let revived = out(admin(&database, &["revive", "--all"]));
    assert_eq!(revived, "tried again: 1, refused: 0\n");
    let job = database.read(|tx| tx.job(id)).unwrap().unwrap();
    assert_eq!((job.state, job.attempts), (JobState::Pending, 0));
    let id = id.to_string();
    let again = admin(&database, &["revive", &id]);
    assert_eq!(again.code, Some(1));
    assert!(
        again.complaint().contains("was not given up"),
        "{}",
        again.err
    );
    out(admin(&database, &["cancel", &id]));
    assert!(jobs(&database)[0].canceled_at.is_some());
    assert_eq!(
        out(admin(&database, &["cancel", &id, "--delete"])),
        format!("deleted {id}\n")
    );
    assert!(jobs(&database).is_empty());
    let actions = database.texts(&format!(
        "SELECT action FROM audit_log WHERE target_id = '{id}' ORDER BY seq"
    ));
    assert_eq!(actions, ["job.revive", "job.cancel", "job.delete"]);
}
