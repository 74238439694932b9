//! Messages: batches, client message ids, edit and delete windows, reactions, sync, history.

use std::time::{Duration, Instant};

use abu_application::{
    Database,
    access::AccessError,
    messaging::{
        messages::{
            CatchUp, ChangeOutcome, ChangedPart, MessageDraft, MessageFilter, MessagingError,
            Position, Written, catch_up, encoded_len, history, write_batch,
        },
        ports::{LockWait, SeqWindow, StoreOutcome},
    },
    platform::{
        lists::{ListRequest, PAGE_BYTES, Seek, Total},
        versions::{Expected, Version},
    },
};
use abu_domain::{
    MessageId, RoomId, UserId,
    messaging::{
        message::{
            ChangeKind, ChangeRefusal, EDIT_WINDOW, HistoryOrder, MAX_EMOJI_OF_MEMBER,
            MAX_EMOJI_OF_MESSAGE, Message, MessageChange, NewMessage,
        },
        room::RoomRole,
        text::{Emoji, MessageText},
    },
};
use abu_test_support::new_message;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::support::{Member, TestApp, assert_refused, new_id};

const MOMENT: TimeDelta = TimeDelta::microseconds(1);

fn text(text: &str) -> MessageText {
    MessageText::parse(text).unwrap()
}

fn edit(new: &str) -> ChangeKind {
    ChangeKind::Edit(text(new))
}

fn react(number: usize) -> ChangeKind {
    ChangeKind::React(emoji(number))
}

fn emoji(number: usize) -> Emoji {
    let first = 0x1f600;
    let sign = char::from_u32(first + u32::try_from(number).unwrap()).unwrap();
    Emoji::parse(&sign.to_string()).unwrap()
}

/// A group of an owner, a moderator and two plain members; and a stranger.
struct Scene {
    app: TestApp,
    room: RoomId,
    owner: Member,
    moderator: Member,
    amina: Member,
    musa: Member,
    stranger: Member,
}

impl Scene {
    fn new() -> Self {
        let app = TestApp::new();
        let [owner, moderator, amina, musa, stranger] = [(); 5].map(|()| app.member().create());
        let room = app.database.group(owner.id());
        let room = room
            .with_role(moderator.id(), RoomRole::Moderator)
            .members([amina.id(), musa.id()]);
        let room = room.create().id;
        // No message is older than its room.
        app.clock.advance(TimeDelta::minutes(1));
        Self {
            app,
            room,
            owner,
            moderator,
            amina,
            musa,
            stranger,
        }
    }

    fn write(&self, messages: &[NewMessage], changes: &[MessageChange]) -> Written {
        write_batch(
            &*self.app.database.store(),
            messages,
            changes,
            LockWait::Usual,
        )
        .unwrap()
    }

    fn draft(&self, sender: &Member, text: &str) -> NewMessage {
        NewMessage {
            sent_at: self.app.now(),
            ..new_message(self.room, sender.id(), text)
        }
    }

    fn store(&self, message: NewMessage) -> StoreOutcome {
        self.write(&[message], &[]).messages.remove(0)
    }

    fn say(&self, sender: &Member, text: &str) -> Message {
        stored(self.store(self.draft(sender, text)))
    }

    fn change(&self, by: &Member, message: MessageId, kind: ChangeKind) -> MessageChange {
        MessageChange {
            room_id: self.room,
            message_id: message,
            user_id: by.id(),
            kind,
            at: self.app.now(),
            expected: None,
        }
    }

    fn make(&self, by: &Member, message: MessageId, kind: ChangeKind) -> ChangeOutcome {
        let change = self.change(by, message, kind);
        self.write(&[], &[change]).changes.remove(0)
    }

    fn archive(&self) {
        let now: Option<DateTime<Utc>> = Some(self.app.now());
        self.app
            .store(|tx| tx.set_archived(self.room, now, self.app.now()));
    }

    fn database(&self) -> Database {
        self.app
            .use_cases
            .messaging
            .messages
            .context
            .database
            .clone()
    }

    async fn catch_up(&self, last_seq: i64, last_revision: Option<i64>) -> CatchUp {
        let position = Position {
            room_id: self.room,
            last_seq,
            last_revision,
        };
        let answers = catch_up(&self.database(), self.musa.id(), vec![position]).await;
        answers.unwrap().remove(0)
    }

    /// The texts of a window, as a member reads them.
    async fn window(&self, window: SeqWindow) -> Vec<String> {
        let messaging = &self.app.use_cases.messaging.messages;
        let listed = messaging
            .list(self.musa.caller(), self.room, within(window), page())
            .await
            .unwrap();
        let texts: Vec<String> = listed
            .items
            .iter()
            .map(|one| one.shown.message.text.as_str().to_owned())
            .collect();
        let total = u64::try_from(texts.len()).unwrap();
        assert_eq!(listed.total, Some(Total::Exactly(total)));
        texts
    }
}

