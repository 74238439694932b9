//! What the operator does at the machine: what every installation starts with, its first superuser, a
//! password for who is locked out.

use std::{collections::BTreeSet, sync::Arc};

use abu_domain::{
    UserId,
    access::{GroupName, SUPER_ADMIN_GROUP},
    identity::{
        text::{NewPassword, PersonalWords},
        user::User,
    },
    platform::text::{EmailAddress, PersonName},
};
use chrono::{DateTime, Utc};

use crate::{
    access::Authority,
    identity::{
        emails::take_address,
        passwords::{personal_words, replace_password},
        ports::{
            EndReason, NewUser, PasswordHasher, PasswordPolicy, PasswordWeakness, WhichSessions,
        },
    },
    platform::{
        audit::{Action, Target},
        ports::{Clock, Ids, StoreError},
    },
    store::{Reads, Store, Writes},
};

/// The use cases of setting up, and of helping somebody who is locked out. They block and ask for no
/// permission: they are the operator's, at the machine, before anybody can log in.
#[derive(Clone)]
pub struct Setup {
    /// The store.
    pub store: Arc<dyn Store>,
    /// How passwords are hashed.
    pub hasher: Arc<dyn PasswordHasher>,
    /// How they are judged.
    pub policy: Arc<dyn PasswordPolicy>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn Ids>,
}

/// The first superuser, as the configuration names them.
#[derive(Clone, Debug)]
pub struct SuperuserDraft {
    /// What they log in with.
    pub email: EmailAddress,
    /// Their first password; not needed where the address has an account already.
    pub password: Option<NewPassword>,
    /// Given name.
    pub firstname: PersonName,
    /// Surname.
    pub lastname: PersonName,
}

/// What a bootstrap did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrapped {
    /// How many rows of permissions, roles, groups and their links were missing.
    pub access_rows_added: usize,
    /// What became of the superuser.
    pub superuser: SuperuserOutcome,
}

/// What a bootstrap did about the superuser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuperuserOutcome {
    /// The account was made.
    Created,
    /// The account was there, and keeps its password.
    AlreadyThere,
}

