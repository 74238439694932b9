//! Configuration of a private PostgreSQL.

use std::path::PathBuf;
use std::time::Duration;

/// How to run a private PostgreSQL. Build one with [`durable`](Self::durable) or
/// [`throwaway`](Self::throwaway).
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    pub(crate) storage: Storage,
    pub(crate) database: String,
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) bin_dir: Option<PathBuf>,
    pub(crate) shelter: PathBuf,
    pub(crate) start_timeout: Duration,
}

#[derive(Debug, Clone)]
pub(crate) enum Storage {
    Durable(PathBuf),
    Throwaway,
}

impl PostgresOptions {
    /// Keeps the data in `data_dir`, which it creates where missing. The folder holds everything of this
    /// database: cluster, log, lock, and the socket where its path is short enough.
    pub fn durable(data_dir: impl Into<PathBuf>) -> Self {
        Self::new(Storage::Durable(data_dir.into()))
    }

    /// Keeps the data in a temporary folder until the server stops, without `fsync`.
    #[must_use]
    pub fn throwaway() -> Self {
        Self::new(Storage::Throwaway)
    }

    fn new(storage: Storage) -> Self {
        Self {
            storage,
            database: "abu".to_owned(),
            settings: Vec::new(),
            bin_dir: None,
            shelter: PathBuf::from("/var/lib/abu-alumni-connect"),
            start_timeout: Duration::from_secs(300),
        }
    }

    pub(crate) fn is_throwaway(&self) -> bool {
        matches!(self.storage, Storage::Throwaway)
    }

    /// The database that the URL names; the start creates it where missing. Default: `abu`.
    #[must_use]
    pub fn database(mut self, name: impl Into<String>) -> Self {
        self.database = name.into();
        self
    }

    /// One more server setting, as in `postgresql.conf`. It overrides a default of this crate, except the
    /// settings that keep the server private: address, socket and access rules.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// The folder of the server programs. Default: a search, see the module `programs`.
    #[must_use]
    pub fn bin_dir(mut self, bin_dir: impl Into<PathBuf>) -> Self {
        self.bin_dir = Some(bin_dir.into());
        self
    }

    /// The folder of durable data where this process is root and the server's user cannot enter `data_dir`;
    /// `data_dir` becomes a symbolic link then. Default: `/var/lib/abu-alumni-connect`.
    #[must_use]
    pub fn shelter(mut self, shelter: impl Into<PathBuf>) -> Self {
        self.shelter = shelter.into();
        self
    }

    /// Deadline of a start. Default: five minutes, because crash recovery may need minutes. A server that
    /// exits ends the wait at once.
    #[must_use]
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }
}