fn within(window: SeqWindow) -> MessageFilter {
    MessageFilter {
        window,
        around: None,
    }
}

fn page() -> ListRequest<i64> {
    ListRequest {
        seek: Seek::START,
        limit: 100,
        count: true,
    }
}

#[track_caller]
fn stored(outcome: StoreOutcome) -> Message {
    match outcome {
        StoreOutcome::Stored(message) => message,
        other => panic!("not stored: {other:?}"),
    }
}

#[track_caller]
fn changed(outcome: ChangeOutcome) -> Message {
    match outcome {
        ChangeOutcome::Changed(changed) => changed.message,
        other => panic!("not changed: {other:?}"),
    }
}

fn refused(refusal: ChangeRefusal) -> ChangeOutcome {
    ChangeOutcome::Refused(refusal)
}

#[test]
fn only_members_write_to_a_room() {
    let scene = Scene::new();
    let by_stranger = scene.store(scene.draft(&scene.stranger, "let me in"));
    assert_eq!(by_stranger, StoreOutcome::NotAMember);
    let message = scene.say(&scene.amina, "hello");
    for kind in [edit("hijacked"), ChangeKind::Delete, react(0)] {
        let outcome = scene.make(&scene.stranger, message.id, kind);
        assert_eq!(outcome, ChangeOutcome::NotAMember);
    }
    let nowhere = MessageChange {
        room_id: RoomId::new(new_id()),
        ..scene.change(&scene.amina, message.id, ChangeKind::Delete)
    };
    let outcomes = scene.write(&[], &[nowhere]).changes;
    assert_eq!(outcomes, [ChangeOutcome::NotAMember]);
    assert_eq!(message.seq, 1);
}

#[test]
fn an_archived_room_takes_no_message_and_no_change() {
    let scene = Scene::new();
    let message = scene.say(&scene.amina, "the last word");
    scene.archive();
    let outcome = scene.store(scene.draft(&scene.amina, "one more"));
    assert_eq!(outcome, StoreOutcome::ReadOnly);
    for by in [&scene.amina, &scene.owner] {
        for kind in [edit("another"), ChangeKind::Delete, react(0)] {
            let outcome = scene.make(by, message.id, kind);
            assert_eq!(outcome, ChangeOutcome::ReadOnly);
        }
    }
}

#[test]
fn a_client_message_id_sent_again_is_stored_once() {
    let scene = Scene::new();
    let id = Some(new_id());
    let draft = |text: &str| NewMessage {
        client_message_id: id,
        ..scene.draft(&scene.amina, text)
    };
    let first = stored(scene.store(draft("once")));
    let outcomes = scene.write(&[draft("once"), draft("once")], &[]).messages;
    for outcome in outcomes {
        assert_eq!(outcome, StoreOutcome::Repeated(first.clone()));
    }
    assert_eq!(scene.store(draft("twice")), StoreOutcome::ClientIdTaken);
    // So is the room's: in another room it is another message.
    let elsewhere = scene.app.database.group(scene.amina.id()).create().id;
    let there = NewMessage {
        room_id: elsewhere,
        ..draft("twice")
    };
    assert_eq!(stored(scene.store(there)).room_id, elsewhere);
    // The id is its sender's: another sender's is another message.
    let other = NewMessage {
        client_message_id: id,
        ..scene.draft(&scene.musa, "mine")
    };
    assert_eq!(stored(scene.store(other)).seq, 2);
}

#[test]
fn a_reply_answers_a_message_of_its_own_room() {
    let scene = Scene::new();
    let elsewhere = scene.app.database.group(scene.amina.id()).create().id;
    let foreign = scene
        .app
        .database
        .message(elsewhere, scene.amina.id(), "elsewhere");
    let own = scene.say(&scene.musa, "a question");
    let reply_to = |id: MessageId| NewMessage {
        reply_to: Some(id),
        ..scene.draft(&scene.amina, "an answer")
    };
    for id in [foreign.id, MessageId::new(Uuid::now_v7())] {
        let outcome = scene.store(reply_to(id));
        assert_eq!(outcome, StoreOutcome::ReplyToUnknown);
    }
    let reply = stored(scene.store(reply_to(own.id)));
    assert_eq!((reply.reply_to, reply.seq), (Some(own.id), 2));
}

