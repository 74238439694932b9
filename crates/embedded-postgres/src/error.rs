//! What can go wrong, in words for the person who operates the machine.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why PostgreSQL could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No server programs on this machine, or none in the folder that was asked for.
    #[error(
        "PostgreSQL's server programs (postgres, initdb) are not in {searched}; \
         install them, on Debian or Ubuntu with: apt-get install postgresql"
    )]
    NotInstalled {
        /// The places that were looked at.
        searched: String,
    },

    /// The data were written by another major version than any that is installed.
    #[error(
        "the data in {} were written by PostgreSQL {needed}, but this machine has only {found}; \
         install PostgreSQL {needed}, or dump the data there and load them here",
        data_dir.display()
    )]
    Version {
        /// The folder of the database.
        data_dir: PathBuf,
        /// The major version that wrote the data.
        needed: u32,
        /// The versions found, with their folders.
        found: String,
    },

    /// There is no account that PostgreSQL could run as.
    #[error("PostgreSQL needs an ordinary user to run as: {reason}")]
    Account {
        /// What is missing.
        reason: String,
    },

    /// Another process runs this database.
    #[error("the database in {} is already in use by {}", data_dir.display(), process(*.pid))]
    InUse {
        /// The folder of the database.
        data_dir: PathBuf,
        /// Its owner, if it left its id.
        pid: Option<u32>,
    },

    /// A folder that cannot be used for the database.
    #[error("cannot use {} for the database: {reason}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not, and what would help.
        reason: String,
    },

    /// `initdb` failed.
    #[error("a new database could not be created in {}: {output}", path.display())]
    Init {
        /// Where it was to be.
        path: PathBuf,
        /// What `initdb` said.
        output: String,
    },

    /// The server ended while it was starting.
    #[error("PostgreSQL ended while starting: {last}; its log is {}", log.display())]
    Ended {
        /// The server's log file.
        log: PathBuf,
        /// The last words in it.
        last: String,
    },

    /// The server was not ready in time.
    #[error("PostgreSQL was not ready after {} s; its log is {}", after.as_secs(), log.display())]
    Timeout {
        /// The server's log file.
        log: PathBuf,
        /// How long it was waited for.
        after: Duration,
    },

    /// The server runs, but the named database could not be looked up or created in it.
    #[error("database \"{name}\" could not be created: {output}")]
    Database {
        /// Its name.
        name: String,
        /// What `psql` said.
        output: String,
    },

    /// [`Postgres::stop`](crate::Postgres::stop) was called: it stays stopped.
    #[error("PostgreSQL was told to stop")]
    Stopped,

    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or program.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// Why PostgreSQL did not stop as it should. It has ended nevertheless.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StopError {
    /// It did not end in time and was ended at once. Committed data are safe: the next start recovers them.
    #[error("PostgreSQL did not shut down within {} s and was ended at once", after.as_secs())]
    Forced {
        /// How long it was given.
        after: Duration,
    },

    /// It ended, but the folder of a throw-away database could not be removed.
    #[error("cannot remove {}: {source}", path.display())]
    NotRemoved {
        /// The folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
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

/// Says which action on which path failed.
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
