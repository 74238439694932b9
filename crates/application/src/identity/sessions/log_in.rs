//! Log-in with password and optional second factor.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use abu_domain::{
    LoginSessionId, UserId,
    identity::{
        text::{LoginPassword, OneTimePassword},
        user::User,
    },
    platform::text::{DeviceName, EmailAddress},
};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::{
    EndedSessions, Sessions, ending_sessions,
    guards::LogInGuards,
    second_factor::{JudgeError, SecondFactor},
};
use crate::{
    identity::{
        passwords::Turn,
        ports::{EndReason, IssuedToken, NewSession},
    },
    platform::{
        Origin,
        audit::{Action, Actor, Entry, Target},
        ports::StoreError,
        rate_limits::RateLimited,
    },
    store::Writes,
};

/// Live sessions per user; one more revokes the least recently used.
const MAX_LASTING: u32 = 50;

#[derive(Clone, Debug)]
pub struct LogInDraft {
    /// Any verified address of the account.
    pub email: EmailAddress,
    pub password: LoginPassword,
    /// Required if the account has a second factor.
    pub otp: Option<OneTimePassword>,
    /// The name that the client gives the device.
    pub device_name: Option<DeviceName>,
}

/// The result of a log-in or a refresh.
#[derive(Clone, Debug)]
pub struct LogIn {
    pub access_token: IssuedToken,
    pub refresh_token: SecretString,
    /// How long the refresh token is valid.
    pub lasts_for: Duration,
    pub user: User,
    /// Names of the globally held permissions.
    pub permissions: BTreeSet<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// Unknown account, wrong password, or wrong one-time password. The error does not say which.
    #[error("the e-mail address, the password or the one-time password is wrong")]
    InvalidCredentials,
    /// The password is right; the account has a second factor.
    #[error("a one-time password is needed")]
    OtpRequired,
    /// The credentials are right, but the account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// Too many log-ins failed. The error does not say that the account exists.
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Signing failed, or a stored secret could not be decrypted.
    #[error("the log-in could not be carried out")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<JudgeError> for LogInError {
    fn from(error: JudgeError) -> Self {
        match error {
            JudgeError::RateLimited(error) => Self::RateLimited(error),
            JudgeError::Store(error) => Self::Store(error),
            JudgeError::Internal(cause) => Self::Internal(cause),
        }
    }
}

#[derive(Clone, Copy)]
enum Lasting {
    /// Until it has not been refreshed for the policy's lifetime.
    Refreshed,
    /// Until its first access token expires.
    OneToken,
}

/// A user whose password has been verified.
struct Authenticated {
    user: UserId,
    /// The hash that the password matched.
    password_hash: String,
    /// The stronger hash that replaces it.
    better_hash: Option<String>,
    otp: Option<OneTimePassword>,
}

/// The account and the second factor of a log-in that may have a session.
type Checked = (User, Option<SecondFactor>);

struct NewLogin {
    id: LoginSessionId,
    access_token: IssuedToken,
    user: User,
    permissions: BTreeSet<String>,
}

impl Sessions {
    /// Verifies the credentials and issues tokens. All failed log-ins look and take alike. A log-in
    /// reactivates a deactivated account.
    pub async fn log_in(&self, draft: LogInDraft, origin: Origin) -> Result<LogIn, LogInError> {
        let new_login = self.authenticate(draft, Lasting::Refreshed, origin).await?;
        Ok(self.with_refresh_token(new_login))
    }

    /// Logs in for one access token; the session expires with it.
    pub async fn log_in_once(
        &self,
        draft: LogInDraft,
        origin: Origin,
    ) -> Result<IssuedToken, LogInError> {
        let new_login = self.authenticate(draft, Lasting::OneToken, origin).await?;
        Ok(new_login.access_token)
    }

    async fn authenticate(
        &self,
        draft: LogInDraft,
        lasting: Lasting,
        origin: Origin,
    ) -> Result<NewLogin, LogInError> {
        let device_name = draft.device_name.clone();
        let turn = self.passwords.turn(origin.network()).await?;
        let authenticated = self.verify_password(draft, &turn, &origin).await?;
        let nothing = |_tx: &mut dyn Writes| Ok(());
        self.begin(nothing, authenticated, device_name, lasting, origin)
            .await
    }

