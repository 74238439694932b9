use abu_application::{
    identity::ports::UserFilter,
    platform::{
        lists::{Seek, TimePosition, Total},
        ports::{Clock, StoreError},
        system::SystemClock,
    },
};
use abu_domain::{
    UserId,
    access::{APPLICANT_GROUP, GroupName},
    identity::{
        text::PhoneNumber,
        user::{User, Verification},
    },
    platform::text::{EmailAddress, PersonName},
};
use abu_test_support::TestDatabase;
use chrono::TimeDelta;
use uuid::Uuid;

use crate::memberships::member_of;

fn unknown() -> UserId {
    UserId::new(Uuid::new_v4())
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

#[test]
fn an_account_is_read_as_it_was_made() {
    let database = TestDatabase::new();
    let created_at = SystemClock.now();
    let user = database
        .user()
        .email("zainab@example.com")
        .name("Zainab", "Ọláyínká")
        .in_group(APPLICANT_GROUP)
        .in_group("editor_group")
        .with(|new| {
            new.middlename = Some(PersonName::parse("Ayọ̀").unwrap());
            new.phone = Some(PhoneNumber::parse("0803 123 4567").unwrap());
            new.created_at = created_at;
        })
        .create();
    let expected = User {
        id: user.id,
        email: address("zainab@example.com"),
        firstname: PersonName::parse("Zainab").unwrap(),
        middlename: Some(PersonName::parse("Ayọ̀").unwrap()),
        lastname: PersonName::parse("Ọláyínká").unwrap(),
        phone: Some(PhoneNumber::parse("+2348031234567").unwrap()),
        is_active: true,
        is_superuser: false,
        verification: Verification::Unverified,
        groups: vec![APPLICANT_GROUP.to_owned(), "editor_group".to_owned()],
        created_at,
        last_modified: created_at,
    };
    assert_eq!(user, expected);
    assert_eq!(database.read(|tx| tx.user(unknown())).unwrap(), None);
}

#[test]
fn an_address_has_one_account_in_whatever_case() {
    let database = TestDatabase::new();
    database.user().email("amina@example.com").create();
    database.execute("UPDATE users SET email = 'Amina@Example.com'");
    let conflict = database.transaction(|tx| {
        tx.insert_user(&abu_application::identity::ports::NewUser {
            id: unknown(),
            email: address("amina@example.com"),
            password_hash: "-".into(),
            firstname: PersonName::parse("A").unwrap(),
            middlename: None,
            lastname: PersonName::parse("B").unwrap(),
            phone: None,
            is_superuser: false,
            email_verified_at: None,
            email_awaits_proof: false,
            created_at: SystemClock.now(),
        })
    });
    match conflict {
        Err(StoreError::Conflict { constraint }) => assert_eq!(constraint, "users_email_key"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_log_in_finds_the_hash_by_the_address() {
    let database = TestDatabase::new();
    let user = database
        .user()
        .email("amina@example.com")
        .password_hash("$2b$x")
        .create();
    let found = database
        .read(|tx| tx.credentials(&address("AMINA@example.com")))
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.user_id, found.password_hash.as_str(), found.is_active),
        (user.id, "$2b$x", true)
    );
    assert!(
        database
            .read(|tx| tx.credentials(&address("bola@example.com")))
            .unwrap()
            .is_none()
    );
}

#[test]
fn password_and_suspension_changes_report_whether_the_account_exists() {
    let database = TestDatabase::new();
    let user = database.user().email("amina@example.com").create();
    let later = user.created_at + TimeDelta::seconds(5);
    let changed = |id| {
        database
            .transaction(|tx| {
                Ok((
                    tx.set_password_hash(id, "new", later)?,
                    tx.set_active(id, false, later)?,
                ))
            })
            .unwrap()
    };
    assert_eq!(changed(user.id), (true, true));
    assert_eq!(changed(unknown()), (false, false));
    let now = database.read(|tx| tx.user(user.id)).unwrap().unwrap();
    assert_eq!((now.is_active, now.last_modified), (false, later));
    let credentials = database
        .read(|tx| tx.credentials(&user.email))
        .unwrap()
        .unwrap();
    assert_eq!(credentials.password_hash, "new");
}

#[test]
fn only_active_accounts_count_as_users() {
    let database = TestDatabase::new();
    let active = database.user().create().id;
    let suspended = database.user().suspended().create().id;
    let found = database
        .read(|tx| tx.active_users(&[suspended, unknown(), active]))
        .unwrap();
    assert_eq!(found, [active]);
    assert!(database.read(|tx| tx.active_users(&[])).unwrap().is_empty());
}

fn listed(database: &TestDatabase, filter: &UserFilter) -> Vec<String> {
    let users = database
        .read(|tx| tx.list_users(filter, Seek::START, 100))
        .unwrap();
    users
        .into_iter()
        .map(|user| user.firstname.as_str().to_owned())
        .collect()
}

#[test]
fn a_list_of_accounts_pages_newest_first_in_either_direction() {
    let database = TestDatabase::new();
    let start = SystemClock.now();
    // Two of three are made at the same moment: then the id decides.
    let mut users: Vec<User> = (0..9)
        .map(|number| {
            let created_at = start + TimeDelta::seconds(number - number % 3);
            database
                .user()
                .with(|new| new.created_at = created_at)
                .create()
        })
        .collect();
    users.sort_by_key(|user| (user.created_at, user.id));
    users.reverse();
    let all = UserFilter::default();
    let page = |seek| database.read(|tx| tx.list_users(&all, seek, 4)).unwrap();
    let position = |user: &User| TimePosition {
        at: user.created_at,
        id: user.id,
    };
    let (mut forward, mut seek) = (Vec::new(), Seek::START);
    loop {
        let page = page(seek);
        let Some(last) = page.last() else { break };
        seek = Seek::After(Some(position(last)));
        forward.extend(page);
    }
    assert_eq!(forward, users);
    let (mut backward, mut seek) = (Vec::new(), Seek::Before(None));
    loop {
        let page = page(seek);
        let Some(first) = page.first() else { break };
        seek = Seek::Before(Some(position(first)));
        backward.splice(0..0, page);
    }
    assert_eq!(backward, users);
}

#[test]
fn accounts_are_counted_up_to_the_exact_limit() {
    let database = TestDatabase::new();
    database.user().in_group("editor_group").create();
    database
        .user()
        .in_group("editor_group")
        .suspended()
        .create();
    let counted = |filter: &UserFilter| database.read(|tx| tx.count_users(filter)).unwrap();
    let all = UserFilter::default();
    let editors = UserFilter {
        groups: vec!["editor_group".to_owned()],
        ..all.clone()
    };
    let active = UserFilter {
        is_active: Some(true),
        ..editors.clone()
    };
    let nowhere = UserFilter {
        groups: vec!["no_such_group".to_owned()],
        ..all.clone()
    };
    for (filter, expected) in [(&all, 2), (&editors, 2), (&active, 1), (&nowhere, 0)] {
        assert_eq!(counted(filter), Total::Exactly(expected), "{filter:?}");
    }
    let add = |how_many: u32| {
        database.execute(&format!(
            "INSERT INTO users (id, email, password_hash, firstname, lastname, created_at, last_modified)
             SELECT id, id || '@example.com', '-', 'Many', 'People', now(), now()
             FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, {how_many})) AS many"
        ));
    };
    add(9_998);
    assert_eq!(counted(&all), Total::Exactly(10_000));
    add(2);
    assert_eq!(counted(&all), Total::AtLeast(10_000));
}

