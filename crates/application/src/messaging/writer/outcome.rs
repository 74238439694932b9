//! What the writer publishes of a submission's outcome, and what its submitter hears.

use abu_domain::messaging::message::{Message, ShownMessage};
use tokio::sync::oneshot;

use crate::messaging::{
    events::Event,
    messages::{ChangeOutcome, Reactions},
    ports::{Answer, Publication, StoreOutcome},
    submission::{Receipt, Refusal, SubmitError},
};

pub(super) enum Submitter {
    /// A connection: it hears the outcome at its place in the order of events.
    Connection(Receipt),
    /// A use case: it hears the outcome at once.
    Caller(oneshot::Sender<Result<Message, SubmitError>>),
}

impl Submitter {
    /// Answers a use case; returns the receipt of a connection.
    fn accepted(self, message: &Message) -> Option<Receipt> {
        match self {
            Self::Connection(receipt) => Some(receipt),
            Self::Caller(reply) => {
                let _ = reply.send(Ok(message.clone()));
                None
            }
        }
    }
}

/// `submitter` is `None` where it was refused while the database was away.
pub(super) fn of_message(
    outcome: StoreOutcome,
    submitter: Option<Submitter>,
    reactions: &Reactions,
) -> Option<Publication> {
    match outcome {
        StoreOutcome::Stored(message) => {
            let receipt = submitter.and_then(|submitter| submitter.accepted(&message));
            let event = Event::MessageStored { message };
            Some(Publication::Event { event, receipt })
        }
        StoreOutcome::Repeated(message) => {
            let receipt = submitter?.accepted(&message)?;
            let reactions = reactions.get(&(message.id, message.sender_id));
            let repeated = ShownMessage {
                reactions: reactions.cloned().unwrap_or_default(),
                message,
            };
            let answer = Answer::Repeated(repeated);
            Some(Publication::Answer { answer, receipt })
        }
        StoreOutcome::ClientIdTaken => refuse(submitter?, SubmitError::ClientIdTaken.into()),
        StoreOutcome::NotAMember => refuse(submitter?, SubmitError::NotAMember.into()),
        StoreOutcome::ReadOnly => refuse(submitter?, SubmitError::ReadOnly.into()),
        StoreOutcome::ReplyToUnknown => refuse(submitter?, SubmitError::ReplyToUnknown.into()),
    }
}

/// A change whose commit was in doubt may have been made by an earlier attempt, which published nothing.
pub(super) fn of_change(
    outcome: ChangeOutcome,
    submitter: Option<Submitter>,
    in_doubt: bool,
) -> Option<Publication> {
    match outcome {
        ChangeOutcome::Unchanged(changed) if !in_doubt => {
            let receipt = submitter?.accepted(&changed.message)?;
            let answer = Answer::Unchanged(changed);
            Some(Publication::Answer { answer, receipt })
        }
        ChangeOutcome::Changed(changed) | ChangeOutcome::Unchanged(changed) => {
            let receipt = submitter.and_then(|submitter| submitter.accepted(&changed.message));
            let event = Event::MessageChanged(changed);
            Some(Publication::Event { event, receipt })
        }
        ChangeOutcome::NotAMember => refuse(submitter?, SubmitError::NotAMember.into()),
        ChangeOutcome::ReadOnly => refuse(submitter?, SubmitError::ReadOnly.into()),
        ChangeOutcome::Refused(refusal) => refuse(submitter?, SubmitError::from(refusal).into()),
    }
}

/// Answers a use case at once; the answer to a connection goes over the bus.
pub(super) fn refuse(submitter: Submitter, refusal: Refusal) -> Option<Publication> {
    match submitter {
        Submitter::Connection(receipt) => {
            let answer = Answer::Refused(refusal);
            Some(Publication::Answer { answer, receipt })
        }
        Submitter::Caller(reply) => {
            let _ = reply.send(Err(refusal.error()));
            None
        }
    }
}
