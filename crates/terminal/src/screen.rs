//! Terminal setup, and its restoration on drop and after a panic.

use std::io::{self, stdout};

use ratatui::{
    DefaultTerminal,
    crossterm::{
        event::{
            DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
        },
        execute,
    },
};

/// The configured terminal; a drop restores it.
pub(crate) struct Screen {
    pub(crate) terminal: DefaultTerminal,
}

impl Screen {
    /// Enters the alternate screen and raw mode, and enables mouse capture and bracketed paste.
    pub(crate) fn take() -> io::Result<Self> {
        let screen = Self {
            // Installs its own panic hook, which the hook below calls.
            terminal: ratatui::try_init()?,
        };
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back_input();
            hook(panic);
        }));
        execute!(stdout(), EnableMouseCapture, EnableBracketedPaste)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back_input();
        ratatui::restore();
    }
}

fn give_back_input() {
    // A closed terminal needs no restoring.
    drop(execute!(
        stdout(),
        DisableBracketedPaste,
        DisableMouseCapture
    ));
}
