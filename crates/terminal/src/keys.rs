//! Key bindings and mouse wheel: maps terminal events to actions.

use ratatui::crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEventKind,
};

/// The scroll step of the wheel, in rows.
const WHEEL_ROWS: isize = 3;

/// An action of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Inserts text at the cursor.
    Insert(String),
    Send,
    Left,
    Right,
    Home,
    End,
    Backspace,
    Delete,
    DeleteWord,
    Clear,
    NextRoom,
    PreviousRoom,
    /// Scrolls by rows; positive is up.
    Scroll(isize),
    /// Scrolls by screens; positive is up.
    Page(isize),
    Newest,
    /// Selects the previous message.
    Older,
    /// Selects the next message.
    Newer,
    /// Replies to the selected message.
    Answer,
    Edit,
    Remove,
    React,
    /// Accepts an invitation.
    Join,
    /// Declines an invitation.
    Decline,
    /// Opens the key list.
    Help,
    /// Cancels an edit, reply or reaction, then leaves the composer, then the program.
    Escape,
    /// Returns to the composer.
    Write,
    /// Resends failed messages.
    Retry,
    /// Discards failed messages.
    Discard,
    Quit,
}

/// Maps a terminal event to an action; with `writing`, letters are text.
pub(crate) fn action(event: Event, writing: bool) -> Option<Action> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => of_key(key, writing),
        Event::Paste(text) => Some(Action::Insert(text)),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollUp => Some(Action::Scroll(WHEEL_ROWS)),
            MouseEventKind::ScrollDown => Some(Action::Scroll(-WHEEL_ROWS)),
            _ => None,
        },
        _ => None,
    }
}

fn of_key(key: KeyEvent, writing: bool) -> Option<Action> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    match key.code {
        KeyCode::Char(letter) if control => of_control(letter.to_ascii_lowercase()),
        KeyCode::Char(letter) if alt => of_reading(letter),
        KeyCode::Char(letter) if writing => Some(Action::Insert(letter.to_string())),
        KeyCode::Char(letter) => of_reading(letter),
        KeyCode::Enter if alt => Some(Action::Insert("\n".to_owned())),
        KeyCode::Enter if writing => Some(Action::Send),
        KeyCode::Enter => Some(Action::Write),
        KeyCode::Tab => Some(Action::NextRoom),
        KeyCode::BackTab => Some(Action::PreviousRoom),
        KeyCode::Up if writing => Some(Action::Scroll(1)),
        KeyCode::Up => Some(Action::Older),
        KeyCode::Down if writing => Some(Action::Scroll(-1)),
        KeyCode::Down => Some(Action::Newer),
        KeyCode::PageUp => Some(Action::Page(1)),
        KeyCode::PageDown => Some(Action::Page(-1)),
        KeyCode::Left => Some(Action::Left),
        KeyCode::Right => Some(Action::Right),
        KeyCode::Home => Some(Action::Home),
        KeyCode::End => Some(Action::End),
        KeyCode::Backspace => Some(Action::Backspace),
        KeyCode::Delete => Some(Action::Delete),
        KeyCode::F(1) => Some(Action::Help),
        KeyCode::Esc => Some(Action::Escape),
        _ => None,
    }
}

fn of_control(letter: char) -> Option<Action> {
    match letter {
        'c' => Some(Action::Quit),
        'n' => Some(Action::NextRoom),
        'p' => Some(Action::PreviousRoom),
        'a' => Some(Action::Home),
        'e' => Some(Action::End),
        'u' => Some(Action::Clear),
        'w' => Some(Action::DeleteWord),
        'h' => Some(Action::Backspace),
        'r' => Some(Action::Retry),
        'd' => Some(Action::Discard),
        _ => None,
    }
}

/// The commands on letters in reading mode, or with Alt.
fn of_reading(letter: char) -> Option<Action> {
    match letter {
        'k' => Some(Action::Older),
        'j' => Some(Action::Newer),
        'G' => Some(Action::Newest),
        'r' => Some(Action::Answer),
        'e' => Some(Action::Edit),
        'd' => Some(Action::Remove),
        'x' | '+' => Some(Action::React),
        'y' => Some(Action::Join),
        'n' => Some(Action::Decline),
        '?' => Some(Action::Help),
        'i' => Some(Action::Write),
        'q' => Some(Action::Quit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::crossterm::event::MouseEvent;

    fn pressed(code: KeyCode, modifiers: KeyModifiers, writing: bool) -> Option<Action> {
        action(Event::Key(KeyEvent::new(code, modifiers)), writing)
    }

    #[test]
    fn letters_are_written_unless_one_is_reading() {
        let k = KeyCode::Char('k');
        let none = KeyModifiers::NONE;
        assert_eq!(pressed(k, none, true), Some(Action::Insert("k".to_owned())));
        assert_eq!(pressed(k, none, false), Some(Action::Older));
        assert_eq!(pressed(k, KeyModifiers::ALT, true), Some(Action::Older));
        assert_eq!(pressed(KeyCode::Up, none, true), Some(Action::Scroll(1)));
        assert_eq!(pressed(KeyCode::Up, none, false), Some(Action::Older));
        assert_eq!(pressed(KeyCode::Enter, none, true), Some(Action::Send));
        assert_eq!(pressed(KeyCode::Enter, none, false), Some(Action::Write));
    }

    #[test]
    fn a_key_counts_once_and_control_writes_nothing() {
        let mut key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(action(Event::Key(key), true), Some(Action::Quit));
        key.kind = KeyEventKind::Release;
        assert_eq!(action(Event::Key(key), true), None);
        let unused = pressed(KeyCode::Char('y'), KeyModifiers::CONTROL, true);
        assert_eq!(unused, None);
    }

    #[test]
    fn the_wheel_scrolls_and_a_paste_inserts_text() {
        let wheel = MouseEvent {
            kind: MouseEventKind::ScrollUp,
            column: 0,
            row: 0,
            modifiers: KeyModifiers::NONE,
        };
        assert_eq!(action(Event::Mouse(wheel), true), Some(Action::Scroll(3)));
        let paste = Event::Paste("a\nb".to_owned());
        assert_eq!(action(paste, true), Some(Action::Insert("a\nb".to_owned())));
    }
}
