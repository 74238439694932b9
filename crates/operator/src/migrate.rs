use std::io::{self, Write};

use abu_repository::migrations;
use abu_settings::Settings;
use clap::Args;
use secrecy::SecretString;

use super::{AdminError, database::OpenDatabase, terminal::Terminal};

#[derive(Debug, Args)]
pub(super) struct MigrateArguments {
    /// Undo all migrations after this one, such as 2026-12-01-090000, with what their tables and columns hold.
    /// The server must not run. Asks first.
    #[arg(long, value_name = "VERSION")]
    down_to: Option<String>,
    /// Have the next start of the server look for rows in an earlier form again: after a rollback,
    /// the earlier release wrote some.
    #[arg(long, conflicts_with = "down_to")]
    repeat_backfills: bool,
    /// Do not ask.
    #[arg(long, requires = "down_to")]
    yes: bool,
}

pub(super) fn run(settings: &Settings, arguments: &MigrateArguments) -> Result<(), AdminError> {
    let database = OpenDatabase::of(settings)?;
    match &arguments.down_to {
        None => up(&database.url, arguments.repeat_backfills),
        Some(version) => down(&database.url, version, arguments.yes),
    }
}

fn up(url: &SecretString, repeat_backfills: bool) -> Result<(), AdminError> {
    let done = migrations::run(url)?;
    let newer = migrations::state(url)?.unknown;
    let mut out = io::stdout().lock();
    for name in &done {
        writeln!(out, "migrated {name}")?;
    }
    if done.is_empty() {
        writeln!(out, "nothing to migrate")?;
    }
    if !newer.is_empty() {
        writeln!(
            out,
            "a newer release migrated this database ({}); it lacks nothing of this one",
            newer.join(", ")
        )?;
    }
    if repeat_backfills {
        migrations::demand_second_pass(url)?;
        writeln!(out, "the next start of the server repeats the backfills")?;
    }
    Ok(())
}

fn down(url: &SecretString, version: &str, is_confirmed: bool) -> Result<(), AdminError> {
    let version = digits(version);
    let names = migrations::after(url, &version)?;
    if names.is_empty() {
        writeln!(io::stdout(), "nothing to undo")?;
        return Ok(());
    }
    if !is_confirmed {
        confirm(&names)?;
    }
    let done = migrations::revert(url, &version)?;
    let mut out = io::stdout().lock();
    for name in &done {
        writeln!(out, "undid {name}")?;
    }
    Ok(())
}

fn confirm(names: &[String]) -> Result<(), AdminError> {
    let mut terminal = Terminal::open().ok_or_else(|| {
        let advice = "there is no terminal to ask on; use --yes";
        AdminError::Usage(advice.to_owned())
    })?;
    let question = format!(
        "This undoes, with the data of their tables and columns:\n  {}\nType yes to go on",
        names.join("\n  ")
    );
    match terminal.ask(&question, |answer| {
        Ok::<_, AdminError>(answer.trim() == "yes")
    })? {
        true => Ok(()),
        false => Err(AdminError::NotConfirmed),
    }
}

/// The version of a migration in any of its spellings: its own, that of its directory, or the directory's name.
fn digits(text: &str) -> String {
    let version = text.split('_').next().unwrap_or(text);
    version.replace('-', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_written_like_its_directory_or_in_digits() {
        for text in [
            "20261201090000",
            "2026-12-01-090000",
            "2026-12-01-090000_append_messages",
        ] {
            assert_eq!(digits(text), "20261201090000");
        }
    }
}
