//! Leaving: what is on its way may arrive first.

use std::time::{Duration, Instant};

use super::{App, Effect};

/// How long one waits for it.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// A message of which nobody knows that it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsent {
    /// The name of its room.
    pub(crate) room: String,
    pub(crate) text: String,
}

impl App {
    /// How many messages are waited for before the program ends, if it is about to.
    pub(crate) fn leaving(&self) -> Option<usize> {
        self.leaving.map(|_| self.on_their_way())
    }

    /// What was not sent in any room, for whatever reason.
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

    /// The first time waits for what is on its way, the second time does not.
    pub(super) fn leave(&mut self, now: Instant) -> Vec<Effect> {
        let mut effects = self.stop_typing();
        if self.leaving.is_none() && self.on_their_way() > 0 {
            self.leaving = Some(now + SEND_TIMEOUT);
        } else {
            effects.push(Effect::Quit(None));
        }
        effects
    }

    /// Whether there is nothing more to wait for.
    pub(super) fn may_leave(&self, now: Instant) -> bool {
        self.leaving
            .is_some_and(|until| now >= until || self.on_their_way() == 0)
    }

    fn on_their_way(&self) -> usize {
        self.rooms.iter().map(|room| room.on_their_way()).sum()
    }
}
