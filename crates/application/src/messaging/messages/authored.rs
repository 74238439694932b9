//! Messages with the names of their senders, for the REST API.

use abu_domain::{
    UserId,
    messaging::{
        message::{AuthoredMessage, Message, ShownMessage},
        person::Person,
    },
};

use super::{Messaging, MessagingError, shown};
use crate::{platform::ports::StoreError, store::Reads};

/// Bytes of an encoded person besides the name, at most.
const BYTES_OF_PERSON: usize = 128;

/// The size of a message as JSON, at most, by which pages end early.
pub(in crate::messaging) fn authored_len(message: &AuthoredMessage) -> usize {
    shown::encoded_len(&message.shown) + person_len(&message.sender)
}

/// The size of a person as JSON, at most.
pub(in crate::messaging) fn person_len(person: &Person) -> usize {
    let name = person.firstname.as_str().len() + person.lastname.as_str().len();
    BYTES_OF_PERSON + 2 * name
}

/// The messages as `user` sees them. Reads all reactions at once.
pub(super) fn authored_to(
    tx: &mut dyn Reads,
    user: UserId,
    messages: Vec<(Message, Person)>,
) -> Result<Vec<AuthoredMessage>, StoreError> {
    let (messages, senders): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
    let shown = shown::shown_to(tx, user, messages)?.into_iter();
    let authored = shown.zip(senders);
    Ok(authored
        .map(|(shown, sender)| AuthoredMessage { shown, sender })
        .collect())
}

impl Messaging {
    /// The sender's own message as they see it. Reads nothing for a message without changes.
    pub(super) async fn authored(
        &self,
        message: Message,
        sender: Person,
    ) -> Result<AuthoredMessage, MessagingError> {
        if message.revision.is_none() {
            let reactions = Vec::new();
            let shown = ShownMessage { message, reactions };
            return Ok(AuthoredMessage { shown, sender });
        }
        self.authored_for(message, sender.id).await
    }

    /// The message as `viewer` sees it.
    pub(super) async fn authored_for(
        &self,
        message: Message,
        viewer: UserId,
    ) -> Result<AuthoredMessage, MessagingError> {
        self.context
            .database
            .read(move |tx| {
                let sender = tx.person(message.sender_id)?;
                let sender = sender.ok_or(MessagingError::MessageNotFound)?;
                let authored = authored_to(tx, viewer, vec![(message, sender)])?;
                let authored = authored.into_iter().next();
                authored.ok_or(MessagingError::MessageNotFound)
            })
            .await
    }
}