#[test]
fn a_prefix_matches_address_and_names_in_any_case_and_nothing_else() {
    let database = TestDatabase::new();
    database
        .user()
        .email("amina@example.com")
        .name("One", "Bello")
        .create();
    database
        .user()
        .email("x@example.com")
        .name("Two", "Aminu")
        .create();
    database
        .user()
        .email("y@example.com")
        .name("Aminata", "Sule")
        .create();
    database
        .user()
        .email("z@example.com")
        .name("Four", "Obi-Amin")
        .create();
    let filter = |prefix: &str| UserFilter {
        starts_with: Some(prefix.to_owned()),
        ..UserFilter::default()
    };
    assert_eq!(
        listed(&database, &filter("AMIN")),
        ["Four", "Aminata", "Two", "One"]
    );
    assert!(listed(&database, &filter("min")).is_empty());
    assert_eq!(listed(&database, &filter("")).len(), 4);
}

#[test]
fn a_search_folds_names_and_takes_their_words_in_any_order() {
    let database = TestDatabase::new();
    let named = |first: &str, middle: Option<&str>, last: &str| {
        let middle = middle.map(|name| PersonName::parse(name).unwrap());
        let user = database.user().name(first, last);
        user.with(|new| new.middlename = middle).create();
    };
    named("Ƙadir", None, "Ɗanjuma");
    named("Ṣadé", Some("Ọláyínká"), "Bello");
    named("Hauwa’u", None, "Abdul-Ƴar");
    named("Анна", None, "Ɓello");
    let found = |text: &str| {
        let starts_with = Some(text.to_owned());
        let mut found = listed(
            &database,
            &UserFilter {
                starts_with,
                ..UserFilter::default()
            },
        );
        found.sort();
        found
    };
    for text in [
        "kadir",
        "KADIR danjuma",
        "danjuma kadir",
        "Ɗanjuma, Ƙadir",
        "dan kad",
    ] {
        assert_eq!(found(text), ["Ƙadir"], "{text}");
    }
    for text in [
        "sade bello",
        "Bello Ṣadé",
        "S\u{323}ADE\u{301}",
        "bello olayinka sade",
    ] {
        assert_eq!(found(text), ["Ṣadé"], "{text}");
    }
    assert_eq!(found("hauwau abdul yar"), ["Hauwa’u"]);
    assert_eq!(found("Hauwa'u"), ["Hauwa’u"]);
    assert_eq!(found("bello"), ["Анна", "Ṣadé"]);
    assert_eq!(found("анна"), ["Анна"]);
    assert!(found("bello kadir").is_empty());
    assert!(found("' | !x:*").is_empty());
}

