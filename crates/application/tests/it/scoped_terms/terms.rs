use abu_application::{
    access::{AssignmentDraft, AssignmentError},
    platform::audit::Action,
};
use abu_domain::{
    AssignmentId, UserId,
    access::{Permission, RoleName, Scope, Term},
    platform::text::OfficeTitle,
};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::support::{Member, TestApp, assert_refused, assignment_draft, new_id, role, term};

const DAY: TimeDelta = TimeDelta::days(1);

/// A super admin, an officer, and a role with a permission.
struct Office {
    app: TestApp,
    admin: Member,
    officer: Member,
    role: RoleName,
}

impl Office {
    fn new() -> Self {
        let app = TestApp::new();
        let admin = app.member().super_admin().create();
        let officer = app.member().create();
        let role = app.role_of(&[Permission::ApproveJob]);
        Self {
            app,
            admin,
            officer,
            role,
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.app.now()
    }

    fn draft(&self, from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> AssignmentDraft {
        AssignmentDraft {
            valid_from: Some(from),
            valid_until: until,
            ..assignment_draft(self.officer.id(), &self.role, Scope::Global)
        }
    }

    async fn assign(&self, draft: AssignmentDraft) -> Result<AssignmentId, AssignmentError> {
        let access = &self.app.use_cases.access.control;
        let made = access.assign(self.admin.caller(), draft).await?;
        Ok(made.id)
    }

    async fn end(&self, id: AssignmentId) -> Result<(), AssignmentError> {
        let access = &self.app.use_cases.access.control;
        access.end_assignment(self.admin.caller(), id).await
    }

    fn term_of(&self, id: AssignmentId) -> Option<Term> {
        let stored = self.app.store(|tx| tx.assignment(id));
        stored.map(|assignment| assignment.term)
    }

    /// The permissions of the officer, with the end of each.
    async fn held(&self) -> Vec<(String, Option<DateTime<Utc>>)> {
        let access = &self.app.use_cases.access.control;
        let held = access.own_permissions(self.officer.caller()).await.unwrap();
        held.into_iter()
            .map(|held| (held.permission.to_string(), held.until))
            .collect()
    }
}

#[tokio::test]
async fn a_role_counts_while_its_term_runs() {
    let office = Office::new();
    let until = Some(office.now() + DAY);
    let draft = office.draft(office.now() - DAY, until);
    office.assign(draft).await.unwrap();
    let approve = Permission::ApproveJob.name().to_owned();
    assert_eq!(office.held().await, [(approve, until)]);
}

#[tokio::test]
async fn a_role_does_not_count_before_its_term() {
    let office = Office::new();
    let draft = office.draft(office.now() + DAY, None);
    office.assign(draft).await.unwrap();
    assert_eq!(office.held().await, []);
}

#[tokio::test]
async fn a_role_does_not_count_after_its_term() {
    let office = Office::new();
    let last_week = term(office.now() - DAY * 7, Some(office.now() - DAY));
    let (app, officer) = (&office.app, office.officer.id());
    app.assign(officer, &office.role, Scope::Global, last_week);
    assert_eq!(office.held().await, []);
}

#[tokio::test]
async fn a_permission_of_two_terms_is_held_until_the_later_end() {
    let office = Office::new();
    let (sooner, later) = (office.now() + DAY, office.now() + DAY * 2);
    let other = office.app.role_of(&[Permission::ApproveJob]);
    office
        .assign(office.draft(office.now() - DAY, Some(sooner)))
        .await
        .unwrap();
    let draft = AssignmentDraft {
        role: other,
        ..office.draft(office.now() - DAY, Some(later))
    };
    office.assign(draft).await.unwrap();
    let approve = Permission::ApproveJob.name().to_owned();
    assert_eq!(office.held().await, [(approve, Some(later))]);
}

#[tokio::test]
async fn an_assignment_is_stored_as_it_was_asked_for() {
    let office = Office::new();
    let title = OfficeTitle::parse("Careers officer").unwrap();
    let draft = AssignmentDraft {
        office_title: Some(title.clone()),
        valid_from: None,
        ..office.draft(office.now(), Some(office.now() + DAY))
    };
    let id = office.assign(draft).await.unwrap();
    let access = &office.app.use_cases.access.control;
    let stored = access.assignment(office.admin.caller(), id).await.unwrap();
    assert_eq!(stored.user_id, office.officer.id());
    assert_eq!(stored.role, office.role);
    assert_eq!(stored.scope, Scope::Global);
    assert_eq!(stored.term, term(office.now(), Some(office.now() + DAY)));
    assert_eq!(stored.office_title, Some(title));
    assert_eq!(stored.created_by, Some(office.admin.id()));
}

#[tokio::test]
async fn a_term_that_ends_before_it_begins_is_refused() {
    let office = Office::new();
    let begins = office.now() + DAY * 2;
    for until in [begins, begins - DAY] {
        let refused = office.assign(office.draft(begins, Some(until))).await;
        assert_refused!(refused, AssignmentError::TermOver);
    }
}

#[tokio::test]
async fn a_term_that_is_over_already_is_refused() {
    let office = Office::new();
    let now = office.now();
    let refused = office.assign(office.draft(now - DAY, Some(now))).await;
    assert_refused!(refused, AssignmentError::TermOver);
    let just_not_over = now + TimeDelta::microseconds(1);
    let made = office.assign(office.draft(now - DAY, Some(just_not_over)));
    made.await.unwrap();
}

#[tokio::test]
async fn nothing_is_assigned_to_an_unknown_user() {
    let office = Office::new();
    let unknown = UserId::new(new_id());
    let draft = assignment_draft(unknown, &office.role, Scope::Global);
    let refused = office.assign(draft).await;
    assert_refused!(refused, AssignmentError::UnknownUser(user) if user == unknown);
}

#[tokio::test]
async fn an_unknown_role_is_not_assigned() {
    let office = Office::new();
    let draft = assignment_draft(office.officer.id(), &role("no_role"), Scope::Global);
    let refused = office.assign(draft).await;
    assert_refused!(refused, AssignmentError::UnknownRole(name) if name == role("no_role"));
}

#[tokio::test]
async fn nothing_is_assigned_to_an_account_without_a_verified_address() {
    let office = Office::new();
    let unverified = office.app.member().unverified().create();
    let draft = assignment_draft(unverified.id(), &office.role, Scope::Global);
    assert_refused!(office.assign(draft).await, AssignmentError::Unverified);
}

#[tokio::test]
async fn terms_of_one_role_in_one_scope_do_not_overlap() {
    let office = Office::new();
    let [first, second, third] = [1, 2, 3].map(|days| office.now() + DAY * days);
    let made = office.assign(office.draft(first, Some(second)));
    made.await.unwrap();
    for draft in [
        office.draft(first, Some(second)),
        office.draft(office.now(), None),
        office.draft(second - TimeDelta::microseconds(1), Some(third)),
    ] {
        let refused = office.assign(draft).await;
        assert_refused!(refused, AssignmentError::AlreadyAssigned);
    }
}

#[tokio::test]
async fn a_term_follows_the_one_before_without_a_gap() {
    let office = Office::new();
    let [first, second, third] = [1, 2, 3].map(|days| office.now() + DAY * days);
    let made = office.assign(office.draft(first, Some(second)));
    made.await.unwrap();
    let next = office.assign(office.draft(second, Some(third)));
    next.await.unwrap();
}

#[tokio::test]
async fn one_role_is_held_in_several_scopes_at_once() {
    let office = Office::new();
    let chapters = [1, 2].map(|number| Scope::Chapter(Uuid::from_u128(number)));
    for scope in [Scope::Global, chapters[0], chapters[1]] {
        let draft = assignment_draft(office.officer.id(), &office.role, scope);
        office.assign(draft).await.unwrap();
    }
}

#[tokio::test]
async fn a_running_term_ends_now() {
    let office = Office::new();
    let began = office.now() - DAY;
    let made = office.assign(office.draft(began, Some(office.now() + DAY)));
    let id = made.await.unwrap();
    office.end(id).await.unwrap();
    let ended = term(began, Some(office.now()));
    assert_eq!(office.term_of(id), Some(ended));
    assert_eq!(office.held().await, []);
}

#[tokio::test]
async fn a_term_to_come_is_deleted() {
    let office = Office::new();
    let made = office.assign(office.draft(office.now() + DAY, None));
    let id = made.await.unwrap();
    office.end(id).await.unwrap();
    assert_eq!(office.term_of(id), None);
    assert_refused!(office.end(id).await, AssignmentError::NotFound);
}

#[tokio::test]
async fn a_term_that_is_over_stays_as_it_was() {
    let office = Office::new();
    let last_week = term(office.now() - DAY * 7, Some(office.now() - DAY));
    let (app, officer) = (&office.app, office.officer.id());
    let id = app.assign(officer, &office.role, Scope::Global, last_week);
    let before = app.store(|tx| tx.assignment(id));
    app.clock.advance(DAY);
    office.end(id).await.unwrap();
    assert_eq!(app.store(|tx| tx.assignment(id)), before);
    assert!(!app.actions().contains(&Action::AssignmentEnd));
}
