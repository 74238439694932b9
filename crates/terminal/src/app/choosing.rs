//! Choosing a message to do something with. The view follows what is chosen, and what is chosen
//! follows the view.

use std::ops::Range;

use super::{App, Effect};
use crate::transcript::Transcript;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Towards {
    Older,
    Newer,
}

impl App {
    /// The place of the message that is chosen. While one is reading there is always one: the newest
    /// where no other is.
    pub(crate) fn chosen(&self) -> Option<u64> {
        let room = self.room()?;
        let chosen = self.chosen.filter(|seq| room.messages.contains_key(seq));
        let newest = || room.last_seq().filter(|_| !self.is_writing);
        chosen.or_else(newest)
    }

    /// Goes one message on, or on within one that is taller than the screen.
    pub(super) fn choose_next(&mut self, towards: Towards) -> Vec<Effect> {
        self.reacting = None;
        let Some((seq, rows)) = self
            .chosen()
            .and_then(|seq| Some((seq, self.rows_of(seq)?)))
        else {
            self.choose_in_view();
            return vec![];
        };
        let hidden = match towards {
            Towards::Older => rows.end.saturating_sub(self.scroll + self.pane.1),
            Towards::Newer => self.scroll.saturating_sub(rows.start),
        };
        if hidden > 0 {
            self.chosen = Some(seq);
            let most = self.pane.1.saturating_sub(1).max(1);
            return self.scroll_towards(towards, hidden.min(most));
        }
        match (self.next_to(seq, towards), towards) {
            (Some(next), _) => self.choose(next, towards),
            // Older ones may have to be loaded.
            (None, Towards::Older) => self.scroll_by(1),
            // What is on its way stands below the newest.
            (None, Towards::Newer) => self.scroll_by(isize::MIN),
        }
    }

    /// Chooses the newest message that shows, unless one is chosen.
    pub(super) fn choose_in_view(&mut self) {
        if self.chosen.is_none() {
            self.chosen = self.in_view().first().copied();
        }
    }

    /// After the view has moved, a message in it is chosen, if any is.
    pub(super) fn chosen_follows(&mut self) {
        let Some(seq) = self.chosen() else {
            return;
        };
        let seen = self.in_view();
        if seen.contains(&seq) {
            return;
        }
        let is_below = seen.first().is_some_and(|newest| *newest < seq);
        let nearest = if is_below { seen.first() } else { seen.last() };
        self.chosen = nearest.copied().or(self.chosen);
    }

    /// The rows of a message of the room on the screen, counted from the newest row upwards.
    pub(super) fn rows_of(&self, seq: u64) -> Option<Range<usize>> {
        Transcript::of(self, self.room()?, self.pane.0).rows_of(seq)
    }

    fn choose(&mut self, seq: u64, towards: Towards) -> Vec<Effect> {
        self.chosen = Some(seq);
        let Some(rows) = self.rows_of(seq) else {
            return vec![];
        };
        let (lowest, highest) = (rows.end.saturating_sub(self.pane.1), rows.start);
        let scroll = if lowest <= highest {
            self.scroll.clamp(lowest, highest)
        } else {
            // One that is taller than the screen is entered at the end from which one comes.
            match towards {
                Towards::Older => highest,
                Towards::Newer => lowest,
            }
        };
        self.scroll_by(scroll.cast_signed() - self.scroll.cast_signed())
    }

    fn next_to(&self, seq: u64, towards: Towards) -> Option<u64> {
        let messages = &self.room()?.messages;
        let next = match towards {
            Towards::Older => messages.range(..seq).next_back(),
            Towards::Newer => messages.range(seq + 1..).next(),
        };
        next.map(|(seq, _)| *seq)
    }

    fn scroll_towards(&mut self, towards: Towards, rows: usize) -> Vec<Effect> {
        self.scroll_by(match towards {
            Towards::Older => rows.cast_signed(),
            Towards::Newer => -rows.cast_signed(),
        })
    }

    /// The messages that show, the newest first.
    fn in_view(&self) -> Vec<u64> {
        let Some(room) = self.room() else {
            return vec![];
        };
        let transcript = Transcript::of(self, room, self.pane.0);
        transcript.places_in(self.scroll, self.pane.1)
    }
}
