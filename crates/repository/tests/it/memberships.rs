//! Memberships in groups that end.

use std::collections::BTreeSet;

use abu_application::{
    access::ports::CallerRecord,
    identity::ports::UserFilter,
    platform::{lists::Seek, ports::Clock, system::SystemClock},
};
use abu_domain::{
    UserId,
    access::{GroupName, Membership, Permission, RoleName, SUPER_ADMIN_GROUP},
};
use abu_test_support::{TestDatabase, session_of};
use chrono::{DateTime, TimeDelta, Utc};

const EDITORS: &str = "editor_group";

fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

pub(crate) fn member_of(name: &str, valid_until: Option<DateTime<Utc>>) -> Membership {
    Membership {
        group: group(name),
        valid_until,
    }
}

/// A seeded database, and the whole microsecond that it is.
fn seeded() -> (TestDatabase, DateTime<Utc>) {
    let (database, now) = (TestDatabase::new(), SystemClock.now());
    database.transaction(|tx| tx.seed_access(now)).unwrap();
    (database, now)
}

fn join(database: &TestDatabase, name: &str, until: Option<DateTime<Utc>>) -> UserId {
    let user = database.user().create().id;
    let membership = member_of(name, until);
    database
        .transaction(|tx| tx.add_to_groups(user, &[membership], SystemClock.now()))
        .unwrap();
    user
}

/// The rights of the user as a caller, and without regard to sessions.
fn records(database: &TestDatabase, user: UserId) -> [CallerRecord; 2] {
    let read = |tx: &mut dyn abu_application::store::Reads| {
        let caller = tx.caller(user, session_of(user))?.unwrap();
        Ok([caller, tx.holder(user)?.unwrap()])
    };
    database.read(read).unwrap()
}

fn members(database: &TestDatabase, name: &str) -> Vec<UserId> {
    let filter = UserFilter {
        groups: vec![name.to_owned()],
        ..UserFilter::default()
    };
    let listed = database.read(|tx| tx.list_users(&filter, Seek::START, 10));
    listed.unwrap().into_iter().map(|user| user.id).collect()
}

#[test]
fn a_membership_gives_what_its_group_gives_until_it_ends() {
    for name in [EDITORS, SUPER_ADMIN_GROUP] {
        let (database, now) = seeded();
        let until = now + TimeDelta::hours(1);
        let user = join(&database, name, Some(until));
        for record in records(&database, user) {
            assert!(record.holds(Permission::ApproveJob));
        }
        let held = database.read(|tx| tx.held_permissions(user, 1_000));
        let held = held.unwrap();
        assert!(!held.is_empty() && held.iter().all(|held| held.until == Some(until)));
        let (own, longer) = database
            .read(|tx| {
                let longer = until + TimeDelta::microseconds(1);
                Ok((
                    tx.held_until(user, Some(until))?,
                    tx.held_until(user, Some(longer))?,
                ))
            })
            .unwrap();
        assert!(own.unwrap().holds(Permission::ApproveJob));
        assert_eq!(longer.unwrap().permissions, BTreeSet::new());
        let own = database.read(|tx| tx.memberships(user)).unwrap();
        assert_eq!(own, [member_of(name, Some(until))]);
        assert_eq!(members(&database, name), [user]);
    }
}

#[test]
fn an_ended_membership_counts_for_nothing() {
    for name in [EDITORS, SUPER_ADMIN_GROUP] {
        let (database, now) = seeded();
        let user = join(&database, name, Some(now - TimeDelta::seconds(1)));
        for record in records(&database, user) {
            assert_eq!(record.permissions, BTreeSet::new());
        }
        let nothing = BTreeSet::new();
        database
            .read(|tx| {
                assert_eq!(tx.held_permissions(user, 1_000)?, []);
                assert_eq!(tx.held_until(user, None)?.unwrap().permissions, nothing);
                assert_eq!(tx.memberships(user)?, []);
                assert_eq!(tx.user(user)?.unwrap().groups, [""; 0]);
                assert!(!tx.is_used(&group(name))?);
                assert_eq!(tx.excess_of_members(&group(name), &nothing)?, nothing);
                let role = RoleName::parse("job_admin").unwrap();
                assert_eq!(tx.excess_of_holders(&role, &nothing)?, nothing);
                Ok(())
            })
            .unwrap();
        assert_eq!(members(&database, name), []);
    }
}

#[test]
fn an_ended_super_admin_is_an_ordinary_holder() {
    let (database, now) = seeded();
    let admin = join(
        &database,
        SUPER_ADMIN_GROUP,
        Some(now - TimeDelta::seconds(1)),
    );
    let membership = member_of(EDITORS, None);
    database
        .transaction(|tx| tx.add_to_groups(admin, &[membership], now))
        .unwrap();
    let excess = database.read(|tx| tx.excess_of_members(&group(EDITORS), &BTreeSet::new()));
    assert!(!excess.unwrap().is_empty());
}

#[test]
fn a_super_admin_for_a_term_is_none_that_stays() {
    let (database, now) = seeded();
    let other = database.user().create().id;
    let others = || database.read(|tx| tx.other_active_super_admins(other));
    join(&database, SUPER_ADMIN_GROUP, Some(now + TimeDelta::days(1)));
    assert_eq!(others().unwrap(), 0);
    join(&database, SUPER_ADMIN_GROUP, None);
    assert_eq!(others().unwrap(), 1);
}

#[test]
fn joining_again_replaces_the_end_and_seeding_removes_it() {
    let (database, now) = seeded();
    let user = join(&database, EDITORS, Some(now - TimeDelta::days(1)));
    let later = now + TimeDelta::days(1);
    let own = |until| vec![member_of(EDITORS, until)];
    let joined = database.transaction(|tx| {
        tx.add_to_groups(user, &own(Some(later)), now)?;
        tx.memberships(user)
    });
    assert_eq!(joined.unwrap(), own(Some(later)));
    let added =
        database.transaction(|tx| Ok((tx.add_to_group(user, EDITORS)?, tx.memberships(user)?)));
    assert_eq!(added.unwrap(), (true, own(None)));
}

#[test]
fn deleting_a_group_deletes_its_ended_memberships() {
    let (database, now) = seeded();
    let name = group("card_printers");
    let described = abu_domain::platform::text::Description::parse("").unwrap();
    database
        .transaction(|tx| tx.insert_named(&name, &described, now))
        .unwrap();
    join(&database, name.as_str(), Some(now - TimeDelta::seconds(1)));
    let left = database.transaction(|tx| {
        tx.delete_named(&name)?;
        tx.named(&name)
    });
    assert_eq!(left.unwrap(), None);
    assert_eq!(
        database.texts("SELECT user_id::text FROM user_group"),
        [""; 0]
    );
}