#[test]
fn the_sender_alone_edits_a_message_for_fifteen_minutes() {
    let scene = Scene::new();
    let message = scene.say(&scene.amina, "helo");
    for by in [&scene.musa, &scene.moderator, &scene.owner] {
        let outcome = scene.make(by, message.id, edit("hijacked"));
        assert_eq!(outcome, refused(ChangeRefusal::NotYours));
    }
    scene.app.clock.advance(TimeDelta::minutes(15));
    let edited = changed(scene.make(&scene.amina, message.id, edit("hello")));
    assert_eq!(edited.text, text("hello"));
    assert_eq!(edited.edited_at, Some(scene.app.now()));
    scene.app.clock.advance(MOMENT);
    let late = scene.make(&scene.amina, message.id, edit("good evening"));
    assert_eq!(late, refused(ChangeRefusal::TooLate));
}

#[test]
fn after_fifteen_minutes_only_moderators_delete_a_message() {
    let scene = Scene::new();
    let [one, two] = ["one", "two"].map(|text| scene.say(&scene.amina, text));
    let foreign = scene.make(&scene.musa, one.id, ChangeKind::Delete);
    assert_eq!(foreign, refused(ChangeRefusal::NotYours));
    scene.app.clock.advance(EDIT_WINDOW + MOMENT);
    let late = scene.make(&scene.amina, one.id, ChangeKind::Delete);
    assert_eq!(late, refused(ChangeRefusal::TooLate));
    // Reactions have no window.
    changed(scene.make(&scene.amina, one.id, react(0)));
    for (by, message) in [(&scene.moderator, &one), (&scene.owner, &two)] {
        let deleted = changed(scene.make(by, message.id, ChangeKind::Delete));
        assert!(deleted.is_deleted());
    }
}

#[test]
fn the_sender_deletes_a_message_within_fifteen_minutes() {
    let scene = Scene::new();
    let message = scene.say(&scene.amina, "oh no");
    scene.app.clock.advance(EDIT_WINDOW);
    let deleted = changed(scene.make(&scene.amina, message.id, ChangeKind::Delete));
    assert!(deleted.is_deleted());
    let again = scene.make(&scene.amina, message.id, ChangeKind::Delete);
    assert!(matches!(again, ChangeOutcome::Unchanged(_)), "{again:?}");
}

#[test]
fn in_a_direct_room_only_the_sender_deletes_a_message() {
    let scene = Scene::new();
    let room = scene
        .app
        .database
        .direct_room(scene.owner.id(), scene.amina.id());
    let scene = Scene {
        room: room.id,
        ..scene
    };
    let message = scene.say(&scene.amina, "between us");
    let outcome = scene.make(&scene.owner, message.id, ChangeKind::Delete);
    assert_eq!(outcome, refused(ChangeRefusal::NotYours));
    changed(scene.make(&scene.amina, message.id, ChangeKind::Delete));
}

#[test]
fn a_change_reaches_messages_of_its_own_room_alone() {
    let scene = Scene::new();
    let elsewhere = scene.app.database.group(scene.amina.id()).create().id;
    let foreign = scene
        .app
        .database
        .message(elsewhere, scene.amina.id(), "elsewhere");
    for id in [foreign.id, MessageId::new(Uuid::now_v7())] {
        for kind in [edit("moved"), ChangeKind::Delete, react(0)] {
            let outcome = scene.make(&scene.amina, id, kind);
            assert_eq!(outcome, refused(ChangeRefusal::NotFound));
        }
    }
}

#[tokio::test]
async fn a_deleted_message_keeps_its_place_without_text_or_reactions() {
    let scene = Scene::new();
    let message = scene.say(&scene.amina, "oh no");
    changed(scene.make(&scene.musa, message.id, react(0)));
    changed(scene.make(&scene.amina, message.id, ChangeKind::Delete));
    let missed = scene.catch_up(0, Some(0)).await;
    let [shown] = missed.messages.as_slice() else {
        panic!("{missed:?}")
    };
    assert_eq!(shown.message.seq, 1);
    assert_eq!(shown.message.text.as_str(), "");
    assert_eq!(shown.reactions, []);
    for kind in [edit("back"), react(1), ChangeKind::TakeBack(emoji(0))] {
        let outcome = scene.make(&scene.amina, message.id, kind);
        assert_eq!(outcome, refused(ChangeRefusal::NotFound));
    }
}

#[test]
fn an_edit_to_the_same_text_changes_a_message_once() {
    let scene = Scene::new();
    let message = scene.say(&scene.amina, "hello");
    let edited = changed(scene.make(&scene.amina, message.id, edit("hello")));
    assert_eq!(edited.revision, Some(1));
    let again = scene.make(&scene.amina, message.id, edit("hello"));
    assert!(
        matches!(&again, ChangeOutcome::Unchanged(same) if same.message == edited),
        "{again:?}"
    );
}

