//! The database that the server uses.

use std::{future::ready, path::Path, sync::Arc, time::Duration};

use abu_application::{
    BlockingPool, Database,
    accounts::Accounts,
    passwords::PasswordWork,
    ports::{Applied, LiveChat, ReadMark, ReadState, Store, SubmitError, Submitted},
    setup::Setup,
    system::{SystemClock, SystemIds},
};
use abu_domain::{
    LoginSessionId, RoomId, UserId,
    message::{Message, MessageChange, NewMessage},
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
            database: Database::new(self.store(), pool()),
            passwords: PasswordWork {
                pool: pool(),
                hasher: Arc::new(BcryptHasher::new(settings.auth.bcrypt_cost)),
                policy: Arc::new(GuessingPolicy::new(settings.auth.min_password_score)),
            },
            live_chat: Arc::new(NoLiveChat),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            policy: Arc::new(settings.auth.session_policy()),
        }
    }

    /// The store in it.
    pub(super) fn store(&self) -> Arc<dyn Store> {
        Arc::new(database::open(self.url.clone(), POOL_SIZE))
    }
}

/// The chat of a server that runs in another process: it finds out by itself whose sessions have ended.
struct NoLiveChat;

impl LiveChat for NoLiveChat {
    fn membership_changed(&self, _room: RoomId, _users: &[UserId], _by: UserId) -> Applied {
        Box::pin(ready(()))
    }

    fn room_state_changed(&self, _room: RoomId, _by: UserId) -> Applied {
        Box::pin(ready(()))
    }

    fn room_renamed(&self, _room: RoomId, _by: UserId) -> Applied {
        Box::pin(ready(()))
    }

    fn account_suspended(&self, _user: UserId) -> Applied {
        Box::pin(ready(()))
    }

    fn sessions_ended(&self, _user: UserId, _sessions: &[LoginSessionId]) -> Applied {
        Box::pin(ready(()))
    }

    fn submit(&self, _message: NewMessage) -> Submitted<Message> {
        Box::pin(ready(Err(SubmitError::Unavailable)))
    }

    fn change(&self, _change: MessageChange) -> Submitted<Message> {
        Box::pin(ready(Err(SubmitError::Unavailable)))
    }

    fn mark_read(&self, _mark: ReadMark) -> Submitted<ReadState> {
        Box::pin(ready(Err(SubmitError::Unavailable)))
    }

    fn online(&self, users: &[UserId]) -> Vec<bool> {
        vec![false; users.len()]
    }
}
