//! Changing messages: what becomes of a batch of changes, one after the other, is worked out in memory
//! while their rooms are locked, and then saved with one statement a table.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use abu_domain::{
    MessageId, RoomId, UserId,
    messaging::{
        message::{
            ChangeKind, ChangeRefusal, MAX_EMOJI_OF_MEMBER, MAX_EMOJI_OF_MESSAGE, Message,
            MessageChange,
        },
        room::{RoomKind, RoomRole},
        text::{Emoji, MessageText},
    },
};

use serde::{Deserialize, Serialize};

use crate::{
    messaging::ports::{ChangedRows, EmojiCount, LockedRoom, NewReaction, PastText, ReactionKey},
    platform::ports::StoreError,
    store::Writes,
};

/// What became of one change of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// It was made.
    Changed(Changed),
    /// All was so already: nothing was stored.
    Unchanged(Changed),
    /// The user is not a member of the room, or there is no such room.
    NotAMember,
    ReadOnly,
    /// The message cannot be changed that way.
    Refused(ChangeRefusal),
}

/// A message after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    pub message: Message,
    /// What about it changed.
    pub part: ChangedPart,
}

/// What about a message changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangedPart {
    /// Its text: it was edited or deleted.
    Text,
    /// Its reactions.
    Reactions {
        user_id: UserId,
        emoji: Emoji,
        /// False where it was taken back.
        is_added: bool,
        /// How many react so now.
        count: i64,
    },
}

/// Makes the changes, in their order. The rooms must be locked already where messages were stored in
/// the same transaction, or else are locked here.
pub(super) fn make(
    tx: &mut dyn Writes,
    changes: &[MessageChange],
) -> Result<Vec<ChangeOutcome>, StoreError> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let mut standing = Standing::read(tx, changes)?;
    let outcomes = changes.iter().map(|change| standing.make(change)).collect();
    if let Some(rows) = standing.into_rows() {
        tx.save_changes(&rows)?;
    }
    Ok(outcomes)
}

/// A message after a change, and whether that is news.
type Made = (Changed, bool);

/// Why a change was not made.
enum Refused {
    NotAMember,
    ReadOnly,
    Because(ChangeRefusal),
}

impl From<ChangeRefusal> for Refused {
    fn from(refusal: ChangeRefusal) -> Self {
        Self::Because(refusal)
    }
}

/// What stands while the rooms are locked, with the changes made so far.
#[derive(Default)]
struct Standing {
    rooms: HashMap<RoomId, LockedRoom>,
    roles: HashMap<(RoomId, UserId), RoomRole>,
    messages: HashMap<MessageId, Message>,
    /// How many react to a message with each emoji.
    emoji: HashMap<MessageId, BTreeMap<Emoji, Count>>,
    /// What those who change reactions reacted with.
    reactions: HashMap<(MessageId, UserId), BTreeSet<Emoji>>,
    news: News,
}

#[derive(Clone, Copy)]
struct Count {
    people: i64,
    first_revision: i64,
}

#[derive(Default)]
struct News {
    messages: HashSet<MessageId>,
    rooms: HashSet<RoomId>,
    past_texts: Vec<PastText>,
    cleared: HashSet<MessageId>,
    /// Messages whose earlier texts go too.
    forgotten: HashSet<MessageId>,
    /// Reactions that were stored, and are taken back.
    taken_back: BTreeSet<ReactionKey>,
    added: BTreeMap<ReactionKey, NewReaction>,
    counts: BTreeSet<(MessageId, Emoji)>,
}

impl Standing {
    fn read(tx: &mut dyn Writes, changes: &[MessageChange]) -> Result<Self, StoreError> {
        let rooms = distinct(changes, |change| change.room_id);
        let members = distinct(changes, |change| (change.room_id, change.user_id));
        let messages = distinct(changes, |change| change.message_id);
        let mut standing = Self::default();
        for room in tx.lock_rooms(&rooms)? {
            standing.rooms.insert(room.room_id, room);
        }
        for (room, user, role) in tx.roles(&members)? {
            standing.roles.insert((room, user), role);
        }
        for message in tx.messages_by_id(&messages)? {
            standing.messages.insert(message.id, message);
        }
        standing.read_reactions(tx, changes)?;
        Ok(standing)
    }

