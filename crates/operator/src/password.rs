//! Password input from the terminal or standard input.

use std::io::{self, BufRead, Read};

use abu_domain::identity::text::NewPassword;
use secrecy::SecretString;

use super::{AdminError, terminal::Terminal};

/// Exceeds the longest allowed password.
const MAX_INPUT_BYTES: u64 = 4_096;

/// Prompts on the terminal, or reads the first line of standard input.
pub(super) fn new_password(from_stdin: bool) -> Result<NewPassword, AdminError> {
    if from_stdin {
        return first_line(&mut io::stdin().lock());
    }
    let mut terminal = Terminal::open().ok_or_else(|| {
        let advice = "there is no terminal to ask for the password on; use --password-stdin";
        AdminError::Usage(advice.to_owned())
    })?;
    terminal.ask_new_password()
}

fn first_line(input: &mut impl BufRead) -> Result<NewPassword, AdminError> {
    let mut line = String::new();
    input.take(MAX_INPUT_BYTES).read_line(&mut line)?;
    let password = SecretString::from(line.trim_end_matches(['\r', '\n']));
    NewPassword::parse(password).map_err(|rule| AdminError::Password(rule.to_string()))
}
