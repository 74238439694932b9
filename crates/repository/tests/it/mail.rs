use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use abu_application::{
    platform::{
        lists::{Seek, Total},
        mail::{self, MailContent, MailKind, MailState},
        ports::{ClaimedMail, Clock, Due, MailFilter, MailRecord, StoreError},
        system::{SystemClock, SystemIds},
    },
    store::Store,
};
use abu_domain::{
    MailId,
    platform::text::{EmailAddress, PersonName},
};
use abu_repository::PgStore;
use abu_test_support::TestDatabase;
use chrono::TimeDelta;
use uuid::Uuid;

/// Exceeds the duration of any test.
const LEASE: Duration = Duration::from_secs(3_600);

fn amina() -> EmailAddress {
    EmailAddress::parse("amina@example.com").unwrap()
}

fn content() -> MailContent {
    MailContent::VerifyEmail {
        verification_id: Uuid::from_u128(7),
        firstname: PersonName::parse("Amina").unwrap(),
    }
}

fn enqueue(database: &TestDatabase) -> MailId {
    database
        .transaction(|tx| mail::enqueue(tx, &SystemIds, SystemClock.now(), &amina(), content()))
        .unwrap()
}

fn claim(database: &TestDatabase) -> Option<ClaimedMail> {
    database
        .transaction(|tx| tx.claim_mail(MailKind::ALL, LEASE))
        .unwrap()
}

fn record(database: &TestDatabase, id: MailId) -> MailRecord {
    database.read(|tx| tx.mail(id)).unwrap().unwrap()
}

/// As if the lease had been over for long.
fn let_leases_end(database: &TestDatabase) {
    database.execute("UPDATE email_outbox SET leased_until = now() - interval '1 second'");
}

fn make_due(database: &TestDatabase) {
    database.execute("UPDATE email_outbox SET next_attempt_at = now()");
}

#[test]
fn a_mail_is_claimed_whole_by_one_and_marked_as_sent() {
    let database = TestDatabase::new();
    let before = SystemClock.now();
    let id = enqueue(&database);
    let claimed = claim(&database).unwrap();
    assert_eq!((claimed.id, claimed.attempt), (id, 1));
    let mail = claimed.mail.clone().unwrap();
    assert_eq!((mail.recipient, mail.content), (amina(), content()));
    assert!(mail.created_at >= before);
    assert!(claim(&database).is_none(), "it is leased");
    assert_eq!(record(&database, id).state, MailState::Pending);

    database.transaction(|tx| tx.mail_sent(id)).unwrap();
    let sent = record(&database, id);
    assert_eq!(sent.state, MailState::Sent);
    assert!(sent.sent_at.is_some() && sent.next_attempt_at.is_none());
    let_leases_end(&database);
    assert!(claim(&database).is_none());
    database.transaction(|tx| tx.mail_sent(id)).unwrap();
    assert_eq!(record(&database, id).sent_at, sent.sent_at);
}

#[test]
fn a_mail_of_a_transaction_that_fails_is_never_sent() {
    let database = TestDatabase::new();
    let failed = database.transaction::<()>(|tx| {
        mail::enqueue(tx, &SystemIds, SystemClock.now(), &amina(), content())?;
        Err(StoreError::Other("on purpose".into()))
    });
    assert!(failed.is_err());
    assert!(claim(&database).is_none());
}

#[test]
fn a_server_whose_clock_is_ahead_delays_no_mail() {
    let database = TestDatabase::new();
    let ahead = SystemClock.now() + TimeDelta::hours(1);
    let id = database
        .transaction(|tx| mail::enqueue(tx, &SystemIds, ahead, &amina(), content()))
        .unwrap();
    assert_eq!(claim(&database).unwrap().id, id);
}

#[test]
fn mails_are_claimed_by_due_time_and_future_ones_not() {
    let database = TestDatabase::new();
    let (first, second) = (enqueue(&database), enqueue(&database));
    let third = enqueue(&database);
    database.execute(&format!(
        "UPDATE email_outbox SET next_attempt_at = now() - interval '1 hour' WHERE id = '{second}';
         UPDATE email_outbox SET next_attempt_at = now() + interval '1 hour' WHERE id = '{third}'"
    ));
    assert_eq!(claim(&database).unwrap().id, second);
    assert_eq!(claim(&database).unwrap().id, first);
    assert!(claim(&database).is_none());
}

