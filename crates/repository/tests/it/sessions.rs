use std::net::Ipv4Addr;

use abu_application::{
    identity::ports::{EndReason, NewSession, SessionRefresh, WhichSessions},
    platform::{
        lists::{Seek, TimePosition, Total},
        ports::Clock,
        system::SystemClock,
    },
};
use abu_domain::{LoginSessionId, UserId, platform::network::Network};
use abu_test_support::{TestDatabase, session_of};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

fn begin(database: &TestDatabase, user: UserId, at: DateTime<Utc>) -> LoginSessionId {
    let session = NewSession {
        id: LoginSessionId::new(Uuid::new_v4()),
        user_id: user,
        device_name: Some("a phone".to_owned()),
        network: Some(Network::of(Ipv4Addr::new(102, 89, 23, 7).into())),
        created_at: at,
        expires_at: at + TimeDelta::days(60),
        totp_due: false,
    };
    database
        .transaction(|tx| tx.insert_session(&session))
        .unwrap();
    session.id
}

fn end(database: &TestDatabase, user: UserId, which: WhichSessions, because: EndReason) -> usize {
    let now = SystemClock.now();
    database
        .transaction(|tx| tx.end_sessions(user, which, because, now))
        .unwrap()
        .len()
}

#[test]
fn every_reason_to_end_a_session_can_be_stored_and_read_again() {
    let database = TestDatabase::new();
    let user = database.user().create().id;
    for because in EndReason::ALL {
        let id = begin(&database, user, SystemClock.now());
        let ended = end(&database, user, WhichSessions::Only(id), *because);
        assert_eq!(ended, 1, "{because:?}");
        let session = database.transaction(|tx| tx.lock_session(id)).unwrap();
        assert_eq!(session.unwrap().ended, Some(*because));
    }
}

#[test]
fn ended_and_expired_sessions_are_neither_listed_nor_ended_again() {
    let database = TestDatabase::new();
    let user = database.user().create().id;
    let now = SystemClock.now();
    let lasting = begin(&database, user, now);
    let ended = begin(&database, user, now);
    end(
        &database,
        user,
        WhichSessions::Only(ended),
        EndReason::LogOut,
    );
    begin(&database, user, now - TimeDelta::days(60));
    let listed = database
        .read(|tx| tx.list_sessions(user, Seek::START, 10, now))
        .unwrap();
    let ids: Vec<_> = listed.iter().map(|session| session.id).collect();
    assert_eq!(ids, [lasting, session_of(user)]);
    assert_eq!(listed[0].network.as_deref(), Some("102.89.23.0/24"));
    let counted = database.read(|tx| tx.count_sessions(user, now)).unwrap();
    assert_eq!(counted, Total::Exactly(2));
    let all = end(&database, user, WhichSessions::All, EndReason::Suspended);
    assert_eq!(all, 2);
    assert_eq!(
        end(&database, user, WhichSessions::All, EndReason::Suspended),
        0
    );
}

#[test]
fn sessions_are_listed_in_both_directions_by_their_last_use() {
    let database = TestDatabase::new();
    let user = database.user().create().id;
    let now = SystemClock.now() + TimeDelta::minutes(1);
    // Two at one moment, so that ids decide.
    let ages = [0, 1, 1, 2, 3];
    let sessions: Vec<_> = ages
        .map(|age| begin(&database, user, now - TimeDelta::seconds(age)))
        .into();
    let page = |seek, limit| {
        let listed = database.read(|tx| tx.list_sessions(user, seek, limit, now));
        listed.unwrap()
    };
    let all = page(Seek::START, 5);
    let position = |place: usize| TimePosition {
        at: all[place].last_used_at,
        id: all[place].id,
    };
    let ids =
        |listed: Vec<abu_application::identity::ports::SessionListing>| -> Vec<LoginSessionId> {
            listed.into_iter().map(|session| session.id).collect()
        };
    let expected = ids(all.clone());
    assert_eq!(expected[0], sessions[0]);
    assert_eq!(expected[3..], sessions[3..]);
    for place in 0..5 {
        let after = ids(page(Seek::After(Some(position(place))), 4 - place as u32));
        assert_eq!(after, expected[place + 1..]);
        let before = ids(page(Seek::Before(Some(position(place))), 10));
        assert_eq!(before, expected[..place]);
    }
}

