//! Gap detection and catch-up for each room (`sync-request`): plain data, without a socket or a clock.
//!
//! A room is *level* while live packets have the next `seq` or the next `revision`. A gap, and every new
//! connection, leaves the room *behind*: a `sync-request` fetches the missing range. Live packets wait in a bounded
//! buffer until the answer is complete. The next `sync-request` covers packets that the buffer had no room for.
//!
//! Contract: `docs/chat-protocol.md`, "Catch up after a gap".

use std::collections::{HashMap, HashSet, VecDeque};

use abu_chat_protocol::{
    RoomId,
    client::{MAX_SYNC_ROOMS, RoomPosition, SyncRequest},
    server::{MessageUpdated, ReactionNotify, RoomCatchUp, RoomChange, RoomNotify, SyncResponse},
};

use crate::{
    Message,
    event::{Delivery, Event},
};

/// The capacity of the buffer, in packets of all rooms.
pub(crate) const MAX_BUFFERED: usize = 1_024;

/// A live packet with a `seq` or a `revision`.
#[derive(Debug, Clone)]
pub(crate) enum Live {
    Message(Message),
    Updated(MessageUpdated),
    /// A reaction without a `revision` changed nothing.
    Reaction(ReactionNotify, u64),
}

impl Live {
    fn room_id(&self) -> &RoomId {
        match self {
            Self::Message(message) => &message.room_id,
            Self::Updated(updated) => &updated.room_id,
            Self::Reaction(reaction, _) => &reaction.room_id,
        }
    }
}

/// The room list must give the start position of this room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnknownRoom;

#[derive(Debug)]
pub(crate) struct Rooms {
    rooms: HashMap<RoomId, Room>,
    /// The rooms that are behind and in no request, in the order of the next requests.
    waiting: VecDeque<RoomId>,
    /// The rooms of the request in flight.
    asked: Option<HashSet<RoomId>>,
    buffered: usize,
    max_buffered: usize,
}

#[derive(Debug)]
struct Room {
    seq: u64,
    revision: Option<u64>,
    behind: Option<Behind>,
}

/// The state of a room that is behind.
#[derive(Debug, Default)]
struct Behind {
    buffer: VecDeque<Live>,
    /// The buffer lost a packet after the request, so its answer is not enough.
    missed: bool,
    /// The room's revision moved back after the request, so the answer skips changes.
    went_back: bool,
}

/// The classification of a packet in a level room.
enum Step {
    Deliver,
    Known,
    Gap,
}

impl Rooms {
    pub(crate) fn new(max_buffered: usize) -> Self {
        Self {
            rooms: HashMap::new(),
            waiting: VecDeque::new(),
            asked: None,
            buffered: 0,
            max_buffered,
        }
    }

    /// Adds a room at this position, as behind. Returns whether it was unknown.
    pub(crate) fn adopt(&mut self, position: &RoomPosition) -> bool {
        if self.rooms.contains_key(&position.room_id) {
            return false;
        }
        let room = Room {
            seq: position.last_seq,
            revision: position.last_revision,
            behind: Some(Behind::default()),
        };
        self.rooms.insert(position.room_id.clone(), room);
        self.waiting.push_back(position.room_id.clone());
        true
    }

    /// Removes a room that the user has left.
    pub(crate) fn forget(&mut self, room_id: &RoomId) {
        if let Some(behind) = self.rooms.remove(room_id).and_then(|room| room.behind) {
            self.buffered -= behind.buffer.len();
        }
        self.waiting.retain(|waiting| waiting != room_id);
        if let Some(asked) = &mut self.asked {
            asked.remove(room_id);
        }
    }

    pub(crate) fn knows(&self, room_id: &RoomId) -> bool {
        self.rooms.contains_key(room_id)
    }

    /// After a new connection every room is behind.
    pub(crate) fn connected(&mut self) {
        self.asked = None;
        self.buffered = 0;
        for (room_id, room) in &mut self.rooms {
            if room.behind.replace(Behind::default()).is_none() {
                self.waiting.push_back(room_id.clone());
            }
        }
        // The rooms of a lost request wait again.
        let waiting: HashSet<RoomId> = self.waiting.iter().cloned().collect();
        let others = self.rooms.keys().filter(|room| !waiting.contains(room));
        self.waiting.extend(others.cloned().collect::<Vec<_>>());
    }

