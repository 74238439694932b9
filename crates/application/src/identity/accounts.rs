//! Accounts: making, finding and changing them, who is in which group, and whether they can be used.

mod changes;
mod groups;
mod suspension;

use std::sync::Arc;

use abu_domain::{
    UserId,
    access::{APPLICANT_GROUP, GroupName, Permission},
    identity::{
        text::{NewPassword, PersonalWords, PhoneNumber},
        user::User,
    },
    platform::text::{EmailAddress, PersonName},
};

use crate::{
    Context,
    access::{self, AccessError, Authority, Caller, LastSuperAdmin},
    identity::{
        emails::take_address,
        passwords::{NewPasswordError, PasswordWork},
        ports::{NewUser, UserFilter},
        sessions::SessionPolicy,
    },
    platform::{
        audit::{Action, Target},
        lists::{ListRequest, Listed, TimePosition},
        ports::StoreError,
        versions::PreconditionFailed,
    },
    store::Writes,
};

pub use changes::UserUpdate;
pub use suspension::ERASURE_DELAY;

/// The use cases of accounts.
#[derive(Clone)]
pub struct Accounts {
    pub context: Context,
    /// Who judges and hashes passwords.
    pub passwords: PasswordWork,
    /// What the operator decides about sessions.
    pub policy: Arc<SessionPolicy>,
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
    /// There are no such groups.
    #[error("some groups are not known")]
    UnknownGroups(Vec<GroupName>),
    /// Nobody proved that they read its address, so nobody knows whose account it is.
    #[error("the e-mail address of the account is not verified")]
    Unverified,
    /// The last active super admin stays one, and active.
    #[error("the last active super admin must stay one")]
    LastSuperAdmin,
    /// A superuser is a super admin for as long as the account is there.
    #[error("a superuser is always a super admin")]
    Superuser,
    /// Changing one's own address takes one's password.
    #[error("one's own address is changed another way")]
    OwnEmail,
    /// What its owner asked for themself only its owner calls off, who is shut out by it.
    #[error("nobody has their own account erased this way")]
    OwnErasure,
    /// The account is not as the caller has seen it.
    #[error(transparent)]
    Changed(#[from] PreconditionFailed),
    /// The password is not accepted.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LastSuperAdmin> for AccountError {
    fn from(error: LastSuperAdmin) -> Self {
        match error {
            LastSuperAdmin::Last => Self::LastSuperAdmin,
            LastSuperAdmin::Store(error) => Self::Store(error),
        }
    }
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
    pub async fn create(
        &self,
        caller: impl Authority,
        draft: UserDraft,
    ) -> Result<User, AccountError> {
        let asking = caller.clone();
        self.context
            .database
            .read::<_, AccountError>(move |tx| {
                access::require(tx, &asking, Permission::CreateUser)?;
                Ok(())
            })
            .await?;
        let personal = draft.personal_words();
        let password_hash = self.passwords.accept(draft.password, personal).await?;
        let (now, entry_id) = self.context.now_and_entry_id();
        let new = NewUser {
            id: UserId::new(self.context.ids.random()),
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
        self.context
            .database
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
                caller
                    .entry(Action::UserCreate)
                    .on(Target::user(new.id))
                    .write(tx, entry_id, now)?;
                Ok(user)
            })
            .await
    }

    /// An account; takes `can_view_user`.
    pub async fn get(&self, caller: Caller, id: UserId) -> Result<User, AccountError> {
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &caller, Permission::ViewUser)?;
                tx.user(id)?.ok_or(AccountError::NotFound)
            })
            .await
    }

    /// The account that logs in with an address; takes `can_view_user`.
    pub async fn find(
        &self,
        caller: impl Authority,
        email: EmailAddress,
    ) -> Result<User, AccountError> {
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &caller, Permission::ViewUser)?;
                let found = tx.credentials(&email)?.ok_or(AccountError::NotFound)?;
                tx.user(found.user_id)?.ok_or(AccountError::NotFound)
            })
            .await
    }

    /// A page of accounts, the newest first; takes `can_view_user`.
    pub async fn list(
        &self,
        caller: impl Authority,
        filter: UserFilter,
        page: ListRequest<TimePosition<UserId>>,
    ) -> Result<Listed<User>, AccountError> {
        self.context
            .database
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
}

/// The account, locked until the transaction ends.
fn locked(tx: &mut dyn Writes, id: UserId) -> Result<User, AccountError> {
    tx.lock_account(id)?;
    tx.user(id)?.ok_or(AccountError::NotFound)
}
