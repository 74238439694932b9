use abu_application::{
    platform::{
        audit::{
            Action, Actor, Broken, Entry, FIRST_PREV_HASH, Flaw, Mark, Target, VerificationError,
            Verified, chain_hash, verify,
        },
        lists::{Seek, Total},
        ports::{AuditEntry, AuditFilter, Clock, Ids, StoreError},
        system::{SystemClock, SystemIds},
    },
    store::Writes,
};
use abu_domain::UserId;
use abu_test_support::TestDatabase;
use chrono::TimeDelta;
use diesel::{RunQueryDsl, sql_query, sql_types::BigInt};
use uuid::Uuid;

const APPEND_ONLY: &str = "ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only;";

fn append(tx: &mut dyn Writes, entry: Entry) -> Result<(), StoreError> {
    entry.write(tx, SystemIds.time_ordered(), SystemClock.now())
}

fn sample(number: usize) -> Entry {
    let user = UserId::new(Uuid::from_u128(number as u128));
    Entry::new(Actor::User(user), Action::ALL[number % Action::ALL.len()])
        .on(Target::user(user))
        .with("number", number.to_string())
}

/// A database with that many entries in its log.
fn log_of(entries: usize) -> TestDatabase {
    let database = TestDatabase::new();
    let written =
        database.transaction(|tx| (1..=entries).try_for_each(|number| append(tx, sample(number))));
    written.unwrap();
    database
}

fn verified(database: &TestDatabase, known: &[Mark]) -> Result<Verified, Broken> {
    verified_from(database, None, known)
}

fn verified_from(
    database: &TestDatabase,
    from: Option<Mark>,
    known: &[Mark],
) -> Result<Verified, Broken> {
    match verify(&*database.store(), from, known) {
        Ok(verified) => Ok(verified),
        Err(VerificationError::Broken(broken)) => Err(broken),
        Err(VerificationError::Store(error)) => panic!("{error}"),
    }
}

fn head(database: &TestDatabase) -> Mark {
    verified(database, &[]).unwrap().head
}

fn entries(database: &TestDatabase) -> Vec<AuditEntry> {
    database.read(|tx| tx.audit_chain(0, 10_000)).unwrap()
}

fn tamper(database: &TestDatabase, statements: &str) {
    database.execute(&format!("{APPEND_ONLY} {statements}"));
}

const fn broken(seq: i64, flaw: Flaw) -> Result<Verified, Broken> {
    Err(Broken { seq, flaw })
}

#[test]
fn an_empty_log_is_whole() {
    let database = TestDatabase::new();
    let nothing = Mark {
        seq: 0,
        hash: FIRST_PREV_HASH,
    };
    let whole = verified(&database, &[nothing]).unwrap();
    assert_eq!((whole.entries, whole.head), (0, nothing));
    let another = Mark {
        hash: [1; 32],
        ..nothing
    };
    assert_eq!(verified(&database, &[another]), broken(0, Flaw::NotAsNoted));
}

#[test]
fn entries_that_many_write_at_once_are_one_chain_without_gaps() {
    let database = TestDatabase::new();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let database = &database;
            scope.spawn(move || {
                for number in 0..25 {
                    let entry = sample(thread * 25 + number);
                    database.transaction(|tx| append(tx, entry)).unwrap();
                }
            });
        }
    });
    let whole = verified(&database, &[]).unwrap();
    assert_eq!((whole.entries, whole.head.seq), (200, 200));
    let places: Vec<i64> = entries(&database).iter().map(|entry| entry.seq).collect();
    assert_eq!(places, (1..=200).collect::<Vec<_>>());
}

#[test]
fn a_transaction_that_is_undone_leaves_no_entry() {
    let database = log_of(1);
    let before = head(&database);
    let undone = database.transaction(|tx| {
        append(tx, sample(2))?;
        Err::<(), _>(StoreError::Other("on purpose".into()))
    });
    assert!(undone.is_err());
    assert_eq!(head(&database), before);
    database.transaction(|tx| append(tx, sample(3))).unwrap();
    assert_eq!(head(&database).seq, 2);
}

