//! Catch-up after a reconnect: the messages and changes after the positions that a client has.

use std::{
    collections::{BTreeSet, HashMap},
    ops::RangeInclusive,
};

use abu_domain::{RoomId, UserId, messaging::message::ShownMessage};

use super::shown;
use crate::{
    Database,
    messaging::ports::{ChangedPlace, ChangesAfter, RoomCounters},
    platform::{lists::PAGE_BYTES, ports::StoreError},
    store::Reads,
};

/// The most messages of one answer.
const MAX_MESSAGES: usize = 100;
/// The most changes of one room that one answer reads.
const CHANGES_OF_ROOM: u32 = 100;
/// The most changes of all rooms that one answer reads.
const CHANGES: u32 = 400;

/// A client's position in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub room_id: RoomId,
    /// Place of the last message that the client has, 0 for none.
    pub last_seq: i64,
    /// The last change that the client has. `None` asks for no changes.
    pub last_revision: Option<i64>,
}

/// What a client missed in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatchUp {
    pub room_id: RoomId,
    /// Messages that the client does not have, the oldest first.
    pub messages: Vec<ShownMessage>,
    /// Messages that the client has and that changed since, in the order of the changes.
    pub updated: Vec<ShownMessage>,
    /// Place of the last message in `messages`, or of the position asked for.
    pub last_seq: i64,
    /// The change up to which `updated` is complete.
    pub last_revision: i64,
    /// Whether there is more.
    pub has_more: bool,
}

/// What `viewer` missed, without authorization: the caller checks membership. It fills the answer in the
/// order of `positions`. A client that repeats the call from each answer's end catches up.
pub async fn catch_up(
    database: &Database,
    viewer: UserId,
    positions: Vec<Position>,
) -> Result<Vec<CatchUp>, StoreError> {
    database
        .read(move |tx| {
            let rooms = read(tx, &positions)?;
            let places = places_of(&rooms);
            let messages = match places.as_slice() {
                [] => Vec::new(),
                places => tx.messages_at(places)?,
            };
            let shown = shown::shown_to(tx, viewer, messages)?;
            Ok(tell(rooms, shown))
        })
        .await
}

/// A requested room, and which of its messages changed.
struct Room {
    position: Position,
    /// Read before anything else: what is read later may be newer, and never older.
    now: RoomCounters,
    /// The places of messages that the client has and that changed, each with the change.
    changed: Vec<(i64, i64)>,
    /// The change up to which `changed` is complete.
    looked_at: i64,
}

impl Room {
    /// The places of messages that the client does not have.
    fn missed(&self) -> RangeInclusive<i64> {
        self.position.last_seq + 1..=self.now.last_seq
    }
}

fn read(tx: &mut dyn Reads, positions: &[Position]) -> Result<Vec<Room>, StoreError> {
    let ids: Vec<RoomId> = positions.iter().map(|position| position.room_id).collect();
    let counters: HashMap<RoomId, RoomCounters> = tx.room_counters(&ids)?.into_iter().collect();
    let mut rooms: Vec<Room> = positions
        .iter()
        .map(|position| {
            let now = counters.get(&position.room_id).copied().unwrap_or_default();
            Room {
                // Clamps positions beyond the end of the room.
                position: Position {
                    last_seq: position.last_seq.clamp(0, now.last_seq),
                    last_revision: position
                        .last_revision
                        .map(|last| last.clamp(0, now.last_revision)),
                    ..*position
                },
                now,
                changed: Vec::new(),
                looked_at: now.last_revision,
            }
        })
        .collect();
    read_changes(tx, &mut rooms)?;
    Ok(rooms)
}

