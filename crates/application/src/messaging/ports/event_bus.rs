use abu_domain::{RoomId, UserId, messaging::message::ShownMessage};

use crate::{
    identity::events::IdentityEvent,
    messaging::{
        events::Event,
        messages::Changed,
        submission::{Receipt, Refusal},
    },
    platform::ports::{NoSubscribers, Publish},
};

/// The event bus: every subscriber gets the same events in the same order.
pub trait EventBus: Publish<Event> + Publish<IdentityEvent> {
    /// Publishes in this order, behind everything that was published before. Blocks while a subscriber lags.
    fn publish_batch(&self, batch: Vec<Publication>);
}

/// What goes on the bus. The acknowledgement is beside the event: only the adapter of this process that gave
/// the receipt takes it back.
#[derive(Debug)]
pub enum Publication {
    /// For all users whom it concerns. To the holder of the receipt it is also the answer.
    Event {
        event: Event,
        receipt: Option<Receipt>,
    },
    /// For the holder of the receipt alone.
    Answer { answer: Answer, receipt: Receipt },
}

/// The outcome of a submission that is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The sender sent the same message before.
    Repeated(ShownMessage),
    /// All was so before the change.
    Unchanged(Changed),
    ReadMark {
        room: RoomId,
        user: UserId,
        last_read_seq: i64,
        /// Whether an event said so right before.
        moved: bool,
    },
    Refused(Refusal),
}

/// Which users are connected to the chat and joined it.
pub trait Presence: Send + Sync + 'static {
    /// In the order of `users`.
    fn online(&self, users: &[UserId]) -> Vec<bool>;
}

impl EventBus for NoSubscribers {
    fn publish_batch(&self, _batch: Vec<Publication>) {}
}

/// The presence of a process that has no chat.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPresence;

impl Presence for NoPresence {
    fn online(&self, users: &[UserId]) -> Vec<bool> {
        vec![false; users.len()]
    }
}
