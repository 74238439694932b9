//! What the messaging area forgets when an account is erased.
//!
//! Groups are left, with succession of owners. Texts and reactions are removed on the path that
//! every change takes: the writer's batches, which hold no room for long. So each removal has a
//! revision, and connected members receive it as they receive a deletion. Each step takes a bounded
//! number of messages, so an account with many does not delay the messages of its rooms.

use std::sync::Arc;

use abu_domain::{
    MessageId, RoomId, UserId,
    messaging::message::{ChangeKind, ChangeRefusal, MessageChange},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    events::Event,
    ports::{EventBus, OwnMessage, ReactionKey},
    rooms,
    submission::SubmitError,
    writer::{Write, Writer},
};
use crate::{
    identity::ports::{ErasureListener, ErasureStep},
    platform::ports::StoreError,
    store::Store,
};

/// Groups that are left in one transaction.
const GROUPS: u32 = 50;
/// Changes of one step, which are handed to the writer at once. Connected members receive each, so the
/// pause between steps bounds how many they receive in a second.
const CHANGES: u32 = 200;
/// Messages that were changed before, and are only looked at.
const LOOKED_AT: u32 = 2_000;

/// The position of the last part, which is behind all ids of messages.
const LAST_PART: Uuid = Uuid::max();

/// Forgets the messages, reactions and memberships of an account.
pub struct ForgottenMember {
    pub events: Arc<dyn EventBus>,
    pub writer: Arc<Writer>,
}

impl ErasureListener for ForgottenMember {
    fn erase(
        &self,
        store: &dyn Store,
        user: UserId,
        position: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<ErasureStep, StoreError> {
        let forgetting = Forgetting {
            this: self,
            store,
            user,
            now,
        };
        match position {
            None => forgetting.first_part(),
            Some(LAST_PART) => forgetting.last_part(),
            Some(after) => forgetting.rest_of_messages(after),
        }
    }
}

struct Forgetting<'a> {
    this: &'a ForgottenMember,
    store: &'a dyn Store,
    user: UserId,
    now: DateTime<Utc>,
}

