//! Actions on the selected message: reply, edit, delete, react.

use abu_chat_client::{Emoji, Message, MessageId, MessageUpdated, ReactionNotify, RoomId};

use super::{App, Effect, Question};
use crate::{composer::Composer, room::Editing, text};

/// The reactions on the keys 1 to 9. None of them needs a variation selector, because terminals disagree on the
/// resulting width.
pub(crate) const OFFERED: [&str; 9] = [
    "\u{1f44d}",
    "\u{1f49a}",
    "\u{1f602}",
    "\u{1f62e}",
    "\u{1f622}",
    "\u{1f64f}",
    "\u{1f389}",
    "\u{1f44f}",
    "\u{1f525}",
];

/// A requested change of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Edit(String),
    Delete,
    React(Emoji),
    Unreact(Emoji),
}

/// The server's answer to a [`Change`].
#[derive(Debug)]
pub(crate) enum Changed {
    Message(MessageUpdated),
    Reaction(ReactionNotify),
}

/// An open reaction picker.
pub(crate) struct Reacting {
    to: MessageId,
    /// The text of an emoji outside [`OFFERED`].
    pub(crate) typed: Composer,
}

impl App {
    pub(crate) fn reacting(&self) -> Option<&Reacting> {
        self.reacting.as_ref()
    }

    /// Makes the next message a reply to the selected one.
    pub(super) fn answer(&mut self) {
        let Some(message) = self.target() else {
            return;
        };
        if self.has_open_edit() {
            return;
        }
        if let Some(room) = self.rooms.get_mut(self.selected) {
            room.answering = Some(message.id);
        }
        self.begin_writing();
    }

    /// Opens the text of the selected message in an editor; the draft stays in the composer.
    pub(super) fn edit(&mut self) {
        let Some(message) = self.target() else {
            return;
        };
        if !self.is_me(&message.sender_id) {
            self.notice = Some("Only your own messages can be edited.".to_owned());
            return;
        }
        if self.has_open_edit() {
            return;
        }
        if let Some(room) = self.rooms.get_mut(self.selected) {
            room.editing = Some(Editing::of(&message));
        }
        self.begin_writing();
    }

    /// Sends the edited text; the editor stays open until the server has stored it.
    pub(super) fn save(&mut self) -> Vec<Effect> {
        let Some(room) = self.rooms.get_mut(self.selected) else {
            return vec![];
        };
        let Some(editing) = room.editing.as_mut().filter(|editing| !editing.is_saving) else {
            return vec![];
        };
        let text = editing.composer.text().trim();
        if text.is_empty() {
            self.notice = Some("A message needs a text; d deletes it while reading.".to_owned());
            return vec![];
        }
        if text == editing.before {
            room.editing = None;
            return vec![];
        }
        let change = Change::Edit(text.to_owned());
        editing.is_saving = true;
        vec![ask(&room.info.id, &editing.id, change)]
    }

    /// Deletes the selected message if `asked` names it; otherwise asks for confirmation.
    pub(super) fn remove(&mut self, asked: Option<u64>) -> Vec<Effect> {
        let Some(message) = self.target() else {
            return vec![];
        };
        let may_not = self.room().is_none_or(|room| room.moderates == Some(false));
        if may_not && !self.is_me(&message.sender_id) {
            let why = "Only moderators delete what others said.";
            self.notice = Some(why.to_owned());
            // No event reports a changed role, so this reads the members again.
            return vec![Effect::Ask(Question::Members(message.room_id))];
        }
        if asked == Some(message.seq) {
            return vec![ask(&message.room_id, &message.id, Change::Delete)];
        }
        let key = if self.is_writing { "Alt-D" } else { "d" };
        let said = text::cut(&text::clean_line(&message.text), 40);
        self.notice = Some(format!("Press {key} again to delete: {said}"));
        self.deleting = Some(message.seq);
        vec![]
    }

    /// Opens the reaction picker for the selected message.
    pub(super) fn begin_reacting(&mut self) {
        if let Some(message) = self.target() {
            self.chosen = Some(message.seq);
            self.reacting = Some(Reacting {
                to: message.id,
                typed: Composer::default(),
            });
        }
    }

