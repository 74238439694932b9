//! The terminal while it is ours, and as it was afterwards, even after a panic.

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

/// Gives the terminal back when it goes.
pub(crate) struct Screen {
    pub(crate) terminal: DefaultTerminal,
}

impl Screen {
    /// Takes the whole screen, keys as they are pressed, the mouse's wheel and pastes.
    pub(crate) fn take() -> io::Result<Self> {
        let screen = Self {
            // Has its own hook for panics, to which ours below leads.
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
    // Nothing is to be done if the terminal is gone.
    drop(execute!(
        stdout(),
        DisableBracketedPaste,
        DisableMouseCapture
    ));
}
