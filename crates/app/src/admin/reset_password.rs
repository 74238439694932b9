use std::io::{self, Write};

use abu_domain::platform::text::EmailAddress;

use super::{AdminError, database::OpenDatabase, operator::operator, password::new_password};
use abu_security::{SecretStore, StoredSecret};
use abu_settings::Settings;

use crate::database::require_migrated;

pub(super) fn run(
    settings: &Settings,
    email: &EmailAddress,
    password_stdin: bool,
) -> Result<(), AdminError> {
    let password = new_password(password_stdin)?;
    let database = OpenDatabase::of(settings)?;
    require_migrated(&database.url)?;
    let setup = database.setup(settings);
    if !setup.reset_password(&operator(), email, &password)? {
        return Err(AdminError::NoSuchAccount);
    }
    if settings.superuser.email.as_ref() == Some(email) {
        // The generated initial password no longer works.
        SecretStore::new(&settings.data.dir).remove(StoredSecret::SuperuserPassword)?;
    }
    writeln!(
        io::stdout(),
        "the password was set, and every session has ended"
    )?;
    Ok(())
}
