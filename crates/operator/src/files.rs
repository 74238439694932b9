//! `abu-admin files`: what is in the store of files without a row.

use std::{
    io::{self, Write},
    sync::Arc,
};

use abu_application::{
    orphans,
    platform::{
        orphans::{SPARED_FOR, is_due},
        ports::FileEntry,
    },
};
use abu_programs::database::require_migrated;
use abu_settings::Settings;
use abu_storage::FolderStore;
use clap::Subcommand;

use super::{AdminError, database::OpenDatabase};

const A_DAY: u64 = 86_400;

#[derive(Debug, Subcommand)]
pub(super) enum FilesCommand {
    /// Show files that no row names, and whether the nightly job will delete them. Deletes nothing.
    Orphans,
}

pub(super) fn run(settings: &Settings, command: &FilesCommand) -> Result<(), AdminError> {
    let FilesCommand::Orphans = command;
    let database = OpenDatabase::of(settings)?;
    require_migrated(&database.url)?;
    let store = database.store();
    let (mut due, mut bytes, mut spared) = (0_u64, 0, 0_u64);
    let mut out = io::stdout().lock();
    orphans(Arc::new(FolderStore::new(settings.storage_folder()))).each(&*store, |orphan| {
        match is_due(orphan) {
            true => (due, bytes) = (due + 1, bytes + orphan.bytes),
            false => spared += 1,
        }
        Ok(writeln!(out, "{}", line(orphan))?)
    })?;
    let days = SPARED_FOR.as_secs() / A_DAY;
    Ok(writeln!(
        out,
        "{due} files of {bytes} bytes would be deleted; {spared} are younger than {days} days"
    )?)
}

fn line(orphan: &FileEntry) -> String {
    let end = match is_due(orphan) {
        true => "would be deleted",
        false => "is spared",
    };
    let days = orphan.age.as_secs() / A_DAY;
    format!("{}  {} bytes  {days} days  {end}", orphan.key, orphan.bytes)
}