    /// Reads reactions only for changes that add or remove one.
    fn read_reactions(
        &mut self,
        tx: &mut dyn Writes,
        changes: &[MessageChange],
    ) -> Result<(), StoreError> {
        let reacting: Vec<&MessageChange> = changes
            .iter()
            .filter(|change| {
                !matches!(
                    change.kind,
                    ChangeKind::Edit(_) | ChangeKind::Delete | ChangeKind::Erase
                )
            })
            .collect();
        if reacting.is_empty() {
            return Ok(());
        }
        let messages = distinct(reacting.iter().copied(), |change| change.message_id);
        let pairs = distinct(reacting, |change| (change.message_id, change.user_id));
        for row in tx.emoji_counts(&messages)? {
            let count = Count {
                people: row.count,
                first_revision: row.first_revision,
            };
            let emoji = self.emoji.entry(row.message_id).or_default();
            emoji.insert(row.emoji, count);
        }
        for row in tx.reactions_of(&pairs)? {
            let own = self.reactions.entry((row.message_id, row.user_id));
            own.or_default().insert(row.emoji);
        }
        Ok(())
    }

    fn make(&mut self, change: &MessageChange) -> ChangeOutcome {
        let result = match &change.kind {
            ChangeKind::Erase => self.erase(change),
            ChangeKind::EraseReaction(emoji) => self
                .room(change)
                .and_then(|_room| self.take_back(change, emoji)),
            ChangeKind::Edit(text) => self.check(change).and_then(|_role| self.edit(change, text)),
            ChangeKind::Delete => self
                .check(change)
                .and_then(|role| self.delete(change, role)),
            ChangeKind::React(emoji) => self
                .check(change)
                .and_then(|_role| self.react(change, emoji)),
            ChangeKind::TakeBack(emoji) => self
                .check(change)
                .and_then(|_role| self.take_back(change, emoji)),
        };
        match result {
            Ok((changed, true)) => ChangeOutcome::Changed(changed),
            Ok((changed, false)) => ChangeOutcome::Unchanged(changed),
            Err(Refused::NotAMember) => ChangeOutcome::NotAMember,
            Err(Refused::ReadOnly) => ChangeOutcome::ReadOnly,
            Err(Refused::Because(refusal)) => ChangeOutcome::Refused(refusal),
        }
    }

    fn room(&self, change: &MessageChange) -> Result<LockedRoom, Refused> {
        let room = self.rooms.get(&change.room_id);
        room.copied().ok_or(Refused::NotAMember)
    }

    /// What holds for every change of a member. Answers with the role of who makes it.
    fn check(&self, change: &MessageChange) -> Result<RoomRole, Refused> {
        let member = (change.room_id, change.user_id);
        let role = self.roles.get(&member).ok_or(Refused::NotAMember)?;
        if self.room(change)?.read_only {
            return Err(Refused::ReadOnly);
        }
        Ok(*role)
    }

    /// The message, if it is in the room.
    fn message(&self, change: &MessageChange) -> Result<&Message, Refused> {
        self.messages
            .get(&change.message_id)
            .filter(|message| message.room_id == change.room_id)
            .ok_or(Refused::Because(ChangeRefusal::NotFound))
    }

    /// The message, if there is still something to react to.
    fn standing_message(&self, change: &MessageChange) -> Result<&Message, Refused> {
        let message = self.message(change)?;
        match message.is_deleted() {
            true => Err(ChangeRefusal::NotFound.into()),
            false => Ok(message),
        }
    }

    fn edit(&mut self, change: &MessageChange, text: &MessageText) -> Result<Made, Refused> {
        let message = self.message(change)?;
        message.check_edit(change.user_id, change.at)?;
        check_revision(message, change)?;
        // Said once more, an edit changes nothing. The first one does, whatever it says: without it there
        // is neither a time nor a number to answer with.
        if message.text == *text && message.edited_at.is_some() {
            return Ok((text_of(message), false));
        }
        let message = Message {
            text: text.clone(),
            edited_at: Some(change.at),
            ..message.clone()
        };
        Ok((self.replace(change, message), true))
    }

