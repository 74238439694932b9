//! Lines around the composer: its mode above, notices or key hints below.

use ratatui::{
    style::Stylize,
    text::{Line, Span},
};

use crate::{
    app::{App, OFFERED},
    room::Room,
    text,
    transcript::quote,
};

/// Bounds the rows of a notice.
const NOTICE: usize = 3;

/// In order of priority: a narrow screen drops the last ones.
const WRITING: [&str; 6] = [
    "Enter send",
    "Esc read",
    "F1 keys",
    "Tab next room",
    "PgUp older",
    "Ctrl-C quit",
];
const READING: [&str; 8] = [
    "? keys",
    "k/j choose",
    "r answer",
    "x react",
    "e edit",
    "d delete",
    "i write",
    "Esc quit",
];
const FAILED: [&str; 4] = ["Ctrl-R send again", "Ctrl-D forget", "F1 keys", "Esc read"];

const GIVE_UP: &str = " \u{2014} Esc gives up";

/// The line above the composer, for a reaction, an edit or a reply.
pub(crate) fn intent(app: &App, columns: usize) -> Option<Line<'static>> {
    let room = app.room()?;
    if app.reacting().is_some() {
        return Some(offer());
    }
    if let Some(editing) = &room.editing {
        let said = match editing.is_saving {
            true => "Saving\u{2026}".to_owned(),
            false => format!("Editing{GIVE_UP}"),
        };
        return Some(Line::from(said.yellow()));
    }
    let answering = room.answering.as_ref()?;
    let left = columns.saturating_sub(text::width(GIVE_UP));
    let quote = quote(app, room, answering, left);
    Some(Line::from(format!("{quote}{GIVE_UP}").yellow()))
}

fn offer() -> Line<'static> {
    let offered = OFFERED.iter().enumerate();
    let offered = offered.map(|(place, emoji)| Span::from(format!("{}{emoji} ", place + 1)));
    Line::from_iter(offered)
}

/// The bottom lines: a notice, or key hints.
pub(crate) fn status(app: &App, columns: usize) -> Vec<Line<'static>> {
    if let Some(messages) = app.leaving() {
        let s = if messages == 1 { "" } else { "s" };
        let said = format!("Sending {messages} message{s}\u{2026} Ctrl-C leaves at once.");
        return vec![Line::from(said.yellow())];
    }
    if let Some(notice) = app.notice() {
        let rows = text::wrap(&text::clean_line(notice), columns);
        let rows = rows.into_iter().take(NOTICE);
        return rows.map(|row| Line::from(row.yellow())).collect();
    }
    let has_failed = |room: &Room| room.pending.iter().any(|pending| pending.failure.is_some());
    let hints: &[&str] = if app.reacting().is_some() {
        &["1-9 choose", "or type one, Enter", "Esc gives up"]
    } else if !app.is_writing() {
        &READING
    } else if app.room().is_some_and(|room| room.editing.is_some()) {
        &["Enter save", "Esc gives up", "F1 keys"]
    } else if app.room().is_some_and(has_failed) {
        &FAILED
    } else {
        &WRITING
    };
    vec![Line::from(fitting(hints, columns).dim())]
}

fn fitting(hints: &[&str], columns: usize) -> String {
    let mut row = String::new();
    for hint in hints {
        let gap = if row.is_empty() { "" } else { "  " };
        if text::width(&row) + gap.len() + text::width(hint) > columns {
            break;
        }
        row.push_str(gap);
        row.push_str(hint);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_fit_80_columns_and_the_help_hint_fits_40() {
        for hints in [&WRITING[..], &READING, &FAILED] {
            assert_eq!(fitting(hints, 80), hints.join("  "));
        }
        assert!(fitting(&WRITING, 40).contains("F1 keys"));
        assert!(fitting(&READING, 40).contains("? keys"));
        assert!(offer().width() <= 40);
    }
}
