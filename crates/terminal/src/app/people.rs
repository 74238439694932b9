//! Cache of users' names and presence.

use abu_chat_client::{RoomId, UserId};

use super::{App, Effect, PEOPLE, Person, Question};
use crate::{room::Members, text};

impl App {
    pub(crate) fn is_me(&self, user: &UserId) -> bool {
        self.me.as_ref() == Some(user)
    }

    pub(crate) fn is_online(&self, user: &UserId) -> bool {
        self.people.get(user).is_some_and(|known| known.is_online)
    }

    /// The user's name, cleaned for the terminal.
    pub(crate) fn name(&self, user: &UserId) -> String {
        if self.is_me(user) {
            return "you".to_owned();
        }
        let known = self.people.get(user).and_then(|known| known.name.clone());
        known.unwrap_or_else(|| short_id(user.as_str()))
    }

    /// Requests one member list at a time: of the selected room first, then of direct rooms, whose title needs it.
    pub(super) fn ask_members(&mut self) -> Option<Effect> {
        if self.rooms.iter().any(|room| room.members.is_asked()) {
            return None;
        }
        let selected = self.selected;
        let mut unknown = self.rooms.iter_mut().enumerate().filter(|(place, room)| {
            let is_wanted = *place == selected || room.info.is_direct;
            is_wanted && room.members == Members::Unknown
        });
        let first = unknown.next()?;
        let (_, room) = match first.0 == selected {
            true => first,
            false => unknown
                .find(|(place, _)| *place == selected)
                .unwrap_or(first),
        };
        room.members = Members::Asked;
        Some(Effect::Ask(Question::Members(room.info.id.clone())))
    }

    pub(super) fn meet(
        &mut self,
        room: &RoomId,
        people: Result<Vec<Person>, String>,
    ) -> Vec<Effect> {
        // An error counts as an empty list, so that no request loop starts.
        let people = people.unwrap_or_default();
        let is_asked = |place: &usize| self.rooms[*place].members.is_asked();
        // A failed second request keeps the first answer.
        let place = self.place(room);
        let place = place.filter(|place| !people.is_empty() || is_asked(place));
        if let Some(place) = place {
            let me = people.iter().find(|person| self.is_me(&person.id));
            self.rooms[place].moderates = me.map(|person| person.moderates);
            let ids = people.iter().map(|person| person.id.clone()).collect();
            let members = &mut self.rooms[place].members;
            *members = match members {
                Members::Outdated => Members::Unknown,
                _ => Members::Known(ids),
            };
        }
        for person in people {
            if self.people.len() < PEOPLE || self.people.contains_key(&person.id) {
                let name = text::clean_line(&person.name).trim().to_owned();
                let known = self.people.entry(person.id).or_default();
                known.name = (!name.is_empty()).then_some(name);
                known.is_online = person.is_online;
            }
        }
        self.ask_members().into_iter().collect()
    }

    /// Requests the list of members again, which also tells whether the user moderates the room.
    pub(super) fn members_changed(&mut self, room: &RoomId) -> Vec<Effect> {
        if let Some(place) = self.place(room) {
            self.rooms[place].members.outdate();
        }
        self.ask_members().into_iter().collect()
    }

    pub(super) fn see(&mut self, people: Result<Vec<(UserId, bool)>, String>) -> Vec<Effect> {
        for (user, is_online) in people.unwrap_or_default() {
            self.set_online(user, is_online);
        }
        vec![]
    }

    pub(super) fn set_online(&mut self, user: UserId, is_online: bool) {
        if let Some(known) = self.people.get_mut(&user) {
            known.is_online = is_online;
        }
    }
}

/// A prefix of an identifier, long enough to distinguish users.
pub(super) fn short_id(id: &str) -> String {
    text::clean_line(id).chars().take(8).collect()
}
