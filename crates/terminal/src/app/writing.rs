//! Writing and sending, and what became of what was sent.

use std::time::{Duration, Instant};

use abu_chat_client::{Message, RoomId};
use uuid::Uuid;

use super::{App, Effect, Question};
use crate::{keys::Action, text};

/// How soon we say again that the user types.
const TYPING_AGAIN: Duration = Duration::from_secs(3);

impl App {
    pub(super) fn write(&mut self, edit: Action, now: Instant) -> Vec<Effect> {
        let Some(room) = self.rooms.get_mut(self.selected) else {
            return vec![];
        };
        self.is_writing = true;
        let composer = &mut room.composer;
        match edit {
            Action::Insert(typed) => composer.insert(&typed),
            Action::Left => composer.left(),
            Action::Right => composer.right(),
            Action::Home => composer.home(),
            Action::End => composer.end(),
            Action::Backspace => composer.backspace(),
            Action::Delete => composer.delete(),
            Action::DeleteWord => composer.delete_word(),
            Action::Clear => drop(composer.take()),
            _ => {}
        }
        let (room, is_empty) = (room.info.id.clone(), composer.text().is_empty());
        if is_empty {
            return self.stop_typing();
        }
        let is_told = self.typing.as_ref().is_some_and(|(said_in, when)| {
            *said_in == room && now.duration_since(*when) < TYPING_AGAIN
        });
        if is_told {
            return vec![];
        }
        self.typing = Some((room.clone(), now));
        vec![Effect::Typing(room, true)]
    }

    pub(super) fn stop_typing(&mut self) -> Vec<Effect> {
        let told = self.typing.take();
        told.map(|(room, _)| Effect::Typing(room, false))
            .into_iter()
            .collect()
    }

    pub(super) fn send(&mut self) -> Vec<Effect> {
        let Some(room) = self.rooms.get_mut(self.selected) else {
            return vec![];
        };
        if room.composer.text().trim().is_empty() {
            return vec![];
        }
        match room.begin_sending(room.composer.text().trim().to_owned()) {
            Ok(id) => {
                let text = room.composer.take().trim().to_owned();
                let send = Effect::Ask(Question::Send(room.info.id.clone(), id, text));
                self.scroll = 0;
                // A message says that its sender stopped typing.
                self.typing = None;
                vec![send]
            }
            Err(_) => {
                self.notice = Some("Too many messages are on their way.".to_owned());
                vec![]
            }
        }
    }

    pub(super) fn retry(&mut self) -> Vec<Effect> {
        let Some(room) = self.rooms.get_mut(self.selected) else {
            return vec![];
        };
        let id = &room.info.id;
        let failed = room
            .pending
            .iter_mut()
            .filter(|pending| pending.failure.is_some());
        failed
            .map(|pending| {
                pending.failure = None;
                Effect::Ask(Question::Send(id.clone(), pending.id, pending.text.clone()))
            })
            .collect()
    }

    pub(super) fn discard(&mut self) {
        if let Some(room) = self.rooms.get_mut(self.selected) {
            room.pending.retain(|pending| pending.failure.is_none());
        }
    }

    pub(super) fn confirm(
        &mut self,
        room: &RoomId,
        id: Uuid,
        result: Result<Message, String>,
    ) -> Vec<Effect> {
        let Some(place) = self.place(room) else {
            return vec![];
        };
        let pending = &mut self.rooms[place].pending;
        match result {
            Ok(message) => {
                pending.retain(|pending| pending.id != id);
                self.put(place, message);
                self.mark_read().into_iter().collect()
            }
            Err(why) => {
                if let Some(pending) = pending.iter_mut().find(|pending| pending.id == id) {
                    pending.failure = Some(text::clean_line(&why));
                }
                vec![]
            }
        }
    }
}