    /// The emoji of a key 1 to 9, unless the user types another emoji.
    pub(super) fn offered(&self, typed: &str) -> Option<&'static str> {
        let reacting = self.reacting.as_ref()?;
        let number: usize = typed.parse().ok()?;
        let is_first = reacting.typed.text().is_empty() && typed.len() == 1;
        let place = number.checked_sub(1).filter(|_| is_first)?;
        OFFERED.get(place).copied()
    }

    /// Toggles the user's reaction with this emoji.
    pub(super) fn react(&mut self, with: &str) -> Vec<Effect> {
        let Some(to) = self.reacting.as_ref().map(|reacting| reacting.to.clone()) else {
            return vec![];
        };
        let with = with.trim();
        if with.is_empty() {
            self.reacting = None;
            return vec![];
        }
        let Ok(emoji) = Emoji::new(with) else {
            self.notice = Some("That is not an emoji.".to_owned());
            return vec![];
        };
        self.reacting = None;
        let Some(message) = self.room().and_then(|room| room.message(&to)) else {
            return vec![];
        };
        let change = if self.reacted(message, &emoji) {
            Change::Unreact(emoji)
        } else {
            Change::React(emoji)
        };
        vec![ask(&message.room_id, &to, change)]
    }

    /// Whether the user has reacted with this emoji.
    pub(crate) fn reacted(&self, message: &Message, emoji: &Emoji) -> bool {
        let mut reactions = message.reactions.iter();
        let same = reactions.find(|reaction| reaction.emoji == *emoji);
        same.is_some_and(|reaction| reaction.user_ids.iter().any(|user| self.is_me(user)))
    }

    pub(super) fn changed(
        &mut self,
        room: &RoomId,
        id: &MessageId,
        change: &Change,
        result: Result<Changed, String>,
    ) -> Vec<Effect> {
        let is_done = result.is_ok();
        match result {
            // The event with the same change may arrive later.
            Ok(Changed::Message(updated)) => self.update(&updated),
            Ok(Changed::Reaction(reaction)) => self.count_reaction(&reaction),
            Err(why) => self.notice = Some(format!("{}: {why}", not_done(change))),
        }
        let place = self.place(room);
        if let (Change::Edit(_), Some(place)) = (change, place) {
            self.rooms[place].saved(id, is_done);
        }
        vec![]
    }

    pub(super) fn update(&mut self, change: &MessageUpdated) {
        self.change_message(&change.room_id, &change.message_id, |message| {
            message.update(change);
        });
    }

    pub(super) fn count_reaction(&mut self, change: &ReactionNotify) {
        let is_mine = self.is_me(&change.participant_id);
        self.change_message(&change.room_id, &change.message_id, |message| {
            if message.react(change) && is_mine && change.is_added {
                name_first(message, change);
            }
        });
    }

    /// The selected message, if it allows changes; otherwise sets a notice with the reason.
    fn target(&mut self) -> Option<Message> {
        let room = self.room()?;
        let chosen = self.chosen().and_then(|seq| room.messages.get(&seq));
        let why = match chosen {
            Some(message) if message.deleted => "This message was deleted.",
            Some(message) => return Some(message.clone()),
            None if room.messages.is_empty() => "There is no message yet.",
            None => "Choose a message first, with Alt-K.",
        };
        self.notice = Some(why.to_owned());
        None
    }

    fn has_open_edit(&mut self) -> bool {
        let is_open = self.room().is_some_and(|room| room.editing.is_some());
        if is_open {
            self.notice = Some("Another message is being edited: Enter saves it.".to_owned());
        }
        is_open
    }

    fn begin_writing(&mut self) {
        self.is_writing = true;
        self.chosen = None;
        self.reacting = None;
    }
}

fn ask(room: &RoomId, message: &MessageId, change: Change) -> Effect {
    Effect::Ask(Question::Change(room.clone(), message.clone(), change))
}

fn not_done(change: &Change) -> &'static str {
    match change {
        Change::Edit(_) => "Not edited",
        Change::Delete => "Not deleted",
        Change::React(_) => "Not reacted",
        Change::Unreact(_) => "Not taken back",
    }
}

/// A reaction names at most ten users, the latest last, so it may omit this user. Inserts the user at the front,
/// because [`App::reacted`] needs the entry.
fn name_first(message: &mut Message, change: &ReactionNotify) {
    let mut reactions = message.reactions.iter_mut();
    if let Some(reaction) = reactions.find(|reaction| reaction.emoji == change.emoji) {
        let me = &change.participant_id;
        reaction.user_ids.retain(|user| user != me);
        reaction.user_ids.insert(0, me.clone());
    }
}
