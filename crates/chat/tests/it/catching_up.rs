//! Sync after a disconnect.

use std::{collections::BTreeMap, num::NonZeroU64};

use abu_application::messaging::{messages::write_batch, ports::LockWait};
use abu_chat_protocol::{
    Emoji, RoomId as WireRoomId, ServerPacket,
    client::{ListMessageRequest, Order, RoomPosition, SyncRequest},
    server::{MAX_SYNC_MESSAGES, MessageReceive, SyncResponse},
};
use abu_domain::{
    MessageId, RoomId, UserId,
    messaging::{
        message::{ChangeKind, MessageChange},
        text::MessageText,
    },
};
use abu_test_support::new_message;
use chrono::Utc;
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::{Chat, Client};

/// A client's copy of its rooms, kept as the guide to the protocol tells.
#[derive(Default)]
struct Copy {
    rooms: Vec<(RoomId, RoomCopy)>,
}

#[derive(Default)]
struct RoomCopy {
    last_seq: u64,
    last_revision: Option<u64>,
    messages: BTreeMap<u64, MessageReceive>,
}

impl Copy {
    fn of(rooms: &[RoomId]) -> Self {
        let nothing = |room: &RoomId| (*room, RoomCopy::default());
        Self {
            rooms: rooms.iter().map(nothing).collect(),
        }
    }

    /// Asks once for these of the rooms; true where there is more.
    async fn ask(&mut self, client: &mut Client, which: &[usize]) -> bool {
        let positions: Vec<RoomPosition> = which
            .iter()
            .map(|n| {
                let (room, copy) = &self.rooms[*n];
                let position = RoomPosition::new(room.uuid(), copy.last_seq);
                match copy.last_revision {
                    Some(last) => position.with_last_revision(last),
                    None => position,
                }
            })
            .collect();
        let response = sync(client, positions).await;
        assert!(response.not_a_member.is_empty());
        assert_eq!(response.rooms.len(), which.len());
        let told = response.rooms.iter();
        let told: usize = told
            .map(|room| room.messages.len() + room.updated.len())
            .sum();
        assert!(told <= MAX_SYNC_MESSAGES);
        let mut has_more = false;
        for (n, told) in which.iter().zip(response.rooms) {
            let (room, copy) = &mut self.rooms[*n];
            assert_eq!(told.room_id.to_uuid(), Some(room.uuid()));
            has_more |= told.has_more;
            for message in told.messages {
                let seq = message.seq.unwrap().get();
                assert_eq!(seq, copy.last_seq + 1, "oldest first, and none left out");
                copy.last_seq = seq;
                copy.put(message);
            }
            assert_eq!(told.last_seq, copy.last_seq);
            for message in told.updated {
                assert!(message.seq.unwrap().get() <= copy.last_seq);
                copy.put(message);
            }
            assert!(
                copy.last_revision
                    .is_none_or(|last| last <= told.last_revision)
            );
            copy.last_revision = Some(told.last_revision);
        }
        has_more
    }

    async fn ask_until_there_is_no_more(&mut self, client: &mut Client) {
        let all: Vec<usize> = (0..self.rooms.len()).collect();
        while self.ask(client, &all).await {}
    }

    /// Compares the copy with the history.
    async fn assert_complete(&self, client: &mut Client) {
        for (room, copy) in &self.rooms {
            let mut history = Vec::new();
            loop {
                let mut request = ListMessageRequest::new(room.uuid());
                request.limit = NonZeroU64::new(100);
                request.skip = Some(history.len() as u64);
                request.order = Some(Order::Asc);
                let page = client.history(request).await;
                assert_eq!(page.last_revision, copy.last_revision);
                history.extend(page.messages);
                if history.len() as u64 == page.total_count {
                    break;
                }
            }
            let copied: Vec<MessageReceive> = copy.messages.values().cloned().collect();
            assert_eq!(copied, history);
        }
    }
}

impl RoomCopy {
    fn put(&mut self, message: MessageReceive) {
        let seq = message.seq.unwrap().get();
        let known = self.messages.get(&seq).and_then(|known| known.revision);
        if known <= message.revision {
            self.messages.insert(seq, message);
        }
    }
}

async fn sync(client: &mut Client, rooms: Vec<RoomPosition>) -> SyncResponse {
    client.ask("sync", SyncRequest::new(rooms)).await;
    match client.answer("sync").await {
        ServerPacket::SyncResponse(response) => response,
        other => panic!("what was missed was expected, not {other:?}"),
    }
}

/// Stores messages without the live chat.
fn fill(chat: &Chat, room: RoomId, sender: UserId, texts: &[String]) -> Vec<MessageId> {
    let batch: Vec<_> = texts
        .iter()
        .map(|text| new_message(room, sender, text))
        .collect();
    write_batch(&*chat.people.store(), &batch, &[], LockWait::Usual).unwrap();
    batch.into_iter().map(|message| message.id).collect()
}

