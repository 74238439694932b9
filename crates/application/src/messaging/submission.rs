//! What a submitter hears of a message, a change or a read mark.

use std::{any::Any, fmt, pin::Pin};

use abu_domain::messaging::message::ChangeRefusal;

/// Ends when the submission is committed, or known not to be.
pub type Submitted<T> = Pin<Box<dyn Future<Output = Result<T, SubmitError>> + Send>>;

/// Why something was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The sender is not a member of the room, or there is no such room.
    #[error("not a member of the room")]
    NotAMember,
    #[error("the room is read-only")]
    ReadOnly,
    /// The room has no message of the id that is answered.
    #[error("the answered message is not in the room")]
    ReplyToUnknown,
    /// The sender sent another text to the room under the same client message id.
    #[error("the client message id belongs to another message")]
    ClientIdTaken,
    /// The message cannot be changed that way.
    #[error(transparent)]
    Refused(#[from] ChangeRefusal),
    /// The store is away or too much is waiting; it was not stored.
    #[error("it could not be stored now")]
    Unavailable,
    /// The store went away during the commit; it may or may not be stored.
    #[error("it is not known whether it was stored")]
    InDoubt,
}

/// Why a connection's submission was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    Because(SubmitError),
    /// The store failed; the log has more under this reference.
    Internal {
        reference: String,
    },
}

impl From<SubmitError> for Refusal {
    fn from(error: SubmitError) -> Self {
        Self::Because(error)
    }
}

impl Refusal {
    /// A use case hears of no reference: its own failure gets one.
    pub(super) fn error(&self) -> SubmitError {
        match self {
            Self::Because(error) => *error,
            Self::Internal { .. } => SubmitError::Unavailable,
        }
    }
}

/// Correlates a submission with its outcome: a value of the adapter that submitted, which the bus hands back
/// to that adapter at the outcome's place in the order of events. It is opaque to the application, stays
/// in the process, and costs its one allocation per submission.
pub struct Receipt(Box<dyn Any + Send>);

impl Receipt {
    pub fn new<T: Any + Send>(value: T) -> Self {
        Self(Box::new(value))
    }

    /// The adapter's value; `None` for a receipt of another adapter.
    pub fn redeem<T: Any>(self) -> Option<T> {
        self.0.downcast().ok().map(|value| *value)
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receipt")
    }
}

/// Too much waits already; this is the receipt of what was not accepted.
#[derive(Debug)]
pub struct QueueFull(pub Receipt);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_adapter_that_made_a_receipt_redeems_it() {
        #[derive(Debug, PartialEq)]
        struct Session(u64);
        assert_eq!(Receipt::new(Session(7)).redeem(), Some(Session(7)));
        assert_eq!(Receipt::new(7_u64).redeem::<Session>(), None);
    }
}
