//! The room list and the selected room.

use abu_chat_client::{RoomChange, RoomNotify, UserId};

use super::{App, Effect, Question, people::short_id};
use crate::{
    room::{KEPT_ASIDE, Members, Room, RoomInfo},
    text,
};

/// Bounds the room list.
const ROOMS: usize = 1000;

impl App {
    /// The other member of a direct room.
    pub(crate) fn partner<'a>(&self, room: &'a Room) -> Option<&'a UserId> {
        match &room.members {
            Members::Known(members) if room.info.is_direct => {
                members.iter().find(|member| !self.is_me(member))
            }
            _ => None,
        }
    }

    /// The room's title, cleaned for the terminal.
    pub(crate) fn title(&self, room: &Room) -> String {
        let name = room.info.name.as_deref().map(text::clean_line);
        name.filter(|name| !name.trim().is_empty())
            .or_else(|| self.partner(room).map(|partner| self.name(partner)))
            .unwrap_or_else(|| format!("room {}", short_id(room.info.id.as_str())))
    }

    pub(super) fn step(&mut self, by: usize) -> Vec<Effect> {
        if self.rooms.is_empty() {
            return vec![];
        }
        let mut effects = self.stop_typing();
        if let Some(room) = self.rooms.get_mut(self.selected) {
            room.new_from = None;
            room.trim(KEPT_ASIDE);
        }
        self.selected = (self.selected + by) % self.rooms.len();
        effects.extend(self.open());
        effects
    }

    /// Shows the selected room, and requests its missing data.
    pub(super) fn open(&mut self) -> Vec<Effect> {
        self.scroll = 0;
        self.chosen = None;
        self.reacting = None;
        let Some(room) = self.rooms.get_mut(self.selected) else {
            return vec![];
        };
        if room.info.unread > 0 {
            room.new_from = Some(room.info.read_seq + 1);
        }
        let mut effects = vec![Effect::Ask(Question::Presence(room.info.id.clone()))];
        effects.extend(self.begin_history());
        effects.extend(self.ask_members());
        effects.extend(self.mark_read());
        effects
    }

    /// Requests what the server does not resend after a reconnect: rooms, invitations and presence. Lists of
    /// members follow the list of rooms.
    pub(super) fn look_anew(&mut self) -> Vec<Effect> {
        // A direct room always has its two members.
        for room in self.rooms.iter_mut().filter(|room| !room.info.is_direct) {
            room.members.outdate();
        }
        let mut effects: Vec<_> = self.ask_rooms().into_iter().collect();
        effects.push(Effect::Ask(Question::Invitations));
        let room = self.room();
        effects.extend(room.map(|room| Effect::Ask(Question::Presence(room.info.id.clone()))));
        effects
    }

    pub(super) fn ask_rooms(&mut self) -> Option<Effect> {
        if self.rooms_asked {
            self.rooms_changed = true;
            return None;
        }
        self.rooms_asked = true;
        Some(Effect::Ask(Question::Rooms))
    }

    pub(super) fn list(&mut self, rooms: Result<Vec<RoomInfo>, String>) -> Vec<Effect> {
        self.rooms_asked = false;
        let mut effects = vec![];
        if std::mem::take(&mut self.rooms_changed) {
            effects.extend(self.ask_rooms());
        }
        match rooms {
            Ok(rooms) => {
                let was_empty = self.rooms.is_empty();
                rooms
                    .into_iter()
                    .take(ROOMS)
                    .for_each(|room| self.put_room(room));
                effects.extend(if was_empty { self.open() } else { vec![] });
                effects.extend(self.ask_members());
            }
            Err(why) => self.notice = Some(format!("The rooms cannot be listed: {why}")),
        }
        effects
    }

    fn put_room(&mut self, info: RoomInfo) {
        let Some(place) = self.place(&info.id) else {
            if self.rooms.len() < ROOMS {
                self.rooms.push(Room::new(info));
            }
            return;
        };
        // The server's count lacks messages that arrived meanwhile.
        let newer = self.rooms[place].messages.range(info.last_seq + 1..);
        let newer = newer
            .filter(|(_, message)| !self.is_me(&message.sender_id))
            .count() as u64;
        let room = &mut self.rooms[place];
        let read_seq = room.info.read_seq.max(info.read_seq);
        let last_seq = room.info.last_seq.max(info.last_seq);
        let unread = if read_seq > info.read_seq {
            room.info.unread
        } else {
            info.unread + newer
        };
        room.info = RoomInfo {
            read_seq,
            last_seq,
            unread,
            ..info
        };
    }

    pub(super) fn room_changed(&mut self, notice: RoomNotify) -> Vec<Effect> {
        let place = self.place(&notice.room_id);
        match (notice.change, place) {
            (RoomChange::Removed, Some(place)) => return self.forget(place),
            (RoomChange::Removed, None) => {}
            (RoomChange::Invited, _) => return vec![Effect::Ask(Question::Invitations)],
            (RoomChange::Renamed, Some(place)) => self.rooms[place].info.name = notice.name,
            (RoomChange::Archived, Some(place)) => self.rooms[place].is_archived = true,
            (RoomChange::Reopened, Some(place)) => self.rooms[place].is_archived = false,
            _ => return self.ask_rooms().into_iter().collect(),
        }
        vec![]
    }

    fn forget(&mut self, place: usize) -> Vec<Effect> {
        let gone = self.rooms.remove(place);
        self.notice = Some(format!("You are no longer in {}.", self.title(&gone)));
        if place > self.selected {
            return vec![];
        }
        let was_shown = place == self.selected;
        self.selected = self.selected.saturating_sub(usize::from(!was_shown));
        self.selected = self.selected.min(self.rooms.len().saturating_sub(1));
        if was_shown { self.open() } else { vec![] }
    }
}