#[test]
fn entries_cannot_be_changed_or_taken_away() {
    let database = log_of(2);
    let before = entries(&database);
    for statement in [
        "UPDATE audit_log SET details = '{}'",
        "UPDATE audit_log SET details = '{}' WHERE false",
        "DELETE FROM audit_log WHERE seq = 2",
        "TRUNCATE audit_log",
    ] {
        let refused = sql_query(statement).execute(&mut database.connection());
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{statement}: {refused}");
    }
    assert_eq!(entries(&database), before);
}

#[test]
fn whatever_was_done_to_the_log_is_found_and_named() {
    for (statements, expected) in [
        // One byte, in every part of an entry.
        (
            "UPDATE audit_log SET details = replace(details, '3', '4') WHERE seq = 3",
            broken(3, Flaw::Changed),
        ),
        (
            "UPDATE audit_log SET created_at = created_at + interval '1 microsecond' WHERE seq = 3",
            broken(3, Flaw::Changed),
        ),
        (
            "UPDATE audit_log SET actor_id = gen_random_uuid() WHERE seq = 3",
            broken(3, Flaw::Changed),
        ),
        (
            "UPDATE audit_log SET actor = 'User' WHERE seq = 3",
            broken(3, Flaw::Changed),
        ),
        (
            "UPDATE audit_log SET action = action || ' ' WHERE seq = 3",
            broken(3, Flaw::Changed),
        ),
        (
            "UPDATE audit_log SET target_id = NULL WHERE seq = 3",
            broken(3, Flaw::Changed),
        ),
        (
            "UPDATE audit_log SET address = '' WHERE seq = 3",
            broken(3, Flaw::Changed),
        ),
        (
            "UPDATE audit_log SET hash = set_byte(hash, 31, get_byte(hash, 31) # 1) WHERE seq = 3",
            broken(3, Flaw::Changed),
        ),
        (
            "UPDATE audit_log SET prev_hash = set_byte(prev_hash, 0, get_byte(prev_hash, 0) # 1)
             WHERE seq = 3",
            broken(3, Flaw::Detached),
        ),
        (
            "UPDATE audit_log SET prev_hash = '' WHERE seq = 3",
            broken(3, Flaw::Detached),
        ),
        (
            "UPDATE audit_log SET hash = '' WHERE seq = 3",
            broken(3, Flaw::Changed),
        ),
        // Entries taken away.
        (
            "DELETE FROM audit_log WHERE seq = 1",
            broken(1, Flaw::Missing),
        ),
        (
            "DELETE FROM audit_log WHERE seq = 3",
            broken(3, Flaw::Missing),
        ),
        (
            "DELETE FROM audit_log WHERE seq IN (3, 4)",
            broken(3, Flaw::Missing),
        ),
        (
            "DELETE FROM audit_log WHERE seq > 3",
            broken(4, Flaw::Missing),
        ),
        ("DELETE FROM audit_log", broken(1, Flaw::Missing)),
        // Taken away, and the gap closed.
        (
            "DELETE FROM audit_log WHERE seq = 3;
             UPDATE audit_log SET seq = seq - 1 WHERE seq > 3",
            broken(3, Flaw::Detached),
        ),
        // In another order.
        (
            "UPDATE audit_log SET seq = 99 WHERE seq = 3;
             UPDATE audit_log SET seq = 3 WHERE seq = 4;
             UPDATE audit_log SET seq = 4 WHERE seq = 99",
            broken(3, Flaw::Detached),
        ),
        // The head.
        (
            "UPDATE audit_log_head SET hash = decode(repeat('00', 32), 'hex')",
            broken(5, Flaw::NotTheHead),
        ),
        (
            "UPDATE audit_log_head SET seq = 6",
            broken(6, Flaw::Missing),
        ),
        (
            "UPDATE audit_log_head SET seq = 4,
                 hash = (SELECT hash FROM audit_log WHERE seq = 4)",
            broken(5, Flaw::BehindTheHead),
        ),
        ("DELETE FROM audit_log_head", broken(0, Flaw::NotTheHead)),
    ] {
        let database = log_of(5);
        tamper(&database, statements);
        assert_eq!(verified(&database, &[]), expected, "{statements}");
    }
}

