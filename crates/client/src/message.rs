//! The message model: applies edits, deletions and reactions in the order of their `revision`.

use std::fmt;

use abu_chat_protocol::{
    MessageId, RoomId, UserId,
    server::{MessageReceive, MessageUpdated, Reaction, ReactionNotify},
};
use chrono::{DateTime, Utc};

/// A message of a room, with the fields of profile v2. `Debug` shows the length of the text in bytes, never the
/// text.
///
/// Contract: `docs/chat-protocol.md`, "`message-receive`" and "Send, edit and delete messages".
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The room of the message.
    pub room_id: RoomId,
    /// The id of the message; deduplicate by it.
    pub id: MessageId,
    /// The sequence number in the room: 1, 2, 3 and so on, without gaps or repeats. Sort by it.
    pub seq: u64,
    /// The author.
    pub sender_id: UserId,
    /// The text; empty after a deletion.
    pub text: String,
    /// The time at which the server accepted it.
    pub timestamp: DateTime<Utc>,
    /// The message that this one replies to.
    pub reply_to: Option<MessageId>,
    /// The time of the last edit, if any.
    pub edited_at: Option<DateTime<Utc>>,
    /// Whether it was deleted (soft delete): it keeps its `seq`, without text or reactions.
    pub deleted: bool,
    /// The reactions, oldest emoji first; at most 20 emoji with at most 10 user ids each.
    pub reactions: Vec<Reaction>,
    /// The revision of the room's last change to this message; 0 without a change.
    pub revision: u64,
}

impl Message {
    /// Converts a packet; `None` where it lacks `message_id` or `seq`, which every message of profile v2 has. An
    /// application needs this for tests.
    pub fn from_packet(packet: MessageReceive) -> Option<Self> {
        Some(Self {
            room_id: packet.room_id,
            id: packet.message_id?,
            seq: packet.seq?.get(),
            sender_id: packet.sender_id,
            text: packet.message,
            timestamp: packet.timestamp,
            reply_to: packet.reply_to,
            edited_at: packet.edited_at,
            deleted: packet.deleted,
            reactions: packet.reactions,
            revision: packet.revision.map_or(0, Into::into),
        })
    }

    /// Applies an edit or a deletion. Ignores one of another message, or whose `revision` is not larger. Returns
    /// whether the message changed.
    pub fn update(&mut self, change: &MessageUpdated) -> bool {
        if change.message_id != self.id || change.revision.get() <= self.revision {
            return false;
        }
        self.text.clone_from(&change.message);
        self.edited_at = change.edited_at;
        self.deleted = change.deleted;
        if change.deleted {
            self.reactions.clear();
        }
        self.revision = change.revision.get();
        true
    }

    /// Applies a reaction by the same rules as [`update`](Self::update). `user_ids` stays incomplete where more
    /// than 10 users reacted: the server names at most 10.
    ///
    /// Contract: `docs/chat-protocol.md`, "Reactions".
    pub fn react(&mut self, change: &ReactionNotify) -> bool {
        let revision = change.revision.map_or(0, Into::into);
        if change.message_id != self.id || revision <= self.revision {
            return false;
        }
        let place = self
            .reactions
            .iter()
            .position(|reaction| reaction.emoji == change.emoji);
        match (std::num::NonZeroU64::new(change.count), place) {
            (None, Some(place)) => drop(self.reactions.remove(place)),
            (None, None) => {}
            (Some(count), Some(place)) => {
                let reaction = &mut self.reactions[place];
                reaction
                    .user_ids
                    .retain(|user| *user != change.participant_id);
                let mut people = std::mem::take(&mut reaction.user_ids);
                if change.is_added {
                    people.push(change.participant_id.clone());
                }
                *reaction = Reaction::new(change.emoji.clone(), count, people);
            }
            (Some(count), None) => {
                let people = change.is_added.then(|| change.participant_id.clone());
                let reaction =
                    Reaction::new(change.emoji.clone(), count, people.into_iter().collect());
                self.reactions.push(reaction);
            }
        }
        self.revision = revision;
        true
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("room_id", &self.room_id)
            .field("id", &self.id)
            .field("seq", &self.seq)
            .field("sender_id", &self.sender_id)
            .field("text", &format_args!("{} bytes", self.text.len()))
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abu_chat_protocol::Emoji;
    use std::num::NonZeroU64;

    fn message() -> Message {
        let seq = NonZeroU64::MIN;
        let packet = MessageReceive::new("room", "amina", "Salaam", DateTime::UNIX_EPOCH);
        Message::from_packet(packet.stored_as("message", seq)).unwrap()
    }

    fn at(revision: u64) -> NonZeroU64 {
        NonZeroU64::new(revision).unwrap()
    }

    fn edit(text: &str, revision: u64) -> MessageUpdated {
        let time = DateTime::UNIX_EPOCH;
        MessageUpdated::edited("room", "message", NonZeroU64::MIN, text, time, at(revision))
    }

    #[test]
    fn an_older_edit_does_not_undo_a_newer_one() {
        let mut message = message();
        assert!(message.update(&edit("new", 2)));
        assert!(!message.update(&edit("old", 1)));
        assert_eq!((message.text.as_str(), message.revision), ("new", 2));
    }

    #[test]
    fn a_deleted_message_has_neither_text_nor_reactions() {
        let mut message = message();
        let emoji = Emoji::new("\u{1f44d}").unwrap();
        let reaction = ReactionNotify::added("room", "message", "musa", emoji, 1);
        assert!(message.react(&reaction.at_revision(at(1))));
        let deletion = MessageUpdated::deleted("room", "message", NonZeroU64::MIN, at(2));
        assert!(message.update(&deletion));
        assert!(message.deleted && message.text.is_empty() && message.reactions.is_empty());
    }

    #[test]
    fn reactions_are_counted_as_the_server_counts_them() {
        let mut message = message();
        let emoji = Emoji::new("\u{1f44d}").unwrap();
        let added =
            |who: &str, count| ReactionNotify::added("room", "message", who, emoji.clone(), count);
        message.react(&added("musa", 1).at_revision(at(1)));
        message.react(&added("amina", 2).at_revision(at(2)));
        assert_eq!(message.reactions[0].count.get(), 2);
        assert_eq!(
            message.reactions[0].user_ids,
            ["musa".into(), "amina".into()]
        );
        let taken_back = ReactionNotify::removed("room", "message", "musa", emoji.clone(), 1);
        message.react(&taken_back.at_revision(at(3)));
        assert_eq!(message.reactions[0].user_ids, ["amina".into()]);
        let last = ReactionNotify::removed("room", "message", "amina", emoji.clone(), 0);
        message.react(&last.at_revision(at(4)));
        assert!(message.reactions.is_empty());
    }

    #[test]
    fn debug_output_of_a_message_omits_its_text() {
        assert!(!format!("{:?}", message()).contains("Salaam"));
    }
}
