//! `abu-admin secrets`: rotation of the encryption key.

use std::{
    io::{self, Write},
    sync::Arc,
};

use abu_application::{
    identity::key_rotation::{KeyCount, KeyRotation},
    platform::system::SystemIds,
};
use abu_security::{HmacHeadSealer, SealedTotp, SecretStore, StoredSecret};
use abu_settings::Settings;
use clap::Subcommand;
use secrecy::SecretString;

use super::{AdminError, database::OpenDatabase};
use abu_programs::database::require_migrated;

#[derive(Debug, Subcommand)]
pub(super) enum SecretsCommand {
    /// Encrypt with auth.encryption_key what auth.previous_encryption_key encrypted, and say how much is left.
    ///
    /// The server may run, with both keys in its settings. An interrupted run is repeated.
    ReEncrypt,
}

pub(super) fn run(settings: &Settings, command: &SecretsCommand) -> Result<(), AdminError> {
    match command {
        SecretsCommand::ReEncrypt => re_encrypt(settings),
    }
}

fn re_encrypt(settings: &Settings) -> Result<(), AdminError> {
    let database = OpenDatabase::of(settings)?;
    require_migrated(&database.url)?;
    let key = encryption_key(settings)?;
    let previous = settings.auth.previous_encryption_key.as_ref();
    let rotation = KeyRotation {
        store: database.store(),
        totp: Arc::new(SealedTotp::new(&key).accepting(previous)),
        heads: Arc::new(HmacHeadSealer::new(&key).accepting(previous)),
        ids: Arc::new(SystemIds),
    };
    let before = rotation.run()?;
    let after = rotation.count()?;
    let mut out = io::stdout().lock();
    for (kind, before, after) in [
        ("one-time passwords", before.totp, after.totp),
        ("heads of the audit log", before.heads, after.heads),
    ] {
        let KeyCount {
            current,
            previous,
            neither,
        } = after;
        writeln!(
            out,
            "{kind}: {} encrypted anew; {current} have the current key, {previous} the previous one, {neither} \
             neither",
            before.previous.saturating_sub(previous)
        )?;
    }
    match after.totp.neither + after.heads.neither {
        0 if after.totp.previous + after.heads.previous == 0 => {
            writeln!(out, "nothing needs auth.previous_encryption_key any more")?;
            Ok(())
        }
        0 => Err(AdminError::KeyInUse),
        lost => Err(AdminError::KeyLost(lost)),
    }
}

pub(super) fn encryption_key(settings: &Settings) -> Result<SecretString, AdminError> {
    if let Some(configured) = &settings.auth.encryption_key {
        return Ok(configured.clone());
    }
    let kept = SecretStore::new(&settings.data.dir).get(StoredSecret::EncryptionKey)?;
    kept.ok_or(AdminError::NoEncryptionKey)
}