/// Reads which messages changed, in rooms that changed since the client's position.
fn read_changes(tx: &mut dyn Reads, rooms: &mut [Room]) -> Result<(), StoreError> {
    let mut asked: Vec<&mut Room> = rooms
        .iter_mut()
        .filter(|room| {
            let Position {
                last_seq,
                last_revision,
                ..
            } = room.position;
            last_seq > 0 && last_revision.is_some_and(|last| last < room.now.last_revision)
        })
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    let after: Vec<ChangesAfter> = asked
        .iter()
        .map(|room| ChangesAfter {
            room_id: room.position.room_id,
            revision: room.position.last_revision.unwrap_or_default(),
        })
        .collect();
    let found = tx.changes_after(&after, CHANGES_OF_ROOM, CHANGES)?;
    // Where one of the bounds was met, more may follow than was found.
    let is_cut = found.len() == CHANGES as usize;
    let last_found = found.last().map(|change| change.asked);
    let mut of_room: HashMap<usize, Vec<ChangedPlace>> = HashMap::new();
    for change in found {
        of_room.entry(change.asked).or_default().push(change);
    }
    for (index, room) in asked.iter_mut().enumerate() {
        let changes = of_room.remove(&index).unwrap_or_default();
        let is_whole = changes.len() < CHANGES_OF_ROOM as usize
            && !(is_cut && last_found.is_none_or(|last| last <= index));
        if !is_whole {
            let known = room.position.last_revision.unwrap_or_default();
            let last = changes.last().map_or(known, |change| change.revision);
            room.looked_at = last.min(room.now.last_revision);
        }
        room.changed = changes
            .into_iter()
            .filter(|change| change.seq <= room.position.last_seq)
            .map(|change| (change.seq, change.revision))
            .collect();
    }
    Ok(())
}

/// The places to read, each once: the first that fit into one answer.
fn places_of(rooms: &[Room]) -> Vec<(RoomId, i64)> {
    let places: BTreeSet<(RoomId, i64)> = rooms
        .iter()
        .flat_map(|room| {
            let changed = room.changed.iter().map(|(seq, _)| *seq);
            let room_id = room.position.room_id;
            room.missed().chain(changed).map(move |seq| (room_id, seq))
        })
        .take(MAX_MESSAGES)
        .collect();
    places.into_iter().collect()
}

/// Puts the answer together out of what was read, until there is enough of it.
fn tell(rooms: Vec<Room>, shown: Vec<ShownMessage>) -> Vec<CatchUp> {
    let mut told = Telling {
        messages: shown
            .into_iter()
            .map(|shown| ((shown.message.room_id, shown.message.seq), shown))
            .collect(),
        count: 0,
        bytes: 0,
    };
    rooms.into_iter().map(|room| told.room(&room)).collect()
}

struct Telling {
    messages: HashMap<(RoomId, i64), ShownMessage>,
    count: usize,
    bytes: usize,
}

impl Telling {
    fn room(&mut self, room: &Room) -> CatchUp {
        let Position {
            room_id,
            last_seq,
            last_revision,
        } = room.position;
        let mut catch_up = CatchUp {
            room_id,
            messages: Vec::new(),
            updated: Vec::new(),
            last_seq,
            last_revision: room.looked_at,
            has_more: false,
        };
        for seq in room.missed() {
            let Some(shown) = self.next(room_id, seq) else {
                break;
            };
            catch_up.messages.push(shown);
            catch_up.last_seq = seq;
        }
        let mut told_to = last_revision.unwrap_or(room.looked_at);
        for (seq, revision) in &room.changed {
            let Some(shown) = self.next(room_id, *seq) else {
                catch_up.last_revision = told_to;
                break;
            };
            catch_up.updated.push(shown);
            told_to = (*revision).min(room.looked_at);
        }
        catch_up.has_more = catch_up.last_seq < room.now.last_seq
            || catch_up.last_revision < room.now.last_revision;
        catch_up
    }

    /// The message, unless the answer is full. An answer with messages left has at least one, so that a long
    /// message cannot block the client for ever.
    fn next(&mut self, room: RoomId, seq: i64) -> Option<ShownMessage> {
        let shown = self.messages.get(&(room, seq))?;
        let bytes = self.bytes + shown::encoded_len(shown);
        if self.count >= MAX_MESSAGES || self.count > 0 && bytes > PAGE_BYTES {
            return None;
        }
        self.count += 1;
        self.bytes = bytes;
        // Cloned, not removed: a request may name a room twice.
        Some(shown.clone())
    }
}