impl Forgetting<'_> {
    /// Leaves groups, and removes the texts of messages with a client's id. A removed one loses that
    /// id, so the store finds each once.
    fn first_part(&self) -> Result<ErasureStep, StoreError> {
        if self.leave_groups()? {
            return Ok(ErasureStep::GoOn(None));
        }
        let messages = self
            .store
            .read(|tx| tx.messages_with_client_ids(self.user, CHANGES))?;
        self.remove_texts(&messages)?;
        let is_last = messages.len() < CHANGES as usize;
        Ok(ErasureStep::GoOn(is_last.then(Uuid::nil)))
    }

    /// Whether there may be more groups.
    fn leave_groups(&self) -> Result<bool, StoreError> {
        let (user, now) = (self.user, self.now);
        let (left, roles) = self.store.transaction::<_, StoreError>(|tx| {
            let left = tx.leave_groups(user, GROUPS, now)?;
            let peopled: Vec<RoomId> = left
                .iter()
                .filter(|group| !group.is_empty)
                .map(|group| group.room_id)
                .collect();
            Ok((left, tx.pass_ownership(&peopled, now)?))
        })?;
        let is_last = left.len() < GROUPS as usize;
        let gone = left.into_iter().map(|group| Event::MembershipChanged {
            room: group.room_id,
            users: vec![user],
            added: false,
            by: user,
        });
        for event in gone.chain(rooms::succession_events(&roles, None)) {
            // The connections apply it whether or not a caller waits.
            drop(self.this.events.publish(event));
        }
        Ok(!is_last)
    }

    /// Goes through messages without a client's id in the order of their ids: those of older
    /// clients, and those that lost it. They lose their texts, and what was kept of edits.
    fn rest_of_messages(&self, after: Uuid) -> Result<ErasureStep, StoreError> {
        let mut messages = self
            .store
            .read(|tx| tx.messages_without_client_ids(self.user, Some(after), LOOKED_AT))?;
        let is_last = messages.len() < LOOKED_AT as usize;
        let (with_text, is_cut) = first_with_text(&mut messages);
        self.remove_texts(&with_text)?;
        let ids: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
        self.store
            .transaction::<_, StoreError>(|tx| tx.forget_edits(&ids))?;
        let next = match messages.last() {
            Some(last) if !is_last || is_cut => last.id.uuid(),
            _ => LAST_PART,
        };
        Ok(ErasureStep::GoOn(Some(next)))
    }

    fn remove_texts(&self, messages: &[OwnMessage]) -> Result<(), StoreError> {
        let changes = messages
            .iter()
            .map(|message| self.change(message.room_id, message.id, ChangeKind::Erase));
        let unreachable = self.write(changes.collect())?;
        if unreachable.is_empty() {
            return Ok(());
        }
        let ids: Vec<MessageId> = unreachable
            .into_iter()
            .filter_map(|index| messages.get(index))
            .map(|message| message.id)
            .collect();
        self.store
            .transaction(|tx| tx.blank_messages(&ids, self.now))
    }

    /// Removes reactions, and at the end what else names the user.
    fn last_part(&self) -> Result<ErasureStep, StoreError> {
        let reactions = self.store.read(|tx| tx.own_reactions(self.user, CHANGES))?;
        if !reactions.is_empty() {
            self.remove_reactions(reactions)?;
            return Ok(ErasureStep::GoOn(Some(LAST_PART)));
        }
        self.store
            .transaction(|tx| tx.forget_memberships(self.user))?;
        Ok(ErasureStep::Done)
    }

    fn remove_reactions(
        &self,
        reactions: Vec<(ReactionKey, Option<RoomId>)>,
    ) -> Result<(), StoreError> {
        let mut gone = Vec::new();
        let mut there = Vec::new();
        for (key, room) in reactions {
            match room {
                Some(room) => there.push((key, room)),
                None => gone.push(key),
            }
        }
        let changes = there.iter().map(|(key, room)| {
            let kind = ChangeKind::EraseReaction(key.emoji.clone());
            self.change(*room, key.message_id, kind)
        });
        let unreachable = self.write(changes.collect())?;
        let unreachable = unreachable
            .into_iter()
            .filter_map(|index| there.get(index))
            .map(|(key, _room)| key.clone());
        gone.extend(unreachable);
        if gone.is_empty() {
            return Ok(());
        }
        self.store.transaction(|tx| tx.delete_reactions(&gone))
    }

    fn change(&self, room_id: RoomId, message_id: MessageId, kind: ChangeKind) -> MessageChange {
        MessageChange {
            room_id,
            message_id,
            user_id: self.user,
            kind,
            at: self.now,
            expected: None,
        }
    }

    /// Has the writer make the changes; returns the places of those that it cannot reach, because
    /// their room or message is gone.
    fn write(&self, changes: Vec<MessageChange>) -> Result<Vec<usize>, StoreError> {
        let writes = changes.into_iter().map(Write::Change).collect();
        let mut unreachable = Vec::new();
        for (index, outcome) in self.this.writer.write_all(writes).into_iter().enumerate() {
            match outcome {
                Ok(_message) => {}
                Err(SubmitError::NotAMember | SubmitError::Refused(ChangeRefusal::NotFound)) => {
                    unreachable.push(index);
                }
                Err(error) => return Err(StoreError::Unavailable(error.into())),
            }
        }
        Ok(unreachable)
    }
}

/// The messages that still have a text, at most as many as one batch takes. Cuts the list after the
/// last of them; true if it did.
fn first_with_text(messages: &mut Vec<OwnMessage>) -> (Vec<OwnMessage>, bool) {
    let places: Vec<usize> = (0..messages.len())
        .filter(|place| !messages[*place].is_deleted)
        .take(CHANGES as usize + 1)
        .collect();
    let next_batch = places.get(CHANGES as usize).copied();
    if let Some(place) = next_batch {
        messages.truncate(place);
    }
    let with_text = messages.iter().filter(|message| !message.is_deleted);
    (with_text.copied().collect(), next_batch.is_some())
}
