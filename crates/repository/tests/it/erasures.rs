use abu_application::{
    identity::ports::Erasure,
    platform::{
        ports::{Clock, StoreError},
        system::SystemClock,
    },
};
use abu_domain::{UserId, platform::text::Reason};
use abu_test_support::TestDatabase;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

fn erasure(of: UserId, by: UserId, now: DateTime<Utc>) -> Erasure {
    Erasure {
        user_id: of,
        requested_by: by,
        reason: Reason::parse("Asked for it.").unwrap(),
        requested_at: now,
        runs_at: now + TimeDelta::days(7),
    }
}

#[test]
fn an_account_is_erased_once_as_it_was_asked_for_first() {
    let database = TestDatabase::new();
    let (user, staff) = (database.user().create().id, database.user().create().id);
    let now = SystemClock.now();
    let insert = |erasure: &Erasure| database.transaction(|tx| tx.insert_erasure(erasure));
    let due = || database.read(|tx| tx.erasure_due(user)).unwrap();
    assert_eq!(due(), None);
    assert!(insert(&erasure(user, staff, now)).unwrap());
    let later = now + TimeDelta::days(1);
    assert!(!insert(&erasure(user, user, later)).unwrap());
    assert_eq!(due(), Some(now + TimeDelta::days(7)));
    let ghost = insert(&erasure(UserId::new(Uuid::new_v4()), staff, now));
    assert!(
        matches!(ghost, Err(StoreError::Conflict { .. })),
        "{ghost:?}"
    );
}

#[test]
fn administrators_cancel_only_erasures_that_they_requested() {
    let database = TestDatabase::new();
    let staff = database.user().create().id;
    let now = SystemClock.now();
    let called_off = |own: bool| {
        let user = database.user().create().id;
        let by = if own { user } else { staff };
        let outcome = database.transaction(|tx| {
            tx.insert_erasure(&erasure(user, by, now))?;
            let called_off = tx.call_off_staffs_erasure(user)?;
            assert!(!tx.call_off_staffs_erasure(user)?);
            Ok((called_off, tx.erasure_due(user)?.is_none()))
        });
        outcome.unwrap()
    };
    assert_eq!(called_off(false), (true, true));
    assert_eq!(called_off(true), (false, false));
}