/// Why a bootstrap failed.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address belongs to an account that is no superuser: making it one behind its owner's
    /// back is not this command's business.
    #[error("the superuser's e-mail address belongs to an ordinary account")]
    NotASuperuser,
    /// The address was an account's until a short while ago, and that account may go back to it.
    #[error("the superuser's e-mail address belongs to another account")]
    EmailTaken,
    /// The superuser has no account yet, and no password to make one with.
    #[error("the superuser needs a password")]
    PasswordMissing,
    /// The password is not good enough.
    #[error("the password {0}")]
    PasswordWeak(#[from] PasswordWeakness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Hashing failed.
    #[error("the password could not be hashed")]
    Hashing(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Setup {
    /// Whether the address has an account, and so a password already. One of which nobody proved that
    /// they read the address does not count.
    pub fn has_account(&self, email: &EmailAddress) -> Result<bool, StoreError> {
        self.store.read(|tx| Ok(owner_of(tx, email)?.is_some()))
    }

    /// Adds what is missing of the seeded permissions, roles and groups, and the superuser if the
    /// address has no account. Doing it again changes nothing; an existing superuser keeps their
    /// password.
    pub fn bootstrap(
        &self,
        by: &impl Authority,
        superuser: &SuperuserDraft,
    ) -> Result<Bootstrapped, SetupError> {
        let now = self.clock.now();
        let new_user = self.superuser_to_insert(superuser)?;
        self.store.transaction(|tx| {
            let access_rows_added = tx.seed_access(now)?;
            tx.lock_address(&superuser.email)?;
            let created = match owner_of(tx, &superuser.email)? {
                Some(user) if !user.is_superuser => return Err(SetupError::NotASuperuser),
                Some(there) => {
                    tx.add_to_group(there.id, SUPER_ADMIN_GROUP)?;
                    None
                }
                None => Some(add_superuser(tx, new_user, now)?),
            };
            if access_rows_added > 0 {
                by.entry(Action::AccessSeed)
                    .with("rows", access_rows_added.to_string())
                    .write(tx, self.ids.time_ordered(), now)?;
            }
            if let Some(id) = created {
                by.entry(Action::UserCreate)
                    .on(Target::user(id))
                    .with("is_superuser", "true")
                    .write(tx, self.ids.time_ordered(), now)?;
            }
            Ok(Bootstrapped {
                access_rows_added,
                superuser: match created {
                    Some(_) => SuperuserOutcome::Created,
                    None => SuperuserOutcome::AlreadyThere,
                },
            })
        })
    }

    /// Names of permissions that the code asks for and that a [bootstrap](Self::bootstrap) would make.
    pub fn unseeded_permissions(&self) -> Result<BTreeSet<String>, StoreError> {
        self.store.read(|tx| tx.unseeded_permissions())
    }

    /// Those of `groups` that are not there.
    pub fn unknown_groups(&self, groups: &[GroupName]) -> Result<Vec<GroupName>, StoreError> {
        self.store.read(|tx| tx.unknown_groups(groups))
    }

    /// Gives the account of that address another password; false where there is none. All its sessions
    /// have ended then, the links that were sent for it are dead, and its owner is told by mail.
    pub fn reset_password(
        &self,
        by: &impl Authority,
        email: &EmailAddress,
        password: &NewPassword,
    ) -> Result<bool, SetupError> {
        let owner: Result<_, StoreError> = self.store.read(|tx| owner_of(tx, email));
        let Some(owner) = owner? else {
            return Ok(false);
        };
        let hash = self.accept(password, &personal_words(&owner))?;
        let now = self.clock.now();
        self.store.transaction(|tx| {
            tx.lock_account(owner.id)?;
            // Once more: hashing takes a while, and it may be gone or have another address by now.
            let Some(owner) = owner_of(tx, email)?.filter(|found| found.id == owner.id) else {
                return Ok(false);
            };
            replace_password(tx, &*self.ids, &owner, &hash, now)?;
            tx.end_sessions(owner.id, WhichSessions::All, EndReason::PasswordReset, now)?;
            by.entry(Action::PasswordReset)
                .on(Target::user(owner.id))
                .write(tx, self.ids.time_ordered(), now)?;
            Ok(true)
        })
    }

    fn accept(
        &self,
        password: &NewPassword,
        personal: &PersonalWords,
    ) -> Result<String, SetupError> {
        self.policy.judge(password, personal)?;
        self.hasher.hash(password).map_err(SetupError::Hashing)
    }

    /// The row to add, its password hashed before any transaction is open; `None` where the account
    /// is there or has no password to get.
    fn superuser_to_insert(&self, draft: &SuperuserDraft) -> Result<Option<NewUser>, SetupError> {
        let Some(password) = &draft.password else {
            return Ok(None);
        };
        if self.has_account(&draft.email)? {
            return Ok(None);
        }
        let now = self.clock.now();
        let personal = PersonalWords::of(&draft.email, [&draft.firstname, &draft.lastname]);
        Ok(Some(NewUser {
            id: UserId::new(self.ids.random()),
            email: draft.email.clone(),
            password_hash: self.accept(password, &personal)?,
            firstname: draft.firstname.clone(),
            middlename: None,
            lastname: draft.lastname.clone(),
            phone: None,
            is_superuser: true,
            // The operator vouches for it.
            email_verified_at: Some(now),
            created_at: now,
        }))
    }
}

fn add_superuser(
    tx: &mut dyn Writes,
    new_user: Option<NewUser>,
    now: DateTime<Utc>,
) -> Result<UserId, SetupError> {
    let new_user = new_user.ok_or(SetupError::PasswordMissing)?;
    if !take_address(tx, &new_user.email, None, now)? {
        return Err(SetupError::EmailTaken);
    }
    tx.insert_user(&new_user)?;
    tx.add_to_group(new_user.id, SUPER_ADMIN_GROUP)?;
    Ok(new_user.id)
}

/// The account that proved the address.
fn owner_of(tx: &mut dyn Reads, email: &EmailAddress) -> Result<Option<User>, StoreError> {
    let found = tx.credentials(email)?.filter(|found| found.email_verified);
    Ok(found
        .map(|found| tx.user(found.user_id))
        .transpose()?
        .flatten())
}