/// Changes an entry and gives it the hash that belongs to it then.
fn rewrite(database: &TestDatabase, seq: i64, prev: Option<[u8; 32]>) -> [u8; 32] {
    let mut entry = entries(database).remove(seq as usize - 1);
    entry.row.details = "{}".to_owned();
    let prev = prev.unwrap_or_else(|| entry.prev_hash.try_into().unwrap());
    let hash = chain_hash(&prev, seq, &entry.row);
    let hex = |hash: &[u8; 32]| {
        let mark = Mark { seq, hash: *hash }.to_string();
        mark.split_once(':').unwrap().1.to_owned()
    };
    let (prev, new) = (hex(&prev), hex(&hash));
    tamper(
        database,
        &format!(
            "UPDATE audit_log SET details = '{{}}', prev_hash = decode('{prev}', 'hex'),
                 hash = decode('{new}', 'hex') WHERE seq = {seq};
             UPDATE audit_log_head SET hash = decode('{new}', 'hex') WHERE seq = {seq}"
        ),
    );
    hash
}

#[test]
fn an_entry_changed_with_its_hash_breaks_the_next_one() {
    let database = log_of(5);
    rewrite(&database, 3, None);
    assert_eq!(verified(&database, &[]), broken(4, Flaw::Detached));
}

#[test]
fn a_history_that_was_written_anew_does_not_hold_what_was_noted() {
    let database = log_of(5);
    let noted = head(&database);
    let early = Mark {
        seq: 2,
        hash: entries(&database)[1].hash.clone().try_into().unwrap(),
    };
    let mut prev = None;
    for seq in 3..=5 {
        prev = Some(rewrite(&database, seq, prev));
    }
    assert_eq!(verified(&database, &[early]).unwrap().entries, 5);
    assert_eq!(
        verified(&database, &[early, noted]),
        broken(5, Flaw::NotAsNoted)
    );
    assert_eq!(
        verified_from(&database, Some(noted), &[]),
        broken(5, Flaw::NotAsNoted)
    );
}

#[test]
fn a_truncated_log_with_a_reset_head_fails_a_known_mark() {
    let database = log_of(5);
    let noted = head(&database);
    tamper(
        &database,
        "DELETE FROM audit_log WHERE seq > 3;
         UPDATE audit_log_head SET seq = 3, hash = (SELECT hash FROM audit_log WHERE seq = 3)",
    );
    assert_eq!(verified(&database, &[]).unwrap().entries, 3);
    assert_eq!(verified(&database, &[noted]), broken(5, Flaw::Missing));
    assert_eq!(
        verified_from(&database, Some(noted), &[]),
        broken(5, Flaw::Missing)
    );
}

#[test]
fn a_log_can_be_verified_from_what_was_noted_on() {
    let database = log_of(3);
    let noted = head(&database);
    database
        .transaction(|tx| (4..=5).try_for_each(|number| append(tx, sample(number))))
        .unwrap();
    let now = head(&database);
    let whole = verified_from(&database, Some(noted), &[now]).unwrap();
    // The one that was noted is looked at too.
    assert_eq!((whole.entries, whole.head), (3, now));
    tamper(&database, "UPDATE audit_log SET details = '' WHERE seq = 4");
    assert_eq!(
        verified_from(&database, Some(noted), &[]),
        broken(4, Flaw::Changed)
    );
}

#[test]
fn a_log_longer_than_one_chunk_is_verified_to_its_end() {
    let database = log_of(4_100);
    assert_eq!(verified(&database, &[]).unwrap().entries, 4_100);
    tamper(
        &database,
        "UPDATE audit_log SET details = '' WHERE seq = 4100",
    );
    assert_eq!(verified(&database, &[]), broken(4_100, Flaw::Changed));
}

#[test]
fn concurrent_appends_do_not_fail_a_verification() {
    let database = log_of(10);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            (0..50).for_each(|number| {
                database
                    .transaction(|tx| append(tx, sample(number)))
                    .unwrap();
            });
        });
        while !writing.is_finished() {
            verified(&database, &[]).unwrap();
        }
    });
    assert_eq!(verified(&database, &[]).unwrap().entries, 60);
}

fn listed(database: &TestDatabase, filter: &AuditFilter, seek: Seek<i64>, limit: u32) -> Vec<i64> {
    let entries = database.read(|tx| tx.list_audit(filter, seek, limit));
    entries.unwrap().iter().map(|entry| entry.seq).collect()
}

