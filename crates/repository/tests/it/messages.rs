use std::collections::BTreeSet;

use abu_application::{
    messaging::{
        messages::write_batch,
        ports::{LockWait, SeqWindow, StoreOutcome},
    },
    platform::{
        lists::Seek,
        ports::{Clock, StoreError},
        system::SystemClock,
    },
};
use abu_domain::{
    MessageId, RoomId, UserId,
    messaging::{
        message::{Message, NewMessage},
        room::Departure,
    },
};
use abu_test_support::{TestDatabase, new_message};
use chrono::TimeDelta;
use uuid::Uuid;

fn store(database: &TestDatabase, batch: &[NewMessage]) -> Vec<StoreOutcome> {
    write_batch(&*database.store(), batch, &[], LockWait::Usual)
        .unwrap()
        .messages
}

fn stored(outcome: &StoreOutcome) -> &Message {
    match outcome {
        StoreOutcome::Stored(message) => message,
        other => panic!("it was not stored: {other:?}"),
    }
}

fn history(database: &TestDatabase, room: RoomId) -> Vec<Message> {
    database
        .read(|tx| tx.messages_in_span(room, 1..=i64::MAX))
        .unwrap()
}

/// Places are 1, 2, 3 … and the room knows the last of them.
fn assert_dense(database: &TestDatabase, room: RoomId, count: i64) {
    let places: Vec<i64> = history(database, room)
        .iter()
        .map(|message| message.seq)
        .collect();
    assert_eq!(places, (1..=count).collect::<Vec<i64>>());
    assert_eq!(database.read(|tx| tx.last_seq(room)).unwrap(), Some(count));
}

/// Two people and two rooms of theirs.
struct Scene {
    database: TestDatabase,
    amina: UserId,
    bola: UserId,
    one: RoomId,
    two: RoomId,
}

fn scene() -> Scene {
    let database = TestDatabase::new();
    let (amina, bola) = (database.user().create().id, database.user().create().id);
    let one = database.group(amina).member(bola).create().id;
    let two = database.group(bola).member(amina).create().id;
    Scene {
        database,
        amina,
        bola,
        one,
        two,
    }
}

fn with_client_id(mut message: NewMessage, client_id: Uuid) -> NewMessage {
    message.client_message_id = Some(client_id);
    message
}

#[test]
fn messages_of_a_batch_get_consecutive_numbers_in_order() {
    let Scene {
        database,
        amina,
        bola,
        one,
        two,
    } = scene();
    database.message(one, amina, "first");
    let batch = [
        new_message(one, bola, "second"),
        new_message(two, bola, "first of the other"),
        new_message(one, amina, "third"),
    ];
    let outcomes = store(&database, &batch);
    let expected: Vec<Message> = batch
        .iter()
        .cloned()
        .zip([2, 1, 3])
        .map(|(m, seq)| m.at(seq))
        .collect();
    assert_eq!(
        outcomes.iter().map(stored).cloned().collect::<Vec<_>>(),
        expected
    );
    assert_eq!(
        history(&database, one)[1..],
        [expected[0].clone(), expected[2].clone()]
    );
    assert_dense(&database, one, 3);
    assert_dense(&database, two, 1);
    assert!(store(&database, &[]).is_empty());
}

#[test]
fn every_field_and_every_letter_of_a_message_is_kept() {
    let Scene {
        database,
        amina,
        one,
        ..
    } = scene();
    let answered = database.message(one, amina, "Sannu!");
    let text = "Ẹ káàárọ̀ 👩🏾‍🎓 'quotes' \\ % _ {a,b} \"NULL\" ".repeat(60);
    let mut message = with_client_id(new_message(one, amina, &text), Uuid::new_v4());
    message.reply_to = Some(answered.id);
    let outcome = store(&database, &[message.clone()]).remove(0);
    assert_eq!(*stored(&outcome), message.at(2));
    assert_eq!(history(&database, one)[1], *stored(&outcome));
}

#[test]
fn storing_marks_the_room_active_and_never_moves_that_back() {
    let Scene {
        database,
        amina,
        one,
        ..
    } = scene();
    let later = SystemClock.now() + TimeDelta::seconds(60);
    let at = |time| NewMessage {
        sent_at: time,
        ..new_message(one, amina, "hello")
    };
    store(&database, &[at(later), at(later - TimeDelta::seconds(30))]);
    store(&database, &[at(later - TimeDelta::seconds(40))]);
    let room = database.read(|tx| tx.room(one)).unwrap().unwrap();
    assert_eq!((room.last_activity_at, room.last_seq), (later, 3));
}

