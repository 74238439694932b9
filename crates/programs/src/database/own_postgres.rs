use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use abu_embedded_postgres::{Postgres, PostgresOptions, StartError, StopError};
use secrecy::SecretString;

/// The private PostgreSQL of a server without `database.url`, in `postgres` in the data folder.
pub struct OwnPostgres(Postgres);

impl OwnPostgres {
    /// Starts it and writes its URL to a file for other programs. Blocks. Fails if PostgreSQL is
    /// not installed or does not start, or if another process runs this one.
    pub fn start(data_dir: &Path) -> Result<Self, StartError> {
        let postgres = Postgres::start(PostgresOptions::durable(folder(data_dir)))?;
        let note = note(data_dir);
        if let Err(error) = fs::write(&note, postgres.url()) {
            log::warn!("cannot write {}: {error}", note.display());
        }
        Ok(Self(postgres))
    }

    /// Holds no secret.
    pub fn url(&self) -> SecretString {
        self.0.url().into()
    }

    pub fn is_running(&self) -> bool {
        self.0.is_running()
    }

    /// Restarts it if it has ended. Blocks only then.
    pub fn ensure_running(&self) -> Result<(), StartError> {
        self.0.ensure_running().map(|_had_to_start| ())
    }

    /// Stops it and waits. Fails if it had to be killed.
    pub fn stop(&self, timeout: Duration) -> Result<(), StopError> {
        self.0.stop(timeout)
    }

    /// The URL of the private PostgreSQL that another process runs in this data folder.
    pub fn noted_url(data_dir: &Path) -> io::Result<SecretString> {
        fs::read_to_string(note(data_dir)).map(SecretString::from)
    }
}

pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres")
}

fn note(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres.url")
}
