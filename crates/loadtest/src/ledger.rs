//! Aggregated observations of all clients: counts, latencies, verified deliveries.

use std::{collections::BTreeMap, ops::Range};

use crate::{
    community::Place,
    histogram::Histogram,
    packets::{Kind, participant},
    stamp::Stamp,
    verifier::{Position, RoomLog},
};

pub(crate) struct Ledger {
    pub(crate) rooms: Vec<RoomLog>,
    /// Socket reads that returned data.
    pub(crate) reads: u64,
    /// Messages that reached a session.
    pub(crate) deliveries: u64,
    /// Messages that reached every session of their room.
    pub(crate) complete: u64,
    /// Presence notices (`chat-join-notify`, `chat-leave`).
    pub(crate) notices: u64,
    /// `error` packets.
    pub(crate) errors: u64,
    /// The first `error` packet.
    pub(crate) first_error: Option<String>,
    /// Connections that the server ended, by close code; 0 means without a code.
    pub(crate) ended: BTreeMap<u16, u64>,
    /// The last `list-message-response`.
    pub(crate) page: Option<Vec<u8>>,
    /// Latency from a message's due time to its delivery to a session.
    pub(crate) delivery_times: Histogram,
    /// Latency from a message's due time to its delivery to the last session.
    pub(crate) completion_times: Histogram,
    /// The histograms count only messages due in this window, in nanoseconds.
    pub(crate) window: Range<u64>,
    /// Which member got a notice of which joiner, where a scenario counts them.
    pub(crate) join_notices: Option<JoinNotices>,
    hint: usize,
}

/// A bit for each pair of a member and a joiner.
pub(crate) struct JoinNotices {
    users: usize,
    bits: Vec<u64>,
    /// Repeated notices of one joiner to one member.
    pub(crate) repeated: u64,
}

impl Ledger {
    /// `sessions` is the number of sessions of each room; the first `senders` of them send.
    pub(crate) fn new(rooms: u32, sessions: u32, senders: u32) -> Self {
        Self {
            rooms: (0..rooms)
                .map(|room| RoomLog::new(room, sessions, senders))
                .collect(),
            reads: 0,
            deliveries: 0,
            complete: 0,
            notices: 0,
            errors: 0,
            first_error: None,
            ended: BTreeMap::new(),
            page: None,
            delivery_times: Histogram::default(),
            completion_times: Histogram::default(),
            window: 0..0,
            join_notices: None,
            hint: 0,
        }
    }

    /// Records a packet that the session at `place` received at `now`. Returns the stamp of a message.
    #[inline]
    pub(crate) fn note(
        &mut self,
        place: Place,
        position: &mut Position,
        packet: &[u8],
        now: u64,
    ) -> Option<Stamp> {
        match Kind::of(packet) {
            Kind::Message => return self.note_message(place, position, packet, now),
            Kind::Joined => self.note_joined(place, packet),
            Kind::Left => self.notices += 1,
            Kind::Error => self.note_error(packet),
            Kind::Page => self.page = Some(packet.to_vec()),
            Kind::Other => {}
        }
        None
    }

    #[inline]
    fn note_message(
        &mut self,
        place: Place,
        position: &mut Position,
        packet: &[u8],
        now: u64,
    ) -> Option<Stamp> {
        let stamp = Stamp::find(packet, &mut self.hint)?;
        self.deliveries += 1;
        let delivery = self.rooms[place.room as usize].deliver(position, &stamp)?;
        let timed = self.window.contains(&stamp.due);
        let time = now.saturating_sub(stamp.due);
        if timed {
            self.delivery_times.record(time);
        }
        if delivery.complete {
            self.complete += 1;
            if timed {
                self.completion_times.record(time);
            }
        }
        Some(stamp)
    }

    fn note_joined(&mut self, place: Place, packet: &[u8]) {
        self.notices += 1;
        if let (Some(notices), Some(joiner)) = (&mut self.join_notices, participant(packet)) {
            notices.note(place.member, joiner);
        }
    }

    fn note_error(&mut self, packet: &[u8]) {
        self.errors += 1;
        self.first_error
            .get_or_insert_with(|| String::from_utf8_lossy(packet).into_owned());
    }

    /// Resets the histograms, and counts messages due in `window` from now on.
    pub(crate) fn time(&mut self, window: Range<u64>) {
        self.window = window;
        self.delivery_times = Histogram::default();
        self.completion_times = Histogram::default();
    }
}

impl JoinNotices {
    pub(crate) fn new(users: u32) -> Self {
        let users = users as usize;
        Self {
            users,
            bits: vec![0; (users * users).div_ceil(64)],
            repeated: 0,
        }
    }

    fn note(&mut self, member: u32, joiner: u32) {
        let bit = member as usize * self.users + joiner as usize;
        let mask = 1 << (bit % 64);
        let Some(word) = self.bits.get_mut(bit / 64) else {
            return;
        };
        self.repeated += u64::from(*word & mask != 0);
        *word |= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_notice_of_one_joiner_to_one_member_is_counted() {
        let mut notices = JoinNotices::new(10);
        for (member, joiner) in [(1, 2), (2, 1), (1, 3), (9, 9)] {
            notices.note(member, joiner);
        }
        assert_eq!(notices.repeated, 0);
        notices.note(1, 2);
        assert_eq!(notices.repeated, 1);
    }

    #[test]
    fn an_error_is_counted_and_the_first_is_kept() {
        let mut ledger = Ledger::new(1, 1, 1);
        let place = Place { room: 0, member: 0 };
        for code in ["a", "b"] {
            let packet = format!(r#"{{"type":"error","payload":"{code}"}}"#);
            ledger.note(place, &mut Position::default(), packet.as_bytes(), 0);
        }
        assert_eq!(ledger.errors, 2);
        assert!(ledger.first_error.unwrap().contains(r#""a""#));
    }
}