#[test]
fn no_message_is_older_than_the_one_before_it() {
    let Scene {
        database,
        amina,
        one,
        ..
    } = scene();
    let now = SystemClock.now();
    let at = |seconds| NewMessage {
        sent_at: now + TimeDelta::seconds(seconds),
        ..with_client_id(new_message(one, amina, "hello"), Uuid::new_v4())
    };
    let first = [at(60), at(30), at(90)];
    store(&database, &first);
    store(&database, &[at(10), first[0].clone(), at(120), at(20)]);
    let times: Vec<i64> = history(&database, one)
        .iter()
        .map(|message| (message.sent_at - now).num_seconds())
        .collect();
    assert_eq!(times, [60, 60, 90, 90, 120, 120]);
}

#[test]
fn a_locked_room_refuses_a_batch_after_a_bounded_wait() {
    let Scene {
        database,
        amina,
        one,
        two,
        ..
    } = scene();
    let lock = database.lock_room(one);
    let batch = [
        new_message(two, amina, "free"),
        new_message(one, amina, "locked"),
    ];
    for wait in [LockWait::Short, LockWait::Usual] {
        let refused = write_batch(&*database.store(), &batch, &[], wait);
        assert!(matches!(refused, Err(StoreError::Locked(_))), "{refused:?}");
    }
    assert_dense(&database, two, 0);
    drop(lock);
    let stored = write_batch(&*database.store(), &batch, &[], LockWait::Short);
    assert_eq!(stored.unwrap().messages.len(), 2);
}

