//! The database that the server uses.

use std::{path::Path, sync::Arc, time::Duration};

use abu_application::{
    BlockingPool, Context, Database,
    identity::{accounts::Accounts, passwords::PasswordWork, setup::Setup},
    messaging::ports::NoPresence,
    platform::{
        ports::NoSubscribers,
        system::{SystemClock, SystemIds},
    },
    store::Store,
};
use abu_embedded_postgres::StartError;
use abu_security::{BcryptHasher, GuessingPolicy};
use secrecy::SecretString;

use super::AdminError;
use crate::{
    database::{self, OwnPostgres},
    settings::Settings,
};

/// One command, one connection.
const POOL_SIZE: u32 = 1;
/// Nobody else wants the places: whoever asks has them.
const POOL_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) struct OpenDatabase {
    pub(super) url: SecretString,
    /// Where we started it ourselves; stopped when dropped.
    _own: Option<OwnPostgres>,
}

impl OpenDatabase {
    pub(super) fn of(settings: &Settings) -> Result<Self, AdminError> {
        match &settings.database.url {
            Some(url) => Ok(Self {
                url: url.clone(),
                _own: None,
            }),
            None => Self::own(&settings.data.dir),
        }
    }

    /// The server's own PostgreSQL: started for the while, or that of a server that is running.
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

    /// The operator's use cases on it.
    pub(super) fn setup(&self, settings: &Settings) -> Setup {
        Setup {
            store: self.store(),
            hasher: Arc::new(BcryptHasher::new(settings.auth.bcrypt_cost)),
            policy: Arc::new(GuessingPolicy::new(settings.auth.min_password_score)),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
        }
    }

    /// The use cases of accounts on it.
    pub(super) fn accounts(&self, settings: &Settings) -> Accounts {
        let pool = || BlockingPool::new(1, POOL_TIMEOUT);
        Accounts {
            context: Context {
                database: Database::new(self.store(), pool()),
                clock: Arc::new(SystemClock),
                ids: Arc::new(SystemIds),
                events: Arc::new(NoSubscribers),
                presence: Arc::new(NoPresence),
            },
            passwords: PasswordWork {
                pool: pool(),
                hasher: Arc::new(BcryptHasher::new(settings.auth.bcrypt_cost)),
                policy: Arc::new(GuessingPolicy::new(settings.auth.min_password_score)),
            },
            policy: Arc::new(settings.auth.session_policy()),
        }
    }

    /// The store in it.
    pub(super) fn store(&self) -> Arc<dyn Store> {
        Arc::new(database::open(self.url.clone(), POOL_SIZE))
    }
}
