//! Erasure of accounts: what becomes of each row, in which order, and what other members see of it.

mod copies;
mod everything;
mod job;
mod requests;

use std::thread;

use abu_application::{
    identity::erasure::{CarriedOut, Progress},
    messaging::{
        messages::{ChangedPart, write_batch},
        ports::LockWait,
    },
};
use abu_domain::{
    RoomId, UserId,
    messaging::{
        message::{ChangeKind, Message, MessageChange, NewMessage},
        room::RoomRole,
        text::{Emoji, MessageText},
    },
    platform::text::Reason,
};
use abu_test_support::new_message;
use chrono::TimeDelta;
use uuid::Uuid;

use crate::support::{LiveCall, Member, TestApp};

/// Has the erasure of the account due now.
fn schedule(app: &TestApp, user: UserId) {
    let reason = Reason::parse("Asked for it.").unwrap();
    app.store(|tx| tx.hurry_erasure(user, &reason, app.now()));
}

/// One step, on a thread that may block.
fn step(app: &TestApp, user: UserId) -> Progress {
    let erasures = &app.use_cases.identity.erasures;
    let store = app.database.store();
    thread::scope(|scope| {
        let step = scope.spawn(|| erasures.step(&*store, user, CarriedOut::ByServer).unwrap());
        step.join().unwrap()
    })
}

/// Erases the account: waits by the test's clock, and has the mails sent. Returns the number of steps.
pub(crate) fn erase(app: &TestApp, user: UserId) -> usize {
    for steps in 1.. {
        match step(app, user) {
            Progress::Done => return steps,
            Progress::More => {}
            Progress::Waits(time) => app.clock.advance(time),
            Progress::WaitsForMail => app.database.execute(
                "UPDATE email_outbox SET state = 'sent', sent_at = now() WHERE state = 'pending'",
            ),
        }
    }
    unreachable!()
}

struct Scene {
    app: TestApp,
    room: RoomId,
    direct: RoomId,
    amina: Member,
    musa: Member,
}

impl Scene {
    /// Amina owns a group in which Musa is, and has a direct room with him.
    fn new() -> Self {
        let app = TestApp::new();
        let [amina, musa] = [(); 2].map(|()| app.member().create());
        let room = app.database.group(amina.id()).member(musa.id()).create().id;
        let direct = app.database.direct_room(amina.id(), musa.id()).id;
        Self {
            app,
            room,
            direct,
            amina,
            musa,
        }
    }

    fn say(&self, room: RoomId, sender: &Member, text: &str) -> Message {
        self.app.database.message(room, sender.id(), text)
    }

    /// With a client's id, as newer clients send.
    fn say_with_id(&self, room: RoomId, sender: &Member, text: &str) -> Message {
        let message = NewMessage {
            client_message_id: Some(Uuid::new_v4()),
            ..new_message(room, sender.id(), text)
        };
        let id = message.id;
        let store = self.app.database.store();
        write_batch(&*store, &[message], &[], LockWait::Usual).unwrap();
        self.messages(room)
            .into_iter()
            .find(|stored| stored.id == id)
            .unwrap()
    }

    fn change(&self, by: &Member, message: &Message, kind: ChangeKind) {
        let change = MessageChange {
            room_id: message.room_id,
            message_id: message.id,
            user_id: by.id(),
            kind,
            at: message.sent_at,
            expected: None,
        };
        let store = self.app.database.store();
        write_batch(&*store, &[], &[change], LockWait::Usual).unwrap();
    }

    fn messages(&self, room: RoomId) -> Vec<Message> {
        let messages = self
            .app
            .database
            .read(|tx| tx.messages_in_span(room, 1..=i64::MAX));
        messages.unwrap()
    }

    fn erase(&self) {
        schedule(&self.app, self.amina.id());
        erase(&self.app, self.amina.id());
    }

    fn roles(&self, room: RoomId) -> Vec<(UserId, RoomRole)> {
        let pairs = [(room, self.amina.id()), (room, self.musa.id())];
        let roles = self.app.database.read(|tx| tx.roles(&pairs)).unwrap();
        roles
            .into_iter()
            .map(|(_room, user, role)| (user, role))
            .collect()
    }
}

fn thumb() -> Emoji {
    Emoji::parse("👍").unwrap()
}