    /// Logs in the owner of the password whose hash `set_password` stores, in the same transaction.
    pub(crate) async fn log_in_after<E>(
        &self,
        set_password: impl FnOnce(&mut dyn Writes) -> Result<(), E> + Send + 'static,
        user: UserId,
        password_hash: String,
        device_name: Option<DeviceName>,
        origin: Origin,
    ) -> Result<LogIn, E>
    where
        E: From<LogInError> + From<StoreError> + Send + 'static,
    {
        let owner = Authenticated {
            user,
            password_hash,
            better_hash: None,
            otp: None,
        };
        let lasting = Lasting::Refreshed;
        let new_login = self
            .begin(set_password, owner, device_name, lasting, origin)
            .await?;
        Ok(self.with_refresh_token(new_login))
    }

    fn with_refresh_token(&self, new_login: NewLogin) -> LogIn {
        LogIn {
            refresh_token: self.refresh_tokens.make(new_login.id, 0),
            lasts_for: self.policy.lifetime,
            access_token: new_login.access_token,
            user: new_login.user,
            permissions: new_login.permissions,
        }
    }

    /// The limits are read within the network's turn, so requests at once cannot overdraw them.
    async fn verify_password(
        &self,
        draft: LogInDraft,
        turn: &Turn,
        origin: &Origin,
    ) -> Result<Authenticated, LogInError> {
        let LogInDraft {
            email,
            password,
            otp,
            ..
        } = draft;
        let (limits, now) = (Arc::clone(&self.context.limits), self.context.clock.now());
        let asking = origin.clone();
        let (credentials, guards) = self
            .context
            .database
            .read::<_, LogInError>(move |tx| {
                // An unfinished registration has no password, and is answered like an unknown
                // address: it must not reveal that no account has the address.
                let credentials = tx.credentials(&email)?.filter(|known| known.email_verified);
                let account = credentials.as_ref().map(|known| known.user_id);
                let guards = LogInGuards::of(&limits, tx, account, &email, &asking, now)?;
                limits.check::<LogInError>(tx, guards.buckets(), now)?;
                Ok((credentials, guards))
            })
            .await?;
        let hash = credentials
            .as_ref()
            .map(|known| known.password_hash.clone());
        let matched = self.passwords.matches(turn, password.clone(), hash).await?;
        let Some(credentials) = credentials.filter(|_| matched.is_right()) else {
            self.failures.count_credentials();
            self.count_failure(guards, origin.clone()).await?;
            return Err(LogInError::InvalidCredentials);
        };
        let password_hash = credentials.password_hash;
        let better_hash = self.passwords.better_hash(turn, password, matched);
        Ok(Authenticated {
            user: credentials.user_id,
            better_hash: better_hash.await,
            password_hash,
            otp,
        })
    }

    /// Creates a session of a user whose password has been verified, after `before` in the same
    /// transaction.
    async fn begin<E>(
        &self,
        before: impl FnOnce(&mut dyn Writes) -> Result<(), E> + Send + 'static,
        authenticated: Authenticated,
        device_name: Option<DeviceName>,
        lasting: Lasting,
        origin: Origin,
    ) -> Result<NewLogin, E>
    where
        E: From<LogInError> + From<StoreError> + Send + 'static,
    {
        let now = self.context.clock.now();
        let id = LoginSessionId::new(self.context.ids.random());
        let access_token = self
            .tokens
            .issue(authenticated.user, id, self.context.ids.random(), now)
            .map_err(LogInError::Internal)?;
        let beginning = Beginning {
            entry_ids: [
                self.context.ids.time_ordered(),
                self.context.ids.time_ordered(),
            ],
            session: NewSession {
                id,
                user_id: authenticated.user,
                device_name: device_name.map(|name| name.as_str().to_owned()),
                network: origin.network(),
                created_at: now,
                expires_at: match lasting {
                    Lasting::Refreshed => now + self.policy.lifetime,
                    Lasting::OneToken => now + TimeDelta::seconds(access_token.expires_in as i64),
                },
                totp_due: false,
            },
            origin,
            now,
            authenticated,
        };
        let this = self.clone();
        let (user, permissions) = ending_sessions(&self.context, move |tx| {
            before(tx)?;
            Ok::<_, E>(beginning.write(tx, &this)?)
        })
        .await??;
        Ok(NewLogin {
            id,
            access_token,
            user,
            permissions,
        })
    }
}

