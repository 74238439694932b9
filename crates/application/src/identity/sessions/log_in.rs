//! Log-in with password and optional second factor.

use std::{collections::BTreeSet, sync::Arc};

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
    EndedSessions, Sessions, ending_sessions, network::network_of, second_factor::SecondFactor,
};
use crate::{
    identity::ports::{EndReason, IssuedToken, NewSession, TotpRecord},
    platform::{
        Origin,
        audit::{Action, Actor, Entry, Target},
        ports::StoreError,
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
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Signing failed, or a stored secret could not be decrypted.
    #[error("the log-in could not be carried out")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

#[derive(Clone, Copy)]
enum Lasting {
    /// Until it has not been refreshed for the policy's lifetime.
    Refreshed,
    /// Until its first access token expires.
    OneToken,
}

/// A user whose credentials have been verified.
struct Authenticated {
    user: UserId,
    /// The hash that the password matched.
    password_hash: String,
    /// The stronger hash that replaces it.
    better_hash: Option<String>,
    second_factor: Option<SecondFactor>,
}

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
        let authenticated = self.verify_credentials(draft).await?;
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
            second_factor: None,
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
            access_token: new_login.access_token,
            user: new_login.user,
            permissions: new_login.permissions,
        }
    }

    async fn verify_credentials(&self, draft: LogInDraft) -> Result<Authenticated, LogInError> {
        let LogInDraft {
            email,
            password,
            otp,
            ..
        } = draft;
        let (credentials, totp) = self
            .context
            .database
            .read::<_, StoreError>(move |tx| {
                // An unfinished registration has no password, and is answered like an unknown
                // address: it must not reveal that no account has the address.
                let credentials = tx.credentials(&email)?.filter(|known| known.email_verified);
                // Queried for unknown accounts too, so that both cases take the same time.
                let user = credentials.as_ref().map(|known| known.user_id);
                let totp = tx.totp(user.unwrap_or(UserId::new(uuid::Uuid::nil())))?;
                Ok((credentials, totp))
            })
            .await?;
        let hash = credentials
            .as_ref()
            .map(|known| known.password_hash.clone());
        let matches = self.passwords.matches(password.clone(), hash).await?;
        let credentials = credentials
            .filter(|_| matches)
            .ok_or(LogInError::InvalidCredentials)
            .inspect_err(|_wrong| self.failures.count_credentials())?;
        let user = credentials.user_id;
        let second_factor = self.second_factor(user, totp, otp)?;
        if !credentials.is_active {
            return Err(LogInError::Suspended);
        }
        let password_hash = credentials.password_hash;
        let better_hash = self.passwords.better_hash(password, &password_hash).await;
        Ok(Authenticated {
            user,
            password_hash,
            better_hash,
            second_factor,
        })
    }

    /// The second factor that matches, if the account has one.
    fn second_factor(
        &self,
        user: UserId,
        totp: Option<TotpRecord>,
        shown: Option<OneTimePassword>,
    ) -> Result<Option<SecondFactor>, LogInError> {
        let Some(record) = totp.filter(|record| record.confirmed_at.is_some()) else {
            return Ok(None);
        };
        let shown = shown.ok_or(LogInError::OtpRequired)?;
        let (known, now) = (&*self.one_time_passwords, self.context.clock.now());
        SecondFactor::find(known, user, &record, &shown, now)
            .map_err(LogInError::Internal)?
            .map(Some)
            .ok_or(LogInError::InvalidCredentials)
            .inspect_err(|_wrong| self.failures.count_second_factor())
    }

    /// Creates a session of a user whose credentials have been verified, after `before` in the same
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
                network: origin.address.map(network_of),
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
        let policy = Arc::clone(&self.policy);
        let (user, permissions) = ending_sessions(&self.context, move |tx| {
            before(tx)?;
            let requires_totp = |groups: &[String]| policy.totp.requires(groups);
            Ok::<_, E>(beginning.write(tx, requires_totp)?)
        })
        .await?;
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
    /// Stores the session after [`Self::check_again`].
    fn write(
        mut self,
        tx: &mut dyn Writes,
        requires_totp: impl FnOnce(&[String]) -> bool,
    ) -> Result<(AccountAndPermissions, EndedSessions), LogInError> {
        let (id, user, now) = (self.session.id, self.authenticated.user, self.now);
        let account = self.check_again(tx)?;
        let has_totp = self.authenticated.second_factor.is_some();
        self.session.totp_due = !has_totp && requires_totp(&account.groups);
        let displaced = tx.end_longest_unused(user, MAX_LASTING - 1, EndReason::Displaced, now)?;
        tx.insert_session(&self.session)?;
        let record = tx.caller(user, id)?.ok_or(LogInError::InvalidCredentials)?;
        if record.is_deactivated {
            tx.set_deactivated(user, None, now)?;
        }
        self.write_audit(tx, record.is_deactivated, &displaced)?;
        let ended = EndedSessions {
            user,
            sessions: displaced,
        };
        Ok(((account, record.into_permissions()), ended))
    }

    /// Checks again what may have changed since the password was read. Uses up the second factor
    /// and stores a stronger hash. Locks the account until the session is stored, so a concurrent
    /// password change cannot race with the log-in.
    fn check_again(&self, tx: &mut dyn Writes) -> Result<User, LogInError> {
        let (authenticated, now) = (&self.authenticated, self.now);
        let user = authenticated.user;
        tx.lock_account(user)?;
        if tx.password_hash(user)?.as_ref() != Some(&authenticated.password_hash) {
            return Err(LogInError::InvalidCredentials);
        }
        let account = tx.user(user)?.ok_or(LogInError::InvalidCredentials)?;
        // In its erasure window an account is closed, and no log-in reactivates it.
        if !account.is_active || tx.erasure_due(user)?.is_some() {
            return Err(LogInError::Suspended);
        }
        match &authenticated.second_factor {
            Some(factor) if !factor.use_up(tx, user, now)? => {
                return Err(LogInError::InvalidCredentials);
            }
            None if tx.has_totp(user)? => return Err(LogInError::OtpRequired),
            _ => {}
        }
        if let Some(hash) = &authenticated.better_hash {
            tx.set_password_hash(user, hash, now)?;
        }
        Ok(account)
    }

    fn write_audit(
        self,
        tx: &mut dyn Writes,
        was_hidden: bool,
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
        if let Some(factor) = &self.authenticated.second_factor {
            entry = entry.with("second_factor", factor.name());
        }
        if !displaced.is_empty() {
            let displaced: Vec<String> = displaced.iter().map(ToString::to_string).collect();
            entry = entry.with("displaced", displaced.join(" "));
        }
        entry.write(tx, second, now)
    }
}