#[test]
fn a_member_adds_ten_emoji_to_a_message_and_no_more() {
    let scene = Scene::new();
    let message = scene.say(&scene.amina, "hello");
    for number in 0..MAX_EMOJI_OF_MEMBER {
        changed(scene.make(&scene.musa, message.id, react(number)));
    }
    let outcome = scene.make(&scene.musa, message.id, react(10));
    assert_eq!(outcome, refused(ChangeRefusal::TooManyOfMember));
    let repeated = scene.make(&scene.musa, message.id, react(0));
    assert!(matches!(repeated, ChangeOutcome::Unchanged(_)));
    // One taken back makes room for another.
    let taken_back = ChangeKind::TakeBack(emoji(0));
    changed(scene.make(&scene.musa, message.id, taken_back));
    changed(scene.make(&scene.musa, message.id, react(10)));
}

#[test]
fn a_message_carries_twenty_emoji_and_no_more() {
    let scene = Scene::new();
    let message = scene.say(&scene.amina, "hello");
    for (by, first) in [(&scene.musa, 0), (&scene.owner, MAX_EMOJI_OF_MEMBER)] {
        for number in first..first + MAX_EMOJI_OF_MEMBER {
            changed(scene.make(by, message.id, react(number)));
        }
    }
    let outcome = scene.make(&scene.amina, message.id, react(MAX_EMOJI_OF_MESSAGE));
    assert_eq!(outcome, refused(ChangeRefusal::TooManyEmoji));
    // An emoji that is there already counts one more person.
    let outcome = scene.make(&scene.amina, message.id, react(0));
    let ChangeOutcome::Changed(joined) = outcome else {
        panic!("{outcome:?}")
    };
    let ChangedPart::Reactions { count, .. } = joined.part else {
        panic!("{joined:?}")
    };
    assert_eq!(count, 2);
}

#[test]
fn places_have_no_gaps_whatever_is_refused_between() {
    let scene = Scene::new();
    let batch = [
        scene.draft(&scene.amina, "one"),
        scene.draft(&scene.stranger, "refused"),
        scene.draft(&scene.musa, "two"),
    ];
    let outcomes = scene.write(&batch, &[]).messages;
    assert_eq!(outcomes[1], StoreOutcome::NotAMember);
    assert_eq!(scene.write(&batch[..1], &[]).messages.len(), 1);
    assert_eq!(scene.say(&scene.amina, "three").seq, 3);
}

#[test]
fn revisions_have_no_gaps_whatever_is_refused_between() {
    let scene = Scene::new();
    let message = scene.say(&scene.amina, "hello");
    let of = |by: &Member, kind| scene.change(by, message.id, kind);
    let batch = [
        of(&scene.amina, edit("one")),
        of(&scene.musa, edit("refused")),
        of(&scene.amina, edit("one")),
        of(&scene.musa, react(0)),
        of(&scene.stranger, react(1)),
        of(&scene.musa, ChangeKind::TakeBack(emoji(0))),
        of(&scene.amina, ChangeKind::Delete),
    ];
    let outcomes = scene.write(&[], &batch).changes;
    let revisions: Vec<i64> = outcomes
        .into_iter()
        .filter_map(|outcome| match outcome {
            ChangeOutcome::Changed(changed) => changed.message.revision,
            _ => None,
        })
        .collect();
    assert_eq!(revisions, [1, 2, 3, 4]);
}

#[test]
fn a_batch_given_again_stores_and_changes_nothing() {
    let scene = Scene::new();
    let message = scene.say(&scene.amina, "hello");
    let messages = [scene.draft(&scene.musa, "again")];
    let changes = [
        scene.change(&scene.amina, message.id, edit("good evening")),
        scene.change(&scene.musa, message.id, react(0)),
    ];
    let first = scene.write(&messages, &changes);
    let second = scene.write(&messages, &changes);
    assert_eq!(second.messages, first.messages);
    for outcome in second.changes {
        assert!(
            matches!(outcome, ChangeOutcome::Unchanged(_)),
            "{outcome:?}"
        );
    }
    assert_eq!(scene.say(&scene.amina, "next").seq, 3);
}

#[test]
fn a_message_is_changed_in_the_batch_that_stores_it() {
    let scene = Scene::new();
    let draft = scene.draft(&scene.amina, "helo");
    let change = scene.change(&scene.amina, draft.id, edit("hello"));
    let written = scene.write(&[draft], &[change]);
    let [outcome] = <[_; 1]>::try_from(written.changes).unwrap();
    assert_eq!(changed(outcome).text, text("hello"));
}

