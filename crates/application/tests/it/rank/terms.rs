//! A caller gives nothing for longer than they hold it themselves.

use abu_application::access::AssignmentDraft;
use abu_domain::access::{Permission, RoleName, Scope};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{ADMINISTRATION, ANY, PRIZE};
use crate::support::{
    Member, TestApp, assert_lacks, assignment_draft, group_change, group_draft, permission_names,
    role_change, role_draft, term,
};

const VIEW: Permission = Permission::ViewUser;

/// An officer who holds [`ADMINISTRATION`] until a time.
struct Office {
    app: TestApp,
    officer: Member,
    until: DateTime<Utc>,
}

impl Office {
    fn new() -> Self {
        let app = TestApp::new();
        let officer = app.member().create();
        let (now, day) = (app.now(), TimeDelta::days(1));
        let running = term(now - day, Some(now + day));
        let role = app.role_of(&ADMINISTRATION);
        app.assign(officer.id(), &role, Scope::Global, running);
        Self {
            app,
            officer,
            until: now + day,
        }
    }

    fn role(&self) -> RoleName {
        self.app.role_of(&[VIEW])
    }

    fn draft(&self, member: &Member, until: Option<DateTime<Utc>>) -> AssignmentDraft {
        AssignmentDraft {
            valid_until: until,
            ..assignment_draft(member.id(), &self.role(), Scope::Global)
        }
    }
}

#[tokio::test]
async fn a_permission_held_for_a_term_goes_into_no_new_role() {
    let office = Office::new();
    let access = &office.app.use_cases.access.control;
    let draft = role_draft("own_role", &[VIEW]);
    let refused = access.create_named(office.officer.caller(), draft).await;
    assert_lacks(refused, &[VIEW]);
}

#[tokio::test]
async fn a_permission_held_for_a_term_is_added_to_no_role() {
    let office = Office::new();
    let (officer, weak) = (office.officer.caller(), office.app.role_of(&[]));
    let access = &office.app.use_cases.access.control;
    let names = permission_names(&[VIEW]);
    let added = access.add_parts(officer.clone(), weak.clone(), names, ANY);
    assert_lacks(added.await, &[VIEW]);
    let changed = access.update_named(officer, weak, role_change(None, &[VIEW]), ANY);
    assert_lacks(changed.await, &[VIEW]);
}

#[tokio::test]
async fn a_permission_held_for_a_term_is_taken_out_of_a_role() {
    let office = Office::new();
    let (officer, role) = (office.officer.caller(), office.role());
    let access = &office.app.use_cases.access.control;
    let names = permission_names(&[VIEW]);
    let removed = access.remove_parts(officer, role, names, ANY).await;
    assert_eq!(removed.unwrap().parts, []);
}

#[tokio::test]
async fn a_permission_held_for_a_term_goes_into_no_group() {
    let office = Office::new();
    let (officer, role) = (office.officer.caller(), office.role());
    let access = &office.app.use_cases.access.control;
    let draft = group_draft("own_group", std::slice::from_ref(&role));
    let created = access.create_named(officer.clone(), draft).await;
    assert_lacks(created, &[VIEW]);
    let empty = office.app.group_of(&[]);
    let added = access.add_parts(officer.clone(), empty.clone(), vec![role.clone()], ANY);
    assert_lacks(added.await, &[VIEW]);
    let changed = access.update_named(officer, empty, group_change(None, &[role]), ANY);
    assert_lacks(changed.await, &[VIEW]);
}

#[tokio::test]
async fn callers_assign_themselves_a_role_until_the_end_of_their_term() {
    let office = Office::new();
    let access = &office.app.use_cases.access.control;
    let officer = &office.officer;
    let draft = office.draft(officer, Some(office.until));
    access.assign(officer.caller(), draft).await.unwrap();
}

#[tokio::test]
async fn an_assignment_ends_with_the_givers_term_at_the_latest() {
    let office = Office::new();
    let access = &office.app.use_cases.access.control;
    let giver_ends = office.until;
    let sooner = giver_ends - TimeDelta::microseconds(1);
    let later = giver_ends + TimeDelta::microseconds(1);
    for (asked, ends) in [
        (Some(sooner), sooner),
        (Some(giver_ends), giver_ends),
        (Some(later), giver_ends),
        (None, giver_ends),
    ] {
        let successor = office.app.member().create();
        for member in [&office.officer, &successor] {
            let draft = office.draft(member, asked);
            let made = access.assign(office.officer.caller(), draft).await.unwrap();
            assert_eq!(made.term.until(), Some(ends), "{asked:?}");
            let stored = office.app.store(|tx| tx.assignment(made.id)).unwrap();
            assert_eq!(stored.term.until(), Some(ends), "{asked:?}");
        }
    }
}

