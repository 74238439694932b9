use abu_application::{
    access::AccessError,
    platform::{
        audit::Action,
        lists::{ListRequest, Listed, Seek},
        ports::{AuditEntry, AuditFilter},
    },
};
use abu_domain::access::Permission;
use chrono::DateTime;

use crate::support::{Member, TestApp, assert_refused};

fn viewer(app: &TestApp) -> Member {
    app.member().holding(&[Permission::ViewAuditLog]).create()
}

async fn view(
    app: &TestApp,
    viewer: &Member,
    filter: AuditFilter,
    seek: Seek<i64>,
) -> Listed<AuditEntry> {
    let page = ListRequest {
        seek,
        limit: 2,
        count: false,
    };
    let listed = app
        .use_cases
        .access
        .audit_log
        .list(viewer.caller(), filter, page);
    listed.await.unwrap()
}

#[tokio::test]
async fn a_view_of_the_log_is_itself_an_entry() {
    let app = TestApp::new();
    let viewer = viewer(&app);
    let first = view(&app, &viewer, AuditFilter::default(), Seek::START).await;
    assert_eq!(first.items, []);
    let entries = app.audit();
    assert_eq!(entries.len(), 1);
    let row = &entries[0].row;
    assert_eq!(row.action, Action::AuditView.name());
    assert_eq!(row.actor_id, Some(viewer.id().uuid()));
    assert_eq!((row.target_id.as_deref(), &*row.details), (None, "{}"));
}

#[tokio::test]
async fn a_view_records_what_was_asked_for() {
    let app = TestApp::new();
    let viewer = viewer(&app);
    // The first entry, from which the pages go on.
    app.log_in(&viewer).await;
    let time = |seconds| DateTime::from_timestamp(seconds, 0);
    let filter = AuditFilter {
        actor: Some(viewer.id()),
        actions: vec![Action::UserSuspend],
        target_types: vec!["user".to_owned()],
        target: Some("x".to_owned()),
        from: time(1_800_000_000),
        to: time(1_900_000_000),
    };
    view(&app, &viewer, filter, Seek::After(Some(1))).await;
    let (entries, id) = (app.audit(), viewer.id());
    assert_eq!(
        entries[1].row.details,
        format!(
            "{{\"action\":\"user.suspend\",\"actor\":\"{id}\",\
             \"from\":\"2027-01-15T08:00:00+00:00\",\"page_after\":\"1\",\"target\":\"x\",\
             \"target_type\":\"user\",\"to\":\"2030-03-17T17:46:40+00:00\"}}"
        )
    );
    view(&app, &viewer, AuditFilter::default(), Seek::Before(Some(1))).await;
    assert_eq!(app.audit()[2].row.details, r#"{"page_before":"1"}"#);
}

#[tokio::test]
async fn a_refused_view_leaves_no_entry() {
    let app = TestApp::new();
    let (member, filter) = (app.member().create(), AuditFilter::default());
    let page = ListRequest {
        seek: Seek::START,
        limit: 2,
        count: false,
    };
    let refused = app
        .use_cases
        .access
        .audit_log
        .list(member.caller(), filter, page);
    assert_refused!(refused.await, AccessError::Denied(Permission::ViewAuditLog));
    assert!(app.audit().is_empty());
}

#[tokio::test]
async fn pages_follow_each_other_though_each_view_adds_an_entry() {
    let app = TestApp::new();
    let viewer = viewer(&app);
    for _ in 0..5 {
        app.log_in(&viewer).await;
    }
    let filter = AuditFilter::default;
    let first = view(&app, &viewer, filter(), Seek::START).await;
    let last = first.items[1].seq;
    let second = view(&app, &viewer, filter(), Seek::After(Some(last))).await;
    let seqs = |page: &Listed<AuditEntry>| [page.items[0].seq, page.items[1].seq];
    assert_eq!(seqs(&first), [5, 4]);
    assert_eq!(seqs(&second), [3, 2]);
    let back = view(&app, &viewer, filter(), Seek::Before(Some(3))).await;
    assert_eq!(back.items, first.items);
}