/// Makes changes, past the live chat.
fn change(chat: &Chat, room_id: RoomId, user_id: UserId, changes: Vec<(MessageId, ChangeKind)>) {
    let changes: Vec<_> = changes
        .into_iter()
        .map(|(message_id, kind)| MessageChange {
            room_id,
            message_id,
            user_id,
            kind,
            at: Utc::now(),
            expected: None,
        })
        .collect();
    write_batch(&*chat.people.store(), &[], &changes, LockWait::Usual).unwrap();
}

fn numbered(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("message {n}")).collect()
}

fn emoji(n: u32) -> abu_domain::messaging::text::Emoji {
    let text = char::from_u32(0x1f600 + n).unwrap().to_string();
    abu_domain::messaging::text::Emoji::parse(Emoji::new(text).unwrap().as_str()).unwrap()
}

#[tokio::test]
async fn who_asks_until_there_is_no_more_has_everything() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let rooms = [
        chat.room(&[amina, bello]).await,
        chat.room(&[amina, bello]).await,
        chat.room(&[amina, bello]).await,
    ];
    let first = fill(&chat, rooms[0], bello, &numbered(230));
    let second = fill(&chat, rooms[1], bello, &numbered(30));
    let mut client = chat.connect_v2(amina).await;
    let mut copy = Copy::of(&rooms);
    assert!(copy.ask(&mut client, &[0, 1, 2]).await);
    copy.ask_until_there_is_no_more(&mut client).await;
    copy.assert_complete(&mut client).await;

    // More changes than one answer tells, some of them of messages that are new as well.
    let later = fill(&chat, rooms[0], bello, &numbered(20));
    let reactions = first
        .iter()
        .chain(&later)
        .map(|id| (*id, ChangeKind::React(emoji(1))));
    change(&chat, rooms[0], bello, reactions.collect());
    change(
        &chat,
        rooms[1],
        bello,
        vec![(second[3], ChangeKind::Delete)],
    );
    assert!(copy.ask(&mut client, &[0, 1, 2]).await);
    copy.ask_until_there_is_no_more(&mut client).await;
    copy.assert_complete(&mut client).await;
    assert!(
        !copy.ask(&mut client, &[2, 1, 0]).await,
        "and nothing after that"
    );
}

#[tokio::test]
async fn the_rooms_that_are_named_first_are_served_first() {
    let chat = Chat::start();
    let amina = chat.user();
    let rooms = [chat.room(&[amina]).await, chat.room(&[amina]).await];
    fill(&chat, rooms[0], amina, &numbered(70));
    fill(&chat, rooms[1], amina, &numbered(70));
    let mut client = chat.connect_v2(amina).await;
    let ask = |room: RoomId| RoomPosition::new(room.uuid(), 0);
    let response = sync(&mut client, vec![ask(rooms[1]), ask(rooms[0])]).await;
    let told: Vec<usize> = response
        .rooms
        .iter()
        .map(|room| room.messages.len())
        .collect();
    assert_eq!(told, [70, 30]);
    assert!(!response.rooms[0].has_more && response.rooms[1].has_more);
    assert_eq!(response.rooms[1].last_seq, 30);
}

#[tokio::test]
async fn a_room_named_twice_is_answered_twice() {
    let chat = Chat::start();
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let ids = fill(&chat, room, amina, &numbered(2));
    change(
        &chat,
        room,
        amina,
        vec![(ids[0], ChangeKind::React(emoji(1)))],
    );
    let mut client = chat.connect_v2(amina).await;
    let ask = || RoomPosition::new(room.uuid(), 0);
    let response = sync(&mut client, vec![ask(), ask()]).await;
    let [one, other] = response.rooms.as_slice() else {
        panic!("it was asked for twice");
    };
    assert_eq!(one, other);
    assert_eq!(
        (one.messages.len(), one.messages[0].reactions.len()),
        (2, 1)
    );
}

#[tokio::test]
async fn long_messages_make_shorter_answers_and_all_of_them_come() {
    let chat = Chat::start();
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let longest = "\u{1f393}".repeat(4_000);
    fill(&chat, room, amina, &vec![longest; 20]);
    let mut client = chat.connect_v2(amina).await;
    let mut copy = Copy::of(&[room]);
    assert!(copy.ask(&mut client, &[0]).await);
    assert!((1..20).contains(&copy.rooms[0].1.last_seq));
    copy.ask_until_there_is_no_more(&mut client).await;
    assert_eq!(copy.rooms[0].1.messages.len(), 20);
}

