//! Accounts: making, finding, suspending and activating them.

use std::sync::Arc;

use abu_domain::{
    UserId,
    access::{APPLICANT_GROUP, Permission},
    text::{EmailAddress, NewPassword, PersonName, PersonalWords, PhoneNumber},
    user::User,
};

use crate::{
    Database,
    access::{self, AccessError, Authority, Caller},
    audit::{Action, Entry, Target},
    emails::take_address,
    lists::{ListRequest, Listed, TimePosition},
    passwords::{NewPasswordError, PasswordWork},
    ports::{Clock, EndReason, Ids, LiveChat, NewUser, StoreError, UserFilter, WhichSessions},
};

/// The use cases of accounts.
#[derive(Clone)]
pub struct Accounts {
    /// The store.
    pub database: Database,
    /// Who judges and hashes passwords.
    pub passwords: PasswordWork,
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
    /// The password is not accepted.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UserDraft {
    /// What is known of its owner when they choose a password.
    pub fn personal_words(&self) -> PersonalWords {
        let names = [&self.firstname, &self.lastname];
        PersonalWords::of(&self.email, names.into_iter().chain(&self.middlename))
    }
}

impl Accounts {
    /// Makes an account for somebody, in the group of applicants; takes `can_create_user`.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn create(
        &self,
        caller: impl Authority,
        draft: UserDraft,
    ) -> Result<User, AccountError> {
        let asking = caller.clone();
        self.database
            .read::<_, AccountError>(move |tx| {
                access::require(tx, &asking, Permission::CreateUser)?;
                Ok(())
            })
            .await?;
        let personal = draft.personal_words();
        let password_hash = self.passwords.accept(draft.password, personal).await?;
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
                tx.lock_address(&new.email)?;
                if !take_address(tx, &new.email, None, now)? {
                    return Err(AccountError::EmailTaken);
                }
                tx.insert_user(&new)?;
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
        caller: impl Authority,
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

    /// Suspends or activates an account; takes `can_modify_user`. All log-ins of a suspended account
    /// are over, and its connections to the chat have been told to end, when this returns.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn set_active(
        &self,
        caller: impl Authority,
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
                    if !is_active {
                        tx.end_sessions(id, WhichSessions::All, EndReason::Suspended, now)?;
                    }
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
}
