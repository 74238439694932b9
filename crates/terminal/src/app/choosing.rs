//! Message selection; selection and scroll position follow each other.

use std::ops::Range;

use super::{App, Effect};
use crate::transcript::Transcript;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Towards {
    Older,
    Newer,
}

impl App {
    /// The `seq` of the selected message. In reading mode the default is the newest.
    pub(crate) fn chosen(&self) -> Option<u64> {
        let room = self.room()?;
        let chosen = self.chosen.filter(|seq| room.messages.contains_key(seq));
        let newest = || room.last_seq().filter(|_| !self.is_writing);
        chosen.or_else(newest)
    }

    /// Selects the next message, or scrolls within one that is taller than the pane.
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
            // A scroll may load older messages.
            (None, Towards::Older) => self.scroll_by(1),
            // Pending messages are below the newest.
            (None, Towards::Newer) => self.scroll_by(isize::MIN),
        }
    }

    /// Selects the newest visible message, unless one is selected.
    pub(super) fn choose_in_view(&mut self) {
        if self.chosen.is_none() {
            self.chosen = self.in_view().first().copied();
        }
    }

    /// After a scroll, moves the selection to the nearest visible message.
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

    /// The rows of a message of the selected room, counted from the newest row upwards.
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
            // A message taller than the pane shows the end from which the selection comes.
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

    /// The visible messages, newest first.
    fn in_view(&self) -> Vec<u64> {
        let Some(room) = self.room() else {
            return vec![];
        };
        let transcript = Transcript::of(self, room, self.pane.0);
        transcript.places_in(self.scroll, self.pane.1)
    }
}