#[test]
fn concurrent_writers_leave_no_gaps_and_keep_batch_order() {
    let Scene {
        database,
        amina,
        bola,
        one,
        two,
    } = scene();
    let (database, rooms) = (&database, [one, two]);
    let batches = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                scope.spawn(move || {
                    let batch = |number: usize| -> Vec<NewMessage> {
                        // Half of the writers name the rooms in the other order.
                        let room = |index: usize| rooms[(index + writer) % 2];
                        let sender = if writer % 2 == 0 { amina } else { bola };
                        (0..number % 7 + 1)
                            .map(|i| new_message(room(i), sender, "hi"))
                            .collect()
                    };
                    (0..25)
                        .map(|number| store(database, &batch(number)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        writers
            .into_iter()
            .flat_map(|writer| writer.join().unwrap())
            .collect::<Vec<_>>()
    });
    for room in rooms {
        let in_room = |outcome: &&StoreOutcome| stored(outcome).room_id == room;
        let count = batches.iter().flatten().filter(in_room).count();
        assert_dense(database, room, count as i64);
        for batch in &batches {
            let places: Vec<i64> = batch
                .iter()
                .filter(in_room)
                .map(|o| stored(o).seq)
                .collect();
            assert!(places.is_sorted_by(|a, b| a + 1 == *b), "{places:?}");
        }
    }
}

#[test]
fn a_batch_that_is_rolled_back_leaves_no_gap() {
    let Scene {
        database,
        amina,
        one,
        ..
    } = scene();
    database.message(one, amina, "first");
    let undone = database.transaction(|tx| {
        tx.store_messages(&[new_message(one, amina, "never said")])?;
        Err::<(), _>(StoreError::Other("on purpose".into()))
    });
    assert!(undone.is_err());
    assert_eq!(database.message(one, amina, "second").seq, 2);
    assert_dense(&database, one, 2);
}

#[test]
fn a_non_member_stores_nothing_and_blocks_no_others() {
    let Scene {
        database,
        amina,
        one,
        ..
    } = scene();
    let stranger = database.user().create().id;
    let archived = database.group(amina).archived().create().id;
    let outcomes = store(
        &database,
        &[
            new_message(one, stranger, "let me in"),
            new_message(RoomId::new(Uuid::new_v4()), amina, "is this a room?"),
            new_message(archived, amina, "too late"),
            new_message(archived, stranger, "too late, and not mine"),
            new_message(one, amina, "hello"),
        ],
    );
    use StoreOutcome::{NotAMember, ReadOnly};
    assert_eq!(
        outcomes[..4],
        [NotAMember, NotAMember, ReadOnly, NotAMember]
    );
    assert_eq!(stored(&outcomes[4]).seq, 1);
    assert_dense(&database, archived, 0);
}

#[test]
fn a_member_whose_removal_is_under_way_stores_nothing_after_it() {
    let Scene {
        database,
        bola,
        one,
        ..
    } = scene();
    let database = &database;
    let outcomes = std::thread::scope(|scope| {
        let writer = database.transaction(|tx| {
            tx.lock_room(one)?;
            tx.remove_member(one, bola, Departure::Left, SystemClock.now())?;
            let writer = scope.spawn(move || store(database, &[new_message(one, bola, "wait")]));
            database.wait_for_blocked(1);
            Ok(writer)
        });
        writer.unwrap().join().unwrap()
    });
    assert_eq!(outcomes, [StoreOutcome::NotAMember]);
    assert_dense(database, one, 0);
}

#[test]
fn the_same_client_message_id_again_gets_the_stored_message() {
    let Scene {
        database,
        amina,
        bola,
        one,
        ..
    } = scene();
    let id = Uuid::new_v4();
    let first = store(
        &database,
        &[with_client_id(new_message(one, amina, "once"), id)],
    )
    .remove(0);
    let first = stored(&first).clone();
    let outcomes = store(
        &database,
        &[
            new_message(one, amina, "before"),
            with_client_id(new_message(one, amina, "once"), id),
            with_client_id(new_message(one, amina, "another text"), id),
            // Another person may have chosen the same.
            with_client_id(new_message(one, bola, "by chance"), id),
        ],
    );
    assert_eq!(
        outcomes[1..3],
        [StoreOutcome::Repeated(first), StoreOutcome::ClientIdTaken]
    );
    assert_eq!((stored(&outcomes[0]).seq, stored(&outcomes[3]).seq), (2, 3));
    assert_dense(&database, one, 3);
}

#[test]
fn the_same_client_message_id_twice_in_a_batch_is_stored_once() {
    let Scene {
        database,
        amina,
        one,
        ..
    } = scene();
    let id = Uuid::new_v4();
    let thrice = ["once", "once", "another text"]
        .map(|text| with_client_id(new_message(one, amina, text), id));
    let outcomes = store(&database, &thrice);
    assert_eq!(
        outcomes[1..],
        [
            StoreOutcome::Repeated(stored(&outcomes[0]).clone()),
            StoreOutcome::ClientIdTaken
        ]
    );
    assert_dense(&database, one, 1);
}

/// However the text changed since: a retry repeats what was first said.
#[test]
fn a_retry_of_an_edited_or_deleted_message_is_known_by_its_first_text() {
    let Scene {
        database,
        amina,
        one,
        ..
    } = scene();
    let id = Uuid::new_v4();
    let said = with_client_id(new_message(one, amina, "helo"), id);
    let first = stored(&store(&database, &[said])[0]).clone();
    let later = |revision: i64, body: &str| {
        database.execute(&format!(
            "INSERT INTO message_edits (message_id, revision, body, changed_by, changed_at)
             VALUES ('{}', {revision}, '{body}', '{amina}', now());
             UPDATE messages SET body = 'hello', edited_at = now(), revision = {revision}
             WHERE id = '{}'",
            first.id, first.id
        ));
    };
    later(1, "helo");
    later(2, "hallo");
    let again = |text| with_client_id(new_message(one, amina, text), id);
    let outcomes = store(&database, &[again("helo"), again("hallo"), again("hello")]);
    assert!(
        matches!(&outcomes[0], StoreOutcome::Repeated(message) if message.id == first.id),
        "{outcomes:?}"
    );
    assert_eq!(
        outcomes[1..],
        [StoreOutcome::ClientIdTaken, StoreOutcome::ClientIdTaken]
    );
    assert_dense(&database, one, 1);
}

#[test]
fn a_client_message_id_refused_in_one_room_works_in_another() {
    let Scene {
        database,
        amina,
        one,
        ..
    } = scene();
    let archived = database.group(amina).archived().create().id;
    let id = Uuid::new_v4();
    let outcomes = store(
        &database,
        &[
            with_client_id(new_message(archived, amina, "too late"), id),
            with_client_id(new_message(one, amina, "here, then"), id),
        ],
    );
    assert_eq!(outcomes[0], StoreOutcome::ReadOnly);
    assert_eq!(stored(&outcomes[1]).seq, 1);
}

#[test]
fn one_client_message_id_in_two_rooms_is_two_messages() {
    let Scene {
        database,
        amina,
        one,
        two,
        ..
    } = scene();
    let id = Uuid::new_v4();
    let here = with_client_id(new_message(one, amina, "here"), id);
    let there = with_client_id(new_message(two, amina, "and there"), id);
    let outcomes = store(&database, &[here]);
    let first = stored(&outcomes[0]).clone();
    let outcomes = store(&database, &[there]);
    assert_eq!((first.seq, stored(&outcomes[0]).seq), (1, 1));
    let again = |room, text| with_client_id(new_message(room, amina, text), id);
    let outcomes = store(&database, &[again(one, "here"), again(two, "here")]);
    assert_eq!(
        outcomes,
        [StoreOutcome::Repeated(first), StoreOutcome::ClientIdTaken]
    );
    let batch = [again(one, "here"), again(two, "and there")];
    let again = store(&database, &batch);
    let is_repeated = |outcome: &StoreOutcome| matches!(outcome, StoreOutcome::Repeated(_));
    assert!(again.iter().all(is_repeated), "{again:?}");
    assert_dense(&database, one, 1);
    assert_dense(&database, two, 1);
}

/// It looks for the ids without a room, and its function answers that nothing is stored.
#[test]
fn the_function_of_the_previous_release_stores_under_the_new_index() {
    let Scene {
        database,
        amina,
        one,
        two,
        ..
    } = scene();
    let id = Uuid::new_v4();
    store(
        &database,
        &[with_client_id(new_message(one, amina, "here"), id)],
    );
    let store_there = |client_id: Uuid| {
        let message = MessageId::new(Uuid::now_v7());
        database.texts(&format!(
            "SELECT coalesce(store_ordinary_messages(ARRAY['{two}'::uuid], ARRAY['{message}'::uuid],
                 ARRAY['{amina}'::uuid], ARRAY['there'], ARRAY['{client_id}'::uuid],
                 ARRAY[NULL::uuid], ARRAY[now()])::text, 'none')"
        ))
    };
    assert_eq!(store_there(id), ["none"]);
    assert_eq!(store_there(Uuid::new_v4()), ["{1}"]);
    assert_dense(&database, two, 1);
}