    fn delete(&mut self, change: &MessageChange, role: RoomRole) -> Result<Made, Refused> {
        let message = self.message(change)?;
        // A direct room has no moderator: its creator may not delete the other member's messages.
        let is_group = self
            .rooms
            .get(&change.room_id)
            .is_some_and(|room| room.kind == RoomKind::Group);
        let moderates = is_group && role.may_delete_messages();
        message.check_deletion(change.user_id, moderates, change.at)?;
        if message.is_deleted() {
            return Ok((text_of(message), false));
        }
        let message = without_text(message, change);
        self.clear_reactions(message.id);
        Ok((self.replace(change, message), true))
    }

    /// A message that is deleted already loses what else is stored of it, which is no news to members.
    fn erase(&mut self, change: &MessageChange) -> Result<Made, Refused> {
        self.room(change)?;
        let message = self.message(change)?;
        if message.sender_id != change.user_id {
            return Err(ChangeRefusal::NotYours.into());
        }
        let is_news = !message.is_deleted();
        let mut message = match is_news {
            true => without_text(message, change),
            false => message.clone(),
        };
        message.client_message_id = None;
        self.news.forgotten.insert(message.id);
        self.news
            .past_texts
            .retain(|past| past.message_id != message.id);
        if is_news {
            self.clear_reactions(message.id);
            message.revision = Some(self.next_revision(change.room_id));
        }
        self.news.messages.insert(message.id);
        let changed = text_of(&message);
        self.messages.insert(message.id, message);
        Ok((changed, is_news))
    }

    fn clear_reactions(&mut self, id: MessageId) {
        self.news.cleared.insert(id);
        self.news.taken_back.retain(|key| key.message_id != id);
        self.news.added.retain(|key, _| key.message_id != id);
        self.news.counts.retain(|(message, _)| *message != id);
    }

    /// Puts the message with its new text in the place of the old one.
    fn replace(&mut self, change: &MessageChange, message: Message) -> Changed {
        let revision = self.next_revision(change.room_id);
        let message = Message {
            revision: Some(revision),
            ..message
        };
        let changed = text_of(&message);
        self.news.messages.insert(message.id);
        if let Some(past) = self.messages.insert(message.id, message) {
            self.news.past_texts.push(PastText {
                message_id: past.id,
                revision,
                text: past.text,
                changed_by: change.user_id,
                changed_at: change.at,
            });
        }
        changed
    }

    fn react(&mut self, change: &MessageChange, emoji: &Emoji) -> Result<Made, Refused> {
        let message = self.standing_message(change)?;
        check_revision(message, change)?;
        let id = message.id;
        let key = reaction(change, emoji);
        let own = self.reactions.entry((id, change.user_id)).or_default();
        if own.contains(emoji) {
            return Ok((self.reacted(key, true)?, false));
        }
        if own.len() >= MAX_EMOJI_OF_MEMBER {
            return Err(ChangeRefusal::TooManyOfMember.into());
        }
        let counts = self.emoji.entry(id).or_default();
        if counts.len() >= MAX_EMOJI_OF_MESSAGE && !counts.contains_key(emoji) {
            return Err(ChangeRefusal::TooManyEmoji.into());
        }
        own.insert(emoji.clone());
        let revision = self.touch(change);
        let new = Count {
            people: 0,
            first_revision: revision,
        };
        let counts = self.emoji.entry(id).or_default();
        counts.entry(emoji.clone()).or_insert(new).people += 1;
        self.news.added.insert(
            key.clone(),
            NewReaction {
                key: key.clone(),
                revision,
                at: change.at,
            },
        );
        self.news.counts.insert((id, emoji.clone()));
        Ok((self.reacted(key, true)?, true))
    }

    fn take_back(&mut self, change: &MessageChange, emoji: &Emoji) -> Result<Made, Refused> {
        let id = self.standing_message(change)?.id;
        let key = reaction(change, emoji);
        let own = self.reactions.entry((id, change.user_id)).or_default();
        if !own.remove(emoji) {
            return Ok((self.reacted(key, false)?, false));
        }
        self.touch(change);
        let counts = self.emoji.entry(id).or_default();
        if let Some(count) = counts.get_mut(emoji) {
            count.people -= 1;
            if count.people <= 0 {
                counts.remove(emoji);
            }
        }
        if self.news.added.remove(&key).is_none() {
            self.news.taken_back.insert(key.clone());
        }
        self.news.counts.insert((id, emoji.clone()));
        Ok((self.reacted(key, false)?, true))
    }

