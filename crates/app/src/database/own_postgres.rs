use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use abu_embedded_postgres::{Postgres, PostgresOptions, StartError, StopError};
use secrecy::SecretString;

/// The PostgreSQL that runs where no other one is configured, in `postgres` in the data folder.
pub(crate) struct OwnPostgres(Postgres);

impl OwnPostgres {
    /// Starts it, and leaves a note for other programs of where it is. Blocks.
    ///
    /// # Errors
    /// Where PostgreSQL is not installed or does not start, or another process runs this one.
    pub(crate) fn start(data_dir: &Path) -> Result<Self, StartError> {
        let postgres = Postgres::start(PostgresOptions::durable(folder(data_dir)))?;
        let note = note(data_dir);
        if let Err(error) = fs::write(&note, postgres.url()) {
            log::warn!("cannot write {}: {error}", note.display());
        }
        Ok(Self(postgres))
    }

    /// Where it is. The URL holds no secret.
    pub(crate) fn url(&self) -> SecretString {
        self.0.url().into()
    }

    /// Starts it again if it has ended by itself. Blocks only then.
    ///
    /// # Errors
    /// As for starting.
    pub(crate) fn ensure_running(&self) -> Result<(), StartError> {
        self.0.ensure_running().map(|_had_to_start| ())
    }

    /// Stops it, and waits until it has stopped.
    ///
    /// # Errors
    /// Where it had to be ended at once.
    pub(crate) fn stop(&self, timeout: Duration) -> Result<(), StopError> {
        self.0.stop(timeout)
    }

    /// Where the one is that another program of ours has started in this data folder.
    ///
    /// # Errors
    /// Where there is no note of it.
    pub(crate) fn noted_url(data_dir: &Path) -> io::Result<SecretString> {
        fs::read_to_string(note(data_dir)).map(SecretString::from)
    }
}

/// The folder of the data.
pub(crate) fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres")
}

fn note(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres.url")
}