#[test]
fn whose_lease_is_over_can_change_nothing_but_that_it_was_sent() {
    let database = TestDatabase::new();
    let id = enqueue(&database);
    let late = claim(&database).unwrap();
    let_leases_end(&database);
    let other = claim(&database).unwrap();
    assert_eq!((other.id, other.attempt), (id, 2));

    let during = record(&database, id);
    database
        .transaction(|tx| tx.mark_dead(&late, "late"))
        .unwrap();
    database
        .transaction(|tx| tx.postpone_mail(&late, LEASE, "late"))
        .unwrap();
    database
        .transaction(|tx| tx.release_mail(&late, "late"))
        .unwrap();
    assert_eq!(record(&database, id), during);
    assert!(claim(&database).is_none(), "it belongs to the other");

    database.transaction(|tx| tx.mail_sent(late.id)).unwrap();
    database
        .transaction(|tx| tx.mark_dead(&other, "later"))
        .unwrap();
    assert_eq!(record(&database, id).state, MailState::Sent);
}

#[test]
fn a_postponed_mail_waits_and_a_released_one_is_due_uncounted() {
    let database = TestDatabase::new();
    let id = enqueue(&database);
    let claimed = claim(&database).unwrap();
    database
        .transaction(|tx| tx.postpone_mail(&claimed, LEASE, "busy"))
        .unwrap();
    let waiting = record(&database, id);
    assert_eq!(waiting.last_error.as_deref(), Some("busy"));
    assert!(waiting.failed_at.unwrap() < waiting.next_attempt_at.unwrap());
    assert!(claim(&database).is_none());

    make_due(&database);
    let claimed = claim(&database).unwrap();
    assert_eq!(claimed.attempt, 2);
    database
        .transaction(|tx| tx.release_mail(&claimed, "away"))
        .unwrap();
    assert_eq!(record(&database, id).attempts, 1);
    // Said once more, as after a commit whose answer was lost.
    let again = claim(&database).unwrap();
    database
        .transaction(|tx| tx.release_mail(&claimed, "away"))
        .unwrap();
    assert_eq!(again.attempt, 2);
    assert_eq!(record(&database, id).attempts, 2);
    assert!(claim(&database).is_none());
}

#[test]
fn a_dead_mail_can_be_revived_once_and_begins_anew() {
    let database = TestDatabase::new();
    let id = enqueue(&database);
    let claimed = claim(&database).unwrap();
    assert!(!database.transaction(|tx| tx.requeue(id)).unwrap());
    database
        .transaction(|tx| tx.mark_dead(&claimed, "unknown"))
        .unwrap();
    let dead = record(&database, id);
    assert_eq!((dead.state, dead.next_attempt_at), (MailState::Dead, None));
    let_leases_end(&database);
    assert!(claim(&database).is_none());

    assert!(database.transaction(|tx| tx.requeue(id)).unwrap());
    assert!(!database.transaction(|tx| tx.requeue(id)).unwrap());
    make_due(&database);
    database.execute("UPDATE email_outbox SET leased_until = NULL");
    assert_eq!(claim(&database).unwrap().attempt, 1);
    let unknown = MailId::new(Uuid::now_v7());
    assert!(!database.transaction(|tx| tx.requeue(unknown)).unwrap());
    assert_eq!(database.read(|tx| tx.mail(unknown)).unwrap(), None);
}

#[test]
fn concurrent_claims_are_disjoint_and_complete() {
    let database = TestDatabase::new();
    let mut expected: Vec<_> = (0..60).map(|_| enqueue(&database)).collect();
    let start = Barrier::new(4);
    let take_all = || {
        start.wait();
        std::iter::from_fn(|| claim(&database).map(|mail| mail.id)).collect::<Vec<_>>()
    };
    let mut claimed: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(take_all)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    // Who saw only locked rows stopped early; no lease is over, so nothing comes twice.
    claimed.extend(std::iter::from_fn(|| claim(&database).map(|mail| mail.id)));
    claimed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(claimed, expected);
}

