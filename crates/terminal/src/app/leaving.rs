//! Graceful exit: waits for pending messages, up to a deadline.

use std::time::{Duration, Instant};

use super::{App, Effect};

/// Bounds the wait for pending messages.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// A message without the server's confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsent {
    /// The title of its room.
    pub(crate) room: String,
    pub(crate) text: String,
}

impl App {
    /// The number of pending messages, if the program waits for them before it ends.
    pub(crate) fn leaving(&self) -> Option<usize> {
        self.leaving.map(|_| self.on_their_way())
    }

    /// The unconfirmed messages and edits of all rooms.
    pub(crate) fn unsent(&self) -> Vec<Unsent> {
        let rooms = self.rooms.iter();
        rooms
            .flat_map(|room| {
                room.unsent().map(|text| Unsent {
                    room: self.title(room),
                    text: text.to_owned(),
                })
            })
            .collect()
    }

    /// The first call waits for pending messages; the second ends the program at once.
    pub(super) fn leave(&mut self, now: Instant) -> Vec<Effect> {
        let mut effects = self.stop_typing();
        if self.leaving.is_none() && self.on_their_way() > 0 {
            self.leaving = Some(now + SEND_TIMEOUT);
        } else {
            effects.push(Effect::Quit(None));
        }
        effects
    }

    /// Whether no message is pending, or the deadline is over.
    pub(super) fn may_leave(&self, now: Instant) -> bool {
        self.leaving
            .is_some_and(|until| now >= until || self.on_their_way() == 0)
    }

    fn on_their_way(&self) -> usize {
        self.rooms.iter().map(|room| room.on_their_way()).sum()
    }
}