#[test]
fn a_search_finds_an_address_by_either_spelling_of_its_host() {
    let database = TestDatabase::new();
    database.user().email("amina@bücher.example").create();
    for text in ["amina@bücher.example", "AMINA@xn--bcher", " amina@"] {
        let filter = UserFilter {
            starts_with: Some(text.to_owned()),
            ..UserFilter::default()
        };
        assert_eq!(listed(&database, &filter), ["Amina"], "{text}");
    }
}

#[test]
fn a_search_by_name_reads_an_index() {
    let database = TestDatabase::new();
    database.execute(
        "INSERT INTO users (id, email, password_hash, firstname, lastname, created_at, last_modified)
         SELECT gen_random_uuid(), n || '@example.com', '-', 'First' || n, 'Last' || n, now(), now()
         FROM generate_series(1, 5000) AS n;
         ANALYZE users",
    );
    let plan = database.texts(
        "EXPLAIN SELECT id FROM users
         WHERE lower(email) LIKE 'last77%' OR array_to_tsvector(folded_words(users.firstname || ' '
             || coalesce(users.middlename, '') || ' ' || users.lastname)) @@ $$'last77':*$$::tsquery",
    );
    let plan = plan.join("\n");
    assert!(plan.contains("users_name_words_idx"), "{plan}");
    assert!(!plan.contains("Seq Scan"), "{plan}");
}

