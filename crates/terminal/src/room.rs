//! Room state for the view: loaded messages, pending messages, draft, typing members.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use abu_chat_client::{Message, MessageId, RoomId, UserId};
use uuid::Uuid;

use crate::{composer::Composer, heights::Heights};

/// Bounds the loaded messages of the selected room.
pub(crate) const KEPT: usize = 2000;

/// Bounds the loaded messages of every other room.
pub(crate) const KEPT_ASIDE: usize = 100;

/// Bounds the pending messages of a room.
const PENDING: usize = 20;

/// Bounds the typing members of a room.
const TYPISTS: usize = 20;

/// A typing hint expires after this time.
const TYPING: Duration = Duration::from_secs(8);

/// An entry of the server's room list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoomInfo {
    pub(crate) id: RoomId,
    pub(crate) is_direct: bool,
    pub(crate) name: Option<String>,
    pub(crate) last_seq: u64,
    pub(crate) read_seq: u64,
    pub(crate) unread: u64,
}

/// A message without the server's confirmation.
pub(crate) struct Pending {
    pub(crate) id: Uuid,
    pub(crate) text: String,
    pub(crate) reply_to: Option<MessageId>,
    /// The server's error, if the message failed.
    pub(crate) failure: Option<String>,
}

/// An open edit of one of the user's own messages.
pub(crate) struct Editing {
    pub(crate) id: MessageId,
    pub(crate) composer: Composer,
    /// The stored text.
    pub(crate) before: String,
    /// Whether the new text is in flight.
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

/// The member list of a room.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Members {
    Unknown,
    Asked,
    /// The members changed after the request, so its answer may be old.
    Outdated,
    Known(Vec<UserId>),
}

impl Members {
    pub(crate) fn is_asked(&self) -> bool {
        matches!(self, Self::Asked | Self::Outdated)
    }

    /// The members changed.
    pub(crate) fn outdate(&mut self) {
        *self = match self {
            Self::Unknown | Self::Known(_) => Self::Unknown,
            Self::Asked | Self::Outdated => Self::Outdated,
        };
    }
}

/// The load state of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum History {
    /// No page is loaded.
    None,
    Some,
    /// A request is in flight.
    Asked,
}

/// One room. It has no `Debug`, so that no message text reaches a log.
pub(crate) struct Room {
    pub(crate) info: RoomInfo,
    pub(crate) is_archived: bool,
    pub(crate) members: Members,
    pub(crate) messages: BTreeMap<u64, Message>,
    pub(crate) history: History,
    pub(crate) pending: Vec<Pending>,
    pub(crate) composer: Composer,
    /// The message to which the draft replies.
    pub(crate) answering: Option<MessageId>,
    /// Replaces the composer while open.
    pub(crate) editing: Option<Editing>,
    /// Whether the user may delete messages of others; `None` before the member list.
    pub(crate) moderates: Option<bool>,
    /// The first message that was unread when the room was opened.
    pub(crate) new_from: Option<u64>,
    /// The `seq` of the read mark in flight.
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

    /// Whether older messages exist and fit into the bound.
    pub(crate) fn has_older(&self) -> bool {
        self.first_seq().is_some_and(|first| first > 1) && self.messages.len() < KEPT
    }

    /// Inserts a message unless it is loaded at this or a later revision. Returns whether it was missing.
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

    /// Adds a page of history if it is contiguous with the loaded messages, so that no gap arises.
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

    /// Drops the oldest messages over the bound.
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

    /// Moves the draft to the pending messages; `None` if these are at their bound.
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

    /// Closes the edit after a success; unlocks it after a failure.
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

    /// The number of messages and edits in flight.
    pub(crate) fn on_their_way(&self) -> usize {
        let sent = self.pending.iter();
        let sent = sent.filter(|pending| pending.failure.is_none()).count();
        sent + self.saving().count()
    }

    /// The texts of failed and pending messages and edits.
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