#[tokio::test]
async fn changes_are_sent_to_clients_that_name_their_revision() {
    let chat = Chat::start();
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let ids = fill(&chat, room, amina, &numbered(3));
    let edit = ChangeKind::Edit(MessageText::parse("changed").unwrap());
    change(
        &chat,
        room,
        amina,
        vec![(ids[0], edit), (ids[2], ChangeKind::Delete)],
    );
    let mut client = chat.connect_v2(amina).await;
    let position = RoomPosition::new(room.uuid(), 2);

    let told = sync(&mut client, vec![position.clone()])
        .await
        .rooms
        .remove(0);
    assert!(told.updated.is_empty());
    assert_eq!(
        (told.messages.len(), told.last_seq, told.last_revision),
        (1, 3, 2)
    );
    assert!(told.messages[0].deleted, "told as it is now");

    let told = sync(&mut client, vec![position.clone().with_last_revision(0)])
        .await
        .rooms
        .remove(0);
    let updated: Vec<_> = told
        .updated
        .iter()
        .map(|message| message.message.as_str())
        .collect();
    assert_eq!(updated, ["changed"]);
    let told = sync(&mut client, vec![position.with_last_revision(1)])
        .await
        .rooms
        .remove(0);
    assert!(told.updated.is_empty());

    // A position beyond the newest counts as the newest.
    let more = RoomPosition::new(room.uuid(), u64::MAX).with_last_revision(u64::MAX);
    let told = sync(&mut client, vec![more]).await.rooms.remove(0);
    assert_eq!(
        (told.last_seq, told.last_revision, told.has_more),
        (3, 2, false)
    );
    assert!(told.messages.is_empty() && told.updated.is_empty());
}

#[tokio::test]
async fn rooms_of_others_and_none_at_all_look_the_same() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let own = chat.room(&[amina]).await;
    let foreign = chat.room(&[bello]).await;
    fill(&chat, foreign, bello, &numbered(2));
    let mut client = chat.connect_v2(amina).await;
    let strange: Vec<WireRoomId> = vec![
        foreign.uuid().into(),
        Uuid::new_v4().into(),
        "room123".into(),
    ];
    let mut positions: Vec<RoomPosition> = strange
        .iter()
        .map(|room| RoomPosition::new(room.clone(), 0))
        .collect();
    positions.insert(1, RoomPosition::new(own.uuid(), 0));
    let response = sync(&mut client, positions).await;
    assert_eq!(response.not_a_member, strange);
    assert_eq!(response.rooms.len(), 1);
    assert_eq!(response.rooms[0].room_id.to_uuid(), Some(own.uuid()));
}

#[derive(Clone, Debug)]
enum Step {
    Say {
        room: usize,
        count: usize,
    },
    Change {
        room: usize,
        message: usize,
        kind: u8,
    },
    /// The client asks once for some of the rooms.
    Ask {
        from: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..3_usize, 1..90_usize).prop_map(|(room, count)| Step::Say { room, count }),
        6 => (0..3_usize, any::<u16>(), 0..7_u8).prop_map(|(room, message, kind)| Step::Change {
            room,
            message: message.into(),
            kind,
        }),
        2 => (0..3_usize).prop_map(|from| Step::Ask { from }),
    ];
    proptest::collection::vec(step, 1..60)
}

/// What happens in three rooms, while a client asks now and then and in the end for all.
async fn play(steps: Vec<Step>) {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let mut rooms = Vec::new();
    for _ in 0..3 {
        rooms.push(chat.room(&[amina, bello]).await);
    }
    let mut ids: Vec<Vec<MessageId>> = vec![Vec::new(); 3];
    let mut client = chat.connect_v2(amina).await;
    let mut copy = Copy::of(&rooms);
    for step in steps {
        match step {
            Step::Say { room, count } => {
                let said = fill(&chat, rooms[room], bello, &numbered(count));
                ids[room].extend(said);
            }
            Step::Change { room, .. } if ids[room].is_empty() => {}
            Step::Change {
                room,
                message,
                kind,
            } => {
                let id = ids[room][message % ids[room].len()];
                let kind = match kind {
                    0 => ChangeKind::Edit(MessageText::parse(&message.to_string()).unwrap()),
                    1 => ChangeKind::Delete,
                    2 => ChangeKind::TakeBack(emoji(1)),
                    n => ChangeKind::React(emoji(n.into())),
                };
                change(&chat, rooms[room], bello, vec![(id, kind)]);
            }
            Step::Ask { from } => {
                copy.ask(&mut client, &[from, (from + 1) % 3]).await;
            }
        }
    }
    copy.ask_until_there_is_no_more(&mut client).await;
    copy.assert_complete(&mut client).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn after_any_history_a_final_sync_matches_the_store(steps in steps()) {
        tokio::runtime::Runtime::new().unwrap().block_on(play(steps));
    }
}