#[tokio::test]
async fn an_assignment_that_begins_after_the_givers_term_is_refused() {
    let office = Office::new();
    let access = &office.app.use_cases.access.control;
    let successor = office.app.member().create();
    let draft = AssignmentDraft {
        valid_from: Some(office.until),
        ..office.draft(&successor, None)
    };
    let refused = access.assign(office.officer.caller(), draft).await;
    assert_lacks(refused, &[VIEW]);
}

#[tokio::test]
async fn the_permission_that_the_giver_loses_first_ends_an_assignment() {
    let office = Office::new();
    let (app, officer) = (&office.app, &office.officer);
    app.grant(officer.id(), &[VIEW]);
    let both = app.role_of(&[VIEW, Permission::ViewRole]);
    let for_good = app.role_of(&[VIEW]);
    let access = &app.use_cases.access.control;
    for (role, ends) in [(both, Some(office.until)), (for_good, None)] {
        let draft = assignment_draft(app.member().create().id(), &role, Scope::Global);
        let made = access.assign(officer.caller(), draft).await.unwrap();
        assert_eq!(made.term.until(), ends);
    }
}

#[tokio::test]
async fn a_term_in_one_chapter_limits_assignments_in_that_chapter() {
    let app = TestApp::new();
    let (chair, member) = (app.member().create(), app.member().create());
    let chapter = Scope::Chapter(Uuid::from_u128(7));
    let until = app.now() + TimeDelta::days(1);
    let running = term(app.now() - TimeDelta::days(1), Some(until));
    let leads = app.role_of(&[Permission::ModifyRole, VIEW]);
    app.assign(chair.id(), &leads, chapter, running);
    // A longer term elsewhere does not count here.
    let elsewhere = Scope::Chapter(Uuid::from_u128(8));
    app.assign(chair.id(), &leads, elsewhere, term(app.now(), None));
    let draft = assignment_draft(member.id(), &app.role_of(&[VIEW]), chapter);
    let access = &app.use_cases.access.control;
    let made = access.assign(chair.caller(), draft).await.unwrap();
    assert_eq!(made.term.until(), Some(until));
}

#[tokio::test]
async fn two_terms_that_follow_each_other_do_not_count_as_one() {
    let office = Office::new();
    let app = &office.app;
    let next = term(office.until, None);
    let role = app.role_of(&ADMINISTRATION);
    app.assign(office.officer.id(), &role, Scope::Global, next);
    let draft = role_draft("own_role", &[VIEW]);
    let refused = app
        .use_cases
        .access
        .control
        .create_named(office.officer.caller(), draft);
    assert_lacks(refused.await, &[VIEW]);
}

#[tokio::test]
async fn a_role_beyond_the_callers_rights_is_assigned_in_no_scope() {
    let office = super::Office::new();
    let access = &office.app.use_cases.access.control;
    let chapter = Scope::Chapter(Uuid::from_u128(7));
    let (weaker, prize) = (office.weaker(), office.prize_role());
    for (member, scope) in [
        (&office.admin, Scope::Global),
        (&weaker, Scope::Global),
        (&office.admin, chapter),
        (&weaker, chapter),
    ] {
        let draft = assignment_draft(member.id(), &prize, scope);
        let refused = access.assign(office.admin.caller(), draft).await;
        assert_lacks(refused, &[PRIZE]);
    }
}

#[tokio::test]
async fn nothing_is_assigned_to_an_account_that_holds_more() {
    let office = super::Office::new();
    let access = &office.app.use_cases.access.control;
    let draft = assignment_draft(
        office.stronger().id(),
        &office.app.role_of(&[]),
        Scope::Global,
    );
    let refused = access.assign(office.admin.caller(), draft).await;
    assert_lacks(refused, &[PRIZE]);
}

#[tokio::test]
async fn a_term_of_a_role_beyond_the_callers_rights_is_not_ended() {
    let office = super::Office::new();
    let access = &office.app.use_cases.access.control;
    let id = office.assign(&office.weaker(), &office.prize_role(), Scope::Global);
    let refused = access.end_assignment(office.admin.caller(), id).await;
    assert_lacks(refused, &[PRIZE]);
}

#[tokio::test]
async fn a_term_of_an_account_that_holds_more_is_not_ended() {
    let office = super::Office::new();
    let access = &office.app.use_cases.access.control;
    let id = office.assign(&office.stronger(), &office.app.role_of(&[]), Scope::Global);
    let refused = access.end_assignment(office.admin.caller(), id).await;
    assert_lacks(refused, &[PRIZE]);
}
