//! A membership in a group ends with its giver's own hold at the latest.

use abu_application::identity::accounts::AccountError;
use abu_domain::{
    UserId,
    access::{GroupName, Membership, Permission, Scope},
    identity::user::User,
};
use chrono::{DateTime, TimeDelta, Utc};

use super::{ADMINISTRATION, PRIZE};
use crate::support::{
    Member, TestApp, assert_lacks, assert_refused, assignment_draft, role_draft, term,
};

const VIEW: Permission = Permission::ViewUser;

/// An officer who is in a group that gives [`ADMINISTRATION`] until a time.
struct Office {
    app: TestApp,
    officer: Member,
    /// What the officer is in.
    own: GroupName,
    until: DateTime<Utc>,
}

impl Office {
    fn new() -> Self {
        let app = TestApp::new();
        let officer = app.member().create();
        let own = app.group_of(&[app.role_of(&ADMINISTRATION)]);
        let until = app.now() + TimeDelta::days(1);
        join(&app, officer.id(), &own, Some(until));
        Self {
            app,
            officer,
            own,
            until,
        }
    }

    async fn add(
        &self,
        member: &Member,
        groups: &[&GroupName],
        until: Option<DateTime<Utc>>,
    ) -> Result<User, AccountError> {
        let groups = groups.iter().map(|group| (*group).clone()).collect();
        let accounts = &self.app.use_cases.identity.accounts;
        let by = self.officer.caller();
        accounts.add_to_groups(by, member.id(), groups, until).await
    }

    fn ends(&self, member: &Member) -> Vec<Option<DateTime<Utc>>> {
        let memberships = self.app.store(|tx| tx.memberships(member.id()));
        memberships.into_iter().map(|one| one.valid_until).collect()
    }
}

fn join(app: &TestApp, user: UserId, group: &GroupName, valid_until: Option<DateTime<Utc>>) {
    let group = group.clone();
    let membership = Membership { group, valid_until };
    app.store(|tx| tx.add_to_groups(user, &[membership], app.now()));
}

#[tokio::test]
async fn a_membership_ends_with_the_givers_hold_at_the_latest() {
    let office = Office::new();
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
        let joined = office.add(&successor, &[&office.own], asked).await.unwrap();
        assert_eq!(joined.groups, [office.own.to_string()]);
        assert_eq!(office.ends(&successor), [Some(ends)], "{asked:?}");
    }
}

#[tokio::test]
async fn a_role_assigned_for_a_term_limits_memberships_too() {
    let office = Office::new();
    let (app, sooner) = (&office.app, office.until - TimeDelta::hours(1));
    let prize = app.role_of(&[PRIZE]);
    let running = term(app.now() - TimeDelta::days(1), Some(sooner));
    app.assign(office.officer.id(), &prize, Scope::Global, running);
    let (both, one) = (
        app.group_of(&[prize]),
        app.group_of(&[app.role_of(&[VIEW])]),
    );
    let (member, empty) = (app.member().create(), app.group_of(&[]));
    for group in [&both, &one, &empty] {
        office.add(&member, &[group], None).await.unwrap();
    }
    let ends: Vec<_> = [&both, &one, &empty]
        .map(|group| {
            let own = app.store(|tx| tx.memberships(member.id()));
            own.iter()
                .find(|own| own.group == *group)
                .unwrap()
                .valid_until
        })
        .into();
    assert_eq!(ends, [Some(sooner), Some(office.until), None]);
}

#[tokio::test]
async fn a_permanent_holder_gives_memberships_with_and_without_an_end() {
    let office = super::Office::new();
    let (app, member) = (&office.app, office.weaker());
    let [short, long] = [(); 2].map(|()| app.group_of(&[app.role_of(&[VIEW])]));
    let until = app.now() + TimeDelta::days(9);
    let accounts = &app.use_cases.identity.accounts;
    for (group, until) in [(&short, Some(until)), (&long, None)] {
        let (admin, groups) = (office.admin.caller(), vec![group.clone()]);
        let joined = accounts.add_to_groups(admin, member.id(), groups, until);
        joined.await.unwrap();
        let own = app.store(|tx| tx.memberships(member.id()));
        let found = own.iter().find(|own| own.group == *group).unwrap();
        assert_eq!(found.valid_until, until);
    }
}