#[test]
fn the_log_is_listed_from_its_newest_entry_in_either_direction() {
    let database = log_of(5);
    let all = AuditFilter::default();
    assert_eq!(listed(&database, &all, Seek::START, 3), [5, 4, 3]);
    assert_eq!(listed(&database, &all, Seek::After(Some(3)), 3), [2, 1]);
    assert_eq!(listed(&database, &all, Seek::Before(Some(2)), 2), [4, 3]);
    assert_eq!(listed(&database, &all, Seek::Before(None), 2), [2, 1]);
    let total = database.read(|tx| tx.count_audit(&all)).unwrap();
    assert_eq!(total, Total::Exactly(5));
}

#[test]
fn each_filter_lists_the_entries_it_names() {
    let database = TestDatabase::new();
    let [amina, musa] = [1, 2].map(|id| UserId::new(Uuid::from_u128(id)));
    let now = SystemClock.now();
    let at = |minutes| now + TimeDelta::minutes(minutes);
    let entries = [
        Entry::new(Actor::User(amina), Action::UserCreate).on(Target::user(musa)),
        Entry::new(Actor::User(musa), Action::UserSuspend).on(Target::user(amina)),
        Entry::new(Actor::System, Action::AccessSeed),
        Entry::new(Actor::User(amina), Action::UserSuspend).on(Target::session(musa.uuid().into())),
    ];
    database
        .transaction(|tx| {
            entries
                .into_iter()
                .zip(1..)
                .try_for_each(|(entry, minute)| {
                    entry.write(tx, SystemIds.time_ordered(), at(minute))
                })
        })
        .unwrap();
    let target = Some(musa.to_string());
    for (filter, expected) in [
        (
            AuditFilter {
                actor: Some(amina),
                ..AuditFilter::default()
            },
            vec![4, 1],
        ),
        (
            AuditFilter {
                actions: vec![Action::UserSuspend],
                ..AuditFilter::default()
            },
            vec![4, 2],
        ),
        (
            AuditFilter {
                target: target.clone(),
                ..AuditFilter::default()
            },
            vec![4, 1],
        ),
        (
            AuditFilter {
                target_types: vec!["user".to_owned()],
                target,
                ..AuditFilter::default()
            },
            vec![1],
        ),
        (
            AuditFilter {
                from: Some(at(2)),
                to: Some(at(4)),
                ..AuditFilter::default()
            },
            vec![3, 2],
        ),
    ] {
        assert_eq!(
            listed(&database, &filter, Seek::START, 10),
            expected,
            "{filter:?}"
        );
        let total = database.read(|tx| tx.count_audit(&filter)).unwrap();
        assert_eq!(total, Total::Exactly(expected.len() as u64));
    }
}

#[test]
fn what_came_before_a_time_is_listed_by_times_in_either_direction() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    let at = |minutes| now + TimeDelta::minutes(minutes);
    // The clocks of two servers.
    let written = database.transaction(|tx| {
        [1, 5, 2, 5, 9].into_iter().try_for_each(|minute| {
            let entry = Entry::new(Actor::System, Action::AccessSeed);
            entry.write(tx, SystemIds.time_ordered(), at(minute))
        })
    });
    written.unwrap();
    let before = AuditFilter {
        to: Some(at(9)),
        ..AuditFilter::default()
    };
    let page = |seek, limit| listed(&database, &before, seek, limit);
    assert_eq!(page(Seek::START, 10), [4, 2, 3, 1]);
    assert_eq!(page(Seek::START, 2), [4, 2]);
    assert_eq!(page(Seek::After(Some(4)), 2), [2, 3]);
    assert_eq!(page(Seek::After(Some(2)), 10), [3, 1]);
    assert_eq!(page(Seek::Before(Some(3)), 10), [4, 2]);
    assert_eq!(page(Seek::Before(None), 2), [3, 1]);
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[test]
fn the_head_is_one_row_whatever_is_tried() {
    let database = log_of(1);
    let second = "INSERT INTO audit_log_head (single, seq, hash) VALUES (true, 9, '')";
    assert!(
        sql_query(second)
            .execute(&mut database.connection())
            .is_err()
    );
    let count: Count = sql_query("SELECT count(*) FROM audit_log_head")
        .get_result(&mut database.connection())
        .unwrap();
    assert_eq!(count.count, 1);
}
