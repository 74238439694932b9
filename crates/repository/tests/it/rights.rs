use abu_application::{
    access::ports::{NameFilter, NamedSetReads},
    platform::{
        lists::{Seek, Total},
        ports::{Clock, StoreError},
        system::SystemClock,
    },
    store::Writes,
};
use abu_domain::{
    access::{
        Group, GroupName, PermissionName, PermissionRecord, Role, RoleName, SUPER_ADMIN_GROUP,
    },
    platform::text::Description,
};
use abu_test_support::TestDatabase;
use chrono::{DateTime, TimeDelta, Utc};

use crate::memberships::member_of;

fn permission(name: &str) -> PermissionName {
    PermissionName::parse(name).unwrap()
}

fn role(name: &str) -> RoleName {
    RoleName::parse(name).unwrap()
}

fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

fn words(text: &str) -> Description {
    Description::parse(text).unwrap()
}

/// A database with a permission, a role that gives it, and a group that gives the role.
fn card_printers(now: DateTime<Utc>) -> TestDatabase {
    let database = TestDatabase::new();
    let made = database.transaction(|tx| {
        tx.insert_named(&permission("can_print_card"), &words("Print cards."), now)?;
        tx.insert_named(&role("card_printer"), &words("Prints cards."), now)?;
        tx.add_parts(&role("card_printer"), &[permission("can_print_card")])?;
        tx.insert_named(&group("card_printers"), &words("Those who print."), now)?;
        tx.add_parts(&group("card_printers"), &[role("card_printer")])
    });
    made.unwrap();
    database
}

#[test]
fn the_three_are_read_as_they_were_made() {
    let now = SystemClock.now();
    let database = card_printers(now);
    let (of_permission, of_role, of_group) = database
        .read(|tx| {
            Ok((
                tx.named(&permission("can_print_card"))?,
                tx.named(&role("card_printer"))?,
                tx.named(&group("card_printers"))?,
            ))
        })
        .unwrap();
    let expected = PermissionRecord {
        name: permission("can_print_card"),
        description: words("Print cards."),
        is_system: false,
        parts: Vec::new(),
        created_at: now,
        last_modified: now,
    };
    assert_eq!(of_permission, Some(expected));
    let expected = Role {
        name: role("card_printer"),
        description: words("Prints cards."),
        is_system: false,
        parts: vec![permission("can_print_card")],
        created_at: now,
        last_modified: now,
    };
    assert_eq!(of_role, Some(expected));
    let expected = Group {
        name: group("card_printers"),
        description: words("Those who print."),
        is_system: false,
        parts: vec![role("card_printer")],
        created_at: now,
        last_modified: now,
    };
    assert_eq!(of_group, Some(expected));
    let nothing = database.read(|tx| {
        Ok((
            tx.named(&permission("can_fly"))?,
            tx.named(&role("flyer"))?,
            tx.named(&group("flyers"))?,
        ))
    });
    assert_eq!(nothing.unwrap(), (None, None, None));
}

#[test]
fn a_taken_name_is_a_conflict_of_its_constraint() {
    let database = card_printers(SystemClock.now());
    let now = SystemClock.now();
    let none = words("");
    let constraint = |work: &dyn Fn(&mut dyn Writes) -> Result<(), StoreError>| match database
        .transaction(|tx| work(tx))
    {
        Err(StoreError::Conflict { constraint }) => constraint,
        other => panic!("{other:?}"),
    };
    let made = database.transaction(|tx| {
        tx.insert_named(&permission("other"), &none, now)?;
        tx.insert_named(&role("other"), &none, now)?;
        tx.insert_named(&group("other"), &none, now)
    });
    made.unwrap();
    let (one, other) = (permission("can_print_card"), permission("other"));
    assert_eq!(
        constraint(&|tx| tx.insert_named(&one, &none, now)),
        "permissions_name_key"
    );
    assert_eq!(
        constraint(&|tx| tx.update_named(&other, &one, &none, now)),
        "permissions_name_key"
    );
    let (one, other) = (role("card_printer"), role("other"));
    assert_eq!(
        constraint(&|tx| tx.insert_named(&one, &none, now)),
        "roles_name_key"
    );
    assert_eq!(
        constraint(&|tx| tx.update_named(&other, &one, &none, now)),
        "roles_name_key"
    );
    let (one, other) = (group("card_printers"), group("other"));
    assert_eq!(
        constraint(&|tx| tx.insert_named(&one, &none, now)),
        "groups_name_key"
    );
    assert_eq!(
        constraint(&|tx| tx.update_named(&other, &one, &none, now)),
        "groups_name_key"
    );
}

