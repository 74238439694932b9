use std::{
    collections::{BTreeMap, VecDeque},
    num::NonZeroU64,
};

use abu_chat_protocol::server::{MessageReceive, RoomCatchUp};
use chrono::DateTime;
use proptest::prelude::*;

use super::*;

const ROOMS: usize = 3;
/// Small, so that a sync takes several answers, and buffers overflow.
const ANSWER: usize = 3;
const BUFFER: usize = 4;

fn at(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number).unwrap()
}

/// The text of a message, to which each change appends its revision.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    text: String,
    revision: u64,
}

#[derive(Debug, Default)]
struct ServerRoom {
    messages: Vec<Said>,
    /// The index of the message that each change touched.
    changes: Vec<usize>,
}

impl ServerRoom {
    fn last_seq(&self) -> u64 {
        self.messages.len() as u64
    }

    fn last_revision(&self) -> u64 {
        self.changes.len() as u64
    }

    fn shown(&self, room: usize, seq: u64) -> MessageReceive {
        let said = &self.messages[seq as usize - 1];
        let message = MessageReceive::new(id(room), "amina", &*said.text, DateTime::UNIX_EPOCH)
            .stored_as(format!("{room}/{seq}"), at(seq));
        match NonZeroU64::new(said.revision) {
            Some(revision) => message.at_revision(revision),
            None => message,
        }
    }
}

fn id(room: usize) -> RoomId {
    RoomId::from(format!("room-{room}"))
}

fn index(room_id: &RoomId) -> usize {
    room_id.as_str()["room-".len()..].parse().unwrap()
}

/// A packet in the pipe to the client.
#[derive(Debug)]
enum Packet {
    Live(Live),
    Answer(SyncResponse),
    Refusal,
    Page(Page),
}

/// A room's history at one revision.
#[derive(Debug)]
struct Page {
    room: usize,
    messages: Vec<Said>,
    last_revision: u64,
}

/// A sync that the server processes: it takes the counters first, and reads the messages when it answers.
#[derive(Debug)]
struct Reading {
    positions: Vec<RoomPosition>,
    counters: Vec<(u64, u64)>,
}

/// A model of the server, an unreliable connection, the rooms under test, and the application's view.
struct World {
    server: Vec<ServerRoom>,
    /// Committed, but not broadcast yet.
    committed: VecDeque<Live>,
    pipe: VecDeque<Packet>,
    asked: Option<SyncRequest>,
    reading: Option<Reading>,
    /// Read, but not sent yet.
    page: Option<Page>,
    rooms: Rooms,
    /// The start position of each room.
    floors: Vec<u64>,
    view: Vec<BTreeMap<u64, Said>>,
    /// Earlier messages, from pages of history.
    older: Vec<BTreeMap<u64, Said>>,
    positions: HashMap<RoomId, RoomPosition>,
}

#[derive(Debug, Clone)]
enum Step {
    Say(usize),
    Change(usize, usize),
    /// The server broadcasts a committed change.
    Publish,
    Deliver,
    /// The client drops the next packet.
    Miss,
    /// The network loses a live packet silently.
    Lose,
    Ask,
    Read,
    Answer,
    Refuse,
    /// The server reads a page of history for the application, and sends it later.
    ReadPage(usize),
    SendPage,
    Cut,
    /// Another process resumes from the application's positions.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let room = 0..ROOMS;
    prop_oneof![
        6 => room.clone().prop_map(Step::Say),
        4 => (room.clone(), 0..64_usize).prop_map(|(room, which)| Step::Change(room, which)),
        8 => Just(Step::Publish),
        8 => Just(Step::Deliver),
        1 => Just(Step::Miss),
        1 => Just(Step::Lose),
        4 => Just(Step::Ask),
        4 => Just(Step::Read),
        4 => Just(Step::Answer),
        1 => Just(Step::Refuse),
        2 => room.prop_map(Step::ReadPage),
        2 => Just(Step::SendPage),
        2 => Just(Step::Cut),
        1 => Just(Step::Restart),
    ]
}