#[test]
fn signs_that_patterns_are_made_of_match_themselves_alone() {
    let database = TestDatabase::new();
    database.user().name("per%cent", "A").create();
    database.user().name("under_score", "A").create();
    database.user().name(r"back\slash", "A").create();
    database.user().name("plain", "A").create();
    let found = |prefix: &str| {
        let starts_with = Some(prefix.to_owned());
        listed(
            &database,
            &UserFilter {
                starts_with,
                ..UserFilter::default()
            },
        )
    };
    assert_eq!(found("per%"), ["per%cent"]);
    assert_eq!(found("under_"), ["under_score"]);
    assert_eq!(found(r"back\"), [r"back\slash"]);
    for absent in [
        "%",
        "_",
        r"\",
        "p_ain",
        "%lain",
        "'; DROP TABLE users; --",
        "a\0b",
    ] {
        assert!(found(absent).is_empty(), "{absent:?}");
    }
}

#[test]
fn filters_narrow_each_other() {
    let database = TestDatabase::new();
    let start = SystemClock.now();
    let made = |name: &str, seconds| {
        let created_at = start + TimeDelta::seconds(seconds);
        database
            .user()
            .name(name, "A")
            .with(|new| new.created_at = created_at)
    };
    made("one", 1).in_group("editor_group").create();
    made("two", 2).in_group("editor_group").suspended().create();
    made("three", 3).in_group("dpo_group").create();
    database.execute("UPDATE users SET verification = 'pending' WHERE firstname = 'three'");
    let all = UserFilter::default();
    let editors = UserFilter {
        groups: vec!["editor_group".to_owned()],
        ..all.clone()
    };
    assert_eq!(listed(&database, &editors), ["two", "one"]);
    let active = UserFilter {
        is_active: Some(true),
        ..editors.clone()
    };
    assert_eq!(listed(&database, &active), ["one"]);
    let pending = UserFilter {
        verifications: vec![Verification::Pending],
        ..all.clone()
    };
    assert_eq!(listed(&database, &pending), ["three"]);
    let since = UserFilter {
        created_after: Some(start + TimeDelta::seconds(1)),
        ..all.clone()
    };
    assert_eq!(listed(&database, &since), ["three", "two"]);
    for nowhere in ["no_such_group", "a\0b"] {
        let filter = UserFilter {
            groups: vec![nowhere.to_owned()],
            ..all.clone()
        };
        assert!(listed(&database, &filter).is_empty());
    }
}

#[test]
fn groups_are_joined_and_left_together_and_the_account_has_changed() {
    let database = TestDatabase::new();
    let user = database.user().in_group(APPLICANT_GROUP).create();
    let names = |names: &[&str]| -> Vec<GroupName> {
        let parsed = names.iter().map(|name| GroupName::parse(name).unwrap());
        parsed.collect()
    };
    let now = user.created_at + TimeDelta::seconds(1);
    let joining = ["editor_group", APPLICANT_GROUP].map(|group| member_of(group, None));
    let joined = database.transaction(|tx| {
        tx.add_to_groups(user.id, &joining, now)?;
        tx.user(user.id)
    });
    let joined = joined.unwrap().unwrap();
    assert_eq!(joined.groups, [APPLICANT_GROUP, "editor_group"]);
    assert_eq!(joined.last_modified, now);
    let now = now + TimeDelta::seconds(1);
    let left = database.transaction(|tx| {
        tx.remove_from_groups(user.id, &names(&["dpo_group", APPLICANT_GROUP]), now)?;
        tx.user(user.id)
    });
    let left = left.unwrap().unwrap();
    assert_eq!(left.groups, ["editor_group"]);
    assert_eq!(left.last_modified, now);
}

#[test]
fn a_last_seen_time_never_moves_back() {
    let database = TestDatabase::new();
    let amina = database.user().create().id;
    let bola = database.user().create().id;
    let room = database.group(amina).member(bola).create().id;
    let now = SystemClock.now();
    let earlier = now - TimeDelta::seconds(9);
    let seen = || {
        let members = database
            .read(|tx| tx.list_members(room, Seek::START, 10))
            .unwrap();
        let of = |user| {
            members
                .iter()
                .find(|m| m.membership.user_id == user)
                .unwrap()
                .last_seen_at
        };
        (of(amina), of(bola))
    };
    let note = |seen: &[_]| database.transaction(|tx| tx.set_last_seen(seen)).unwrap();
    assert_eq!(seen(), (None, None));
    note(&[(amina, earlier), (unknown(), now), (amina, now)]);
    assert_eq!(seen(), (Some(now), None));
    note(&[(amina, earlier), (bola, earlier)]);
    assert_eq!(seen(), (Some(now), Some(earlier)));
    note(&[]);
}

#[test]
fn an_unknown_stored_state_is_an_error_without_the_value() {
    let database = TestDatabase::new();
    let user = database.user().create().id;
    database.execute(
        "ALTER TABLE users DROP CONSTRAINT users_verification_known;
         UPDATE users SET verification = 'a newer state'",
    );
    let error = database.read(|tx| tx.user(user)).unwrap_err();
    assert!(matches!(error, StoreError::Other(_)), "{error:?}");
    let told = format!("{error:?}");
    assert!(
        told.contains("users.verification") && !told.contains("a newer state"),
        "{told}"
    );
}