/// A session before it is stored.
struct Beginning {
    authenticated: Authenticated,
    session: NewSession,
    origin: Origin,
    now: DateTime<Utc>,
    entry_ids: [uuid::Uuid; 2],
}

type AccountAndPermissions = (User, BTreeSet<String>);

impl Beginning {
    /// Stores the session after [`Self::check_again`]. A wrong one-time password is an inner error,
    /// because the transaction that counts it must commit.
    fn write(
        mut self,
        tx: &mut dyn Writes,
        sessions: &Sessions,
    ) -> Result<(Result<AccountAndPermissions, LogInError>, EndedSessions), LogInError> {
        let (id, user, now) = (self.session.id, self.authenticated.user, self.now);
        let mut ended = EndedSessions {
            user,
            sessions: Vec::new(),
        };
        let Some((account, second_factor)) = self.check_again(tx, sessions)? else {
            sessions.failures.count_second_factor();
            return Ok((Err(LogInError::InvalidCredentials), ended));
        };
        let requires_totp = sessions.policy.totp.requires(&account.groups);
        self.session.totp_due = second_factor.is_none() && requires_totp;
        ended.sessions = tx.end_longest_unused(user, MAX_LASTING - 1, EndReason::Displaced, now)?;
        tx.insert_session(&self.session)?;
        if let Some(network) = self.session.network {
            tx.note_network(user, network, now)?;
        }
        let record = tx.caller(user, id)?.ok_or(LogInError::InvalidCredentials)?;
        // Its owner logs in to cancel an erasure. Until then a deactivated account stays hidden.
        let comes_back = record.is_deactivated && tx.erasure_due(user)?.is_none();
        if comes_back {
            tx.set_deactivated(user, None, now)?;
            sessions.standing.deactivation_changed(tx, user, now)?;
        }
        self.write_audit(tx, comes_back, second_factor, &ended.sessions)?;
        Ok((Ok((account, record.into_permissions())), ended))
    }

    /// Checks again what may have changed since the password was read, then the second factor.
    /// `None` if the second factor is wrong. Locks the account until the session is stored, so a
    /// concurrent password change cannot race with the log-in.
    fn check_again(
        &self,
        tx: &mut dyn Writes,
        sessions: &Sessions,
    ) -> Result<Option<Checked>, LogInError> {
        let (authenticated, now) = (&self.authenticated, self.now);
        let user = authenticated.user;
        tx.lock_account(user)?;
        if tx.password_hash(user)?.as_ref() != Some(&authenticated.password_hash) {
            return Err(LogInError::InvalidCredentials);
        }
        let account = tx.user(user)?.ok_or(LogInError::InvalidCredentials)?;
        let second_factor = match tx.totp(user)?.filter(|totp| totp.confirmed_at.is_some()) {
            None => None,
            Some(record) => {
                let shown = authenticated.otp.as_ref().ok_or(LogInError::OtpRequired)?;
                let entry = Entry::new(Actor::Anonymous, Action::TotpWrong).from(&self.origin);
                let judged = sessions.judge(tx, &account, &record, shown, entry, now)?;
                let Some(factor) = judged else {
                    return Ok(None);
                };
                Some(factor)
            }
        };
        if !account.is_active {
            return Err(LogInError::Suspended);
        }
        if let Some(hash) = &authenticated.better_hash {
            tx.set_password_hash(user, hash, now)?;
        }
        Ok(Some((account, second_factor)))
    }

    fn write_audit(
        self,
        tx: &mut dyn Writes,
        was_hidden: bool,
        second_factor: Option<SecondFactor>,
        displaced: &[LoginSessionId],
    ) -> Result<(), StoreError> {
        let (user, now) = (self.authenticated.user, self.now);
        let [first, second] = self.entry_ids;
        if was_hidden {
            Entry::new(Actor::User(user), Action::AccountReactivate)
                .from(&self.origin)
                .on(Target::user(user))
                .write(tx, first, now)?;
        }
        let mut entry = Entry::new(Actor::User(user), Action::SessionCreate)
            .from(&self.origin)
            .on(Target::session(self.session.id));
        if let Some(factor) = second_factor {
            entry = entry.with("second_factor", factor.name());
        }
        if !displaced.is_empty() {
            let displaced: Vec<String> = displaced.iter().map(ToString::to_string).collect();
            entry = entry.with("displaced", displaced.join(" "));
        }
        entry.write(tx, second, now)
    }
}
