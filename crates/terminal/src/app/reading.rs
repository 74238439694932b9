//! Incoming messages, scroll position, history and read marks.

use std::time::Instant;

use abu_chat_client::{Message, MessageId, ReadNotify, RoomId};

use super::{App, Effect, PEOPLE, Question};
use crate::{
    room::{History, KEPT, KEPT_ASIDE, Room},
    transcript::Transcript,
};

impl App {
    /// Scrolls, and moves the selection along.
    pub(super) fn move_view(&mut self, rows: isize) -> Vec<Effect> {
        let effects = self.scroll_by(rows);
        self.chosen_follows();
        effects
    }

    pub(super) fn newest(&mut self) -> Vec<Effect> {
        if self.chosen().is_some() {
            self.chosen = self.room().and_then(Room::last_seq);
        }
        self.scroll_by(isize::MIN)
    }

    pub(super) fn scroll_by(&mut self, rows: isize) -> Vec<Effect> {
        let Some(room) = self.rooms.get(self.selected) else {
            return vec![];
        };
        let wanted = self.scroll.saturating_add_signed(rows);
        // One extra row shows whether this is the top.
        let enough = wanted.saturating_add(self.pane.1).saturating_add(1);
        let height = Transcript::of(self, room, self.pane.0).height_up_to(enough);
        let most = height.saturating_sub(self.pane.1);
        self.scroll = wanted.min(most);
        let mut effects: Vec<_> = self.mark_read().into_iter().collect();
        let room = &mut self.rooms[self.selected];
        if self.scroll == most && room.history == History::Some && room.has_older() {
            room.history = History::Asked;
            effects.push(Effect::Ask(Question::History(
                room.info.id.clone(),
                room.first_seq(),
            )));
        }
        effects
    }

    pub(super) fn receive(&mut self, message: Message, now: Instant) -> Vec<Effect> {
        let Some(place) = self.place(&message.room_id) else {
            return self.ask_rooms().into_iter().collect();
        };
        let is_mine = self.is_me(&message.sender_id);
        let is_shown = place == self.selected;
        let is_stranger = !is_mine && !self.people.contains_key(&message.sender_id);
        let sender = message.sender_id.clone();
        let room = &mut self.rooms[place];
        room.set_typing(&sender, false, now);
        if !self.put(place, message) {
            return vec![];
        }
        let room = &mut self.rooms[place];
        room.info.unread += u64::from(!is_mine);
        let mut effects = vec![];
        if is_shown {
            effects.extend(self.mark_read());
        }
        if is_stranger && self.people.len() < PEOPLE {
            // The entry prevents a second request for the same user, even without a name.
            self.people.entry(sender).or_default();
            self.rooms[place].members.outdate();
            effects.extend(self.ask_members());
        }
        effects
    }

    /// Inserts a message into its room. Keeps the view stable while the user has scrolled up.
    pub(super) fn put(&mut self, place: usize, message: Message) -> bool {
        let (seq, is_shown) = (message.seq, place == self.selected);
        let room = &mut self.rooms[place];
        let is_new = room.put(message);
        room.trim(if is_shown { KEPT } else { KEPT_ASIDE });
        if is_new && is_shown && self.scroll > 0 {
            self.scroll += self.rows_of(seq).map_or(0, |rows| rows.len());
        }
        is_new
    }

    /// Changes a message if it is loaded. Keeps the view stable while the user has scrolled up.
    pub(super) fn change_message(
        &mut self,
        room: &RoomId,
        id: &MessageId,
        change: impl FnOnce(&mut Message),
    ) {
        let Some(place) = self.place(room) else {
            return;
        };
        let Some(message) = self.rooms[place].message_mut(id) else {
            return;
        };
        let seq = message.seq;
        if place != self.selected || self.scroll == 0 {
            return change(message);
        }
        let before = self.rows_of(seq);
        if let Some(message) = self.rooms[place].message_mut(id) {
            change(message);
        }
        if let (Some(before), Some(after)) = (before, self.rows_of(seq))
            && before.start < self.scroll
        {
            self.scroll = (self.scroll + after.len()).saturating_sub(before.len());
        }
    }

    pub(super) fn begin_history(&mut self) -> Option<Effect> {
        let room = self.rooms.get_mut(self.selected)?;
        if room.history != History::None {
            return None;
        }
        room.history = History::Asked;
        Some(Effect::Ask(Question::History(room.info.id.clone(), None)))
    }

    pub(super) fn remember(
        &mut self,
        room: &RoomId,
        before: Option<u64>,
        page: Result<Vec<Message>, String>,
    ) -> Vec<Effect> {
        let Some(place) = self.place(room) else {
            return vec![];
        };
        let room = &mut self.rooms[place];
        match page {
            Ok(page) => {
                room.history = History::Some;
                room.put_page(before, page);
                room.trim(if place == self.selected {
                    KEPT
                } else {
                    KEPT_ASIDE
                });
            }
            Err(why) => {
                room.history = if before.is_some() {
                    History::Some
                } else {
                    History::None
                };
                self.notice = Some(format!("The history cannot be read: {why}"));
            }
        }
        if place == self.selected {
            self.mark_read().into_iter().collect()
        } else {
            vec![]
        }
    }

    /// Sends a read mark for the selected room, while its newest message is visible.
    pub(super) fn mark_read(&mut self) -> Option<Effect> {
        let is_at_end = self.scroll == 0;
        let room = self.rooms.get_mut(self.selected)?;
        let last = room.last_seq()?;
        if !is_at_end || room.marking.is_some() || last <= room.info.read_seq {
            return None;
        }
        room.marking = Some(last);
        Some(Effect::Ask(Question::MarkRead(room.info.id.clone(), last)))
    }

    pub(super) fn marked(&mut self, room: &RoomId, is_done: bool) -> Vec<Effect> {
        let Some(place) = self.place(room) else {
            return vec![];
        };
        let room = &mut self.rooms[place];
        let Some(seq) = room.marking.take() else {
            return vec![];
        };
        if !is_done {
            return vec![]; // retried with the next message, or when the room is opened again
        }
        room.info.read_seq = room.info.read_seq.max(seq);
        let unread = self.unread(place);
        self.rooms[place].info.unread = unread;
        self.mark_read().into_iter().collect()
    }

    /// The number of loaded unread messages of others.
    fn unread(&self, place: usize) -> u64 {
        let room = &self.rooms[place];
        let unread = room.messages.range(room.info.read_seq + 1..);
        unread
            .filter(|(_, message)| !self.is_me(&message.sender_id))
            .count() as u64
    }

    pub(super) fn read_elsewhere(&mut self, read: &ReadNotify) {
        if !self.is_me(&read.participant_id) {
            return;
        }
        if let Some(place) = self.place(&read.room_id) {
            let room = &mut self.rooms[place];
            room.info.read_seq = room.info.read_seq.max(read.seq);
            let left = room.info.last_seq.saturating_sub(room.info.read_seq);
            room.info.unread = room.info.unread.min(left);
        }
    }
}
