//! Accounts: making, finding, suspending and activating them.

use std::{collections::BTreeSet, sync::Arc};

use abu_domain::{
    UserId,
    access::{APPLICANT_GROUP, Permission},
    text::{EmailAddress, NewPassword, PersonName, PhoneNumber},
    user::User,
};

use crate::{
    BlockingPool, Database,
    access::{self, AccessError, Caller},
    audit::{Action, Entry, Target},
    lists::{ListRequest, Listed, TimePosition},
    ports::{Clock, Ids, LiveChat, NewUser, PasswordHasher, StoreError, UserFilter},
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
    /// Who is connected.
    pub live_chat: Arc<dyn LiveChat>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn Ids>,
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
    /// The caller's own account.
    ///
    /// # Errors
    /// [`AccessError`].
    pub async fn own(&self, caller: Caller) -> Result<OwnAccount, AccessError> {
        self.database
            .read(move |tx| {
                let record = access::require_active(tx, &caller)?;
                let user = tx.user(caller.user)?.ok_or(AccessError::SessionEnded)?;
                Ok(OwnAccount {
                    user,
                    permissions: record.into_permissions(),
                })
            })
            .await
    }

    /// Makes an account for somebody, in the group of applicants; takes `can_create_user`.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn create(&self, caller: Caller, draft: UserDraft) -> Result<User, AccountError> {
        let asking = caller.clone();
        self.database
            .read::<_, AccountError>(move |tx| {
                access::require(tx, &asking, Permission::CreateUser)?;
                Ok(())
            })
            .await?;
        let password_hash = self.hash(draft.password).await?;
        let (now, entry_id) = (self.clock.now(), self.ids.time_ordered());
        let new = NewUser {
            id: UserId::new(self.ids.random()),
            email: draft.email,
            password_hash,
            firstname: draft.firstname,
            middlename: draft.middlename,
            lastname: draft.lastname,
            phone: draft.phone,
            is_superuser: false,
            // The office vouches for it.
            email_verified_at: Some(now),
            created_at: now,
        };
        self.database
            .transaction(move |tx| {
                // Once more: hashing takes a while, and the right may be gone by now.
                access::require(tx, &caller, Permission::CreateUser)?;
                tx.insert_user(&new).map_err(email_taken)?;
                tx.add_to_group(new.id, APPLICANT_GROUP)?;
                let user = tx.user(new.id)?.ok_or(AccountError::NotFound)?;
                Entry::by(&caller, Action::UserCreate)
                    .on(Target::user(new.id))
                    .write(tx, entry_id, now)?;
                Ok(user)
            })
            .await
    }

    /// An account; takes `can_view_user`.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn get(&self, caller: Caller, id: UserId) -> Result<User, AccountError> {
        self.database
            .read(move |tx| {
                access::require(tx, &caller, Permission::ViewUser)?;
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
        caller: Caller,
        filter: UserFilter,
        page: ListRequest<TimePosition<UserId>>,
    ) -> Result<Listed<User>, AccountError> {
        self.database
            .read(move |tx| {
                access::require(tx, &caller, Permission::ViewUser)?;
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
        caller: Caller,
        id: UserId,
        is_active: bool,
    ) -> Result<User, AccountError> {
        let (now, entry_id) = (self.clock.now(), self.ids.time_ordered());
        let live_chat = Arc::clone(&self.live_chat);
        let (user, applied) = self
            .database
            .run(move |store| {
                let user = store.transaction(|tx| {
                    access::require(tx, &caller, Permission::ModifyUser)?;
                    let user = tx.user(id)?.ok_or(AccountError::NotFound)?;
                    if user.is_superuser && !is_active && tx.other_active_superusers(id)? == 0 {
                        return Err(AccountError::LastSuperuser);
                    }
                    tx.set_active(id, is_active, now)?;
                    let user = tx.user(id)?.ok_or(AccountError::NotFound)?;
                    let action = match is_active {
                        true => Action::UserActivate,
                        false => Action::UserSuspend,
                    };
                    Entry::by(&caller, action)
                        .on(Target::user(id))
                        .write(tx, entry_id, now)?;
                    Ok(user)
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