    /// Delivers or buffers a live packet.
    pub(crate) fn live(
        &mut self,
        packet: Live,
        out: &mut Vec<Delivery>,
    ) -> Result<(), UnknownRoom> {
        let room_id = packet.room_id().clone();
        let room = self.rooms.get_mut(&room_id).ok_or(UnknownRoom)?;
        if room.behind.is_none() {
            match room.step(&packet) {
                Step::Known => return Ok(()),
                Step::Deliver => {
                    out.push(room.deliver(packet));
                    return Ok(());
                }
                Step::Gap => {
                    room.behind = Some(Behind::default());
                    self.waiting.push_back(room_id.clone());
                }
            }
        }
        if self.buffered < self.max_buffered {
            self.buffered += 1;
            let behind = room.behind.get_or_insert_default();
            behind.buffer.push_back(packet);
        } else {
            self.missed(&room_id)?;
        }
        Ok(())
    }

    /// Records a dropped packet of the room.
    pub(crate) fn missed(&mut self, room_id: &RoomId) -> Result<(), UnknownRoom> {
        let room = self.rooms.get_mut(room_id).ok_or(UnknownRoom)?;
        if room.behind.is_none() {
            self.waiting.push_back(room_id.clone());
        }
        let behind = room.behind.get_or_insert_default();
        self.buffered -= behind.buffer.len();
        behind.buffer.clear();
        behind.missed = true;
        Ok(())
    }

    /// A page of history shows the room at `last_revision`. If the room's revision is later or unknown, the page
    /// lacks changes. The revision moves back then, and a sync delivers them again.
    pub(crate) fn page(&mut self, room_id: &RoomId, last_revision: u64, out: &mut Vec<Delivery>) {
        let Some(room) = self.rooms.get_mut(room_id) else {
            return;
        };
        if room.revision.is_some_and(|known| known <= last_revision) {
            return;
        }
        room.revision = Some(last_revision);
        if room.behind.is_none() {
            self.waiting.push_back(room_id.clone());
        }
        room.behind.get_or_insert_default().went_back = true;
        out.push(Delivery {
            event: None,
            position: Some(room.position(room_id)),
        });
    }

    /// The next `sync-request`, if a room is behind and no request is in flight.
    pub(crate) fn next_request(&mut self) -> Option<SyncRequest> {
        if self.asked.is_some() || self.waiting.is_empty() {
            return None;
        }
        let mut asked = HashSet::new();
        let mut positions = Vec::new();
        while positions.len() < MAX_SYNC_ROOMS
            && let Some(room_id) = self.waiting.pop_front()
        {
            let Some(room) = self.rooms.get_mut(&room_id) else {
                continue;
            };
            if let Some(behind) = &mut room.behind {
                behind.missed = false;
                behind.went_back = false;
            }
            positions.push(room.position(&room_id));
            asked.insert(room_id);
        }
        self.asked = Some(asked);
        Some(SyncRequest::new(positions))
    }

    /// Requeues the rooms of a rejected request.
    pub(crate) fn refused(&mut self) {
        let asked = self.asked.take().unwrap_or_default();
        self.waiting.extend(asked);
    }

