//! A room's messages as rows of a given width.

use abu_chat_client::Message;
use ratatui::{
    style::{Color, Modifier, Style, Stylize},
    text::{Line, Span},
};

use crate::{
    app::App,
    room::{History, Pending, Room},
    text,
};

/// The columns of the time, which stand free in a message's further rows.
const MARGIN: usize = 6;

/// The rows of a room, the newest at the end.
pub(crate) fn rows(app: &App, room: &Room, columns: usize) -> Vec<Line<'static>> {
    let mut rows = vec![];
    if room.history == History::Asked {
        rows.push(Line::from("loading older messages\u{2026}".dim()));
    } else if room.first_seq().is_some_and(|first| first > 1) && !room.has_older() {
        rows.push(Line::from("older messages are not kept here".dim()));
    }
    let mut previous = None;
    for message in room.messages.values() {
        rows.extend(block(app, room, previous, message, columns));
        previous = Some(message);
    }
    for pending in &room.pending {
        rows.extend(pending_rows(pending, columns));
    }
    rows
}

/// How many rows one message adds.
pub(crate) fn rows_of(app: &App, room: &Room, seq: u64, columns: usize) -> usize {
    let Some(message) = room.messages.get(&seq) else {
        return 0;
    };
    let previous = room.messages.range(..seq).next_back();
    let previous = previous.map(|(_, message)| message);
    block(app, room, previous, message, columns).len()
}

fn block(
    app: &App,
    room: &Room,
    previous: Option<&Message>,
    message: &Message,
    columns: usize,
) -> Vec<Line<'static>> {
    let mut rows = vec![];
    let time = app.local(message.timestamp);
    let day_before = previous.map(|previous| app.local(previous.timestamp).date());
    if day_before != Some(time.date()) {
        rows.push(rule(&time.format("%-d %B %Y").to_string(), columns).dim());
    }
    if room
        .new_from
        .is_some_and(|new| message.seq >= new && previous.is_none_or(|previous| previous.seq < new))
    {
        rows.push(rule("new", columns).yellow());
    }
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
    rows.push(Line::from(head));
    if message.reply_to.is_some() {
        rows.push(indented(
            quote(app, room, message, columns),
            Style::new().dim(),
        ));
    }
    if message.deleted {
        let style = Style::new().add_modifier(Modifier::ITALIC | Modifier::DIM);
        rows.push(indented("this message was deleted".to_owned(), style));
    } else {
        rows.extend(body(&message.text, columns, Style::new()));
    }
    if !message.reactions.is_empty() {
        let counts = message.reactions.iter();
        let counts = counts.map(|reaction| {
            format!(
                "{} {}",
                text::clean_line(reaction.emoji.as_str()),
                reaction.count
            )
        });
        let counts = counts.collect::<Vec<_>>().join("  ");
        rows.extend(body(&counts, columns, Style::new().fg(Color::Yellow)));
    }
    rows
}

/// Whom and what a message answers.
fn quote(app: &App, room: &Room, message: &Message, columns: usize) -> String {
    let answered = message.reply_to.as_ref().and_then(|id| room.message(id));
    let quoted = match answered {
        None => "an earlier message".to_owned(),
        Some(answered) if answered.deleted => "a deleted message".to_owned(),
        Some(answered) => {
            let said = text::clean_line(&answered.text);
            format!("{}: {said}", app.name(&answered.sender_id))
        }
    };
    text::cut(
        &format!("\u{21aa} {quoted}"),
        columns.saturating_sub(MARGIN),
    )
}

fn pending_rows(pending: &Pending, columns: usize) -> Vec<Line<'static>> {
    let mut head = vec!["      ".into(), "you".cyan().bold()];
    head.push(match &pending.failure {
        None => " (sending\u{2026})".dim(),
        Some(why) => format!(" (not sent: {why})").red(),
    });
    let mut rows = vec![Line::from(head)];
    rows.extend(body(&pending.text, columns, Style::new().dim()));
    rows
}

fn body(said: &str, columns: usize, style: Style) -> Vec<Line<'static>> {
    text::wrap(&text::clean(said), columns.saturating_sub(MARGIN))
        .into_iter()
        .map(|row| indented(row, style))
        .collect()
}

fn indented(row: String, style: Style) -> Line<'static> {
    Line::from(vec![" ".repeat(MARGIN).into(), Span::styled(row, style)])
}

fn rule(title: &str, columns: usize) -> Line<'static> {
    let dashes = columns.saturating_sub(text::width(title) + 2);
    let left = "\u{2500}".repeat(dashes / 2);
    let right = "\u{2500}".repeat(dashes - dashes / 2);
    Line::from(format!("{left} {title} {right}"))
}
