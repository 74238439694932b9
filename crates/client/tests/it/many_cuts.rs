//! Fault injection: twenty clients talk in five rooms while a proxy cuts their connections a hundred times. All of
//! them see the same messages, without gaps or repeats.
//!
//! `ABU_CUTS_SEED` overrides the seed, and so the positions of the cuts.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use abu_chat_client::{Chat, Event, Events, Message, RoomId};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    people::{account, builder, client_of, in_time, server},
    proxy::Proxy,
};

const PEOPLE: usize = 20;
const ROOMS: usize = 5;
/// The number of rooms of each person.
const ROOMS_OF_ONE: usize = 3;
const CUTS: u32 = 100;
const SEED: u64 = 20_240_821;

/// The texts of a room's messages, by `seq`.
type Texts = BTreeMap<RoomId, Vec<String>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_sees_the_same_history_after_a_hundred_cuts() {
    let seed = std::env::var("ABU_CUTS_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    let server = server().await;
    let proxy = Arc::new(Proxy::new(server.address()).await);
    let through_proxy = builder(proxy.url()).build().unwrap();
    let direct = client_of(&server);

    let (ids, sessions): (Vec<_>, Vec<_>) = (0..PEOPLE)
        .map(|_person| account(&server, &through_proxy))
        .unzip();
    let (_, office) = account(&server, &direct);
    let mut rooms = Vec::new();
    for room in 0..ROOMS {
        let members: Vec<_> = (0..PEOPLE)
            .filter(|person| rooms_of(*person).any(|own| own == room))
            .map(|person| ids[person].clone())
            .collect();
        rooms.push(
            office
                .open_group(&format!("Room {room}"), &members)
                .await
                .unwrap()
                .id,
        );
    }

    let mut connected = Vec::new();
    for session in sessions {
        connected.push(session.connect().await.unwrap());
    }
    let (tell, expected) = watch::channel(None);
    let mut talkers = JoinSet::new();
    let mut listeners = JoinSet::new();
    for (person, (chat, events)) in connected.into_iter().enumerate() {
        let own: Vec<RoomId> = rooms_of(person).map(|room| rooms[room].clone()).collect();
        listeners.spawn(listen(events, own.clone(), expected.clone()));
        let choices = StdRng::seed_from_u64(seed + person as u64 + 1);
        talkers.spawn(talk(person, chat, own, proxy.cuts(), choices));
    }
    proxy.cut_at_random(CUTS, seed);
    // The plan applies to new connections only.
    proxy.cut();

    let mut said = BTreeMap::<RoomId, BTreeMap<u64, String>>::new();
    for (room, seq, text) in in_time(talkers.join_all()).await.into_iter().flatten() {
        let other = said.entry(room).or_default().insert(seq, text);
        assert_eq!(other, None, "two messages have one place");
    }
    let said: Texts = said
        .into_iter()
        .map(|(room, texts)| (room, texts.into_values().collect()))
        .collect();
    let total: usize = said.values().map(Vec::len).sum();
    println!(
        "{total} messages, {} cuts, seed {seed}",
        *proxy.cuts().borrow()
    );

    let (office_chat, _events) = office.connect().await.unwrap();
    for (room, texts) in &said {
        let stored = office_chat.history(room, 1).await.unwrap().total;
        assert_eq!(stored, texts.len() as u64, "each message is stored once");
    }
    tell.send_replace(Some(said));
    in_time(listeners.join_all()).await;
}

fn rooms_of(person: usize) -> impl Iterator<Item = usize> {
    (0..ROOMS_OF_ONE).map(move |room| (person + room) % ROOMS)
}

/// Sends and edits messages until there were enough cuts; returns the `seq` and the last text of each message.
async fn talk(
    person: usize,
    chat: Chat,
    rooms: Vec<RoomId>,
    cuts: watch::Receiver<u32>,
    mut choices: StdRng,
) -> Vec<(RoomId, u64, String)> {
    let mut said = Vec::new();
    while *cuts.borrow() < CUTS {
        let room = &rooms[choices.random_range(0..rooms.len())];
        let mut text = format!("person {person} says {}", said.len());
        let message = chat.send(room, text.as_str()).await.unwrap();
        assert_eq!(message.text, text);
        if choices.random_bool(0.3) {
            text.push_str(", and means it");
            let edited = chat.edit(room, &message.id, text.as_str()).await.unwrap();
            assert_eq!((edited.seq.get(), &edited.message), (message.seq, &text));
        }
        said.push((room.clone(), message.seq, text));
    }
    said
}

/// Applies events to a view until it equals the expected texts.
async fn listen(
    mut events: Events,
    rooms: Vec<RoomId>,
    mut expected: watch::Receiver<Option<Texts>>,
) {
    let mut view: HashMap<RoomId, Vec<Message>> = rooms
        .iter()
        .map(|room| (room.clone(), Vec::new()))
        .collect();
    let mut awaited: Option<Texts> = None;
    while !awaited
        .as_ref()
        .is_some_and(|awaited| is_seen(awaited, &view))
    {
        tokio::select! {
            event = events.next() => note(event.expect("the chat goes on"), &mut view),
            changed = expected.changed(), if awaited.is_none() => {
                changed.unwrap();
                awaited = expected.borrow_and_update().clone();
            }
        }
    }
}

fn note(event: Event, view: &mut HashMap<RoomId, Vec<Message>>) {
    match event {
        Event::Message(message) => {
            let messages = view.get_mut(&message.room_id).expect("a room of one's own");
            assert_eq!(
                message.seq,
                messages.len() as u64 + 1,
                "no gap and no repeat"
            );
            messages.push(message);
        }
        Event::Updated(updated) => {
            if let Some(message) = at(view, &updated.room_id, updated.seq.get()) {
                message.update(&updated);
            }
        }
        Event::Refreshed(refreshed) => {
            if let Some(message) = at(view, &refreshed.room_id, refreshed.seq)
                && refreshed.revision >= message.revision
            {
                *message = refreshed;
            }
        }
        Event::Ended(reason) => panic!("{reason}"),
        _ => {}
    }
}

fn at<'a>(
    view: &'a mut HashMap<RoomId, Vec<Message>>,
    room: &RoomId,
    seq: u64,
) -> Option<&'a mut Message> {
    view.get_mut(room)?.get_mut(seq as usize - 1)
}

fn is_seen(expected: &Texts, view: &HashMap<RoomId, Vec<Message>>) -> bool {
    view.iter().all(|(room, messages)| {
        let texts = expected.get(room).map_or(&[][..], Vec::as_slice);
        let is_same = |(message, text): (&Message, &String)| message.text == *text;
        messages.len() == texts.len() && messages.iter().zip(texts).all(is_same)
    })
}
