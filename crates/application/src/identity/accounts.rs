//! Account administration: create, find, change, group membership, suspension, and erasure.

mod changes;
mod groups;
mod recovery;
mod suspension;

use std::sync::Arc;

use abu_domain::{
    UserId, Violation,
    access::{APPLICANT_GROUP, GroupName, Permission},
    identity::{
        text::{NewPassword, PersonalWords, PhoneNumber},
        user::User,
    },
    platform::text::{EmailAddress, PersonName, require_free_name},
};

use crate::{
    Context,
    access::{self, AccessError, Authority, Caller, LastSuperAdmin},
    identity::{
        emails::take_address,
        passwords::{NewPasswordError, PasswordWork},
        ports::{EmailConflict, NewUser, StandingListener, UserFilter},
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
pub use recovery::AccountOverview;
pub use suspension::ERASURE_DELAY;
pub(super) use suspension::shut_out;

#[derive(Clone)]
pub struct Accounts {
    pub context: Context,
    pub passwords: PasswordWork,
    pub policy: Arc<SessionPolicy>,
    pub standing: Arc<dyn StandingListener>,
}

#[derive(Clone, Debug)]
pub struct UserDraft {
    /// The primary address, which is also the log-in name.
    pub email: EmailAddress,
    pub password: NewPassword,
    pub firstname: PersonName,
    pub middlename: Option<PersonName>,
    pub lastname: PersonName,
    pub phone: Option<PhoneNumber>,
}

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("there is no such account")]
    NotFound,
    #[error("the e-mail address has an account already")]
    EmailTaken,
    #[error("some groups are not known")]
    UnknownGroups(Vec<GroupName>),
    /// The account's address is unverified, so its owner is unknown.
    #[error("the e-mail address of the account is not verified")]
    Unverified,
    /// A membership would have ended before it begins.
    #[error("the membership is over before it begins")]
    TermOver,
    #[error("the last active super admin must stay one")]
    LastSuperAdmin,
    #[error("a superuser is always a super admin")]
    Superuser,
    /// A change of one's own address requires the password.
    #[error("one's own address is changed another way")]
    OwnEmail,
    /// An erasure that its owner requests can be canceled by its owner alone, whom the suspension
    /// would lock out.
    #[error("staff cannot erase their own account this way")]
    OwnErasure,
    /// What was erased does not come back.
    #[error("the erasure of the account has begun")]
    ErasureBegan,
    /// Callers remove their own second factor with it and their password.
    #[error("one's own one-time passwords are removed another way")]
    OwnTotp,
    #[error("the account has no one-time passwords")]
    NoTotp,
    /// The names make a reserved full name.
    #[error("the name {0}")]
    Name(Violation),
    #[error(transparent)]
    Changed(#[from] PreconditionFailed),
    #[error(transparent)]
    Password(#[from] NewPasswordError),
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
    /// The personal words that the owner's password must not contain.
    pub fn personal_words(&self) -> PersonalWords {
        let names = [&self.firstname, &self.lastname];
        PersonalWords::of(&self.email, names.into_iter().chain(&self.middlename))
    }
}

impl Accounts {
    /// Creates an account in the applicant group; takes `can_create_user`.
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
        require_free_name(&draft.firstname, draft.middlename.as_ref(), &draft.lastname)
            .map_err(AccountError::Name)?;
        let personal = draft.personal_words();
        let password_hash = self
            .passwords
            .accept(None, draft.password, personal)
            .await?;
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
            // The administrator vouches for the address, so the account is usable at once.
            email_verified_at: Some(now),
            email_awaits_proof: true,
            created_at: now,
        };
        self.context
            .database
            .transaction(move |tx| {
                // Authorizes again: the caller may have lost the permission during the hashing.
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

    /// Gets an account; takes `can_view_user`.
    pub async fn get(&self, caller: Caller, id: UserId) -> Result<User, AccountError> {
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &caller, Permission::ViewUser)?;
                tx.user(id)?.ok_or(AccountError::NotFound)
            })
            .await
    }

    /// Finds the account of a log-in address; takes `can_view_user`.
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

    /// At most `limit` accounts whose address another account holds; takes `can_view_user`.
    pub async fn email_conflicts(
        &self,
        caller: impl Authority,
        limit: u32,
    ) -> Result<Vec<EmailConflict>, AccountError> {
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &caller, Permission::ViewUser)?;
                Ok(tx.email_conflicts(limit)?)
            })
            .await
    }

    /// A page of accounts, newest first; takes `can_view_user`.
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

/// Locks the account's row until the transaction ends.
fn locked(tx: &mut dyn Writes, id: UserId) -> Result<User, AccountError> {
    tx.lock_account(id)?;
    tx.user(id)?.ok_or(AccountError::NotFound)
}