#[tokio::test]
async fn a_client_catches_up_on_messages_and_changes_it_missed() {
    let scene = Scene::new();
    let known = scene.say(&scene.amina, "known");
    let unchanged = scene.say(&scene.amina, "unchanged");
    scene.say(&scene.amina, "missed");
    changed(scene.make(&scene.amina, known.id, edit("known better")));
    let missed = scene.catch_up(unchanged.seq, Some(0)).await;
    let texts = |shown: &[abu_domain::messaging::message::ShownMessage]| -> Vec<String> {
        let texts = shown.iter().map(|shown| shown.message.text.as_str());
        texts.map(str::to_owned).collect()
    };
    assert_eq!(texts(&missed.messages), ["missed"]);
    assert_eq!(texts(&missed.updated), ["known better"]);
    assert_eq!((missed.last_seq, missed.last_revision), (3, 1));
    assert!(!missed.has_more);
    let again = scene.catch_up(missed.last_seq, Some(missed.last_revision));
    let again = again.await;
    assert!(again.messages.is_empty() && again.updated.is_empty());
}

#[tokio::test]
async fn a_client_that_asks_on_receives_more_than_a_hundred_messages() {
    let scene = Scene::new();
    let batch: Vec<NewMessage> = (1..=150)
        .map(|number| scene.draft(&scene.amina, &number.to_string()))
        .collect();
    scene.write(&batch, &[]);
    let first = scene.catch_up(0, None).await;
    assert_eq!((first.messages.len(), first.has_more), (100, true));
    let rest = scene.catch_up(first.last_seq, None).await;
    assert_eq!((rest.messages.len(), rest.has_more), (50, false));
    assert_eq!(rest.last_seq, 150);
}

#[tokio::test]
async fn an_answer_with_long_messages_ends_early_and_the_next_goes_on() {
    let scene = Scene::new();
    let text = "ɗ".repeat(4_000);
    let batch: Vec<NewMessage> = (0..70).map(|_| scene.draft(&scene.amina, &text)).collect();
    scene.write(&batch, &[]);
    let (mut last_seq, mut answers) = (0, 0);
    loop {
        let answer = scene.catch_up(last_seq, None).await;
        let bytes: usize = answer.messages.iter().map(encoded_len).sum();
        assert!(bytes <= PAGE_BYTES && answer.last_seq > last_seq);
        last_seq = answer.last_seq;
        answers += 1;
        if !answer.has_more {
            break;
        }
        assert!(bytes + encoded_len(&answer.messages[0]) > PAGE_BYTES);
    }
    assert_eq!((last_seq, answers), (70, 3));
}

#[tokio::test]
async fn a_client_that_claims_the_future_learns_where_the_room_is() {
    let scene = Scene::new();
    let message = scene.say(&scene.amina, "hello");
    changed(scene.make(&scene.amina, message.id, edit("good evening")));
    let answer = scene.catch_up(1_000, Some(1_000)).await;
    assert_eq!((answer.last_seq, answer.last_revision), (1, 1));
    assert!(!answer.has_more);
}

#[tokio::test]
async fn a_window_of_history_excludes_its_ends() {
    let scene = Scene::new();
    for text in ["1", "2", "3", "4", "5"] {
        scene.say(&scene.amina, text);
    }
    let window = |after, before| scene.window(SeqWindow { after, before });
    assert_eq!(window(Some(1), Some(4)).await, ["3", "2"]);
    assert_eq!(window(Some(4), None).await, ["5"]);
    assert_eq!(window(None, Some(2)).await, ["1"]);
    assert_eq!(window(Some(5), None).await, <[&str; 0]>::default());
    assert_eq!(window(Some(2), Some(3)).await, <[&str; 0]>::default());
}

#[tokio::test]
async fn a_page_of_history_skips_from_the_end_it_names() {
    let scene = Scene::new();
    for text in ["1", "2", "3", "4", "5"] {
        scene.say(&scene.amina, text);
    }
    for (order, skip, expected) in [
        (HistoryOrder::OldestFirst, 1, ["2", "3"]),
        (HistoryOrder::NewestFirst, 1, ["4", "3"]),
    ] {
        let page = history(&scene.database(), scene.room, skip, 2, order, None).await;
        let page = page.unwrap();
        let texts: Vec<&str> = page
            .messages
            .iter()
            .map(|shown| shown.message.text.as_str())
            .collect();
        assert_eq!(texts, expected);
        assert_eq!(page.total_count, 5);
    }
}