#[test]
fn the_least_recently_used_sessions_end_beyond_the_maximum() {
    let database = TestDatabase::new();
    let (user, other) = (database.user().create().id, database.user().create().id);
    let now = SystemClock.now() + TimeDelta::minutes(1);
    let sessions: Vec<_> = (0..5)
        .map(|age| begin(&database, user, now - TimeDelta::days(age)))
        .collect();
    let of_other = begin(&database, other, now - TimeDelta::days(9));
    let end = |keep| {
        let because = EndReason::Displaced;
        let ended = database.transaction(|tx| tx.end_longest_unused(user, keep, because, now));
        ended.unwrap()
    };
    assert_eq!(end(6), []);
    // The one that every test's user has is the second.
    let mut ended = end(3);
    ended.sort_unstable();
    let mut expected = sessions[2..].to_vec();
    expected.sort_unstable();
    assert_eq!(ended, expected);
    assert_eq!(end(3), []);
    let lasting = database.read(|tx| tx.live_sessions(&[of_other])).unwrap();
    assert_eq!(lasting, [of_other]);
}

#[test]
fn a_refresh_is_noted_and_read_again() {
    let database = TestDatabase::new();
    let user = database.user().create().id;
    let now = SystemClock.now();
    let id = begin(&database, user, now);
    let refresh = SessionRefresh {
        refresh_count: 7,
        refreshed_at: now + TimeDelta::seconds(1),
        used_at: now + TimeDelta::seconds(2),
        network: None,
        expires_at: now + TimeDelta::days(61),
        totp_due: true,
    };
    let session = database.transaction(|tx| {
        tx.refresh_session(id, &refresh)?;
        tx.lock_session(id)
    });
    let session = session.unwrap().unwrap();
    assert_eq!(session.user_id, user);
    assert_eq!(session.device_name.as_deref(), Some("a phone"));
    assert_eq!(session.refresh_count, 7);
    assert_eq!(session.refreshed_at, refresh.refreshed_at);
    assert_eq!(session.expires_at, refresh.expires_at);
    assert_eq!(session.ended, None);
    assert!(session.is_active);
    let due = |id| {
        let record = database.read(|tx| tx.caller(user, id)).unwrap();
        record.unwrap().totp_due
    };
    assert!(due(id));
    assert!(!due(session_of(user)));
    database
        .transaction(|tx| tx.set_totp_due(user, true))
        .unwrap();
    assert!(due(session_of(user)));
    let nothing = LoginSessionId::new(Uuid::new_v4());
    assert!(
        database
            .transaction(|tx| tx.lock_session(nothing))
            .unwrap()
            .is_none()
    );
}

#[test]
fn an_account_knows_a_network_for_ninety_days_after_its_last_use() {
    let database = TestDatabase::new();
    let (user, other) = (database.user().create().id, database.user().create().id);
    let network = |third| Network::of(Ipv4Addr::new(102, 89, third, 7).into());
    let now = SystemClock.now();
    let note = |at: DateTime<Utc>| database.transaction(|tx| tx.note_network(user, network(1), at));
    let knows = |user, third, at| database.read(|tx| tx.knows_network(user, network(third), at));
    note(now).unwrap();
    note(now + TimeDelta::days(30)).unwrap();
    assert!(knows(user, 1, now + TimeDelta::days(119)).unwrap());
    assert!(!knows(user, 1, now + TimeDelta::days(120)).unwrap());
    assert!(!knows(user, 2, now).unwrap());
    assert!(!knows(other, 1, now).unwrap());
    let noted =
        database.transaction(|tx| tx.note_network(other, network(2), now + TimeDelta::days(121)));
    noted.unwrap();
    assert!(
        !knows(user, 1, now + TimeDelta::days(31)).unwrap(),
        "it was deleted"
    );
}

#[test]
fn a_network_used_within_a_day_is_neither_written_nor_locked() {
    let database = TestDatabase::new();
    let user = database.user().create().id;
    let network = Network::of(Ipv4Addr::new(102, 89, 1, 7).into());
    let now = SystemClock.now();
    let note = |at: DateTime<Utc>| database.transaction(|tx| tx.note_network(user, network, at));
    // `xmax` is the transaction that last locked the row version, `ctid` its place.
    let row = || database.texts("SELECT xmax::text || ' ' || ctid::text FROM known_networks");
    note(now).unwrap();
    let first = row();
    assert_eq!(first, ["0 (0,1)"]);
    note(now).unwrap();
    note(now + TimeDelta::days(1)).unwrap();
    assert_eq!(row(), first);
    note(now + TimeDelta::days(1) + TimeDelta::seconds(1)).unwrap();
    assert_ne!(row(), first);
}
