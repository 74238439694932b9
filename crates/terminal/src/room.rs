//! A room as the screen needs it: the newest messages, what is on its way, who types.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use abu_chat_client::{Message, MessageId, RoomId, UserId};
use uuid::Uuid;

use crate::{composer::Composer, heights::Heights};

/// The most messages that are kept of the room on the screen.
pub(crate) const KEPT: usize = 2000;

/// The most that are kept of every other room.
pub(crate) const KEPT_ASIDE: usize = 100;

/// The most messages that may wait for their answer in a room.
const PENDING: usize = 20;

/// The most people of whom typing is shown.
const TYPISTS: usize = 20;

/// After how long somebody no longer types who does not say so again.
const TYPING: Duration = Duration::from_secs(8);

/// What the list of rooms tells of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoomInfo {
    pub(crate) id: RoomId,
    pub(crate) is_direct: bool,
    pub(crate) name: Option<String>,
    pub(crate) last_seq: u64,
    pub(crate) read_seq: u64,
    pub(crate) unread: u64,
}

/// A message that the server has not confirmed.
pub(crate) struct Pending {
    pub(crate) id: Uuid,
    pub(crate) text: String,
    pub(crate) reply_to: Option<MessageId>,
    /// Why it was not stored, once that is known.
    pub(crate) failure: Option<String>,
}

/// A message of the user's own whose text is being changed.
pub(crate) struct Editing {
    pub(crate) id: MessageId,
    pub(crate) composer: Composer,
    /// What it says as long as nothing is saved.
    pub(crate) before: String,
    /// Whether the new text is on its way.
    pub(crate) is_saving: bool,
}

impl Editing {
    pub(crate) fn of(message: &Message) -> Self {
        let mut composer = Composer::default();
        composer.insert(&message.text);
        Self {
            id: message.id.clone(),
            before: composer.text().to_owned(),
            composer,
            is_saving: false,
        }
    }
}

/// Who is in a room, as far as was asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Members {
    Unknown,
    Asked,
    Known(Vec<UserId>),
}

/// How much of the history is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum History {
    /// No page was read yet.
    None,
    Some,
    /// A page is on its way.
    Asked,
}

/// One room. Like all that holds what people wrote, it has no `Debug` through which that could end up
/// in a log.
pub(crate) struct Room {
    pub(crate) info: RoomInfo,
    pub(crate) is_archived: bool,
    pub(crate) members: Members,
    pub(crate) messages: BTreeMap<u64, Message>,
    pub(crate) history: History,
    pub(crate) pending: Vec<Pending>,
    pub(crate) composer: Composer,
    /// What the message in the composer answers.
    pub(crate) answering: Option<MessageId>,
    /// Takes the composer's place as long as it lasts.
    pub(crate) editing: Option<Editing>,
    /// Whether the user may delete what others said, once that is known.
    pub(crate) moderates: Option<bool>,
    /// The first message that was unread when the room was opened.
    pub(crate) new_from: Option<u64>,
    /// Where the read mark is being moved to.
    pub(crate) marking: Option<u64>,
    pub(crate) heights: Heights,
    typing: Vec<(UserId, Instant)>,
}

impl Room {
    pub(crate) fn new(info: RoomInfo) -> Self {
        Self {
            info,
            is_archived: false,
            members: Members::Unknown,
            messages: BTreeMap::new(),
            history: History::None,
            pending: vec![],
            composer: Composer::default(),
            answering: None,
            editing: None,
            moderates: None,
            new_from: None,
            marking: None,
            heights: Heights::default(),
            typing: vec![],
        }
    }

    pub(crate) fn first_seq(&self) -> Option<u64> {
        self.messages.keys().next().copied()
    }

    pub(crate) fn last_seq(&self) -> Option<u64> {
        self.messages.keys().next_back().copied()
    }

    /// Whether older messages can be shown: there are some, and there is place.
    pub(crate) fn has_older(&self) -> bool {
        self.first_seq().is_some_and(|first| first > 1) && self.messages.len() < KEPT
    }

    /// Puts a message in its place unless it is there as new as this; tells whether it was missing.
    pub(crate) fn put(&mut self, message: Message) -> bool {
        let known = self.messages.get(&message.seq);
        if known.is_some_and(|known| known.revision >= message.revision) {
            return false;
        }
        let is_new = known.is_none();
        self.info.last_seq = self.info.last_seq.max(message.seq);
        self.messages.insert(message.seq, message);
        is_new
    }

    /// Takes in a page of history if it joins what is here: there are no holes.
    pub(crate) fn put_page(&mut self, before: Option<u64>, page: Vec<Message>) {
        let newest = page.last().map_or(0, |message| message.seq);
        let joins = match (self.first_seq(), before) {
            (Some(first), _) => newest + 1 >= first && before.is_none_or(|before| before == first),
            (None, before) => before.is_none(),
        };
        if !joins {
            return;
        }
        for message in page {
            self.put(message);
        }
    }

    /// Lets the oldest messages go where there are too many.
    pub(crate) fn trim(&mut self, kept: usize) {
        while self.messages.len() > kept {
            if let Some((seq, _)) = self.messages.pop_first() {
                self.heights.forget(seq);
            }
        }
    }

    pub(crate) fn message(&self, id: &MessageId) -> Option<&Message> {
        self.messages.values().rev().find(|known| known.id == *id)
    }

    pub(crate) fn message_mut(&mut self, id: &MessageId) -> Option<&mut Message> {
        self.messages
            .values_mut()
            .rev()
            .find(|known| known.id == *id)
    }

    /// Takes what was written as a message that is being sent; nothing where too many are on their
    /// way.
    pub(crate) fn begin_sending(&mut self) -> Option<&Pending> {
        if self.pending.len() >= PENDING {
            return None;
        }
        self.pending.push(Pending {
            id: Uuid::new_v4(),
            text: self.composer.take().trim().to_owned(),
            reply_to: self.answering.take(),
            failure: None,
        });
        self.pending.last()
    }

    /// The new text of a message was stored, or was not and can be sent again.
    pub(crate) fn saved(&mut self, message: &MessageId, is_done: bool) {
        match &mut self.editing {
            Some(editing) if editing.id == *message && editing.is_saving => {
                editing.is_saving = false;
            }
            _ => return,
        }
        if is_done {
            self.editing = None;
        }
    }

    /// How many messages may still arrive.
    pub(crate) fn on_their_way(&self) -> usize {
        let sent = self.pending.iter();
        let sent = sent.filter(|pending| pending.failure.is_none()).count();
        sent + self.saving().count()
    }

    /// What did not arrive, or not yet.
    pub(crate) fn unsent(&self) -> impl Iterator<Item = &str> {
        let pending = self.pending.iter().map(|pending| pending.text.as_str());
        pending.chain(self.saving().map(|editing| editing.composer.text()))
    }

    fn saving(&self) -> impl Iterator<Item = &Editing> {
        self.editing.iter().filter(|editing| editing.is_saving)
    }

    pub(crate) fn set_typing(&mut self, user: &UserId, is_typing: bool, now: Instant) {
        self.typing.retain(|(typist, _)| typist != user);
        if is_typing && self.typing.len() < TYPISTS {
            self.typing.push((user.clone(), now + TYPING));
        }
    }

    pub(crate) fn typists(&self, now: Instant) -> impl Iterator<Item = &UserId> {
        let current = self.typing.iter().filter(move |(_, until)| *until > now);
        current.map(|(user, _)| user)
    }

    pub(crate) fn clear_typing(&mut self) {
        self.typing.clear();
    }
}
