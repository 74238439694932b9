use std::io::{self, Write};

use abu_repository::migrations;
use abu_settings::Settings;

use super::{AdminError, database::OpenDatabase};

pub(super) fn run(settings: &Settings, repeat_backfills: bool) -> Result<(), AdminError> {
    let database = OpenDatabase::of(settings)?;
    let done = migrations::run(&database.url)?;
    let mut out = io::stdout().lock();
    for name in &done {
        writeln!(out, "migrated {name}")?;
    }
    if done.is_empty() {
        writeln!(out, "nothing to migrate")?;
    }
    if repeat_backfills {
        migrations::demand_second_pass(&database.url)?;
        writeln!(out, "the next start of the server repeats the backfills")?;
    }
    Ok(())
}
