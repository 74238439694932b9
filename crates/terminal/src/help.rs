//! Help overlay: the list of all keys.

use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    style::Stylize,
    text::Line,
    widgets::{Block, Clear, Paragraph},
};

/// The width of the key column.
const KEY: usize = 12;

/// Keys and their actions; a heading has no key. Each entry fits into 36 columns.
pub(crate) const KEYS: [(&str, &str); 22] = [
    ("", "While reading; else with Alt"),
    ("k, j", "older, newer message"),
    ("r", "answer it"),
    ("x, +", "react, or take it back"),
    ("e", "edit your own"),
    ("d, d", "delete it"),
    ("G", "the newest message"),
    ("y, n", "answer an invitation"),
    ("i, q", "write; leave"),
    ("?", "these keys"),
    ("", "While writing"),
    ("Enter", "send"),
    ("Alt-Enter", "a new line"),
    ("Ctrl-U, -W", "clear; a word away"),
    ("Up, Down", "scroll by rows"),
    ("Ctrl-R, -D", "retry, drop failed ones"),
    ("", "Always"),
    ("Tab, S-Tab", "next room, previous"),
    ("PgUp, PgDn", "scroll by screens"),
    ("F1", "these keys"),
    ("Esc", "give up, read, leave"),
    ("Ctrl-C", "leave"),
];

/// Draws the list in the middle of the screen; `above` is its scroll offset.
pub(crate) fn draw(frame: &mut Frame<'_>, above: usize) {
    let rows = u16::try_from(KEYS.len()).unwrap_or(u16::MAX);
    let area = frame.area();
    let area = area.centered(
        Constraint::Length(40.min(area.width)),
        Constraint::Length((rows + 2).min(area.height)),
    );
    let lines: Vec<_> = KEYS.iter().skip(hidden(above, area)).map(line).collect();
    let frame_of_it = Block::bordered().title(" Keys ");
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines).block(frame_of_it), area);
}

/// Clamps the scroll offset to the last page.
fn hidden(above: usize, area: Rect) -> usize {
    let inside = usize::from(area.height.saturating_sub(2));
    above.min(KEYS.len().saturating_sub(inside))
}

fn line((key, what): &(&'static str, &'static str)) -> Line<'static> {
    if key.is_empty() {
        return Line::from(what.bold().underlined());
    }
    Line::from(vec![format!(" {key:KEY$}").bold(), (*what).into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_fits_a_screen_of_24_rows_and_40_columns() {
        assert!(KEYS.len() + 2 <= 24);
        for entry in &KEYS {
            assert!(line(entry).width() <= 38, "{entry:?}");
        }
    }
}
