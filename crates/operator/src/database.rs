//! The server's database, opened for one command.

use std::{
    io::{self, Write},
    path::Path,
    sync::Arc,
    time::Duration,
};

use abu_application::{
    BlockingPool, Context, Database,
    alumni::imports::Imports,
    erasure_listeners,
    identity::{
        accounts::Accounts,
        erasure::Erasures,
        passwords::{HashingQueue, PasswordWork},
        setup::Setup,
    },
    messaging::{messages::Messaging, ports::NoPresence, writer::WriterPolicy},
    platform::{
        ports::NoSubscribers,
        rate_limits::RateLimits,
        system::{SystemClock, SystemIds},
    },
    standing_listeners,
    store::Store,
};
use abu_embedded_postgres::StartError;
use abu_security::{BcryptHasher, GuessingPolicy};
use abu_settings::Settings;
use abu_storage::FolderStore;
use secrecy::SecretString;

use super::AdminError;
use abu_programs::{
    database::{self, OwnPostgres, PreparationError, folder, inspect},
    parts::import_policy,
};

const POOL_SIZE: u32 = 1;
/// Uncontended: one command at a time.
const POOL_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) struct OpenDatabase {
    pub(super) url: SecretString,
    /// `Some` if this command started it; dropping stops it.
    _own: Option<OwnPostgres>,
}

impl OpenDatabase {
    /// Names the database on standard error, so that no command works on another one unnoticed.
    pub(super) fn of(settings: &Settings) -> Result<Self, AdminError> {
        let data_dir = &settings.data.dir;
        let database = match &settings.database.url {
            Some(url) => Self {
                url: url.clone(),
                _own: None,
            },
            None => Self::own(data_dir)?,
        };
        let place = inspect(&database.url).map_err(PreparationError::from)?;
        let mut out = io::stderr().lock();
        match &settings.database.url {
            Some(_) => writeln!(out, "database: {place}")?,
            None => writeln!(
                out,
                "database: {place}; the private one in {}, because database.url is not set",
                folder(data_dir).display()
            )?,
        }
        Ok(database)
    }

    /// Starts the server's own PostgreSQL, or connects to the one of a running server.
    fn own(data_dir: &Path) -> Result<Self, AdminError> {
        match OwnPostgres::start(data_dir) {
            Ok(own) => Ok(Self {
                url: own.url(),
                _own: Some(own),
            }),
            Err(in_use @ StartError::InUse { .. }) => {
                let url = OwnPostgres::noted_url(data_dir).map_err(|_no_note| in_use)?;
                Ok(Self { url, _own: None })
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn setup(&self, settings: &Settings) -> Setup {
        Setup {
            store: self.store(),
            hasher: Arc::new(BcryptHasher::new(settings.auth.bcrypt_cost)),
            policy: Arc::new(GuessingPolicy::new(settings.auth.min_password_score)),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
        }
    }

    pub(super) fn context(&self, settings: &Settings) -> Context {
        Context {
            database: Database::new(self.store(), BlockingPool::new(1, POOL_TIMEOUT)),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            events: Arc::new(NoSubscribers),
            presence: Arc::new(NoPresence),
            limits: Arc::new(RateLimits::off()),
            files: Arc::new(FolderStore::new(settings.storage_folder())),
        }
    }

    /// Erasures with the areas that forget. It starts the threads that store their changes.
    pub(super) fn erasures(&self, settings: &Settings) -> Result<Erasures, AdminError> {
        let context = self.context(settings);
        let messaging = Messaging::start(context.clone(), WriterPolicy::default(), None)
            .map_err(AdminError::Threads)?;
        Ok(Erasures {
            passwords: password_work(settings),
            standing: standing_listeners(Arc::new(NoSubscribers)),
            listeners: erasure_listeners(&context, &messaging).into(),
            context,
        })
    }

    pub(super) fn accounts(&self, settings: &Settings) -> Accounts {
        Accounts {
            context: self.context(settings),
            passwords: password_work(settings),
            policy: Arc::new(settings.auth.session_policy()),
            standing: standing_listeners(Arc::new(NoSubscribers)),
        }
    }

    pub(super) fn imports(&self, settings: &Settings) -> Imports {
        Imports {
            context: self.context(settings),
            policy: import_policy(settings),
        }
    }

    /// For maintenance, whose statements may take minutes.
    pub(super) fn store_without_timeout(&self) -> Arc<dyn Store> {
        Arc::new(database::open_for_maintenance(self.url.clone()))
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        Arc::new(database::open(self.url.clone(), POOL_SIZE, 0, || ()))
    }
}

fn password_work(settings: &Settings) -> PasswordWork {
    PasswordWork {
        queue: HashingQueue::new(1, false),
        hasher: Arc::new(BcryptHasher::new(settings.auth.bcrypt_cost)),
        policy: Arc::new(GuessingPolicy::new(settings.auth.min_password_score)),
    }
}