#[test]
fn unparsable_rows_are_claimed_and_unknown_kinds_are_not() {
    let database = TestDatabase::new();
    let id = enqueue(&database);
    database.execute("UPDATE email_outbox SET params = '{\"firstname\": 7}'");
    let claimed = claim(&database).unwrap();
    assert!(claimed.id == id && claimed.mail.is_none());
    database
        .transaction(|tx| tx.mark_dead(&claimed, "no mail"))
        .unwrap();

    let newer = enqueue(&database);
    database.execute(&format!(
        "UPDATE email_outbox SET kind = 'of_a_newer_release' WHERE id = '{newer}'"
    ));
    assert!(claim(&database).is_none());
    assert_eq!(record(&database, newer).kind, "of_a_newer_release");
}

#[test]
fn only_expired_mails_are_deleted_and_in_batches() {
    let database = TestDatabase::new();
    let ids: Vec<_> = (0..6).map(|_| enqueue(&database)).collect();
    for (id, change) in ids.iter().zip([
        "state = 'sent', sent_at = now() - interval '31 days'",
        "state = 'sent', sent_at = now() - interval '29 days'",
        "state = 'dead', failed_at = now() - interval '31 days'",
        "state = 'dead', failed_at = now() - interval '29 days'",
        "failed_at = now() - interval '31 days', created_at = now() - interval '32 days'",
        "state = 'sent', sent_at = now() - interval '40 days'",
    ]) {
        database.execute(&format!(
            "UPDATE email_outbox SET {change} WHERE id = '{id}'"
        ));
    }
    let keep = Duration::from_secs(30 * 86_400);
    let erase = || database.transaction(|tx| tx.erase_mails(keep, 2)).unwrap();
    assert_eq!([erase(), erase(), erase()], [2, 1, 0]);
    let left: Vec<_> = ids
        .iter()
        .map(|id| database.read(|tx| tx.mail(*id)).unwrap().is_some())
        .collect();
    assert_eq!(left, [false, true, false, true, true, false]);
}

#[test]
fn the_list_filters_newest_first_and_masks_addresses() {
    let database = TestDatabase::new();
    let ids: Vec<_> = (0..3).map(|_| enqueue(&database)).collect();
    database.execute(&format!(
        "UPDATE email_outbox SET state = 'dead' WHERE id = '{}'",
        ids[1]
    ));
    let list = |filter: &MailFilter, seek, limit| -> Vec<MailId> {
        let mails = database
            .read(|tx| tx.list_mails(filter, seek, limit))
            .unwrap();
        assert!(
            mails
                .iter()
                .all(|mail| mail.recipient.as_str() == "a***@example.com")
        );
        mails.into_iter().map(|mail| mail.id).collect()
    };
    let all = MailFilter::default();
    assert_eq!(list(&all, Seek::START, 10), [ids[2], ids[1], ids[0]]);
    assert_eq!(list(&all, Seek::START, 2), [ids[2], ids[1]]);
    assert_eq!(list(&all, Seek::After(Some(ids[1])), 10), [ids[0]]);
    assert_eq!(list(&all, Seek::Before(Some(ids[0])), 1), [ids[1]]);
    let counted = database.read(|tx| tx.count_mails(&all)).unwrap();
    assert_eq!(counted, Total::Exactly(3));
    let mut some = MailFilter {
        states: vec![MailState::Sent, MailState::Dead],
        ..all
    };
    assert_eq!(list(&some, Seek::START, 10), [ids[1]]);
    some.kinds = vec![MailKind::ResetPassword];
    assert_eq!(list(&some, Seek::START, 10), []);
}

#[test]
fn the_hook_runs_once_per_commit_that_makes_mail_due() {
    let database = TestDatabase::new();
    let woken = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&woken);
    let store = PgStore::connect(database.settings()).after_commit(move |due| {
        assert_eq!(due, Due::Mail);
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let store: &dyn Store = &store;
    let put = |tx: &mut dyn abu_application::store::Writes| {
        mail::enqueue(tx, &SystemIds, SystemClock.now(), &amina(), content())
    };
    let failed: Result<(), StoreError> = store.transaction(|tx| {
        put(tx)?;
        Err(StoreError::Other("on purpose".into()))
    });
    assert!(failed.is_err());
    store.transaction(|tx| tx.active_users(&[])).unwrap();
    assert_eq!(woken.load(Ordering::Relaxed), 0);

    store
        .transaction(|tx| {
            put(tx)?;
            put(tx)
        })
        .unwrap();
    assert_eq!(woken.load(Ordering::Relaxed), 1);
}