    /// Counts a change of the room, and notes that it touched the message.
    fn touch(&mut self, change: &MessageChange) -> i64 {
        let revision = self.next_revision(change.room_id);
        if let Some(message) = self.messages.get_mut(&change.message_id) {
            message.revision = Some(revision);
            self.news.messages.insert(message.id);
        }
        revision
    }

    fn next_revision(&mut self, room: RoomId) -> i64 {
        self.news.rooms.insert(room);
        match self.rooms.get_mut(&room) {
            Some(room) => {
                room.last_revision += 1;
                room.last_revision
            }
            // Unreachable: `check` found the user to be a member of this room.
            None => 0,
        }
    }

    fn reacted(&self, key: ReactionKey, is_added: bool) -> Result<Changed, Refused> {
        let message = self.messages.get(&key.message_id);
        let count = self
            .emoji
            .get(&key.message_id)
            .and_then(|counts| counts.get(&key.emoji));
        Ok(Changed {
            message: message.cloned().ok_or(ChangeRefusal::NotFound)?,
            part: ChangedPart::Reactions {
                user_id: key.user_id,
                emoji: key.emoji,
                is_added,
                count: count.map_or(0, |count| count.people),
            },
        })
    }

    /// What has to be saved; `None` where nothing changed.
    fn into_rows(self) -> Option<ChangedRows> {
        let Self {
            rooms,
            messages,
            emoji,
            news,
            ..
        } = self;
        if news.rooms.is_empty() && news.forgotten.is_empty() {
            return None;
        }
        let revision = |id: RoomId| Some((id, rooms.get(&id)?.last_revision));
        let count = |(message_id, emoji_of): (MessageId, Emoji)| {
            let count = emoji.get(&message_id).and_then(|all| all.get(&emoji_of));
            EmojiCount {
                message_id,
                emoji: emoji_of,
                count: count.map_or(0, |count| count.people),
                first_revision: count.map_or(0, |count| count.first_revision),
            }
        };
        Some(ChangedRows {
            messages: news
                .messages
                .iter()
                .filter_map(|id| messages.get(id).cloned())
                .collect(),
            past_texts: news.past_texts,
            cleared: news.cleared.into_iter().collect(),
            forgotten: news.forgotten.into_iter().collect(),
            taken_back: news.taken_back.into_iter().collect(),
            added: news.added.into_values().collect(),
            counts: news.counts.into_iter().map(count).collect(),
            revisions: news.rooms.into_iter().filter_map(revision).collect(),
        })
    }
}

/// Whether the message is as the change expects it.
fn check_revision(message: &Message, change: &MessageChange) -> Result<(), ChangeRefusal> {
    let revision = message.revision.unwrap_or(0);
    match &change.expected {
        Some(revisions) if !revisions.contains(&revision) => Err(ChangeRefusal::ChangedMeanwhile),
        _ => Ok(()),
    }
}

fn without_text(message: &Message, change: &MessageChange) -> Message {
    Message {
        text: MessageText::from_storage(String::new()),
        deleted_at: Some(change.at),
        ..message.clone()
    }
}

fn text_of(message: &Message) -> Changed {
    Changed {
        message: message.clone(),
        part: ChangedPart::Text,
    }
}

fn reaction(change: &MessageChange, emoji: &Emoji) -> ReactionKey {
    ReactionKey {
        message_id: change.message_id,
        user_id: change.user_id,
        emoji: emoji.clone(),
    }
}

/// What the changes are about, each once.
fn distinct<'a, T: Ord>(
    changes: impl IntoIterator<Item = &'a MessageChange>,
    about: impl Fn(&MessageChange) -> T,
) -> Vec<T> {
    let distinct: BTreeSet<T> = changes.into_iter().map(about).collect();
    distinct.into_iter().collect()
}
