//! What a caller may choose.

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
    /// Data that outlive the process, in a folder of their own. It is created where it is missing and holds
    /// everything of this database: cluster, log, lock, and the socket where its path is short enough.
    pub fn durable(data_dir: impl Into<PathBuf>) -> Self {
        Self::new(Storage::Durable(data_dir.into()))
    }

    /// Data that are fast and go with the process: a fresh temporary folder, nothing flushed to disk.
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

    /// The database that the URL names; created where it is missing. Default: `abu`.
    #[must_use]
    pub fn database(mut self, name: impl Into<String>) -> Self {
        self.database = name.into();
        self
    }

    /// One more server setting, as in `postgresql.conf`. It replaces a default of this crate, but not what
    /// keeps the server private: address, socket and access rules.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// The folder of the server programs. Default: they are looked for.
    #[must_use]
    pub fn bin_dir(mut self, bin_dir: impl Into<PathBuf>) -> Self {
        self.bin_dir = Some(bin_dir.into());
        self
    }

    /// Where durable data go when we run as root and the server's user cannot enter the folder asked for;
    /// that folder becomes a symbolic link. Default: `/var/lib/abu-alumni-connect`.
    #[must_use]
    pub fn shelter(mut self, shelter: impl Into<PathBuf>) -> Self {
        self.shelter = shelter.into();
        self
    }

    /// How long a start may take. Default: five minutes, because recovery after a crash may need minutes;
    /// a server that fails to start is noticed at once.
    #[must_use]
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }
}