    /// Processes an answer. Returns whether any room made progress.
    pub(crate) fn answered(&mut self, answer: SyncResponse, out: &mut Vec<Delivery>) -> bool {
        let mut asked = self.asked.take().unwrap_or_default();
        let mut led_further = false;
        for room_id in answer.not_a_member {
            if asked.remove(&room_id) {
                self.forget(&room_id);
                let notice = RoomNotify::new(room_id, RoomChange::Removed);
                out.push(Event::Room(notice).into());
                led_further = true;
            }
        }
        let mut unfinished = Vec::new();
        for caught_up in answer.rooms {
            if !asked.remove(&caught_up.room_id) {
                continue;
            }
            let room_id = caught_up.room_id.clone();
            let has_more = caught_up.has_more;
            let Some(room) = self.rooms.get_mut(&room_id) else {
                continue;
            };
            led_further |= room.catch_up(caught_up, out) || !has_more;
            if has_more {
                unfinished.push(room_id);
            } else if !self.level(&room_id, out) {
                self.waiting.push_back(room_id);
            }
        }
        // Unfinished rooms go first, so that each answer serves one room as far as possible.
        for room_id in unfinished.into_iter().rev() {
            self.waiting.push_front(room_id);
        }
        self.waiting.extend(asked);
        led_further
    }

    /// Delivers the buffered packets of a complete room. Returns whether the room is level now.
    fn level(&mut self, room_id: &RoomId, out: &mut Vec<Delivery>) -> bool {
        let Some(room) = self.rooms.get_mut(room_id) else {
            return true;
        };
        let mut behind = room.behind.take().unwrap_or_default();
        if behind.went_back {
            // A buffered message may be older than the revision of the page, whose changes then count as known.
            // The next answer has the message as it is.
            self.buffered -= behind.buffer.len();
            behind.buffer.clear();
            room.behind = Some(behind);
            return false;
        }
        while let Some(packet) = behind.buffer.pop_front() {
            match room.step(&packet) {
                Step::Known => {}
                Step::Deliver => out.push(room.deliver(packet)),
                Step::Gap => {
                    behind.buffer.push_front(packet);
                    room.behind = Some(behind);
                    return false;
                }
            }
            self.buffered -= 1;
        }
        if behind.missed {
            room.behind = Some(behind);
            return false;
        }
        true
    }
}

impl Room {
    fn step(&self, packet: &Live) -> Step {
        let (number, known) = match packet {
            Live::Message(message) => (message.seq, self.seq),
            Live::Updated(updated) => (updated.revision.get(), self.revision.unwrap_or_default()),
            Live::Reaction(_, revision) => (*revision, self.revision.unwrap_or_default()),
        };
        if number <= known {
            Step::Known
        } else if number == known + 1 {
            Step::Deliver
        } else {
            Step::Gap
        }
    }

    /// Advances the position by the next packet.
    fn deliver(&mut self, packet: Live) -> Delivery {
        let room_id = packet.room_id().clone();
        let event = match packet {
            Live::Message(message) => {
                self.seq = message.seq;
                Event::Message(message)
            }
            Live::Updated(updated) => {
                self.revision = Some(updated.revision.get());
                Event::Updated(updated)
            }
            Live::Reaction(reaction, revision) => {
                self.revision = Some(revision);
                Event::Reaction(reaction)
            }
        };
        Delivery {
            event: Some(event),
            position: Some(self.position(&room_id)),
        }
    }

    /// Delivers the room's part of an answer. Returns whether the position moved.
    fn catch_up(&mut self, told: RoomCatchUp, out: &mut Vec<Delivery>) -> bool {
        let before = (self.seq, self.revision);
        for message in told.messages.into_iter().filter_map(Message::from_packet) {
            if message.seq > self.seq {
                out.push(self.deliver(Live::Message(message)));
            }
        }
        for message in told.updated.into_iter().filter_map(Message::from_packet) {
            out.push(Event::Refreshed(message).into());
        }
        self.seq = self.seq.max(told.last_seq);
        if !self.behind.as_ref().is_some_and(|behind| behind.went_back) {
            self.revision = Some(self.revision.unwrap_or_default().max(told.last_revision));
        }
        // The position moves only after all messages and changes before it.
        out.push(Delivery {
            event: None,
            position: Some(self.position(&told.room_id)),
        });
        before != (self.seq, self.revision)
    }

    fn position(&self, room_id: &RoomId) -> RoomPosition {
        let position = RoomPosition::new(room_id.clone(), self.seq);
        match self.revision {
            Some(revision) => position.with_last_revision(revision),
            None => position,
        }
    }
}

#[cfg(test)]
#[path = "resume_tests.rs"]
mod tests;
