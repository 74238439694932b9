//! Life cycle of a private PostgreSQL: start, restart, stop.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::deadline::Deadline;
use crate::error::{StartError, StopError};
use crate::folder::{Home, Lock};
use crate::options::{PostgresOptions, Storage};
use crate::programs::Programs;
use crate::server::{Launch, Server};
use crate::{access, cluster, database, settings, socket};

const STOP_ON_DROP: Duration = Duration::from_secs(30);

/// A private PostgreSQL that this process owns. [`stop`](Self::stop), a drop, or the watcher after this
/// process's death ends it. All methods are thread-safe.
#[derive(Debug)]
pub struct Postgres {
    options: PostgresOptions,
    home: Home,
    programs: Programs,
    socket: PathBuf,
    /// `None` after a stop.
    owned: Mutex<Option<Owned>>,
    /// Cancels a concurrent restart at a stop.
    stopping: AtomicBool,
}

/// The fields drop in this order: the lock outlives the server.
#[derive(Debug)]
struct Owned {
    server: Server,
    _lock: Lock,
}

impl Postgres {
    /// Starts a server and waits until it takes connections. Creates folder, cluster and database where
    /// missing, and stops a stale server of an earlier run.
    ///
    /// # Errors
    ///
    /// Without server programs, an account for them, or a usable folder. Also if another process runs this
    /// database, or if the server does not start. The message names a remedy.
    pub fn start(options: PostgresOptions) -> Result<Self, StartError> {
        database::check_name(&options.database)?;
        match options.storage.clone() {
            Storage::Durable(data_dir) => {
                Self::start_in(Home::durable(&data_dir, &options.shelter)?, options)
            }
            Storage::Throwaway => {
                let home = Home::throwaway(socket::fits_in)?;
                Self::start_in(home.clone(), options).inspect_err(|_| {
                    if let Err(error) = remove(&home.path) {
                        log::warn!("cannot remove {}: {error}", home.path.display());
                    }
                })
            }
        }
    }

    fn start_in(home: Home, options: PostgresOptions) -> Result<Self, StartError> {
        let lock = home.lock()?;
        let version = cluster::version(&home)?;
        let programs = Programs::find(options.bin_dir.as_deref(), version, &home.path)?;
        if version.is_none() {
            cluster::create(&home, &programs, !options.is_throwaway())?;
        }
        let socket = socket::folder(&home)?;
        let stopping = AtomicBool::new(false);
        let postgres = Self {
            options,
            home,
            programs,
            socket,
            owned: Mutex::new(None),
            stopping,
        };
        let server = postgres.launch()?;
        *postgres.owned() = Some(Owned {
            server,
            _lock: lock,
        });
        Ok(postgres)
    }

    /// The connection URI for `libpq`. It stays the same for the life of this handle, restarts included, and
    /// holds no secret: the server uses peer authentication.
    #[must_use]
    pub fn url(&self) -> String {
        socket::url(&self.socket, &self.options.database)
    }

    /// The canonical path of the database's folder. It differs from the requested path where the start moved
    /// the data to [`PostgresOptions::shelter`], and made the requested path a symbolic link.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.home.path
    }

    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.home.log()
    }

    /// One system call, but waits for a concurrent restart or stop.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.owned()
            .as_mut()
            .is_some_and(|owned| owned.server.is_running())
    }

    /// Restarts the server if it has ended by itself, and waits until it takes connections. Returns whether it
    /// restarted. Costs one system call while the server runs.
    ///
    /// # Errors
    ///
    /// [`StartError::Stopped`] after [`stop`](Self::stop); otherwise as for [`start`](Self::start). A later
    /// call tries again.
    pub fn ensure_running(&self) -> Result<bool, StartError> {
        let mut owned = self.owned();
        let owned = owned.as_mut().ok_or(StartError::Stopped)?;
        if owned.server.is_running() {
            return Ok(false);
        }
        log::warn!(data_dir:% = self.home.path.display(); "PostgreSQL has ended unexpectedly, starting it again");
        owned.server = self.launch()?;
        Ok(true)
    }

    /// Stops the server and waits for its end: it ends all sessions, keeps committed data, and removes a
    /// throw-away folder. Idempotent.
    ///
    /// # Errors
    ///
    /// [`StopError::Forced`] if the server took longer than `timeout` and had to be ended at once;
    /// [`StopError::NotRemoved`] if a throw-away folder could not be removed.
    pub fn stop(&self, timeout: Duration) -> Result<(), StopError> {
        self.stopping.store(true, Ordering::Relaxed);
        let Some(mut owned) = self.owned().take() else {
            return Ok(());
        };
        let in_time = owned.server.stop(timeout);
        socket::release(&self.socket, &self.home);
        if self.options.is_throwaway() {
            let path = &self.home.path;
            remove(path).map_err(|source| StopError::NotRemoved {
                path: path.clone(),
                source,
            })?;
        }
        log::info!(data_dir:% = self.home.path.display(); "PostgreSQL has stopped");
        if in_time {
            Ok(())
        } else {
            Err(StopError::Forced { after: timeout })
        }
    }

    fn launch(&self) -> Result<Server, StartError> {
        let (begun, throwaway) = (Instant::now(), self.options.is_throwaway());
        let access = access::write(&self.home)?;
        let chosen = &self.options.settings;
        let launch = Launch {
            home: &self.home,
            postgres: self.programs.postgres(),
            arguments: settings::arguments(
                &self.home.cluster(),
                &self.socket,
                &access,
                throwaway,
                chosen,
            ),
            socket: &self.socket,
            throwaway,
        };
        let limit = self.options.start_timeout;
        let server = launch.start(&mut Deadline {
            begun,
            limit,
            log: self.home.log(),
            stopping: &self.stopping,
        })?;
        database::ensure(&self.programs, &self.socket, &self.options.database)?;
        log::info!(
            pid = server.pid(),
            version = self.programs.major,
            data_dir:% = self.home.path.display(),
            milliseconds = begun.elapsed().as_millis();
            "PostgreSQL is ready"
        );
        Ok(server)
    }

    /// Ignores poisoning: a panic leaves the option intact.
    fn owned(&self) -> MutexGuard<'_, Option<Owned>> {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = self.stop(STOP_ON_DROP) {
            log::warn!("{error}");
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
