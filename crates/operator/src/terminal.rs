//! Prompts on the terminal.

use std::{
    fmt::Display,
    io::{self, BufRead, IsTerminal, Write},
};

use abu_domain::identity::text::NewPassword;
use secrecy::{ExposeSecret, SecretString};

use super::AdminError;

/// An interactive terminal.
pub(super) struct Terminal(());

impl Terminal {
    /// `None` unless standard input and standard error are terminals.
    pub(super) fn open() -> Option<Self> {
        let there = io::stdin().is_terminal() && io::stderr().is_terminal();
        there.then_some(Self(()))
    }

    /// Repeats the prompt until the answer parses.
    pub(super) fn ask<T, E: Display>(
        &mut self,
        question: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, AdminError> {
        loop {
            say(format_args!("{question}: "))?;
            let mut answer = String::new();
            if io::stdin().lock().read_line(&mut answer)? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            match parse(&answer) {
                Ok(parsed) => return Ok(parsed),
                Err(rule) => say(format_args!("It {rule}.\n"))?,
            }
        }
    }

    /// Prompts with hidden input until the operator has typed one valid password twice.
    pub(super) fn ask_new_password(&mut self) -> Result<NewPassword, AdminError> {
        loop {
            let password = ask_hidden("New password: ")?;
            match NewPassword::parse(password.clone()) {
                Err(rule) => say(format_args!("It {rule}.\n"))?,
                Ok(parsed) => {
                    let again = ask_hidden("The same password again: ")?;
                    if again.expose_secret() == password.expose_secret() {
                        return Ok(parsed);
                    }
                    say(format_args!("The two were different.\n"))?;
                }
            }
        }
    }
}

fn ask_hidden(question: &str) -> io::Result<SecretString> {
    rpassword::prompt_password(question).map(SecretString::from)
}

/// Prompts go to standard error, so standard output holds results only.
fn say(text: std::fmt::Arguments<'_>) -> io::Result<()> {
    let mut out = io::stderr().lock();
    out.write_fmt(text)?;
    out.flush()
}
