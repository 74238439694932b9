//! Sessions: logging in, and what comes of it.

mod ending;

use std::{collections::BTreeSet, sync::Arc};

use abu_domain::{
    SessionId, UserId,
    text::{EmailAddress, LoginPassword},
    user::User,
};
use chrono::TimeDelta;

use crate::{
    BlockingPool, Database,
    access::Origin,
    audit::{Action, Actor, Entry, Target},
    ports::{
        AccessTokens, Clock, Credentials, Ids, IssuedToken, LiveChat, NewSession, PasswordHasher,
        StoreError,
    },
};

pub use ending::{EndedSessions, ending_sessions};

/// For how long a session can be refreshed after it last was.
pub const SESSION_LIFETIME: TimeDelta = TimeDelta::days(60);

/// The use cases of sessions.
#[derive(Clone)]
pub struct Sessions {
    /// The store.
    pub database: Database,
    /// Where passwords are hashed: apart from the store's places, so that a storm of log-ins does
    /// not hold up the rest.
    pub hashing: BlockingPool,
    /// How passwords are hashed.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Who makes access tokens.
    pub tokens: Arc<dyn AccessTokens>,
    /// Who is connected.
    pub live_chat: Arc<dyn LiveChat>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn Ids>,
}

/// What somebody logs in with.
#[derive(Clone, Debug)]
pub struct LogInDraft {
    /// Any verified address of the account.
    pub email: EmailAddress,
    /// Its password.
    pub password: LoginPassword,
}

/// What a person gets who logged in.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// The access token.
    pub token: IssuedToken,
    /// The account.
    pub user: User,
    /// Names of the permissions they hold.
    pub permissions: BTreeSet<String>,
}

/// Why a log-in failed.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// No such account, or not its password: which, is not told.
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    /// The password is right, and nobody proved yet that they read the address.
    #[error("the e-mail address is not verified")]
    EmailUnverified,
    /// The password is right, the account suspended.
    #[error("the account is suspended")]
    Suspended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Hashing or signing failed.
    #[error("the log-in could not be carried out")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Sessions {
    /// Exchanges an e-mail address and a password for tokens. All wrong log-ins fail alike and take
    /// alike.
    ///
    /// # Errors
    /// [`LogInError`].
    pub async fn log_in(&self, draft: LogInDraft, origin: Origin) -> Result<LogIn, LogInError> {
        let credentials = self.check_password(draft).await?;
        if !credentials.is_active {
            return Err(LogInError::Suspended);
        }
        if !credentials.email_verified {
            return Err(LogInError::EmailUnverified);
        }
        self.begin(credentials.user_id, origin).await
    }

    async fn check_password(&self, draft: LogInDraft) -> Result<Credentials, LogInError> {
        let LogInDraft { email, password } = draft;
        let credentials = self
            .database
            .read::<_, StoreError>(move |tx| tx.credentials(&email))
            .await?;
        let hash = credentials.as_ref().map(|c| c.password_hash.clone());
        let hasher = Arc::clone(&self.hasher);
        let matches = self
            .hashing
            .run(move || hasher.verify(&password, hash.as_deref()))
            .await
            .map_err(|busy| StoreError::Unavailable(busy.into()))?;
        credentials
            .filter(|_| matches)
            .ok_or(LogInError::InvalidCredentials)
    }

    /// Begins a session of somebody who proved who they are.
    async fn begin(&self, user: UserId, origin: Origin) -> Result<LogIn, LogInError> {
        let (now, entry_id) = (self.clock.now(), self.ids.time_ordered());
        let session = NewSession {
            id: SessionId::new(self.ids.random()),
            user_id: user,
            device_name: None,
            network: None,
            created_at: now,
            expires_at: now + SESSION_LIFETIME,
            totp_due: false,
        };
        let session_id = session.id;
        let (user, permissions) = self
            .database
            .transaction(move |tx| {
                tx.insert_session(&session)?;
                // The account may have vanished since its password was read.
                let record = tx
                    .caller(user, session.id)?
                    .ok_or(LogInError::InvalidCredentials)?;
                let account = tx.user(user)?.ok_or(LogInError::InvalidCredentials)?;
                Entry::new(Actor::User(user), Action::SessionCreate)
                    .from(&origin)
                    .on(Target::session(session.id))
                    .write(tx, entry_id, now)?;
                Ok::<_, LogInError>((account, record.into_permissions()))
            })
            .await?;
        let token = self
            .tokens
            .issue(user.id, session_id, self.ids.random(), now)
            .map_err(LogInError::Internal)?;
        Ok(LogIn {
            token,
            user,
            permissions,
        })
    }
}
