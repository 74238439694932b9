//! Edits, deletions and reactions.

use std::collections::HashMap;

use abu_application::{
    messaging::{
        messages::{ChangeOutcome, ChangedPart, Written, write_batch},
        ports::{LockWait, RoomCounters, StoreOutcome},
    },
    platform::{ports::Clock, system::SystemClock},
};
use abu_domain::{
    MessageId, RoomId, UserId,
    messaging::{
        message::{ChangeKind, ChangeRefusal, Message, MessageChange, NewMessage, Reaction},
        room::RoomRole,
        text::{Emoji, MessageText},
    },
};
use abu_test_support::{TestDatabase, new_message};
use diesel::{RunQueryDsl, dsl::sql, sql_types::Text};
use proptest::prelude::*;
use uuid::Uuid;

fn emoji(n: u32) -> Emoji {
    let text = char::from_u32(0x1f600 + n).unwrap().to_string();
    Emoji::parse(&text).unwrap()
}

fn text(text: &str) -> MessageText {
    MessageText::parse(text).unwrap()
}

/// A group of an owner, a moderator and two plain members.
struct Scene {
    database: TestDatabase,
    owner: UserId,
    moderator: UserId,
    amina: UserId,
    bola: UserId,
    room: RoomId,
}

fn scene() -> Scene {
    let database = TestDatabase::new();
    let [owner, moderator, amina, bola] = [(); 4].map(|()| database.user().create().id);
    let room = database
        .group(owner)
        .with_role(moderator, RoomRole::Moderator)
        .members([amina, bola])
        .create()
        .id;
    Scene {
        database,
        owner,
        moderator,
        amina,
        bola,
        room,
    }
}

impl Scene {
    fn write(&self, messages: &[NewMessage], changes: &[MessageChange]) -> Written {
        write_batch(&*self.database.store(), messages, changes, LockWait::Usual).unwrap()
    }

    fn say(&self, sender: UserId, text: &str) -> Message {
        self.database.message(self.room, sender, text)
    }

    fn change(&self, message: MessageId, user_id: UserId, kind: ChangeKind) -> MessageChange {
        MessageChange {
            room_id: self.room,
            message_id: message,
            user_id,
            kind,
            at: SystemClock.now(),
            expected: None,
        }
    }

    /// What becomes of one change.
    fn make(&self, message: MessageId, user: UserId, kind: ChangeKind) -> ChangeOutcome {
        let change = self.change(message, user, kind);
        self.write(&[], &[change]).changes.remove(0)
    }

    fn stored(&self, id: MessageId) -> Message {
        let found = self.database.read(|tx| tx.messages_by_id(&[id]));
        found.unwrap().remove(0)
    }

    fn counters(&self) -> RoomCounters {
        let counters = self.database.read(|tx| tx.room_counters(&[self.room]));
        counters.unwrap()[0].1
    }

    fn reactions(&self, message: MessageId, viewer: UserId) -> Vec<Reaction> {
        let found = self.database.read(|tx| tx.reactions(&[(message, viewer)]));
        found
            .unwrap()
            .into_iter()
            .map(|(_, _, shown)| shown)
            .collect()
    }

    /// What messages said before, the oldest first.
    fn past_texts(&self) -> Vec<String> {
        sql::<Text>("SELECT body FROM message_edits ORDER BY revision")
            .load(&mut self.database.connection())
            .unwrap()
    }
}

#[track_caller]
fn changed(outcome: ChangeOutcome) -> Message {
    match outcome {
        ChangeOutcome::Changed(changed) => changed.message,
        other => panic!("it was not changed: {other:?}"),
    }
}

fn refused(refusal: ChangeRefusal) -> ChangeOutcome {
    ChangeOutcome::Refused(refusal)
}

#[test]
fn an_edit_replaces_the_text_and_keeps_the_old_one() {
    let scene = scene();
    let message = scene.say(scene.amina, "helo");
    let edit = scene.change(message.id, scene.amina, ChangeKind::Edit(text("hello")));
    let edited = changed(
        scene
            .write(&[], std::slice::from_ref(&edit))
            .changes
            .remove(0),
    );
    let expected = Message {
        text: text("hello"),
        edited_at: Some(edit.at),
        revision: Some(1),
        ..message.clone()
    };
    assert_eq!(edited, expected);
    assert_eq!(scene.stored(message.id), expected);
    assert_eq!(
        scene.counters(),
        RoomCounters {
            last_seq: 1,
            last_revision: 1
        }
    );
    // Given again, as after a commit in doubt, it changes nothing.
    let again = scene.write(&[], &[edit]).changes.remove(0);
    assert!(matches!(again, ChangeOutcome::Unchanged(same) if same.message == expected));
    assert_eq!(scene.counters().last_revision, 1);
    assert_eq!(scene.past_texts(), ["helo"]);
}