#[test]
fn a_batch_given_again_is_answered_as_stored_and_stored_once() {
    let Scene {
        database,
        amina,
        bola,
        one,
        two,
    } = scene();
    let batch = [
        new_message(one, amina, "one"),
        with_client_id(new_message(two, bola, "two"), Uuid::new_v4()),
    ];
    let first = store(&database, &batch);
    let mut more = batch.to_vec();
    more.insert(1, new_message(one, bola, "in between"));
    let again = store(&database, &more);
    assert_eq!([&again[0], &again[2]], [&first[0], &first[1]]);
    assert_eq!(stored(&again[1]).seq, 2);
    assert_dense(&database, one, 2);
    assert_dense(&database, two, 1);
}

#[test]
fn a_repeated_batch_counts_as_stored_even_if_now_forbidden() {
    let Scene {
        database,
        amina,
        bola,
        one,
        two,
    } = scene();
    let batch = [
        new_message(one, bola, "one"),
        new_message(two, amina, "two"),
    ];
    let first = store(&database, &batch);
    let now = SystemClock.now();
    database
        .transaction(|tx| {
            tx.remove_member(one, bola, Departure::Left, now)?;
            tx.set_archived(two, Some(now), now)
        })
        .unwrap();
    assert_eq!(store(&database, &batch), first);
}

#[test]
fn the_same_message_twice_in_a_batch_is_stored_once() {
    let Scene {
        database,
        amina,
        one,
        ..
    } = scene();
    let message = new_message(one, amina, "once");
    let outcomes = store(&database, &[message.clone(), message]);
    assert_eq!(outcomes[0], outcomes[1]);
    assert_dense(&database, one, 1);
}