#[tokio::test]
async fn a_membership_is_extended_and_never_shortened() {
    let office = Office::new();
    let (app, member) = (&office.app, office.app.member().create());
    let [early, late] = [2, 9].map(|hours| app.now() + TimeDelta::hours(hours));
    for (asked, ends) in [
        (Some(early), early),
        (Some(late), late),
        (Some(early), late),
        (None, office.until),
        (Some(late), office.until),
    ] {
        office.add(&member, &[&office.own], asked).await.unwrap();
        assert_eq!(office.ends(&member), [Some(ends)], "{asked:?}");
    }
    let permanent = app.member().create();
    join(app, permanent.id(), &office.own, None);
    app.grant(office.officer.id(), &ADMINISTRATION);
    office
        .add(&permanent, &[&office.own], Some(late))
        .await
        .unwrap();
    assert_eq!(office.ends(&permanent), [None]);
}

#[tokio::test]
async fn no_membership_gives_what_its_giver_does_not_hold() {
    let office = Office::new();
    let beyond = office.app.group_of(&[office.app.role_of(&[PRIZE, VIEW])]);
    let until = office.app.now() + TimeDelta::hours(1);
    for member in [&office.officer, &office.app.member().create()] {
        let refused = office
            .add(member, &[&office.own, &beyond], Some(until))
            .await;
        assert_lacks(refused, &[PRIZE]);
    }
}

#[tokio::test]
async fn a_membership_ends_after_now() {
    let office = Office::new();
    let member = office.app.member().create();
    let now = office.app.now();
    let refused = office.add(&member, &[&office.own], Some(now)).await;
    assert_refused!(refused, AccountError::TermOver);
}

#[tokio::test]
async fn a_permission_of_a_membership_with_an_end_goes_into_no_role() {
    let office = Office::new();
    let access = &office.app.use_cases.access.control;
    let draft = role_draft("own_role", &[VIEW]);
    let refused = access.create_named(office.officer.caller(), draft).await;
    assert_lacks(refused, &[VIEW]);
}

#[tokio::test]
async fn an_assignment_ends_with_the_givers_membership() {
    let office = Office::new();
    let (app, member) = (&office.app, office.app.member().create());
    let draft = assignment_draft(member.id(), &app.role_of(&[VIEW]), Scope::Global);
    let access = &app.use_cases.access.control;
    let made = access.assign(office.officer.caller(), draft).await.unwrap();
    assert_eq!(made.term.until(), Some(office.until));
}

#[tokio::test]
async fn an_ended_membership_is_renewed_with_its_new_end() {
    let office = Office::new();
    let (app, member) = (&office.app, office.app.member().create());
    join(
        app,
        member.id(),
        &office.own,
        Some(app.now() - TimeDelta::days(1)),
    );
    assert_eq!(office.ends(&member), []);
    let until = app.now() + TimeDelta::hours(1);
    office
        .add(&member, &[&office.own], Some(until))
        .await
        .unwrap();
    assert_eq!(office.ends(&member), [Some(until)]);
}

#[tokio::test]
async fn the_end_of_a_membership_is_in_the_audit_log() {
    let office = Office::new();
    let (app, member) = (&office.app, office.app.member().create());
    let until = app.now() + TimeDelta::hours(1);
    office
        .add(&member, &[&office.own], Some(until))
        .await
        .unwrap();
    let entry = app.audit().pop().unwrap();
    let end = until.format("%FT%TZ");
    let expected = format!("{} until {end}", office.own);
    assert!(entry.row.details.contains(&expected), "{entry:?}");
}