#[test]
fn an_edit_to_the_same_text_marks_the_message_edited_once() {
    let scene = scene();
    let plain = scene.say(scene.amina, "hello").id;
    let liked = scene.say(scene.amina, "hello").id;
    changed(scene.make(liked, scene.bola, ChangeKind::React(emoji(1))));
    for message in [plain, liked] {
        let edit = || ChangeKind::Edit(text("hello"));
        assert!(
            changed(scene.make(message, scene.amina, edit()))
                .edited_at
                .is_some()
        );
        let again = scene.make(message, scene.amina, edit());
        assert!(matches!(again, ChangeOutcome::Unchanged(_)));
    }
}

#[test]
fn a_deleted_message_keeps_its_place_without_text_and_reactions() {
    let scene = scene();
    let message = scene.say(scene.amina, "oh no");
    scene.make(message.id, scene.bola, ChangeKind::React(emoji(1)));
    let gone = changed(scene.make(message.id, scene.amina, ChangeKind::Delete));
    assert!(gone.is_deleted());
    assert_eq!(gone.text.as_str(), "");
    assert_eq!((gone.seq, gone.revision), (1, Some(2)));
    assert_eq!(scene.stored(message.id), gone);
    assert!(scene.reactions(message.id, scene.bola).is_empty());
    let rows = |table: &str| {
        let count = format!("SELECT count(*)::text FROM {table}");
        let count: Vec<String> = sql::<Text>(&count)
            .load(&mut scene.database.connection())
            .unwrap();
        count[0].clone()
    };
    assert_eq!(rows("message_reactions"), "0");
    assert_eq!(rows("message_emoji"), "0");

    let again = scene.make(message.id, scene.amina, ChangeKind::Delete);
    assert!(matches!(again, ChangeOutcome::Unchanged(same) if same.message == gone));
    for kind in [
        ChangeKind::Edit(text("back")),
        ChangeKind::React(emoji(1)),
        ChangeKind::TakeBack(emoji(1)),
    ] {
        let outcome = scene.make(message.id, scene.amina, kind);
        assert_eq!(outcome, refused(ChangeRefusal::NotFound));
    }
    assert_eq!(scene.past_texts(), ["oh no"]);
}

#[test]
fn a_resent_message_is_shown_once_with_its_reactions() {
    let scene = scene();
    let elsewhere = scene.database.group(scene.amina).create().id;
    let first = NewMessage {
        client_message_id: Some(Uuid::new_v4()),
        ..new_message(scene.room, scene.amina, "graduated!")
    };
    let again = |room_id| NewMessage {
        id: MessageId::new(Uuid::now_v7()),
        room_id,
        ..first.clone()
    };
    scene.write(std::slice::from_ref(&first), &[]);
    changed(scene.make(first.id, scene.bola, ChangeKind::React(emoji(1))));

    let written = scene.write(&[again(scene.room), again(scene.room)], &[]);
    let reactions = &written.reactions[&(first.id, scene.amina)];
    assert_eq!(reactions, &scene.reactions(first.id, scene.amina));
    assert_eq!(reactions.len(), 1);
    let written = scene.write(&[again(elsewhere)], &[]);
    assert!(matches!(&written.messages[0], StoreOutcome::Stored(_)));
    assert!(written.reactions.is_empty());
}

#[test]
fn a_reaction_names_who_asks_and_the_first_few_who_reacted() {
    let scene = scene();
    let message = scene.say(scene.amina, "popular").id;
    let fans: Vec<UserId> = (0..15).map(|_| scene.database.user().create().id).collect();
    let added = scene
        .database
        .transaction(|tx| tx.add_members(scene.room, &fans, RoomRole::Member, SystemClock.now()));
    assert_eq!(added.unwrap().len(), 15);
    changed(scene.make(message, scene.bola, ChangeKind::React(emoji(2))));
    let batch: Vec<MessageChange> = fans
        .iter()
        .map(|fan| scene.change(message, *fan, ChangeKind::React(emoji(1))))
        .collect();
    scene.write(&[], &batch);

    let shown = scene.reactions(message, fans[14]);
    assert_eq!(shown[0].emoji, emoji(2), "the oldest first");
    assert_eq!((shown[0].count, &shown[0].user_ids), (1, &vec![scene.bola]));
    let mut expected = vec![fans[14]];
    expected.extend(&fans[..9]);
    assert_eq!((shown[1].count, &shown[1].user_ids), (15, &expected));
    let to_another = scene.reactions(message, scene.owner);
    assert_eq!(to_another[1].user_ids, fans[..10]);
}

