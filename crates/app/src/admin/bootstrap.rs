use std::io::{self, Write};

use abu_application::identity::setup::{Setup, SuperuserDraft, SuperuserOutcome};
use abu_domain::{
    identity::text::NewPassword,
    platform::text::{EmailAddress, PersonName},
};
use abu_settings::{Settings, SuperuserSettings};

use super::{AdminError, database::OpenDatabase, operator::operator, terminal::Terminal};
use crate::database::{reference_data, require_migrated};

pub(super) fn run(settings: &Settings) -> Result<(), AdminError> {
    let mut terminal = Terminal::open();
    require_or_terminal(&settings.superuser, terminal.is_some())?;
    // Prompts before opening the database: the operator may take a while.
    let superuser = &settings.superuser;
    let email = complete(
        superuser.email.clone(),
        "superuser.email",
        "E-mail address",
        terminal.as_mut(),
        EmailAddress::parse,
    )?;
    let firstname = complete(
        superuser.firstname.clone(),
        "superuser.firstname",
        "First name",
        terminal.as_mut(),
        PersonName::parse,
    )?;
    let lastname = complete(
        superuser.lastname.clone(),
        "superuser.lastname",
        "Last name",
        terminal.as_mut(),
        PersonName::parse,
    )?;
    let database = OpenDatabase::of(settings)?;
    require_migrated(&database.url)?;
    let setup = database.setup(settings);
    let password = password(&setup, superuser, &email, terminal.as_mut())?;
    let draft = SuperuserDraft {
        email,
        password,
        firstname,
        lastname,
    };
    let done = setup.bootstrap(&operator(), &draft)?;
    report_access_rows(done.access_rows_added)?;
    load_reference_data(&database)?;
    let administrator = match done.superuser {
        SuperuserOutcome::Created => "the administrator was made",
        SuperuserOutcome::AlreadyThere => "the administrator was there and keeps their password",
    };
    Ok(writeln!(io::stdout(), "{administrator}")?)
}

pub(super) fn seed_access(settings: &Settings) -> Result<(), AdminError> {
    let database = OpenDatabase::of(settings)?;
    require_migrated(&database.url)?;
    let added = database.setup(settings).seed_access(&operator())?;
    report_access_rows(added)?;
    load_reference_data(&database)
}

fn load_reference_data(database: &OpenDatabase) -> Result<(), AdminError> {
    for list in reference_data::load(database.store(), &operator())? {
        writeln!(
            io::stdout(),
            "{}: {} entries were added, {} updated, and {} left as the office edited them",
            list.kind.name(),
            list.added,
            list.updated,
            list.kept,
        )?;
        for ambiguous in &list.ambiguous {
            writeln!(io::stdout(), "{}: {ambiguous}", list.kind.name())?;
        }
    }
    Ok(())
}

fn report_access_rows(added: usize) -> io::Result<()> {
    writeln!(
        io::stdout(),
        "{added} missing permissions, roles, groups and links were added"
    )
}

/// Without a terminal, reports all missing settings at once and changes nothing. Only the database
/// knows whether a password is needed.
fn require_or_terminal(superuser: &SuperuserSettings, terminal: bool) -> Result<(), AdminError> {
    let missing: Vec<_> = [
        ("superuser.email", superuser.email.is_none()),
        ("superuser.firstname", superuser.firstname.is_none()),
        ("superuser.lastname", superuser.lastname.is_none()),
        (
            "superuser.password",
            superuser.email.is_none() && superuser.password.is_none(),
        ),
    ]
    .into_iter()
    .filter_map(|(key, missing)| missing.then_some(key))
    .collect();
    match terminal || missing.is_empty() {
        true => Ok(()),
        false => Err(AdminError::Missing(missing)),
    }
}

/// The configured value, or an answer at the terminal.
fn complete<T, E: std::fmt::Display>(
    configured: Option<T>,
    key: &'static str,
    question: &str,
    terminal: Option<&mut Terminal>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<T, AdminError> {
    match (configured, terminal) {
        (Some(configured), _) => Ok(configured),
        (None, Some(terminal)) => terminal.ask(question, parse),
        (None, None) => Err(AdminError::Missing(vec![key])),
    }
}

/// A password, unless the account has one.
fn password(
    setup: &Setup,
    superuser: &SuperuserSettings,
    email: &EmailAddress,
    terminal: Option<&mut Terminal>,
) -> Result<Option<NewPassword>, AdminError> {
    if let Some(configured) = &superuser.password {
        return Ok(Some(configured.clone()));
    }
    if setup.has_account(email)? {
        return Ok(None);
    }
    match terminal {
        Some(terminal) => terminal.ask_new_password().map(Some),
        None => Err(AdminError::Missing(vec!["superuser.password"])),
    }
}
