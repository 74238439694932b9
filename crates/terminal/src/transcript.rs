//! Layout of a room's messages as rows of a given width.

use std::ops::Range;

use abu_chat_client::{Message, MessageId};
use ratatui::{
    style::{Color, Modifier, Style, Stylize},
    text::{Line, Span},
};

use crate::{
    app::App,
    room::{History, Pending, Room},
    text,
};

/// The width of the time column, which is blank in a message's further rows.
const MARGIN: usize = 6;

/// A lazy layout: only visible or unmeasured messages are laid out.
pub(crate) struct Transcript<'a> {
    app: &'a App,
    room: &'a Room,
    columns: usize,
}

/// A block of rows.
enum Block<'a> {
    Pending(&'a Pending),
    Message {
        previous: Option<&'a Message>,
        message: &'a Message,
    },
    /// A line above the oldest message.
    Top(&'static str),
}

impl<'a> Transcript<'a> {
    pub(crate) fn of(app: &'a App, room: &'a Room, columns: usize) -> Self {
        Self { app, room, columns }
    }

    /// The visible rows of a window with this height and `below` rows under it, oldest first.
    pub(crate) fn window(&self, below: usize, height: usize) -> Vec<Line<'static>> {
        let mut upwards = vec![];
        let mut hidden = None;
        let mut passed = 0;
        for block in self.blocks() {
            if passed >= below + height {
                break;
            }
            let tall = self.height(&block);
            if passed + tall > below {
                hidden.get_or_insert(below - passed.min(below));
                upwards.extend(self.rows(&block).into_iter().rev());
            }
            passed += tall;
        }
        let shown = upwards.into_iter().skip(hidden.unwrap_or(0)).take(height);
        let mut rows: Vec<_> = shown.collect();
        rows.reverse();
        rows
    }

    /// The `seq`s of the messages that are at least partly visible in such a window, newest first.
    pub(crate) fn places_in(&self, below: usize, height: usize) -> Vec<u64> {
        let mut places = vec![];
        let mut passed = 0;
        for block in self.blocks() {
            if passed >= below + height {
                break;
            }
            passed += self.height(&block);
            if let Block::Message { message, .. } = block
                && passed > below
            {
                places.push(message.seq);
            }
        }
        places
    }

    /// The total number of rows, at most `enough`.
    pub(crate) fn height_up_to(&self, enough: usize) -> usize {
        let mut height = 0;
        for block in self.blocks() {
            if height >= enough {
                return enough;
            }
            height += self.height(&block);
        }
        height.min(enough)
    }

    /// The rows of the message `seq`, counted from the newest row upwards.
    pub(crate) fn rows_of(&self, seq: u64) -> Option<Range<usize>> {
        let mut below = 0;
        for block in self.blocks() {
            let height = self.height(&block);
            match block {
                Block::Message { message, .. } if message.seq == seq => {
                    return Some(below..below + height);
                }
                Block::Message { message, .. } if message.seq < seq => return None,
                _ => below += height,
            }
        }
        None
    }

    /// All blocks, newest first.
    fn blocks(&self) -> impl Iterator<Item = Block<'a>> {
        let mut older = self.room.messages.values().rev().skip(1);
        let messages = self.room.messages.values().rev();
        let pending = self.room.pending.iter().rev().map(Block::Pending);
        pending
            .chain(messages.map(move |message| Block::Message {
                previous: older.next(),
                message,
            }))
            .chain(self.top().map(Block::Top))
    }

    fn top(&self) -> Option<&'static str> {
        if self.room.history == History::Asked {
            return Some("loading older messages\u{2026}");
        }
        let is_cut = self.room.first_seq().is_some_and(|first| first > 1);
        (is_cut && !self.room.has_older()).then_some("older messages are not kept here")
    }

    fn height(&self, block: &Block<'_>) -> usize {
        match block {
            Block::Pending(pending) => self.pending(pending).len(),
            Block::Top(_) => 1,
            Block::Message { previous, message } => {
                let rules = usize::from(self.begins_day(*previous, message))
                    + usize::from(self.begins_new(*previous, message));
                let count = || self.content(message).len();
                rules + self.room.heights.of(message, self.columns, count)
            }
        }
    }

    fn rows(&self, block: &Block<'_>) -> Vec<Line<'static>> {
        match block {
            Block::Pending(pending) => self.pending(pending),
            Block::Top(said) => vec![Line::from(said.dim())],
            Block::Message { previous, message } => {
                let mut rows = vec![];
                if self.begins_day(*previous, message) {
                    let day = self.app.local(message.timestamp).format("%-d %B %Y");
                    rows.push(rule(&day.to_string(), self.columns).dim());
                }
                if self.begins_new(*previous, message) {
                    rows.push(rule("new", self.columns).yellow());
                }
                let content = self.content(message);
                let is_chosen = self.app.chosen() == Some(message.seq);
                rows.extend(content.into_iter().map(|row| match is_chosen {
                    true => marked(row),
                    false => row,
                }));
                rows
            }
        }
    }

    fn begins_day(&self, previous: Option<&Message>, message: &Message) -> bool {
        let day = |message: &Message| self.app.local(message.timestamp).date();
        previous.map(day) != Some(day(message))
    }

    fn begins_new(&self, previous: Option<&Message>, message: &Message) -> bool {
        self.room.new_from.is_some_and(|new| {
            message.seq >= new && previous.is_none_or(|previous| previous.seq < new)
        })
    }

    /// A message's own rows. Their number depends only on its revision and the width, as the height cache
    /// requires.
    fn content(&self, message: &Message) -> Vec<Line<'static>> {
        #[cfg(test)]
        LAID_OUT.with(|laid_out| laid_out.set(laid_out.get() + 1));
        let (app, columns) = (self.app, self.columns);
        let time = app.local(message.timestamp);
        let color = if app.is_me(&message.sender_id) {
            Color::Cyan
        } else {
            Color::Green
        };
        let sender = text::cut(
            &app.name(&message.sender_id),
            columns.saturating_sub(MARGIN),
        );
        let sender = sender.fg(color).bold();
        let mut head = vec![format!("{} ", time.format("%H:%M")).dim(), sender];
        if message.edited_at.is_some() && !message.deleted {
            head.push(" (edited)".dim());
        }
        let mut rows = vec![Line::from(head)];
        rows.extend(self.answered(message.reply_to.as_ref()));
        if message.deleted {
            let style = Style::new().add_modifier(Modifier::ITALIC | Modifier::DIM);
            rows.push(indented("this message was deleted".to_owned(), style));
        } else {
            rows.extend(body(&message.text, columns, Style::new()));
        }
        if !message.reactions.is_empty() {
            let counts = message.reactions.iter();
            let counts = counts.map(|reaction| {
                let emoji = text::clean_line(reaction.emoji.as_str());
                let own = match app.reacted(message, &reaction.emoji) {
                    true => " (you)",
                    false => "",
                };
                format!("{emoji} {}{own}", reaction.count)
            });
            let counts = counts.collect::<Vec<_>>().join("  ");
            rows.extend(body(&counts, columns, Style::new().fg(Color::Yellow)));
        }
        rows
    }

    fn pending(&self, pending: &Pending) -> Vec<Line<'static>> {
        let mut rows = match &pending.failure {
            None => {
                let head = [margin(), "you".cyan().bold(), " (sending\u{2026})".dim()];
                vec![Line::from_iter(head)]
            }
            Some(why) => {
                let head = format!("you (not sent: {why})");
                body(&head, self.columns, Style::new().fg(Color::Red))
            }
        };
        rows.extend(self.answered(pending.reply_to.as_ref()));
        rows.extend(body(&pending.text, self.columns, Style::new().dim()));
        rows
    }

    /// The row with the quote of a reply.
    fn answered(&self, id: Option<&MessageId>) -> Option<Line<'static>> {
        let columns = self.columns.saturating_sub(MARGIN);
        let quote = quote(self.app, self.room, id?, columns);
        Some(indented(quote, Style::new().dim()))
    }
}