#[test]
fn changes_of_a_batch_apply_in_order_after_its_messages() {
    let scene = scene();
    let said = new_message(scene.room, scene.amina, "first");
    let id = said.id;
    let by = |user, kind| scene.change(id, user, kind);
    let changes = [
        by(scene.bola, ChangeKind::React(emoji(1))),
        by(scene.amina, ChangeKind::Edit(text("second"))),
        by(scene.bola, ChangeKind::TakeBack(emoji(1))),
        by(scene.bola, ChangeKind::React(emoji(1))),
        by(scene.bola, ChangeKind::React(emoji(1))),
        by(scene.amina, ChangeKind::Edit(text("third"))),
    ];
    let written = scene.write(&[said], &changes);
    assert!(matches!(written.messages[0], StoreOutcome::Stored(_)));
    let revisions: Vec<i64> = written
        .changes
        .iter()
        .filter_map(|outcome| match outcome {
            ChangeOutcome::Changed(changed) => changed.message.revision,
            _ => None,
        })
        .collect();
    assert_eq!(revisions, [1, 2, 3, 4, 5]);
    assert!(matches!(written.changes[4], ChangeOutcome::Unchanged(_)));
    let stored = scene.stored(id);
    assert_eq!((stored.text.as_str(), stored.revision), ("third", Some(5)));
    assert_eq!(scene.past_texts(), ["first", "second"]);
    assert_eq!(scene.reactions(id, scene.bola)[0].count, 1);
}

#[test]
fn writers_at_once_number_the_changes_without_gaps() {
    let scene = scene();
    let messages: Vec<MessageId> = (0..4)
        .map(|n| scene.say(scene.amina, &n.to_string()).id)
        .collect();
    std::thread::scope(|scope| {
        for (n, user) in [scene.amina, scene.bola, scene.owner, scene.moderator]
            .into_iter()
            .enumerate()
        {
            let (scene, messages) = (&scene, &messages);
            scope.spawn(move || {
                for round in 0..10 {
                    let said = new_message(scene.room, user, "and more");
                    let change = |id: &MessageId| {
                        scene.change(
                            *id,
                            user,
                            ChangeKind::React(emoji((n * 10 + round) as u32 % 5)),
                        )
                    };
                    let changes: Vec<_> = messages.iter().map(change).collect();
                    scene.write(&[said], &changes);
                }
            });
        }
    });
    // Each of the four gave each of the four messages five different emoji.
    assert_eq!(
        scene.counters(),
        RoomCounters {
            last_seq: 44,
            last_revision: 80
        }
    );
    for message in messages {
        let shown = scene.reactions(message, scene.amina);
        let counts: Vec<i64> = shown.iter().map(|reaction| reaction.count).collect();
        assert_eq!(counts, [4; 5]);
    }
}

#[test]
fn a_message_sent_again_is_answered_as_it_is_now() {
    let scene = scene();
    let mut said = new_message(scene.room, scene.amina, "helo");
    said.client_message_id = Some(Uuid::new_v4());
    let id = said.id;
    scene.write(std::slice::from_ref(&said), &[]);
    changed(scene.make(id, scene.amina, ChangeKind::Edit(text("hello"))));
    changed(scene.make(id, scene.bola, ChangeKind::React(emoji(1))));
    said.id = MessageId::new(Uuid::now_v7());
    let written = scene.write(&[said], &[]);
    assert_eq!(written.messages, [StoreOutcome::Repeated(scene.stored(id))]);
    let shown = &written.reactions[&(id, scene.amina)];
    assert_eq!((shown[0].count, &shown[0].user_ids), (1, &vec![scene.bola]));
}

/// A change by the number of who makes it, of which message, to what.
type Step = (usize, usize, Kind);

#[derive(Clone, Debug)]
enum Kind {
    Edit(u8),
    Delete,
    React(u32),
    TakeBack(u32),
}

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let kind = prop_oneof![
        3 => (0..3_u8).prop_map(Kind::Edit),
        1 => Just(Kind::Delete),
        6 => (0..3_u32).prop_map(Kind::React),
        4 => (0..3_u32).prop_map(Kind::TakeBack),
    ];
    let step = (0..4_usize, 0..3_usize, kind);
    proptest::collection::vec(proptest::collection::vec(step, 1..8), 1..8)
}

/// The same messages, as naively as can be.
#[derive(Default)]
struct Model {
    messages: Vec<ModelMessage>,
    last_revision: i64,
}

#[derive(Default)]
struct ModelMessage {
    sender: usize,
    /// `None` once it is deleted.
    text: Option<String>,
    is_edited: bool,
    revision: Option<i64>,
    /// Emoji in the order they came, each with who reacted, in their order.
    reactions: Vec<(u32, Vec<usize>)>,
}

/// Whether something changed, or why not; and how many react so now.
type Told = Result<(bool, i64), ChangeRefusal>;