#[test]
fn history_is_cut_by_places_from_either_end() {
    let Scene {
        database,
        amina,
        bola,
        one,
        two,
    } = scene();
    let batch: Vec<NewMessage> = (1..=9)
        .map(|n| new_message(one, amina, &format!("{n}")))
        .collect();
    store(&database, &batch);
    database.message(two, bola, "elsewhere");
    let places = |messages: Vec<Message>| messages.iter().map(|m| m.seq).collect::<Vec<_>>();
    let page = |after, before, seek, limit| {
        let window = SeqWindow { after, before };
        let listed = database.read(|tx| tx.list_messages(one, window, seek, limit));
        let messages = listed.unwrap().into_iter();
        places(messages.map(|(message, _sender)| message).collect())
    };
    let newest = |after, before, limit| page(after, before, Seek::START, limit);
    assert_eq!(
        places(database.read(|tx| tx.messages_in_span(one, 3..=5)).unwrap()),
        [3, 4, 5]
    );
    assert_eq!(newest(None, None, 3), [9, 8, 7]);
    assert_eq!(newest(None, Some(7), 2), [6, 5]);
    assert_eq!(newest(Some(6), None, 9), [9, 8, 7]);
    assert_eq!(newest(Some(2), Some(5), 9), [4, 3]);
    assert!(newest(Some(i64::MAX), Some(i64::MIN), 9).is_empty());
    assert_eq!(page(None, None, Seek::After(Some(4)), 2), [3, 2]);
    assert_eq!(page(None, None, Seek::Before(Some(4)), 2), [6, 5]);
    assert_eq!(page(None, None, Seek::Before(None), 2), [2, 1]);
    assert_eq!(page(Some(1), Some(6), Seek::After(Some(3)), 9), [2]);
    assert_eq!(page(Some(1), Some(6), Seek::Before(Some(3)), 9), [5, 4]);
    assert!(page(None, None, Seek::After(Some(i64::MIN)), 9).is_empty());
}

#[test]
fn a_message_answers_one_of_its_own_room_or_is_not_stored() {
    let Scene {
        database,
        amina,
        bola,
        one,
        two,
    } = scene();
    let here = database.message(one, amina, "hello").id;
    let elsewhere = database.message(two, amina, "hello").id;
    let reply = |to| NewMessage {
        reply_to: Some(to),
        ..new_message(one, bola, "hello yourself")
    };
    let own = Uuid::new_v4();
    let batch = [
        with_client_id(reply(here), own),
        reply(elsewhere),
        reply(MessageId::new(Uuid::now_v7())),
        // Stored already, so what it answers no longer counts.
        with_client_id(reply(elsewhere), own),
        new_message(one, bola, "and on"),
    ];
    let outcomes = store(&database, &batch);
    assert_eq!(*stored(&outcomes[0]), batch[0].clone().at(2));
    assert_eq!(outcomes[1], StoreOutcome::ReplyToUnknown);
    assert_eq!(outcomes[2], StoreOutcome::ReplyToUnknown);
    assert_eq!(outcomes[3], StoreOutcome::Repeated(batch[0].clone().at(2)));
    assert_eq!(*stored(&outcomes[4]), batch[4].clone().at(3));
    assert_dense(&database, one, 3);
}

#[test]
fn a_room_that_is_not_there_has_no_messages() {
    let database = TestDatabase::new();
    let nowhere = RoomId::new(Uuid::new_v4());
    assert_eq!(database.read(|tx| tx.last_seq(nowhere)).unwrap(), None);
    assert!(history(&database, nowhere).is_empty());
}

#[test]
fn a_thousand_messages_are_one_batch_like_any_other() {
    let Scene {
        database,
        amina,
        bola,
        one,
        ..
    } = scene();
    let sender = |n| if n % 2 == 0 { amina } else { bola };
    let batch: Vec<NewMessage> = (0..1_000)
        .map(|n| with_client_id(new_message(one, sender(n), "hi"), Uuid::new_v4()))
        .collect();
    let outcomes = store(&database, &batch);
    let ids: BTreeSet<MessageId> = outcomes.iter().map(|outcome| stored(outcome).id).collect();
    assert_eq!(ids.len(), 1_000);
    assert_dense(&database, one, 1_000);
}

#[test]
fn a_room_whose_counter_is_wrong_is_an_error_and_loses_nothing() {
    let Scene {
        database,
        amina,
        one,
        ..
    } = scene();
    database.message(one, amina, "first");
    database.message(one, amina, "second");
    database.execute("UPDATE rooms SET last_seq = 0");
    let batch = [new_message(one, amina, "third")];
    let refused = database.transaction(|tx| tx.store_messages(&batch));
    assert!(matches!(refused, Err(StoreError::Other(_))), "{refused:?}");
    database.execute("UPDATE rooms SET last_seq = 2");
    assert_eq!(database.message(one, amina, "third").seq, 3);
    assert_dense(&database, one, 3);
}
