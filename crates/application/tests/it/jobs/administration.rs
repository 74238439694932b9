//! What the operator does with jobs.

use abu_application::{
    access::{AccessError, JobsError, Operator},
    platform::{
        audit::Action,
        jobs::{JobError, JobState, Lane},
        lists::{ListRequest, Seek},
        ports::{JobCanceling, JobFilter, NewJob},
    },
};
use abu_domain::{JobId, access::Permission};
use serde_json::json;

use super::rig::*;
use crate::support::{TestApp, assert_refused, new_id};

fn operator() -> Operator {
    Operator {
        name: "root".into(),
        sudo_user: None,
    }
}

/// A job that was given up.
fn dead(app: &TestApp) -> JobId {
    let broken = Scripted::new(|_step| Err(JobError::Permanent("broken".to_owned())));
    let workers = workers(&app.database, 2, [broken]);
    let keyed = NewJob {
        key: Some("one".to_owned()),
        ..job(json!({}))
    };
    let id = enqueue(&app.database, &keyed);
    wait_for(&app.database, id, |job| job.state == JobState::Dead);
    workers.stop();
    id
}

#[tokio::test]
async fn the_operator_revives_a_dead_letter_once() {
    let app = TestApp::new();
    let id = dead(&app);
    let jobs = &app.use_cases.access.jobs;
    let revived = jobs.revive(operator(), id).await.unwrap();
    assert_eq!((revived.state, revived.attempts), (JobState::Pending, 0));
    assert_refused!(jobs.revive(operator(), id).await, JobsError::NotDead);
    assert_refused!(
        jobs.revive(operator(), new_id().into()).await,
        JobsError::NotFound
    );
    assert_eq!(app.actions().last(), Some(&Action::JobRevive));
}

#[tokio::test]
async fn a_dead_letter_is_not_revived_beside_a_job_with_its_key() {
    let app = TestApp::new();
    let id = dead(&app);
    let same = NewJob {
        key: Some("one".to_owned()),
        ..job(json!({}))
    };
    enqueue(&app.database, &same);
    let jobs = &app.use_cases.access.jobs;
    assert_refused!(jobs.revive(operator(), id).await, JobsError::KeyTaken);
    assert_eq!(record(&app.database, id).unwrap().state, JobState::Dead);
}

#[tokio::test]
async fn the_operator_cancels_what_waits_and_drops_what_is_dead() {
    let app = TestApp::new();
    let (dead, waiting) = (dead(&app), enqueue_one(&app.database));
    let jobs = &app.use_cases.access.jobs;
    let canceled = jobs.cancel(operator(), dead).await.unwrap();
    assert_eq!(canceled, JobCanceling::Deleted);
    assert_refused!(jobs.get(operator(), dead).await, JobsError::NotFound);
    let canceled = jobs.cancel(operator(), waiting).await.unwrap();
    assert_eq!(canceled, JobCanceling::Asked);
    let asked = jobs.get(operator(), waiting).await.unwrap();
    assert!(asked.canceled_at.is_some());
    assert_refused!(
        jobs.cancel(operator(), new_id().into()).await,
        JobsError::NotFound
    );
    assert_eq!(
        app.actions()[app.actions().len() - 2..],
        [Action::JobCancel; 2]
    );
}

#[tokio::test]
async fn the_operator_deletes_only_what_no_worker_has() {
    let app = TestApp::new();
    let id = enqueue_one(&app.database);
    app.store(|tx| tx.claim_job(Lane::Bulk, &[KIND], LONG));
    let jobs = &app.use_cases.access.jobs;
    assert_refused!(jobs.delete(operator(), id).await, JobsError::Leased);
    app.database.execute("UPDATE jobs SET leased_until = now()");
    jobs.delete(operator(), id).await.unwrap();
    assert_eq!(record(&app.database, id), None);
    assert_eq!(app.actions().last(), Some(&Action::JobDelete));
}

#[tokio::test]
async fn looking_after_jobs_takes_its_permission() {
    let app = TestApp::new();
    let id = enqueue_one(&app.database);
    let stranger = app.member().holding(&[Permission::ViewMail]).create();
    let jobs = &app.use_cases.access.jobs;
    let page = ListRequest {
        seek: Seek::START,
        limit: 10,
        count: false,
    };
    let listed = jobs.list(stranger.caller(), JobFilter::default(), page);
    assert_refused!(
        listed.await,
        JobsError::Access(AccessError::Denied(Permission::ManageSettings))
    );
    for refused in [
        jobs.get(stranger.caller(), id).await.map(|_| ()),
        jobs.revive(stranger.caller(), id).await.map(|_| ()),
        jobs.cancel(stranger.caller(), id).await.map(|_| ()),
        jobs.delete(stranger.caller(), id).await,
    ] {
        assert_refused!(
            refused,
            JobsError::Access(AccessError::Denied(Permission::ManageSettings))
        );
    }
    let listed = jobs
        .list(operator(), JobFilter::default(), page)
        .await
        .unwrap();
    assert_eq!(listed.items[0].id, id);
}