impl World {
    /// Each room starts with `before` messages that the application has read already.
    fn new(before: u64) -> Self {
        let mut world = Self {
            server: Vec::new(),
            committed: VecDeque::new(),
            pipe: VecDeque::new(),
            asked: None,
            reading: None,
            page: None,
            rooms: Rooms::new(BUFFER),
            floors: vec![before; ROOMS],
            view: vec![BTreeMap::new(); ROOMS],
            older: vec![BTreeMap::new(); ROOMS],
            positions: HashMap::new(),
        };
        for room in 0..ROOMS {
            world.server.push(ServerRoom::default());
            for _message in 0..before {
                world.say(room);
            }
            let position = RoomPosition::new(id(room), before);
            world.rooms.adopt(&position);
            world.positions.insert(id(room), position);
        }
        world.committed.clear();
        world.rooms.connected();
        world
    }

    fn say(&mut self, room: usize) {
        let server = &mut self.server[room];
        let text = format!("message {}", server.messages.len() + 1);
        server.messages.push(Said { text, revision: 0 });
        let shown = server.shown(room, server.last_seq());
        let message = Message::from_packet(shown).unwrap();
        self.committed.push_back(Live::Message(message));
    }

    fn change(&mut self, room: usize, which: usize) {
        let server = &mut self.server[room];
        if server.messages.is_empty() {
            return;
        }
        let place = which % server.messages.len();
        server.changes.push(place);
        let revision = server.last_revision();
        let said = &mut server.messages[place];
        said.revision = revision;
        said.text.push_str(&format!(" {revision}"));
        let updated = MessageUpdated::edited(
            id(room),
            format!("{room}/{}", place + 1),
            at(place as u64 + 1),
            &*said.text,
            DateTime::UNIX_EPOCH,
            at(revision),
        );
        self.committed.push_back(Live::Updated(updated));
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Say(room) => self.say(*room),
            Step::Change(room, which) => self.change(*room, *which),
            Step::Publish => self
                .pipe
                .extend(self.committed.pop_front().map(Packet::Live)),
            Step::Deliver => self.deliver(false),
            Step::Miss => self.deliver(true),
            Step::Lose => {
                if let Some(Packet::Live(_)) = self.pipe.front() {
                    self.pipe.pop_front();
                }
            }
            Step::Ask => {
                if let Some(request) = self.rooms.next_request() {
                    assert!(self.asked.is_none() && self.reading.is_none());
                    self.asked = Some(request);
                }
            }
            Step::Read => {
                if let Some(request) = self.asked.take() {
                    self.reading = Some(self.read(request));
                }
            }
            Step::Answer => {
                if let Some(reading) = self.reading.take() {
                    let answer = self.answer(&reading);
                    self.pipe.push_back(Packet::Answer(answer));
                }
            }
            Step::Refuse => {
                if self.reading.take().is_some() {
                    self.pipe.push_back(Packet::Refusal);
                }
            }
            Step::ReadPage(room) => {
                let server = &self.server[*room];
                self.page = Some(Page {
                    room: *room,
                    messages: server.messages.clone(),
                    last_revision: server.last_revision(),
                });
            }
            Step::SendPage => self.pipe.extend(self.page.take().map(Packet::Page)),
            Step::Cut => {
                self.cut();
                self.rooms.connected();
            }
            Step::Restart => {
                self.cut();
                self.rooms = Rooms::new(BUFFER);
                for position in self.positions.values() {
                    self.rooms.adopt(position);
                }
                self.rooms.connected();
            }
        }
    }

    fn cut(&mut self) {
        self.pipe.clear();
        self.asked = None;
        self.reading = None;
        self.page = None;
    }

    fn deliver(&mut self, is_missed: bool) {
        let mut told = Vec::new();
        match self.pipe.pop_front() {
            None => {}
            Some(Packet::Live(live)) if is_missed => {
                self.rooms.missed(&live.room_id().clone()).unwrap();
            }
            Some(Packet::Live(live)) => self.rooms.live(live, &mut told).unwrap(),
            Some(Packet::Answer(answer)) => {
                self.rooms.answered(answer, &mut told);
            }
            Some(Packet::Refusal) => self.rooms.refused(),
            Some(Packet::Page(page)) => {
                self.rooms
                    .page(&id(page.room), page.last_revision, &mut told);
                self.show(page);
            }
        }
        assert!(self.rooms.buffered <= BUFFER);
        let held: usize = self
            .rooms
            .rooms
            .values()
            .filter_map(|room| room.behind.as_ref())
            .map(|behind| behind.buffer.len())
            .sum();
        assert_eq!(held, self.rooms.buffered);
        for delivery in told {
            self.hear(delivery);
        }
    }

    /// The application merges the messages of a page from before the start position.
    fn show(&mut self, page: Page) {
        let floor = self.floors[page.room] as usize;
        for (seq, said) in (1..).zip(page.messages).take(floor) {
            let known = self.older[page.room]
                .entry(seq)
                .or_insert_with(|| said.clone());
            if said.revision >= known.revision {
                *known = said;
            }
        }
    }

    /// The message that a change refers to, if the application has it.
    fn message(&mut self, room: usize, seq: u64) -> Option<&mut Said> {
        self.view[room]
            .get_mut(&seq)
            .or_else(|| self.older[room].get_mut(&seq))
    }

    /// The application appends messages, and applies changes by their revision.
    fn hear(&mut self, delivery: Delivery) {
        match delivery.event {
            Some(Event::Message(message)) => {
                let room = index(&message.room_id);
                let view = &mut self.view[room];
                let next = self.floors[room] + view.len() as u64 + 1;
                assert_eq!(message.seq, next, "in order, none left out, none twice");
                let said = Said {
                    text: message.text,
                    revision: message.revision,
                };
                view.insert(message.seq, said);
            }
            Some(Event::Updated(updated)) => {
                let room = index(&updated.room_id);
                if let Some(said) = self.message(room, updated.seq.get())
                    && updated.revision.get() > said.revision
                {
                    said.text = updated.message;
                    said.revision = updated.revision.get();
                }
            }
            Some(Event::Refreshed(message)) => {
                let room = index(&message.room_id);
                if let Some(said) = self.message(room, message.seq)
                    && message.revision >= said.revision
                {
                    said.text = message.text;
                    said.revision = message.revision;
                }
            }
            Some(other) => panic!("nothing else happens here: {other:?}"),
            None => {}
        }
        if let Some(position) = delivery.position {
            self.positions.insert(position.room_id.clone(), position);
        }
    }

    fn read(&self, request: SyncRequest) -> Reading {
        let counters = |position: &RoomPosition| {
            let server = &self.server[index(&position.room_id)];
            (server.last_seq(), server.last_revision())
        };
        Reading {
            counters: request.rooms.iter().map(counters).collect(),
            positions: request.rooms,
        }
    }

    fn answer(&self, reading: &Reading) -> SyncResponse {
        let mut places = ANSWER;
        let mut rooms = Vec::new();
        for (position, (last_seq, last_revision)) in reading.positions.iter().zip(&reading.counters)
        {
            let room = index(&position.room_id);
            let server = &self.server[room];
            let mut told =
                RoomCatchUp::new(position.room_id.clone(), position.last_seq, *last_revision);
            if let Some(after) = position.last_revision {
                told.last_revision = after;
                for revision in after + 1..=*last_revision {
                    let seq = server.changes[revision as usize - 1] as u64 + 1;
                    let is_known = seq <= position.last_seq;
                    if is_known && places == 0 {
                        told.has_more = true;
                        break;
                    }
                    if is_known {
                        places -= 1;
                        told.updated.push(server.shown(room, seq));
                    }
                    told.last_revision = revision;
                }
            }
            while told.last_seq < *last_seq && places > 0 {
                places -= 1;
                told.last_seq += 1;
                told.messages.push(server.shown(room, told.last_seq));
            }
            told.has_more |= told.last_seq < *last_seq;
            rooms.push(told);
        }
        SyncResponse::new(rooms)
    }

    /// Delivers every packet and answers every request.
    fn settle(&mut self) {
        // Only a later packet reveals a loss at the end.
        for room in 0..ROOMS {
            self.say(room);
            self.change(room, 0);
        }
        for _round in 0..1_000 {
            for step in [
                Step::Publish,
                Step::Deliver,
                Step::Ask,
                Step::Read,
                Step::Answer,
            ] {
                self.take(&step);
            }
        }
        let is_quiet = self.committed.is_empty() && self.pipe.is_empty() && self.asked.is_none();
        assert!(is_quiet && self.rooms.waiting.is_empty() && self.rooms.asked.is_none());
        assert!(self.rooms.rooms.values().all(|room| room.behind.is_none()));
        assert_eq!(self.rooms.buffered, 0);
    }

    fn check(&self) {
        for room in 0..ROOMS {
            let server = &self.server[room];
            let said: Vec<&Said> = server
                .messages
                .iter()
                .skip(self.floors[room] as usize)
                .collect();
            let seen: Vec<&Said> = self.view[room].values().collect();
            assert_eq!(seen, said, "the application has what the server has");
            for (seq, said) in &self.older[room] {
                let now = &server.messages[*seq as usize - 1];
                assert_eq!(said, now, "pages are kept current as well");
            }
            let position = &self.positions[&id(room)];
            assert_eq!(position.last_seq, server.last_seq());
            assert_eq!(position.last_revision, Some(server.last_revision()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Under loss, delay, disconnects and overflow the application gets every message once and in order. It ends
    /// with the server's state of each.
    #[test]
    fn nothing_is_lost_repeated_or_out_of_order(
        before in 0..5_u64,
        steps in prop::collection::vec(step(), 0..300),
    ) {
        let mut world = World::new(before);
        for step in &steps {
            world.take(step);
        }
        world.settle();
        world.check();
    }
}

fn message(room: usize, seq: u64) -> Live {
    let packet = MessageReceive::new(id(room), "amina", "Salaam", DateTime::UNIX_EPOCH);
    let packet = packet.stored_as(format!("{room}/{seq}"), at(seq));
    Live::Message(Message::from_packet(packet).unwrap())
}

/// Rooms that are level at these `seq`s, without changes.
fn level(seqs: &[u64]) -> Rooms {
    let mut rooms = Rooms::new(BUFFER);
    for (room, seq) in seqs.iter().enumerate() {
        rooms.adopt(&RoomPosition::new(id(room), *seq));
    }
    let asked = rooms.next_request().unwrap();
    let answers = asked.rooms.into_iter();
    let answers = answers.map(|asked| RoomCatchUp::new(asked.room_id, asked.last_seq, 0));
    rooms.answered(SyncResponse::new(answers.collect()), &mut Vec::new());
    assert_eq!(rooms.next_request(), None);
    rooms
}

#[test]
fn a_gap_in_seq_buffers_messages_and_requests_a_sync() {
    let mut rooms = level(&[4]);
    let mut told = Vec::new();
    rooms.live(message(0, 6), &mut told).unwrap();
    assert!(told.is_empty());
    let asked = rooms.next_request().unwrap();
    let position = RoomPosition::new(id(0), 4).with_last_revision(0);
    assert_eq!(asked.rooms, [position]);
}

#[test]
fn a_connection_asks_for_all_rooms_a_hundred_at_a_time() {
    let mut rooms = Rooms::new(BUFFER);
    for room in 0..250 {
        rooms.adopt(&RoomPosition::new(id(room), 0));
    }
    rooms.connected();
    let mut sizes = Vec::new();
    while let Some(asked) = rooms.next_request() {
        sizes.push(asked.rooms.len());
        let answers = asked.rooms.into_iter();
        let answers = answers.map(|asked| RoomCatchUp::new(asked.room_id, 0, 0));
        rooms.answered(SyncResponse::new(answers.collect()), &mut Vec::new());
    }
    assert_eq!(sizes, [100, 100, 50]);
}

#[test]
fn a_room_in_not_a_member_is_reported_as_removed() {
    let mut rooms = level(&[4, 2]);
    rooms.connected();
    rooms.next_request();
    let mut told = Vec::new();
    let answer = SyncResponse::new(vec![RoomCatchUp::new(id(1), 2, 0)]).without(vec![id(0)]);
    rooms.answered(answer, &mut told);
    let Some(Event::Room(notice)) = &told[0].event else {
        panic!("{told:?}");
    };
    assert_eq!(
        (&notice.room_id, &notice.change),
        (&id(0), &RoomChange::Removed)
    );
    assert!(!rooms.knows(&id(0)) && rooms.knows(&id(1)));
    assert_eq!(rooms.live(message(0, 5), &mut told), Err(UnknownRoom));
}

#[test]
fn a_history_page_with_an_older_revision_requests_a_sync() {
    let mut rooms = level(&[1]);
    let edited = |revision| {
        let time = DateTime::UNIX_EPOCH;
        MessageUpdated::edited(id(0), "0/1", at(1), "New", time, at(revision))
    };
    rooms
        .live(Live::Updated(edited(1)), &mut Vec::new())
        .unwrap();
    let mut told = Vec::new();
    rooms.page(&id(0), 1, &mut told);
    assert_eq!(rooms.next_request(), None);
    rooms.page(&id(0), 0, &mut told);
    let position = RoomPosition::new(id(0), 1).with_last_revision(0);
    assert_eq!(told[0].position.as_ref(), Some(&position));
    assert_eq!(rooms.next_request().unwrap().rooms, [position]);
}

#[test]
fn a_sync_answer_does_not_skip_changes_missing_from_a_page() {
    let no_changes_known = RoomPosition::new(id(0), 1);
    let later_ones_known = no_changes_known.clone().with_last_revision(10);
    for known in [no_changes_known, later_ones_known] {
        let mut rooms = Rooms::new(BUFFER);
        rooms.adopt(&known);
        rooms.next_request().unwrap();
        rooms.page(&id(0), 8, &mut Vec::new());
        let answer = RoomCatchUp::new(id(0), 1, 12);
        rooms.answered(SyncResponse::new(vec![answer]), &mut Vec::new());
        let position = RoomPosition::new(id(0), 1).with_last_revision(8);
        assert_eq!(rooms.next_request().unwrap().rooms, [position]);
    }
}

#[test]
fn a_message_repeated_by_a_sync_is_delivered_once() {
    let mut rooms = level(&[1]);
    rooms.connected();
    rooms.next_request();
    let repeated = [1, 2].map(|seq| {
        let packet = MessageReceive::new(id(0), "amina", "Salaam", DateTime::UNIX_EPOCH);
        packet.stored_as(format!("0/{seq}"), at(seq))
    });
    let answer = RoomCatchUp::new(id(0), 2, 0).with_messages(repeated.to_vec());
    let mut told = Vec::new();
    rooms.answered(SyncResponse::new(vec![answer]), &mut told);
    let seqs: Vec<u64> = told
        .iter()
        .filter_map(|delivery| match &delivery.event {
            Some(Event::Message(message)) => Some(message.seq),
            _ => None,
        })
        .collect();
    assert_eq!(seqs, [2]);
}

#[test]
fn a_room_that_was_left_gives_back_its_place_in_the_buffer() {
    let mut rooms = level(&[0, 0]);
    for seq in 2..2 + BUFFER as u64 {
        rooms.live(message(0, seq), &mut Vec::new()).unwrap();
    }
    assert_eq!(rooms.buffered, BUFFER);
    rooms.forget(&id(0));
    assert_eq!(rooms.buffered, 0);
    assert_eq!(rooms.next_request(), None);
}
