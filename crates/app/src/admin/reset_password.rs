use std::io::{self, BufRead, Read, Write};

use abu_domain::text::{EmailAddress, NewPassword};
use secrecy::SecretString;

use super::{AdminError, database::OpenDatabase, terminal::Terminal};
use crate::{
    database::require_migrated,
    kept_secrets::{KeptSecret, KeptSecrets},
    settings::Settings,
};

/// More than any password has.
const MAX_INPUT_BYTES: u64 = 4_096;

pub(super) fn run(
    settings: &Settings,
    email: &EmailAddress,
    password_stdin: bool,
) -> Result<(), AdminError> {
    let password = if password_stdin {
        first_line(&mut io::stdin().lock())?
    } else {
        let mut terminal = Terminal::open().ok_or_else(|| {
            let advice = "there is no terminal to ask for the password on; use --password-stdin";
            AdminError::Usage(advice.to_owned())
        })?;
        terminal.ask_new_password()?
    };
    let database = OpenDatabase::of(settings)?;
    require_migrated(&database.url)?;
    if !database.setup(settings).reset_password(email, &password)? {
        return Err(AdminError::NoSuchAccount);
    }
    if settings.superuser.email.as_ref() == Some(email) {
        // What the server had made for them is not their password any more.
        KeptSecrets::new(&settings.data.dir).remove(KeptSecret::SuperuserPassword)?;
    }
    writeln!(io::stdout(), "the password was set")?;
    Ok(())
}

fn first_line(input: &mut impl BufRead) -> Result<NewPassword, AdminError> {
    let mut line = String::new();
    input.take(MAX_INPUT_BYTES).read_line(&mut line)?;
    let password = SecretString::from(line.trim_end_matches(['\r', '\n']));
    NewPassword::parse(password).map_err(|rule| AdminError::Password(rule.to_string()))
}
