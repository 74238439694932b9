use std::io::{self, Write};

use abu_application::platform::rate_limits::RateLimits;
use abu_domain::platform::text::EmailAddress;
use abu_security::{SecretStore, StoredSecret};
use abu_settings::Settings;

use super::{AdminError, database::OpenDatabase, operator::operator, password::new_password};
use abu_programs::{database::require_migrated, parts::rate_limits};

pub(super) fn run(
    settings: &Settings,
    email: &EmailAddress,
    password_stdin: bool,
) -> Result<(), AdminError> {
    let password = new_password(password_stdin)?;
    let database = OpenDatabase::of(settings)?;
    require_migrated(&database.url)?;
    let setup = database.setup(settings);
    let secrets = SecretStore::new(&settings.data.dir);
    let limits = limits(settings, &secrets)?;
    if !setup.reset_password(&operator(), email, &password, &limits)? {
        return Err(AdminError::NoSuchAccount);
    }
    if settings.superuser.email.as_ref() == Some(email) {
        // The generated initial password no longer works.
        secrets.remove(StoredSecret::SuperuserPassword)?;
    }
    writeln!(
        io::stdout(),
        "the password was set, and every session has ended"
    )?;
    Ok(())
}

/// The limits of the server, whose secret is in the keys of their buckets. Without a secret no server
/// has counted yet.
fn limits(settings: &Settings, secrets: &SecretStore) -> Result<RateLimits, AdminError> {
    let secret = match &settings.auth.jwt_secret {
        Some(configured) => Some(configured.clone()),
        None => secrets.get(StoredSecret::JwtSecret)?,
    };
    Ok(secret.map_or_else(RateLimits::off, |secret| rate_limits(settings, &secret)))
}
