use abu_application::{
    access::ports::AssignmentFilter,
    platform::{
        lists::{Seek, TimePosition, Total},
        ports::{Clock, StoreError},
        system::SystemClock,
    },
};
use abu_domain::{
    AssignmentId, UserId,
    access::{Assignment, RoleName, Scope, Term},
    platform::text::OfficeTitle,
};
use abu_test_support::{TestDatabase, session_of};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

fn role(name: &str) -> RoleName {
    RoleName::parse(name).unwrap()
}

fn seeded() -> TestDatabase {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    database.transaction(|tx| tx.seed_access(now)).unwrap();
    database
}

fn chair(user: UserId, now: DateTime<Utc>) -> Assignment {
    Assignment {
        id: AssignmentId::new(Uuid::new_v4()),
        user_id: user,
        role: role("chapter_chair"),
        scope: Scope::Chapter(Uuid::from_u128(1)),
        term: Term::new(now, Some(now + TimeDelta::days(700))).unwrap(),
        office_title: Some(OfficeTitle::parse("Chair of the Kaduna branch").unwrap()),
        created_by: Some(user),
        created_at: now,
        last_modified: now,
    }
}

fn insert(database: &TestDatabase, assignment: &Assignment) -> Result<(), StoreError> {
    database.transaction(|tx| tx.insert_assignment(assignment))
}

#[test]
fn an_assigned_role_is_read_as_it_was_made() {
    let database = seeded();
    let (user, now) = (database.user().create().id, SystemClock.now());
    let chair = chair(user, now);
    insert(&database, &chair).unwrap();
    let global = Assignment {
        id: AssignmentId::new(Uuid::new_v4()),
        role: role("job_admin"),
        scope: Scope::Global,
        term: Term::new(now, None).unwrap(),
        office_title: None,
        created_by: None,
        ..chair.clone()
    };
    insert(&database, &global).unwrap();
    for made in [chair, global] {
        let read = database.read(|tx| tx.assignment(made.id)).unwrap();
        assert_eq!(read, Some(made));
    }
    let nothing = AssignmentId::new(Uuid::new_v4());
    assert_eq!(database.read(|tx| tx.assignment(nothing)).unwrap(), None);
}

#[test]
fn an_assignment_to_an_unknown_user_or_role_is_refused() {
    let database = seeded();
    let now = SystemClock.now();
    let ghost = chair(UserId::new(Uuid::new_v4()), now);
    let made = insert(
        &database,
        &Assignment {
            created_by: None,
            ..ghost
        },
    );
    assert!(matches!(made, Err(StoreError::Conflict { .. })), "{made:?}");
    let unknown = Assignment {
        role: role("no_such_role"),
        ..chair(database.user().create().id, now)
    };
    assert!(insert(&database, &unknown).is_err());
}

#[test]
fn terms_end_and_are_called_off() {
    let database = seeded();
    let (user, later) = (database.user().create().id, SystemClock.now());
    let now = later - TimeDelta::seconds(9);
    let (runs, other) = (chair(user, now), chair(user, now));
    insert(&database, &runs).unwrap();
    insert(&database, &other).unwrap();
    let left = database.transaction(|tx| {
        tx.end_assignment(runs.id, later)?;
        tx.delete_assignment(other.id)?;
        Ok((tx.assignment(runs.id)?.unwrap(), tx.assignment(other.id)?))
    });
    let (ended, called_off) = left.unwrap();
    assert_eq!(ended.term, Term::new(now, Some(later)).unwrap());
    assert_eq!((ended.created_at, ended.last_modified), (now, later));
    assert_eq!(called_off, None);
}

#[test]
fn skewed_clocks_end_a_term_after_its_start_and_by_now() {
    let database = seeded();
    let user = database.user().create().id;
    let now = SystemClock.now();
    let (moment, day) = (TimeDelta::microseconds(1), TimeDelta::days(1));
    let ended = |from: DateTime<Utc>, until: Option<DateTime<Utc>>, at: DateTime<Utc>| {
        let assignment = Assignment {
            id: AssignmentId::new(Uuid::new_v4()),
            term: Term::new(from, until).unwrap(),
            ..chair(user, from)
        };
        insert(&database, &assignment).unwrap();
        let left = database.transaction(|tx| {
            tx.end_assignment(assignment.id, at)?;
            tx.assignment(assignment.id)
        });
        left.unwrap().unwrap().term.until().unwrap()
    };
    // In the moment in which it began, and by a clock that is behind.
    assert_eq!(ended(now, None, now), now + moment);
    assert_eq!(ended(now, Some(now + day), now - day), now + moment);
    // Over already by the time it was looked at.
    assert_eq!(ended(now - day * 2, Some(now - day), now), now - day);
    // By a clock that is ahead: it counts no longer, by the clock that says so.
    assert!(ended(now - day, None, now + day) < now + day);
    let chapters = database.read(|tx| tx.caller(user, session_of(user)));
    assert!(chapters.unwrap().unwrap().in_chapters.is_empty());
}

