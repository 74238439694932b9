//! `abu-admin directory`: proof and repair of the search rows.

use std::{
    io::{self, Write},
    sync::Arc,
};

use abu_application::{
    alumni::directory::{Checked, Maintenance},
    platform::system::SystemClock,
};
use abu_programs::database::require_migrated;
use abu_settings::Settings;
use clap::Subcommand;

use super::{AdminError, database::OpenDatabase};

/// How many members a check names.
const NAMED: usize = 20;

#[derive(Debug, Subcommand)]
pub(super) enum DirectoryCommand {
    /// Compare every search row with the profile that it is made of, and name those that differ.
    Check {
        /// Make differing rows anew.
        #[arg(long)]
        repair: bool,
    },
    /// Make every search row anew, and count names, facets and sets.
    Rebuild,
}

pub(super) fn run(settings: &Settings, command: &DirectoryCommand) -> Result<(), AdminError> {
    let database = OpenDatabase::of(settings)?;
    require_migrated(&database.url)?;
    let maintenance = Maintenance {
        store: database.store_without_timeout(),
        clock: Arc::new(SystemClock),
    };
    match command {
        DirectoryCommand::Check { repair } => report(&maintenance.check(*repair)?, *repair),
        DirectoryCommand::Rebuild => {
            let members = maintenance.rebuild()?;
            Ok(writeln!(io::stdout(), "{members} members, made anew")?)
        }
    }
}

fn report(checked: &Checked, repaired: bool) -> Result<(), AdminError> {
    let mut out = io::stdout().lock();
    let (differing, missing) = (checked.differing.len(), checked.missing_tokens);
    writeln!(
        out,
        "{} members, {differing} differences, {missing} names without a token",
        checked.members
    )?;
    for user in checked.differing.iter().take(NAMED) {
        writeln!(out, "  {user}")?;
    }
    match checked.is_clean() || repaired {
        true => Ok(()),
        false => Err(AdminError::Directory),
    }
}
