//! Errors of starting and stopping; each message names a remedy for the operator.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No server programs on this machine, or none in [`PostgresOptions::bin_dir`](crate::PostgresOptions::bin_dir).
    #[error(
        "PostgreSQL's server programs (postgres, initdb) are not in {searched}; \
         install them, on Debian or Ubuntu with: apt-get install postgresql"
    )]
    NotInstalled { searched: String },

    /// No installed version matches the major version that wrote the data.
    #[error(
        "the data in {} were written by PostgreSQL {needed}, but this machine has only {found}; \
         install PostgreSQL {needed}, or dump the data there and load them here",
        data_dir.display()
    )]
    Version {
        data_dir: PathBuf,
        /// The major version that wrote the data.
        needed: u32,
        /// The installed versions, with their folders.
        found: String,
    },

    #[error("PostgreSQL needs an ordinary user to run as: {reason}")]
    Account { reason: String },

    #[error("the database in {} is already in use by {}", data_dir.display(), process(*.pid))]
    InUse {
        data_dir: PathBuf,
        /// The process in `owner.lock`; `None` where the file holds no process id.
        pid: Option<u32>,
    },

    #[error("cannot use {} for the database: {reason}", path.display())]
    Folder {
        path: PathBuf,
        /// The cause and the remedy.
        reason: String,
    },

    #[error("a new database could not be created in {}: {output}", path.display())]
    Init {
        path: PathBuf,
        /// The last lines that `initdb` wrote to standard error.
        output: String,
    },

    #[error("PostgreSQL ended while starting: {last}; its log is {}", log.display())]
    Ended {
        log: PathBuf,
        /// The last `FATAL` or `PANIC` line of the log, or else its last line.
        last: String,
    },

    #[error("PostgreSQL was not ready after {} s; its log is {}", after.as_secs(), log.display())]
    Timeout { log: PathBuf, after: Duration },

    /// The server runs, but the named database could not be looked up or created in it.
    #[error("database \"{name}\" could not be created: {output}")]
    Database {
        name: String,
        /// The last lines that `psql` wrote to standard error.
        output: String,
    },

    /// A start after [`Postgres::stop`](crate::Postgres::stop).
    #[error("PostgreSQL was told to stop")]
    Stopped,

    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

/// Stopping failed or was forced. The server process has ended in every case.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StopError {
    /// The server did not end in time and was killed. The next start recovers all committed data.
    #[error("PostgreSQL did not shut down within {} s and was ended at once", after.as_secs())]
    Forced { after: Duration },

    #[error("cannot remove {}: {source}", path.display())]
    NotRemoved { path: PathBuf, source: io::Error },
}

impl StartError {
    pub(crate) fn folder(path: &Path, reason: impl Into<String>) -> Self {
        Self::Folder {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}

fn process(pid: Option<u32>) -> String {
    pid.map_or_else(
        || "another process".to_owned(),
        |pid| format!("process {pid}"),
    )
}

pub(crate) trait IoContext<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, StartError>;
}

impl<T, E: Into<io::Error>> IoContext<T> for Result<T, E> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, StartError> {
        self.map_err(|error| StartError::Io {
            action,
            path: path.to_owned(),
            source: error.into(),
        })
    }
}
