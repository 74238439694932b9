//! Composing and sending messages, and their confirmation.

use std::time::{Duration, Instant};

use abu_chat_client::{Message, RoomId};
use uuid::Uuid;

use super::{App, Effect, Question};
use crate::{composer::Composer, keys::Action, room::Pending, text};

/// The interval of repeated typing hints.
const TYPING_AGAIN: Duration = Duration::from_secs(3);

impl App {
    /// The open editor: of a reaction, of an edited message, or of the next message.
    pub(crate) fn composer(&self) -> Option<&Composer> {
        if let Some(reacting) = &self.reacting {
            return Some(&reacting.typed);
        }
        let room = self.room()?;
        let editing = room.editing.as_ref();
        Some(editing.map_or(&room.composer, |editing| &editing.composer))
    }

    pub(super) fn write(&mut self, edit: Action, now: Instant) -> Vec<Effect> {
        if let Action::Insert(typed) = &edit
            && let Some(emoji) = self.offered(typed)
        {
            return self.react(emoji);
        }
        if let Some(reacting) = &mut self.reacting {
            apply(edit, &mut reacting.typed);
            return vec![];
        }
        self.is_writing = true;
        let Some(room) = self.rooms.get_mut(self.selected) else {
            return vec![];
        };
        if let Some(editing) = &mut room.editing {
            // Locked while the edit is in flight, since its text is still in the editor.
            if !editing.is_saving {
                apply(edit, &mut editing.composer);
            }
            return vec![];
        }
        apply(edit, &mut room.composer);
        let (room, is_empty) = (room.info.id.clone(), room.composer.text().is_empty());
        if is_empty {
            return self.stop_typing();
        }
        let is_announced = self.typing.as_ref().is_some_and(|(said_in, when)| {
            *said_in == room && now.duration_since(*when) < TYPING_AGAIN
        });
        if is_announced {
            return vec![];
        }
        self.typing = Some((room.clone(), now));
        vec![Effect::Typing(room, true)]
    }

    pub(super) fn stop_typing(&mut self) -> Vec<Effect> {
        let announced = self.typing.take();
        announced
            .map(|(room, _)| Effect::Typing(room, false))
            .into_iter()
            .collect()
    }

    /// Submits the open editor: reacts, saves an edit, or sends a message.
    pub(super) fn send(&mut self) -> Vec<Effect> {
        if let Some(reacting) = &self.reacting {
            let typed = reacting.typed.text().to_owned();
            return self.react(&typed);
        }
        if self.room().is_some_and(|room| room.editing.is_some()) {
            return self.save();
        }
        self.say()
    }

    fn say(&mut self) -> Vec<Effect> {
        let Some(room) = self.rooms.get_mut(self.selected) else {
            return vec![];
        };
        if room.composer.text().trim().is_empty() {
            return vec![];
        }
        let id = room.info.id.clone();
        let Some(pending) = room.begin_sending() else {
            self.notice = Some("Too many messages are on their way.".to_owned());
            return vec![];
        };
        let send = ask_to_send(id, pending);
        self.scroll = 0;
        self.chosen = None;
        // Receivers treat a message as the end of typing.
        self.typing = None;
        vec![send]
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
                ask_to_send(id.clone(), pending)
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

fn ask_to_send(room: RoomId, pending: &Pending) -> Effect {
    let (text, reply_to) = (pending.text.clone(), pending.reply_to.clone());
    Effect::Ask(Question::Send(room, pending.id, text, reply_to))
}

fn apply(edit: Action, composer: &mut Composer) {
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
}