#[tokio::test]
async fn a_new_member_reads_what_was_said_before() {
    let scene = Scene::new();
    scene.say(&scene.amina, "before");
    let rooms = &scene.app.use_cases.messaging.rooms;
    let users: Vec<UserId> = vec![scene.stranger.id()];
    let added = rooms.add_members(scene.owner.caller(), scene.room, users);
    added.await.unwrap();
    let messaging = &scene.app.use_cases.messaging.messages;
    let window = SeqWindow::default();
    let listed = messaging.list(scene.stranger.caller(), scene.room, within(window), page());
    assert_eq!(listed.await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_former_member_neither_reads_nor_writes() {
    let scene = Scene::new();
    let message = scene.say(&scene.amina, "mine");
    let (caller, room) = (scene.amina.caller(), scene.room);
    let rooms = &scene.app.use_cases.messaging.rooms;
    rooms
        .remove_member(caller.clone(), room, scene.amina.id())
        .await
        .unwrap();
    let messaging = &scene.app.use_cases.messaging.messages;
    let draft = MessageDraft {
        room_id: room,
        text: text("still here"),
        client_message_id: new_id(),
        reply_to: None,
    };
    let sent = messaging.send(caller.clone(), draft).await;
    assert_refused!(sent, MessagingError::RoomNotFound);
    let edited = messaging
        .edit(
            caller.clone(),
            room,
            message.id,
            text("another"),
            Expected::Anything,
        )
        .await;
    assert_refused!(edited, MessagingError::RoomNotFound);
    let deleted = messaging.delete(caller.clone(), room, message.id).await;
    assert_refused!(deleted, MessagingError::RoomNotFound);
    let read = messaging
        .mark_read(caller.clone(), room, 1, Expected::Anything)
        .await;
    assert_refused!(read, MessagingError::RoomNotFound);
    let listed = messaging.list(caller, room, MessageFilter::default(), page());
    assert_refused!(listed.await, MessagingError::RoomNotFound);
    let outcome = scene.make(&scene.amina, message.id, ChangeKind::Delete);
    assert_eq!(outcome, ChangeOutcome::NotAMember);
}

#[tokio::test]
async fn a_hidden_member_neither_reads_nor_writes() {
    let scene = Scene::new();
    let own_accounts = &scene.app.use_cases.identity.own_accounts;
    own_accounts.deactivate(scene.amina.caller()).await.unwrap();
    let messaging = &scene.app.use_cases.messaging.messages;
    let window = SeqWindow::default();
    let listed = messaging.list(scene.amina.caller(), scene.room, within(window), page());
    assert_refused!(
        listed.await,
        MessagingError::Access(AccessError::Deactivated)
    );
    let draft = MessageDraft {
        room_id: scene.room,
        text: text("hello"),
        client_message_id: new_id(),
        reply_to: None,
    };
    let sent = messaging.send(scene.amina.caller(), draft).await;
    assert_refused!(sent, MessagingError::Access(AccessError::Deactivated));
}

#[tokio::test]
async fn a_locked_room_holds_back_its_own_messages_alone() {
    let scene = Scene::new();
    let other = scene.app.database.group(scene.musa.id()).create().id;
    let messages = &scene.app.use_cases.messaging.messages;
    let send = |member: &Member, room_id| {
        let draft = MessageDraft {
            room_id,
            text: text("hello"),
            client_message_id: new_id(),
            reply_to: None,
        };
        messages.send(member.caller(), draft)
    };
    let mut lock = Some(scene.app.database.lock_room(scene.room));
    let unlock = async {
        for seq in 1..=5 {
            assert_eq!(
                send(&scene.musa, other).await.unwrap().shown.message.seq,
                seq
            );
        }
        lock.take();
    };
    let (first, second, ()) = tokio::join!(
        send(&scene.amina, scene.room),
        send(&scene.musa, scene.room),
        unlock
    );
    let mut places = [first, second].map(|sent| sent.unwrap().shown.message.seq);
    places.sort_unstable();
    assert_eq!(places, [1, 2]);
}

#[tokio::test]
async fn a_locked_room_alone_is_no_outage_of_the_store() {
    let scene = Scene::new();
    let other = scene.app.database.group(scene.musa.id()).create().id;
    let messages = &scene.app.use_cases.messaging.messages;
    let send = |member: &Member, room_id| {
        let draft = MessageDraft {
            room_id,
            text: text("hello"),
            client_message_id: new_id(),
            reply_to: None,
        };
        messages.send(member.caller(), draft)
    };
    let mut lock = Some(scene.app.database.lock_room(scene.room));
    let unlock = async {
        send(&scene.musa, other).await.unwrap();
        messages.expire(Instant::now() + Duration::from_secs(2));
        assert!(messages.is_storing());
        lock.take();
    };
    let (sent, ()) = tokio::join!(send(&scene.amina, scene.room), unlock);
    sent.unwrap();
}

#[tokio::test]
async fn refused_messages_are_an_outage_until_one_is_stored() {
    let scene = Scene::new();
    let messages = &scene.app.use_cases.messaging.messages;
    let send = || {
        let draft = MessageDraft {
            room_id: scene.room,
            text: text("hello"),
            client_message_id: new_id(),
            reply_to: None,
        };
        messages.send(scene.amina.caller(), draft)
    };
    send().await.unwrap();
    assert!(messages.is_storing());
    let mut held = Some(scene.app.database.hold("messages"));
    let refuse = async {
        let database = scene.app.database.clone();
        let blocked = spawn_blocking(move || database.wait_for_blocked(1));
        blocked.await.unwrap();
        messages.expire(Instant::now() + Duration::from_secs(60));
        assert!(!messages.is_storing());
        held.take();
    };
    let (sent, ()) = tokio::join!(send(), refuse);
    assert_refused!(sent, MessagingError::Unavailable);
    send().await.unwrap();
    assert!(messages.is_storing());
}

#[tokio::test]
async fn messages_sent_at_once_get_places_of_their_own_unless_repeated() {
    let scene = Scene::new();
    let messages = &scene.app.use_cases.messaging.messages;
    let draft = |id| MessageDraft {
        room_id: scene.room,
        text: text("hello"),
        client_message_id: id,
        reply_to: None,
    };
    let send = |id| messages.send(scene.amina.caller(), draft(id));
    let (one, other) = (new_id(), new_id());
    let (first, second, again) = tokio::join!(send(one), send(other), send(one));
    let [first, second, again] = [first, second, again].map(|sent| sent.unwrap().shown.message);
    assert_eq!(again, first);
    let mut places = [first.seq, second.seq];
    places.sort_unstable();
    assert_eq!(places, [1, 2]);
}

#[tokio::test]
async fn the_edit_window_is_measured_by_the_clock_of_the_application() {
    let scene = Scene::new();
    let message = scene.say(&scene.amina, "helo");
    let messages = &scene.app.use_cases.messaging.messages;
    let edit = |new| {
        let caller = scene.amina.caller();
        messages.edit(
            caller,
            scene.room,
            message.id,
            text(new),
            Expected::Anything,
        )
    };
    scene.app.clock.advance(EDIT_WINDOW);
    let edited = edit("hello").await.unwrap();
    assert_eq!(edited.shown.message.text, text("hello"));
    scene.app.clock.advance(MOMENT);
    let late = edit("good evening").await;
    assert_refused!(late, MessagingError::Refused(ChangeRefusal::TooLate));
}

#[tokio::test]
async fn a_read_mark_moves_forward_up_to_the_newest_message() {
    let scene = Scene::new();
    for text in ["1", "2", "3"] {
        scene.say(&scene.amina, text);
    }
    let messages = &scene.app.use_cases.messaging.messages;
    for (seq, stands) in [(2, 2), (1, 2), (0, 2), (100, 3)] {
        let caller = scene.musa.caller();
        let marked = messages
            .mark_read(caller, scene.room, seq, Expected::Anything)
            .await;
        let state = marked.unwrap();
        assert_eq!(
            (state.last_read_seq, state.unread_count),
            (stands, 3 - stands)
        );
    }
}

#[tokio::test]
async fn of_two_edits_of_one_revision_the_second_is_refused() {
    let scene = Scene::new();
    let message = scene.say(&scene.amina, "helo");
    let messages = &scene.app.use_cases.messaging.messages;
    let edit = |new, revision| {
        let expected = Expected::OneOf(vec![Version::from_micros(revision)]);
        messages.edit(
            scene.amina.caller(),
            scene.room,
            message.id,
            text(new),
            expected,
        )
    };
    let edited = edit("hello", 0).await.unwrap();
    assert_eq!(edited.shown.message.revision, Some(1));
    let stale = edit("good evening", 0).await;
    assert_refused!(
        stale,
        MessagingError::Refused(ChangeRefusal::ChangedMeanwhile)
    );
    let edited = edit("good evening", 1).await.unwrap();
    assert_eq!(edited.shown.message.text, text("good evening"));
}

#[tokio::test]
async fn a_read_mark_that_stands_elsewhere_is_not_moved() {
    let scene = Scene::new();
    scene.say(&scene.amina, "hello");
    let messages = &scene.app.use_cases.messaging.messages;
    let mark = |stands| {
        let expected = Expected::OneOf(vec![Version::from_micros(stands)]);
        messages.mark_read(scene.musa.caller(), scene.room, 1, expected)
    };
    assert_refused!(mark(1).await, MessagingError::Changed(_));
    assert_eq!(mark(0).await.unwrap().last_read_seq, 1);
}

/// The places of a page around the message with this place, and whether there is more before and after it.
async fn around(scene: &Scene, ids: &[MessageId], seq: i64, limit: u32) -> (Vec<i64>, bool, bool) {
    let filter = MessageFilter {
        around: Some(ids[usize::try_from(seq - 1).unwrap()]),
        ..MessageFilter::default()
    };
    let request = ListRequest { limit, ..page() };
    let messages = &scene.app.use_cases.messaging.messages;
    let listed = messages.list(scene.musa.caller(), scene.room, filter, request);
    let listed = listed.await.unwrap();
    let places = listed.items.iter().map(|one| one.shown.message.seq);
    (places.collect(), listed.before, listed.after)
}

#[tokio::test]
async fn a_page_around_a_message_says_what_is_on_both_sides() {
    let scene = Scene::new();
    let ids: Vec<MessageId> = (1..=9)
        .map(|n| scene.say(&scene.amina, &n.to_string()).id)
        .collect();
    for (seq, limit, places, before, after) in [
        (5, 3, &[6, 5, 4][..], true, true),
        (1, 3, &[3, 2, 1], true, false),
        (9, 3, &[9, 8, 7], false, true),
        (5, 1, &[5], true, true),
        (5, 100, &[9, 8, 7, 6, 5, 4, 3, 2, 1], false, false),
    ] {
        let expected = (places.to_vec(), before, after);
        assert_eq!(
            around(&scene, &ids, seq, limit).await,
            expected,
            "{seq} {limit}"
        );
    }
}

#[tokio::test]
async fn long_messages_never_push_the_one_asked_for_off_its_page() {
    let scene = Scene::new();
    let long = "\u{1f44d}".repeat(4_000);
    let ids: Vec<MessageId> = (1..=60)
        .map(|_| scene.say(&scene.amina, &long).id)
        .collect();
    for seq in [1, 30, 60] {
        let (places, before, after) = around(&scene, &ids, seq, 100).await;
        assert!(places.contains(&seq) && places.len() < 20, "{places:?}");
        assert_eq!(
            (before, after),
            (places[0] < 60, *places.last().unwrap() > 1)
        );
    }
}

#[tokio::test]
async fn a_message_elsewhere_is_found_neither_alone_nor_as_a_middle() {
    let scene = Scene::new();
    let elsewhere = scene.app.database.group(scene.musa.id()).create().id;
    let foreign = scene
        .app
        .database
        .message(elsewhere, scene.musa.id(), "elsewhere");
    let messages = &scene.app.use_cases.messaging.messages;
    let alone = messages
        .get(scene.musa.caller(), scene.room, foreign.id)
        .await;
    assert_refused!(alone, MessagingError::MessageNotFound);
    let filter = MessageFilter {
        around: Some(foreign.id),
        ..MessageFilter::default()
    };
    let listed = messages.list(scene.musa.caller(), scene.room, filter, page());
    assert_refused!(listed.await, MessagingError::MessageNotFound);
    let stranger = messages.get(scene.stranger.caller(), elsewhere, foreign.id);
    assert_refused!(stranger.await, MessagingError::RoomNotFound);
}

#[tokio::test]
async fn messages_name_their_sender_who_left() {
    let scene = Scene::new();
    let said = scene.say(&scene.amina, "hello");
    let rooms = &scene.app.use_cases.messaging.rooms;
    let amina = scene.amina.id();
    let left = rooms.remove_member(scene.amina.caller(), scene.room, amina);
    left.await.unwrap();
    let messages = &scene.app.use_cases.messaging.messages;
    let one = messages.get(scene.musa.caller(), scene.room, said.id).await;
    let one = one.unwrap();
    assert_eq!(one.sender.id, amina);
    assert_eq!(one.sender.firstname, scene.amina.user.firstname);
    let listed = messages.list(
        scene.musa.caller(),
        scene.room,
        MessageFilter::default(),
        page(),
    );
    assert_eq!(listed.await.unwrap().items, [one]);
}

#[tokio::test]
async fn reacting_twice_counts_once_and_taking_back_ends_it() {
    let scene = Scene::new();
    let said = scene.say(&scene.amina, "hello");
    let messages = &scene.app.use_cases.messaging.messages;
    let react =
        |expected| messages.react(scene.musa.caller(), scene.room, said.id, emoji(0), expected);
    for _ in 0..2 {
        let reacted = react(Expected::Anything).await.unwrap();
        assert_eq!(reacted.sender.id, scene.amina.id());
        let [reaction] = reacted.shown.reactions.as_slice() else {
            panic!("{reacted:?}")
        };
        assert_eq!(
            (reaction.count, &reaction.user_ids[..]),
            (1, &[scene.musa.id()][..])
        );
    }
    let stale = react(Expected::OneOf(vec![Version::from_micros(7)])).await;
    assert_refused!(
        stale,
        MessagingError::Refused(ChangeRefusal::ChangedMeanwhile)
    );
    for _ in 0..2 {
        let caller = scene.musa.caller();
        let taken = messages.take_back(caller, scene.room, said.id, emoji(0));
        taken.await.unwrap();
    }
    let now = messages.get(scene.musa.caller(), scene.room, said.id).await;
    assert_eq!(now.unwrap().shown.reactions, []);
}