#[test]
fn assignments_of_a_role_may_not_overlap_in_one_scope() {
    let database = seeded();
    let (user, other) = (database.user().create().id, database.user().create().id);
    let now = SystemClock.now();
    let held = chair(user, now);
    insert(&database, &held).unwrap();
    let day = TimeDelta::days(1);
    let end = held.term.until().unwrap();
    let is_assigned = |user, name: &str, scope, from, until| {
        let term = Term::new(from, until).unwrap();
        let found = database.read(|tx| tx.is_assigned(user, &role(name), scope, term));
        found.unwrap()
    };
    let (here, there) = (held.scope, Scope::Chapter(Uuid::from_u128(2)));
    let name = "chapter_chair";
    assert!(is_assigned(user, name, here, now, None));
    assert!(is_assigned(user, name, here, now - day, Some(now + day)));
    assert!(is_assigned(user, name, here, end - day, None));
    assert!(!is_assigned(user, name, here, end, None));
    assert!(!is_assigned(user, name, here, now - day, Some(now)));
    assert!(!is_assigned(user, name, there, now, None));
    assert!(!is_assigned(user, name, Scope::Global, now, None));
    assert!(!is_assigned(user, "chapter_editor", here, now, None));
    assert!(!is_assigned(other, name, here, now, None));
}

#[test]
fn the_list_pages_newest_first_in_either_direction_and_filters() {
    let database = seeded();
    let (amina, bello) = (database.user().create().id, database.user().create().id);
    let now = SystemClock.now();
    let day = TimeDelta::days(1);
    let made = |user, name: &str, age: i64, scope, from, until| {
        let assignment = Assignment {
            role: role(name),
            scope,
            term: Term::new(from, until).unwrap(),
            created_at: now - TimeDelta::seconds(age),
            ..chair(user, now)
        };
        insert(&database, &assignment).unwrap();
        assignment
    };
    let chapter = Uuid::from_u128(1);
    let here = Scope::Chapter(chapter);
    let past = made(
        amina,
        "chapter_chair",
        3,
        here,
        now - day * 2,
        Some(now - day),
    );
    let runs = made(bello, "chapter_chair", 2, here, now - day, None);
    let to_come = made(bello, "job_admin", 1, Scope::Global, now + day, None);
    let listed = |filter: &AssignmentFilter, seek, limit| -> Vec<AssignmentId> {
        let page = database.read(|tx| tx.list_assignments(filter, seek, limit));
        page.unwrap().iter().map(|found| found.id).collect()
    };
    let all = AssignmentFilter::default();
    let ids = [to_come.id, runs.id, past.id];
    assert_eq!(listed(&all, Seek::START, 9), ids);
    let middle = TimePosition {
        at: runs.created_at,
        id: runs.id,
    };
    assert_eq!(listed(&all, Seek::After(Some(middle)), 9), ids[2..]);
    assert_eq!(listed(&all, Seek::Before(Some(middle)), 9), ids[..1]);
    assert_eq!(listed(&all, Seek::Before(None), 2), ids[1..]);
    let narrowed = [
        (
            AssignmentFilter {
                user: Some(bello),
                ..all.clone()
            },
            vec![to_come.id, runs.id],
        ),
        (
            AssignmentFilter {
                roles: vec![role("chapter_chair")],
                ..all.clone()
            },
            vec![runs.id, past.id],
        ),
        (
            AssignmentFilter {
                chapter: Some(chapter),
                ..all.clone()
            },
            vec![runs.id, past.id],
        ),
        (
            AssignmentFilter {
                active: Some(true),
                ..all.clone()
            },
            vec![runs.id],
        ),
        (
            AssignmentFilter {
                active: Some(false),
                ..all.clone()
            },
            vec![to_come.id, past.id],
        ),
    ];
    for (filter, expected) in narrowed {
        assert_eq!(listed(&filter, Seek::START, 9), expected, "{filter:?}");
        let total = database.read(|tx| tx.count_assignments(&filter)).unwrap();
        assert_eq!(total, Total::Exactly(expected.len() as u64));
    }
}