#[test]
fn texts_go_in_place_and_each_removal_is_a_change_of_its_room() {
    let scene = Scene::new();
    let (room, amina, musa) = (scene.room, &scene.amina, &scene.musa);
    let first = scene.say(room, amina, "an older client sent this");
    scene.say(room, musa, "an answer");
    scene.say_with_id(room, amina, "a newer client sent this");
    let edited = scene.say_with_id(room, amina, "before");
    let kind = ChangeKind::Edit(MessageText::parse("after").unwrap());
    scene.change(amina, &edited, kind);
    scene.change(musa, &first, ChangeKind::React(thumb()));
    scene.erase();

    let messages = scene.messages(room);
    let places: Vec<i64> = messages.iter().map(|message| message.seq).collect();
    assert_eq!(places, [1, 2, 3, 4]);
    for message in &messages {
        let is_hers = message.sender_id == amina.id();
        assert_eq!(message.is_deleted(), is_hers);
        assert_eq!(message.text.as_str().is_empty(), is_hers);
        assert_eq!(message.client_message_id, None);
    }
    let mut revisions: Vec<i64> = messages
        .iter()
        .filter_map(|message| message.revision)
        .collect();
    revisions.sort_unstable();
    assert_eq!(revisions, [3, 4, 5], "after the edit and the reaction");
    let counters = scene
        .app
        .database
        .read(|tx| tx.room_counters(&[room]))
        .unwrap();
    assert_eq!(counters[0].1.last_revision, 5);
    let told = scene.app.live.take_changed();
    let told: Vec<i64> = told
        .iter()
        .filter(|changed| changed.part == ChangedPart::Text)
        .filter_map(|changed| changed.message.revision)
        .collect();
    assert_eq!(told, [3, 4, 5]);
    let left = "SELECT count(*)::text FROM message_edits
                UNION ALL SELECT count(*)::text FROM message_reactions
                UNION ALL SELECT count(*)::text FROM message_emoji";
    assert_eq!(scene.app.database.texts(left), ["0", "0", "0"]);
}

#[test]
fn what_was_said_before_an_earlier_deletion_is_forgotten_too() {
    let scene = Scene::new();
    let (room, amina) = (scene.room, &scene.amina);
    for message in [
        scene.say(room, amina, "from an older client"),
        scene.say_with_id(room, amina, "from a newer client"),
    ] {
        scene.change(amina, &message, ChangeKind::Delete);
    }
    let edits = || scene.app.database.texts("SELECT body FROM message_edits");
    assert_eq!(edits().len(), 2);
    scene.erase();
    assert_eq!(edits(), Vec::<String>::new());
    assert_eq!(
        scene.app.live.take_changed(),
        [],
        "nothing changed for members"
    );
}

#[test]
fn archived_rooms_and_rooms_that_were_left_lose_the_texts_too() {
    let scene = Scene::new();
    let app = &scene.app;
    let archived = app.database.group(scene.amina.id()).create().id;
    scene.say(archived, &scene.amina, "in an archived group");
    scene.say(scene.room, &scene.amina, "in a group that she leaves");
    app.store(|tx| {
        tx.set_archived(archived, Some(app.now()), app.now())?;
        let departure = abu_domain::messaging::room::Departure::Removed;
        tx.remove_member(scene.room, scene.amina.id(), departure, app.now())
    });
    scene.erase();
    for room in [archived, scene.room] {
        assert!(scene.messages(room).iter().all(Message::is_deleted));
    }
}

#[test]
fn reactions_are_taken_back_and_counted_down() {
    let scene = Scene::new();
    let message = scene.say(scene.room, &scene.musa, "hello");
    for member in [&scene.amina, &scene.musa] {
        scene.change(member, &message, ChangeKind::React(thumb()));
    }
    scene.erase();
    let counts = scene
        .app
        .database
        .read(|tx| tx.emoji_counts(&[message.id]))
        .unwrap();
    assert_eq!(counts[0].count, 1);
    let told = scene.app.live.take_changed();
    let [changed] = told.as_slice() else {
        panic!("{told:?}")
    };
    let part = ChangedPart::Reactions {
        user_id: scene.amina.id(),
        emoji: thumb(),
        is_added: false,
        count: 1,
    };
    assert_eq!(changed.part, part);
}

