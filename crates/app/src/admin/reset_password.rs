use std::io::{self, BufRead, Read, Write};

use abu_application::ports::{Clock, PasswordHasher, Store};
use abu_application::system::SystemClock;
use abu_domain::text::{EmailAddress, NewPassword};
use secrecy::SecretString;

use super::{AdminError, database::OpenDatabase, terminal::Terminal};
use crate::{
    database::require_migrated,
    kept_secrets::{KeptSecret, KeptSecrets},
    security::BcryptHasher,
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
    let hash = BcryptHasher::new(settings.auth.bcrypt_cost)
        .hash(&password)
        .map_err(AdminError::Hashing)?;
    let store: &dyn Store = &database.store();
    let known = store.transaction(|tx| match tx.credentials(email)? {
        Some(account) => tx.set_password_hash(account.user_id, &hash, SystemClock.now()),
        None => Ok(false),
    })?;
    if !known {
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