#[cfg(test)]
thread_local! {
    /// The number of message layouts.
    pub(crate) static LAID_OUT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A quote of the message `id`, in one row.
pub(crate) fn quote(app: &App, room: &Room, id: &MessageId, columns: usize) -> String {
    let quoted = match room.message(id) {
        None => "an earlier message".to_owned(),
        Some(answered) if answered.deleted => "a deleted message".to_owned(),
        Some(answered) => {
            let said = text::clean_line(&answered.text);
            format!("{}: {said}", app.name(&answered.sender_id))
        }
    };
    text::cut(&format!("\u{21aa} {quoted}"), columns)
}

/// Adds a bar in the last column of the margin.
fn marked(mut row: Line<'static>) -> Line<'static> {
    if let Some(margin) = row.spans.first_mut() {
        let mut free = margin.content.to_string();
        free.pop();
        margin.content = free.into();
        row.spans.insert(1, "\u{258c}".cyan().bold());
    }
    row
}

fn body(said: &str, columns: usize, style: Style) -> Vec<Line<'static>> {
    text::wrap(&text::clean(said), columns.saturating_sub(MARGIN))
        .into_iter()
        .map(|row| indented(row, style))
        .collect()
}

fn indented(row: String, style: Style) -> Line<'static> {
    Line::from(vec![margin(), Span::styled(row, style)])
}

fn margin() -> Span<'static> {
    " ".repeat(MARGIN).into()
}

fn rule(title: &str, columns: usize) -> Line<'static> {
    let dashes = columns.saturating_sub(text::width(title) + 2);
    let left = "\u{2500}".repeat(dashes / 2);
    let right = "\u{2500}".repeat(dashes - dashes / 2);
    Line::from(format!("{left} {title} {right}"))
}