impl Model {
    fn make(&mut self, (who, which, kind): &Step) -> Told {
        let message = &mut self.messages[*which];
        let moderates = *who < 2;
        let mut count = 0;
        let is_news = match kind {
            Kind::Edit(n) => {
                let new = format!("text {n}");
                let old = message.text.as_mut().ok_or(ChangeRefusal::NotFound)?;
                if message.sender != *who {
                    return Err(ChangeRefusal::NotYours);
                }
                let is_news = *old != new || !message.is_edited;
                *old = new;
                message.is_edited = true;
                is_news
            }
            Kind::Delete if !moderates && message.sender != *who => {
                return Err(ChangeRefusal::NotYours);
            }
            Kind::Delete => {
                message.reactions.clear();
                message.text.take().is_some()
            }
            Kind::React(_) | Kind::TakeBack(_) if message.text.is_none() => {
                return Err(ChangeRefusal::NotFound);
            }
            Kind::React(n) => {
                if !message.reactions.iter().any(|(emoji, _)| emoji == n) {
                    message.reactions.push((*n, Vec::new()));
                }
                let here = message.reactions.iter_mut().find(|(emoji, _)| emoji == n);
                let (_, users) = here.unwrap();
                let is_news = !users.contains(who);
                if is_news {
                    users.push(*who);
                }
                count = users.len() as i64;
                is_news
            }
            Kind::TakeBack(n) => {
                let mut is_news = false;
                for (emoji, users) in &mut message.reactions {
                    if emoji == n {
                        is_news = users.contains(who);
                        users.retain(|user| user != who);
                        count = users.len() as i64;
                    }
                }
                message.reactions.retain(|(_, users)| !users.is_empty());
                is_news
            }
        };
        if is_news {
            self.last_revision += 1;
            message.revision = Some(self.last_revision);
        }
        Ok((is_news, count))
    }
}

fn told(outcome: ChangeOutcome) -> Told {
    let (is_news, changed) = match outcome {
        ChangeOutcome::Changed(changed) => (true, changed),
        ChangeOutcome::Unchanged(changed) => (false, changed),
        ChangeOutcome::Refused(refusal) => return Err(refusal),
        other => panic!("no stranger takes part: {other:?}"),
    };
    let count = match changed.part {
        ChangedPart::Text => 0,
        ChangedPart::Reactions { count, .. } => count,
    };
    Ok((is_news, count))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn batches_of_changes_leave_what_a_naive_model_leaves(batches in steps()) {
        let scene = scene();
        let users = [scene.owner, scene.moderator, scene.amina, scene.bola];
        let mut model = Model::default();
        let mut ids = Vec::new();
        for sender in [0, 2, 3] {
            ids.push(scene.say(users[sender], "text 0").id);
            model.messages.push(ModelMessage {
                sender,
                text: Some("text 0".to_owned()),
                ..ModelMessage::default()
            });
        }
        for batch in batches {
            let changes: Vec<MessageChange> = batch
                .iter()
                .map(|(who, which, kind)| {
                    let kind = match kind {
                        Kind::Edit(n) => ChangeKind::Edit(text(&format!("text {n}"))),
                        Kind::Delete => ChangeKind::Delete,
                        Kind::React(n) => ChangeKind::React(emoji(*n)),
                        Kind::TakeBack(n) => ChangeKind::TakeBack(emoji(*n)),
                    };
                    scene.change(ids[*which], users[*who], kind)
                })
                .collect();
            let outcomes: Vec<Told> =
                scene.write(&[], &changes).changes.into_iter().map(told).collect();
            let expected: Vec<Told> = batch.iter().map(|step| model.make(step)).collect();
            prop_assert_eq!(outcomes, expected);
        }
        prop_assert_eq!(scene.counters().last_revision, model.last_revision);
        let who: HashMap<UserId, usize> =
            users.iter().enumerate().map(|(n, user)| (*user, n)).collect();
        for (id, expected) in ids.iter().zip(&model.messages) {
            let stored = scene.stored(*id);
            prop_assert_eq!(stored.text.as_str(), expected.text.as_deref().unwrap_or_default());
            prop_assert_eq!(stored.is_deleted(), expected.text.is_none());
            prop_assert_eq!(stored.revision, expected.revision);
            // For a stranger the first to react comes first.
            let stranger = UserId::new(Uuid::nil());
            let shown: Vec<(Emoji, i64, Vec<usize>)> = scene
                .reactions(*id, stranger)
                .into_iter()
                .map(|reaction| {
                    let users = reaction.user_ids.iter().map(|user| who[user]).collect();
                    (reaction.emoji, reaction.count, users)
                })
                .collect();
            let expected: Vec<(Emoji, i64, Vec<usize>)> = expected
                .reactions
                .iter()
                .map(|(n, users)| (emoji(*n), users.len() as i64, users.clone()))
                .collect();
            prop_assert_eq!(shown, expected);
        }
    }
}
