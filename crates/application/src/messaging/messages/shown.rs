//! Messages with their reactions, as one user sees them.

use std::collections::{BTreeSet, HashMap};

use abu_domain::{
    MessageId, UserId,
    messaging::message::{Message, Reaction, ShownMessage},
};

use crate::{platform::ports::StoreError, store::Reads};

/// Bytes of an encoded message besides its text and reactions, at most: ids, times, numbers and the names
/// of its fields.
const BYTES_AROUND: usize = 640;
/// The same of a reaction, besides its users.
const BYTES_OF_REACTION: usize = 128;
/// One user id among the reactions.
const BYTES_OF_USER: usize = 39;

/// The size of a message as JSON, at most, by which answers and pages end early.
pub fn encoded_len(shown: &ShownMessage) -> usize {
    let text = shown.message.text.as_str();
    let escaped = text
        .bytes()
        .filter(|byte| matches!(byte, b'"' | b'\\' | b'\n' | b'\t'))
        .count();
    let reactions = shown.reactions.iter().map(|reaction| {
        BYTES_OF_REACTION + reaction.emoji.as_str().len() + reaction.user_ids.len() * BYTES_OF_USER
    });
    BYTES_AROUND + text.len() + escaped + reactions.sum::<usize>()
}

/// Reactions, by message and by whom they are shown to.
pub type Reactions = HashMap<(MessageId, UserId), Vec<Reaction>>;

/// The messages as `user` sees them: with their reactions, and with a client message id on the user's own
/// alone. Reads nothing for messages without reactions.
pub(crate) fn shown_to(
    tx: &mut dyn Reads,
    user: UserId,
    messages: Vec<Message>,
) -> Result<Vec<ShownMessage>, StoreError> {
    let mut reactions = reactions(tx, messages.iter().map(|message| (message, user)))?;
    let shown = messages.into_iter().map(|message| ShownMessage {
        reactions: reactions.remove(&(message.id, user)).unwrap_or_default(),
        message: Message {
            client_message_id: message
                .client_message_id
                .filter(|_| message.sender_id == user),
            ..message
        },
    });
    Ok(shown.collect())
}

/// The reactions to these messages, each as its paired user sees them.
pub(super) fn reactions<'a>(
    tx: &mut dyn Reads,
    messages: impl Iterator<Item = (&'a Message, UserId)>,
) -> Result<Reactions, StoreError> {
    // Each once, however often it is asked for.
    let pairs: BTreeSet<(MessageId, UserId)> = messages
        .filter(|(message, _)| message.revision.is_some() && !message.is_deleted())
        .map(|(message, user)| (message.id, user))
        .collect();
    let pairs: Vec<(MessageId, UserId)> = pairs.into_iter().collect();
    let mut reactions = Reactions::new();
    if !pairs.is_empty() {
        for (message, user, reaction) in tx.reactions(&pairs)? {
            reactions.entry((message, user)).or_default().push(reaction);
        }
    }
    Ok(reactions)
}

/// The messages without reactions, for a caller that does not ask for them.
pub(super) fn bare(messages: Vec<Message>) -> Vec<ShownMessage> {
    let bare = messages.into_iter().map(|message| ShownMessage {
        message,
        reactions: Vec::new(),
    });
    bare.collect()
}