#[test]
fn each_change_is_a_later_version_whatever_the_clock_says() {
    let now = SystemClock.now();
    let database = card_printers(now);
    let earlier = now - TimeDelta::hours(1);
    let microsecond = TimeDelta::microseconds(1);
    let changed = database.transaction(|tx| {
        let name = role("card_printer");
        tx.update_named(&name, &name, &words("Ours."), earlier)?;
        let first = tx.named(&name)?.unwrap();
        tx.update_named(&name, &name, &words("Ours."), earlier)?;
        Ok((first, tx.named(&name)?.unwrap()))
    });
    let (first, second) = changed.unwrap();
    assert_eq!(first.description, words("Ours."));
    assert_eq!(first.last_modified, now + microsecond);
    assert_eq!(second.last_modified, now + microsecond * 2);
    assert_eq!(second.created_at, now);
}

#[test]
fn whatever_shows_a_name_is_a_later_version_once_that_changes() {
    let now = SystemClock.now();
    let database = card_printers(now);
    let user = database.user().with(|new| new.created_at = now).create().id;
    let none = words("");
    let versions = database.transaction(|tx| {
        tx.add_to_groups(user, &[member_of("card_printers", None)], now)?;
        let later = now + TimeDelta::seconds(1);
        let old = permission("can_print_card");
        tx.update_named(&old, &permission("can_print_cards"), &none, later)?;
        let of_role = tx.named(&role("card_printer"))?.unwrap();
        let untouched = tx.named(&group("card_printers"))?.unwrap().last_modified;
        tx.update_named(&role("card_printer"), &role("printer"), &none, later)?;
        let of_group = tx.named(&group("card_printers"))?.unwrap();
        tx.update_named(&group("card_printers"), &group("printers"), &none, later)?;
        let of_user = tx.user(user)?.unwrap();
        assert_eq!(of_role.parts, [permission("can_print_cards")]);
        assert_eq!(of_group.parts, [role("printer")]);
        assert_eq!(of_user.groups, ["printers"]);
        assert_eq!(untouched, now);
        let versions = [
            of_role.last_modified,
            of_group.last_modified,
            of_user.last_modified,
        ];
        Ok(versions.map(|version| version == later))
    });
    assert_eq!(versions.unwrap(), [true; 3]);
}

#[test]
fn links_are_added_once_and_taken_away() {
    let now = SystemClock.now();
    let database = card_printers(now);
    database.transaction(|tx| tx.seed_access(now)).unwrap();
    let (printer, printers) = (role("card_printer"), group("card_printers"));
    let permissions = |names: &[&str]| {
        names
            .iter()
            .map(|name| permission(name))
            .collect::<Vec<_>>()
    };
    let (given, roles) = database
        .transaction(|tx| {
            let more = permissions(&["can_print_card", "can_view_user", "can_view_role"]);
            tx.add_parts(&printer, &more)?;
            let fewer = permissions(&["can_view_user", "can_view_group"]);
            tx.remove_parts(&printer, &fewer)?;
            tx.add_parts(&printer, &[])?;
            tx.remove_parts(&printer, &[])?;
            tx.add_parts(&printers, &[role("member"), printer.clone()])?;
            tx.remove_parts(&printers, &[printer.clone(), role("applicant")])?;
            Ok((
                tx.named(&printer)?.unwrap().parts,
                tx.named(&printers)?.unwrap().parts,
            ))
        })
        .unwrap();
    assert_eq!(given, permissions(&["can_print_card", "can_view_role"]));
    assert_eq!(roles, [role("member")]);
    // Others with the same permissions and roles have kept them.
    let (admin, members) = database
        .read(|tx| {
            Ok((
                tx.named(&role("user_admin"))?.unwrap(),
                tx.named(&group("verified_alumni_group"))?.unwrap(),
            ))
        })
        .unwrap();
    assert!(admin.parts.contains(&permission("can_view_user")));
    assert_eq!(members.parts, [role("member")]);
}

#[test]
fn what_is_used_is_known_until_it_is_not() {
    let now = SystemClock.now();
    let database = card_printers(now);
    let user = database.user().create().id;
    let used = || {
        database
            .read(|tx| {
                Ok([
                    tx.is_used(&permission("can_print_card"))?,
                    tx.is_used(&role("card_printer"))?,
                    tx.is_used(&group("card_printers"))?,
                ])
            })
            .unwrap()
    };
    assert_eq!(used(), [true, true, false]);
    let (printer, printers) = (role("card_printer"), group("card_printers"));
    database
        .transaction(|tx| {
            tx.add_to_groups(user, &[member_of("card_printers", None)], now)?;
            tx.remove_parts(&printers, std::slice::from_ref(&printer))?;
            tx.remove_parts(&printer, &[permission("can_print_card")])
        })
        .unwrap();
    assert_eq!(used(), [false, false, true]);
    let assign = |from: &str, until: &str| {
        database.execute(&format!(
            "DELETE FROM role_assignments;
             INSERT INTO role_assignments (id, user_id, role_id, scope_type, valid_from,
                                           valid_until, created_at, last_modified)
             SELECT gen_random_uuid(), '{user}', id, 'global', {from}, {until}, now(), now()
             FROM roles WHERE name = 'card_printer'"
        ));
    };
    for (from, until, is_used) in [
        (
            "now() - interval '2 days'",
            "now() - interval '1 day'",
            false,
        ),
        ("now() - interval '1 day'", "now() + interval '1 day'", true),
        ("now() + interval '1 day'", "NULL", true),
    ] {
        assign(from, until);
        assert_eq!(used()[1], is_used, "{from}");
    }
    let deleted = database.transaction(|tx| {
        tx.delete_named(&permission("can_print_card"))?;
        tx.delete_named(&printer)?;
        tx.delete_named(&printers)?;
        Ok((
            tx.named(&permission("can_print_card"))?,
            tx.named(&printer)?,
            tx.named(&printers)?,
            tx.user(user)?.unwrap().groups,
        ))
    });
    assert_eq!(deleted.unwrap(), (None, None, None, Vec::new()));
    let unknown = database.read(|tx| tx.is_used(&role("no_such_role")));
    assert!(!unknown.unwrap());
}

