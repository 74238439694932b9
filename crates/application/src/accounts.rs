//! Accounts: logging in, making, finding, suspending and activating them, passwords.

use std::{collections::BTreeSet, sync::Arc};

use abu_domain::{
    UserId,
    access::{APPLICANT_GROUP, Permission},
    text::{EmailAddress, LoginPassword, NewPassword, PersonName, PhoneNumber},
    user::User,
};

use crate::{
    BlockingPool, Database,
    access::{self, AccessError},
    lists::{ListRequest, Listed, TimePosition},
    ports::{
        AccessTokens, Clock, Ids, IssuedToken, LiveChat, NewUser, PasswordHasher, StoreError,
        UserFilter,
    },
};

/// The use cases of accounts.
#[derive(Clone)]
pub struct Accounts {
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

/// What a new account is made of.
#[derive(Clone, Debug)]
pub struct UserDraft {
    /// What it logs in with.
    pub email: EmailAddress,
    /// Its password.
    pub password: NewPassword,
    /// Given name.
    pub firstname: PersonName,
    /// Names between.
    pub middlename: Option<PersonName>,
    /// Surname.
    pub lastname: PersonName,
    /// Telephone number.
    pub phone: Option<PhoneNumber>,
}

/// Why an account was not made, changed or shown.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The address has an account already.
    #[error("the e-mail address has an account already")]
    EmailTaken,
    /// The last active superuser cannot be suspended.
    #[error("the last active superuser cannot be suspended")]
    LastSuperuser,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Hashing failed.
    #[error("the password could not be hashed")]
    Hashing(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The account of the caller, with what they may do.
#[derive(Clone, Debug)]
pub struct OwnAccount {
    /// The account.
    pub user: User,
    /// Names of the permissions they hold.
    pub permissions: BTreeSet<String>,
}

impl Accounts {
    /// Exchanges an e-mail address and a password for an access token. All wrong log-ins fail alike
    /// and take alike.
    ///
    /// # Errors
    /// [`LogInError`].
    pub async fn log_in(
        &self,
        email: EmailAddress,
        password: LoginPassword,
    ) -> Result<LogIn, LogInError> {
        let credentials = self
            .database
            .read(move |tx| tx.credentials(&email))
            .await
            .map_err(LogInError::Store)?;
        let hash = credentials.as_ref().map(|c| c.password_hash.clone());
        let hasher = Arc::clone(&self.hasher);
        let matches = self
            .hashing
            .run(move || hasher.verify(&password, hash.as_deref()))
            .await
            .map_err(|busy| StoreError::Unavailable(busy.into()))?;
        let credentials = credentials
            .filter(|_| matches)
            .ok_or(LogInError::InvalidCredentials)?;
        if !credentials.is_active {
            return Err(LogInError::Suspended);
        }
        let account = self
            .own(credentials.user_id)
            .await
            .map_err(|error| match error {
                AccessError::Suspended => LogInError::Suspended,
                AccessError::Store(error) => LogInError::Store(error),
                // The account vanished between the two reads.
                AccessError::UnknownCaller | AccessError::Denied(_) => {
                    LogInError::InvalidCredentials
                }
            })?;
        let token = self
            .tokens
            .issue(account.user.id, self.ids.random(), self.clock.now())
            .map_err(LogInError::Internal)?;
        Ok(LogIn {
            token,
            user: account.user,
            permissions: account.permissions,
        })
    }

    /// The caller's own account.
    ///
    /// # Errors
    /// [`AccessError`].
    pub async fn own(&self, caller: UserId) -> Result<OwnAccount, AccessError> {
        self.database
            .read(move |tx| {
                let record = access::require_active(tx, caller)?;
                let user = tx.user(caller)?.ok_or(AccessError::UnknownCaller)?;
                let permissions = if record.is_superuser {
                    Permission::ALL
                        .iter()
                        .map(|permission| permission.name().to_owned())
                        .chain(record.permissions)
                        .collect()
                } else {
                    record.permissions
                };
                Ok(OwnAccount { user, permissions })
            })
            .await
    }

    /// Makes an account for somebody, in the group of applicants; takes `can_create_user`.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn create(&self, caller: UserId, draft: UserDraft) -> Result<User, AccountError> {
        self.database
            .read::<_, AccountError>(move |tx| {
                access::require(tx, caller, Permission::CreateUser)?;
                Ok(())
            })
            .await?;
        let password_hash = self.hash(draft.password).await?;
        let new = NewUser {
            id: UserId::new(self.ids.random()),
            email: draft.email,
            password_hash,
            firstname: draft.firstname,
            middlename: draft.middlename,
            lastname: draft.lastname,
            phone: draft.phone,
            is_superuser: false,
            created_at: self.clock.now(),
        };
        self.database
            .transaction(move |tx| {
                // Once more: hashing takes a while, and the right may be gone by now.
                access::require(tx, caller, Permission::CreateUser)?;
                tx.insert_user(&new).map_err(email_taken)?;
                tx.add_to_group(new.id, APPLICANT_GROUP)?;
                tx.user(new.id)?.ok_or(AccountError::NotFound)
            })
            .await
    }

    /// An account; takes `can_view_user`.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn get(&self, caller: UserId, id: UserId) -> Result<User, AccountError> {
        self.database
            .read(move |tx| {
                access::require(tx, caller, Permission::ViewUser)?;
                tx.user(id)?.ok_or(AccountError::NotFound)
            })
            .await
    }

    /// A page of accounts, the newest first; takes `can_view_user`.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn list(
        &self,
        caller: UserId,
        filter: UserFilter,
        page: ListRequest<TimePosition<UserId>>,
    ) -> Result<Listed<User>, AccountError> {
        self.database
            .read(move |tx| {
                access::require(tx, caller, Permission::ViewUser)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_users(&filter, seek, limit),
                    |tx| tx.count_users(&filter),
                )?)
            })
            .await
    }

    /// Suspends or activates an account; takes `can_modify_user`. The sessions of a suspended
    /// account have been told to end when this returns.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn set_active(
        &self,
        caller: UserId,
        id: UserId,
        is_active: bool,
    ) -> Result<User, AccountError> {
        let now = self.clock.now();
        let live_chat = Arc::clone(&self.live_chat);
        let (user, applied) = self
            .database
            .run(move |store| {
                let user = store.transaction(|tx| {
                    access::require(tx, caller, Permission::ModifyUser)?;
                    let user = tx.user(id)?.ok_or(AccountError::NotFound)?;
                    if user.is_superuser && !is_active && tx.other_active_superusers(id)? == 0 {
                        return Err(AccountError::LastSuperuser);
                    }
                    tx.set_active(id, is_active, now)?;
                    tx.user(id)?.ok_or(AccountError::NotFound)
                })?;
                let applied = (!is_active).then(|| live_chat.account_suspended(id));
                Ok::<_, AccountError>((user, applied))
            })
            .await?;
        if let Some(applied) = applied {
            applied.await;
        }
        Ok(user)
    }

    async fn hash(&self, password: NewPassword) -> Result<String, AccountError> {
        let hasher = Arc::clone(&self.hasher);
        self.hashing
            .run(move || hasher.hash(&password))
            .await
            .map_err(|busy| StoreError::Unavailable(busy.into()))?
            .map_err(AccountError::Hashing)
    }
}

fn email_taken(error: StoreError) -> AccountError {
    match error {
        StoreError::Conflict { constraint } if constraint == "users_email_key" => {
            AccountError::EmailTaken
        }
        error => AccountError::Store(error),
    }
}