#[test]
fn groups_are_left_with_succession_and_direct_rooms_stay() {
    let scene = Scene::new();
    let (app, amina, musa) = (&scene.app, scene.amina.id(), scene.musa.id());
    let alone = app.database.group(amina).create().id;
    scene.erase();
    assert_eq!(scene.roles(scene.room), [(musa, RoomRole::Owner)]);
    assert_eq!(scene.roles(scene.direct).len(), 2);
    let room = |id| app.store(|tx| tx.room(id)).unwrap();
    assert_eq!(room(scene.room).member_count, 1);
    assert_eq!(room(scene.room).archived_at, None);
    assert!(room(alone).archived_at.is_some());
    let calls = app.live.take();
    let left = |id| LiveCall::MembershipChanged(id, vec![amina], amina);
    assert!(
        calls.contains(&left(scene.room)) && calls.contains(&left(alone)),
        "{calls:?}"
    );
    assert!(calls.contains(&LiveCall::AccountSuspended(amina)));
}

#[test]
fn the_other_side_of_a_direct_room_sees_a_former_member() {
    let scene = Scene::new();
    scene.say(scene.direct, &scene.amina, "hello");
    scene.erase();
    let first = abu_application::platform::lists::Seek::After(None);
    let members = scene
        .app
        .store(|tx| tx.list_members(scene.direct, first, 10));
    let names: Vec<String> = members
        .iter()
        .filter(|member| member.membership.user_id == scene.amina.id())
        .map(|member| format!("{} {}", member.firstname.as_str(), member.lastname.as_str()))
        .collect();
    assert_eq!(names, ["Former member"]);
}

#[test]
fn an_erasure_that_is_done_again_from_its_beginning_changes_nothing_more() {
    let scene = Scene::new();
    let (app, amina) = (&scene.app, scene.amina.id());
    for number in 0..5 {
        scene.say(scene.room, &scene.amina, &format!("older {number}"));
        scene.say_with_id(scene.room, &scene.amina, &format!("newer {number}"));
    }
    schedule(app, amina);
    // Until the last step, which waits for the mail.
    while step(app, amina) != Progress::WaitsForMail {
        app.clock.advance(TimeDelta::seconds(20));
    }
    let before = scene.messages(scene.room);
    app.live.take_changed();
    app.database
        .execute("UPDATE erasures SET stage = 0, position = NULL");
    erase(app, amina);
    assert_eq!(scene.messages(scene.room), before);
    assert_eq!(app.live.take_changed(), []);
}

#[test]
fn many_messages_go_in_short_steps_between_which_others_write() {
    let scene = Scene::new();
    let (app, amina) = (&scene.app, scene.amina.id());
    let count: u32 =
        std::env::var("ABU_ERASED_MESSAGES").map_or(3_000, |count| count.parse().unwrap());
    app.database.execute(&format!(
        "INSERT INTO messages (room_id, seq, id, sender_id, body, client_message_id, created_at)
         SELECT '{room}', number, gen_random_uuid(), '{amina}', 'said', CASE WHEN number % 3 > 0 THEN gen_random_uuid() END, now()
         FROM generate_series(1, {count}) AS number;
         UPDATE rooms SET last_seq = {count} WHERE id = '{room}';",
        room = scene.room
    ));
    schedule(app, amina);
    let (mut longest, mut steps, mut last_seq) = (std::time::Duration::ZERO, 0, i64::from(count));
    let began = std::time::Instant::now();
    loop {
        let at = std::time::Instant::now();
        let progress = step(app, amina);
        longest = longest.max(at.elapsed());
        steps += 1;
        match progress {
            Progress::Done => break,
            Progress::More => {
                last_seq += 1;
                assert_eq!(scene.say(scene.room, &scene.musa, "and I").seq, last_seq);
            }
            Progress::Waits(time) => app.clock.advance(time),
            Progress::WaitsForMail => app.clock.advance(TimeDelta::hours(24)),
        }
    }
    println!(
        "{count} messages: {steps} steps, {:?}, the longest {longest:?}",
        began.elapsed()
    );
    let left =
        format!("SELECT count(*)::text FROM messages WHERE sender_id = '{amina}' AND body <> ''");
    assert_eq!(app.database.texts(&left), ["0"]);
    let counters = app
        .database
        .read(|tx| tx.room_counters(&[scene.room]))
        .unwrap();
    assert_eq!(counters[0].1.last_revision, i64::from(count));
}
