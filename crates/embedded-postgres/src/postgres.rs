//! A private PostgreSQL, from its start to its stop.

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

/// A private PostgreSQL that this process owns. It is stopped by [`stop`](Self::stop), on drop, or by its
/// watcher when the process dies. All methods may be called from several threads.
#[derive(Debug)]
pub struct Postgres {
    options: PostgresOptions,
    home: Home,
    programs: Programs,
    socket: PathBuf,
    /// Nothing once it was stopped.
    owned: Mutex<Option<Owned>>,
    /// Ends a restart that is under way when a stop comes.
    stopping: AtomicBool,
}

/// Dropped in this order: the folder is claimed until its server has ended.
#[derive(Debug)]
struct Owned {
    server: Server,
    _lock: Lock,
}

impl Postgres {
    /// Starts a server and waits until it takes connections. Makes folder, cluster and database where they
    /// are missing, and ends what an earlier run has left.
    ///
    /// # Errors
    ///
    /// When the server programs, an account for them or a usable folder are missing, when another process
    /// runs this database, or when the server does not start; the message says what to do.
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

    /// The database's URI, for PostgreSQL's client library. It stays the same for as long as this handle
    /// lives, restarts included, and holds no secret: the system tells the server who connects.
    #[must_use]
    pub fn url(&self) -> String {
        socket::url(&self.socket, &self.options.database)
    }

    /// The folder of everything that belongs to this database, at its real place. That is elsewhere than
    /// asked for where the server's user could not enter that place; then a link leads from there to here.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.home.path
    }

    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.home.log()
    }

    /// Whether the server process is there. Cheap, but waits for a restart or stop that is under way.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.owned()
            .as_mut()
            .is_some_and(|owned| owned.server.is_running())
    }

    /// Starts the server again if it has ended by itself, and waits until it takes connections. Returns
    /// whether it had to. While the server runs this costs one system call.
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

    /// Stops the server: sessions are ended, what they committed is kept, and a throw-away folder removed.
    /// Waits until that is done. Does nothing the second time.
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

    /// A panic elsewhere leaves nothing half done here.
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