#[test]
fn names_of_nothing_are_found_in_their_order() {
    let database = card_printers(SystemClock.now());
    let (permissions, roles, groups) = database
        .read(|tx| {
            let permissions = ["can_sing", "can_print_card", "can_dance"].map(permission);
            Ok((
                tx.unknown_names(&permissions)?,
                tx.unknown_names(&["singer", "card_printer"].map(role))?,
                tx.unknown_names(&["card_printers", "singers"].map(group))?,
            ))
        })
        .unwrap();
    assert_eq!(permissions, ["can_sing", "can_dance"].map(permission));
    assert_eq!(roles, [role("singer")]);
    assert_eq!(groups, [group("singers")]);
}

#[test]
fn lists_page_by_name_in_either_direction_and_search_substrings() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    database.transaction(|tx| tx.seed_access(now)).unwrap();
    let filter = |part: &str| NameFilter {
        contains: Some(part.to_owned()),
    };
    let roles = |filter: &NameFilter, seek: Seek<&str>, limit| -> Vec<String> {
        let seek = seek.map(str::to_owned);
        let page = database
            .read(|tx| tx.list_named(filter, seek, limit))
            .unwrap();
        page.iter()
            .map(|role: &Role| role.name.to_string())
            .collect()
    };
    let all = roles(&NameFilter::default(), Seek::START, 100);
    assert!(all.len() > 15);
    assert_eq!(
        roles(&NameFilter::default(), Seek::After(Some(&all[2])), 2),
        all[3..5]
    );
    assert_eq!(
        roles(&NameFilter::default(), Seek::Before(Some(&all[3])), 2),
        all[1..3]
    );
    let last = roles(&NameFilter::default(), Seek::Before(None), 2);
    assert_eq!(last, all[all.len() - 2..]);
    let chapters = [
        "chapter_admin",
        "chapter_chair",
        "chapter_editor",
        "chapter_secretary",
    ];
    assert_eq!(roles(&filter("CHAPTER_"), Seek::START, 100), chapters);
    for nothing in ["%", "r%e", r"\", "a\0b"] {
        assert!(
            roles(&filter(nothing), Seek::START, 100).is_empty(),
            "{nothing:?}"
        );
    }
    let (totals, permissions, groups) = database
        .read(|tx| {
            let all = NameFilter::default();
            let totals = [
                NamedSetReads::<PermissionName>::count_named(tx, &filter("_user"))?,
                NamedSetReads::<RoleName>::count_named(tx, &filter("chapter"))?,
                NamedSetReads::<GroupName>::count_named(tx, &filter("\0"))?,
            ];
            let permissions: Vec<PermissionRecord> =
                tx.list_named(&filter("view_user"), Seek::START, 9)?;
            let groups: Vec<Group> = tx.list_named(&all, Seek::START, 2)?;
            Ok((totals, permissions, groups))
        })
        .unwrap();
    assert_eq!(totals, [5, 4, 0].map(Total::Exactly));
    assert!(permissions.len() == 1 && permissions[0].is_system);
    let groups: Vec<_> = groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(groups, ["alumni_office_group", "applicant_group"]);
}

#[test]
fn the_seeded_rows_are_what_the_types_allow() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    database.transaction(|tx| tx.seed_access(now)).unwrap();
    let group = database.read(|tx| tx.named(&group(SUPER_ADMIN_GROUP)));
    let group = group.unwrap().unwrap();
    assert!(group.is_system && group.parts.is_sorted() && group.created_at == now);
    let everything = database.read(|tx| {
        let all = NameFilter::default();
        let _: Vec<Role> = tx.list_named(&all, Seek::START, 100)?;
        let permissions: Vec<PermissionRecord> = tx.list_named(&all, Seek::START, 100)?;
        Ok(permissions)
    });
    assert!(
        everything
            .unwrap()
            .iter()
            .all(|permission| permission.is_system)
    );
}
