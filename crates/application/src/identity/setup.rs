//! Operator commands at the machine: seed and bootstrap an installation, reset a password.

use std::{collections::BTreeSet, sync::Arc};

use abu_domain::{
    UserId,
    access::{AUTOMATIC_GROUPS, GroupName, Permission, SUPER_ADMIN_GROUP},
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
        rate_limits::{Guard, RateLimits, Subject},
    },
    store::{Reads, Store, Writes},
};

/// Use cases of `abu-admin` and of the start-up. They block, and check no permission: the operator
/// acts before any user can log in.
#[derive(Clone)]
pub struct Setup {
    pub store: Arc<dyn Store>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub policy: Arc<dyn PasswordPolicy>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
}

/// The first superuser as the settings name it.
#[derive(Clone, Debug)]
pub struct SuperuserDraft {
    pub email: EmailAddress,
    /// The initial password; not needed if the address has an account.
    pub password: Option<NewPassword>,
    pub firstname: PersonName,
    pub lastname: PersonName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrapped {
    /// New rows of permissions, roles, groups and their links.
    pub access_rows_added: usize,
    pub superuser: SuperuserOutcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuperuserOutcome {
    Created,
    /// The account existed and keeps its password.
    AlreadyThere,
}

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address belongs to an ordinary account, which bootstrap does not promote without its
    /// owner.
    #[error("the superuser's e-mail address belongs to an ordinary account")]
    NotASuperuser,
    /// The address is in the undo window of another account's address change.
    #[error("the superuser's e-mail address belongs to another account")]
    EmailTaken,
    /// The superuser has no account yet, and the settings give no password.
    #[error("the superuser needs a password")]
    PasswordMissing,
    #[error("the password {0}")]
    PasswordWeak(#[from] PasswordWeakness),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the password could not be hashed")]
    Hashing(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Setup {
    /// Whether the address has an account, which then has a password. Ignores accounts that have
    /// not proved the address.
    pub fn has_account(&self, email: &EmailAddress) -> Result<bool, StoreError> {
        self.store.read(|tx| Ok(owner_of(tx, email)?.is_some()))
    }

    /// The number of accounts whose address another account holds; at most `limit`.
    pub fn email_conflicts(&self, limit: u32) -> Result<usize, StoreError> {
        self.store.read(|tx| Ok(tx.email_conflicts(limit)?.len()))
    }

    /// Seeds permissions, roles and groups, and creates the superuser if the address has no
    /// account. Idempotent; an existing superuser keeps the password.
    pub fn bootstrap(
        &self,
        by: &impl Authority,
        superuser: &SuperuserDraft,
    ) -> Result<Bootstrapped, SetupError> {
        let now = self.clock.now();
        let new_user = self.superuser_to_insert(superuser)?;
        self.store.transaction(|tx| {
            let access_rows_added = self.seed(tx, by, now)?;
            tx.lock_address(&superuser.email)?;
            let created = match owner_of(tx, &superuser.email)? {
                Some(user) if !user.is_superuser => return Err(SetupError::NotASuperuser),
                Some(there) => {
                    tx.add_to_group(there.id, SUPER_ADMIN_GROUP)?;
                    None
                }
                None => Some(add_superuser(tx, new_user, now)?),
            };
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

    /// Seeds permissions, roles and groups, and returns how many rows were missing. Idempotent.
    pub fn seed_access(&self, by: &impl Authority) -> Result<usize, SetupError> {
        let now = self.clock.now();
        self.store.transaction(|tx| self.seed(tx, by, now))
    }

    fn seed(
        &self,
        tx: &mut dyn Writes,
        by: &impl Authority,
        now: DateTime<Utc>,
    ) -> Result<usize, SetupError> {
        let added = tx.seed_access(now)?;
        if added > 0 {
            by.entry(Action::AccessSeed)
                .with("rows", added.to_string())
                .write(tx, self.ids.time_ordered(), now)?;
        }
        Ok(added)
    }

    /// Names of permissions that the code checks and [bootstrap](Self::bootstrap) would create.
    pub fn unseeded_permissions(&self) -> Result<BTreeSet<String>, StoreError> {
        self.store.read(|tx| tx.unseeded_permissions())
    }

    /// The unknown names among `groups`.
    pub fn unknown_groups(&self, groups: &[GroupName]) -> Result<Vec<GroupName>, StoreError> {
        self.store.read(|tx| tx.unknown_names(groups))
    }

    /// Names of the permissions that raise rights and that accounts get automatically: earlier
    /// releases let an administrator add them.
    pub fn automatic_escalations(&self) -> Result<Vec<String>, StoreError> {
        let groups = AUTOMATIC_GROUPS
            .iter()
            .flat_map(|name| GroupName::parse(name));
        let groups: Vec<GroupName> = groups.collect();
        let mut given = self.store.read(|tx| tx.permissions_of_groups(&groups))?;
        given.retain(|name| Permission::from_name(name).is_some_and(Permission::raises_rights));
        Ok(given.into_iter().collect())
    }

    /// Replaces the password of the address's account; false if there is none. Ends all its
    /// sessions, invalidates the links in sent mails, lifts the daily figure of wrong passwords, and
    /// mails the owner.
    pub fn reset_password(
        &self,
        by: &impl Authority,
        email: &EmailAddress,
        password: &NewPassword,
        limits: &RateLimits,
    ) -> Result<bool, SetupError> {
        let owner: Result<_, StoreError> = self.store.read(|tx| owner_of(tx, email));
        let Some(owner) = owner? else {
            return Ok(false);
        };
        let hash = self.accept(password, &personal_words(&owner))?;
        let now = self.clock.now();
        self.store.transaction(|tx| {
            tx.lock_account(owner.id)?;
            // Reads again: during the hashing the account may have gone or changed its address.
            let Some(owner) = owner_of(tx, email)?.filter(|found| found.id == owner.id) else {
                return Ok(false);
            };
            replace_password(tx, &*self.ids, &owner, &hash, now)?;
            tx.end_sessions(owner.id, WhichSessions::All, EndReason::PasswordReset, now)?;
            let failures = limits.bucket(Guard::LogInElsewhere, &[Subject::User(owner.id)]);
            limits.fill(tx, failures)?;
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

    /// The row to insert, hashed before a transaction is open. `None` if the account exists or the
    /// draft has no password.
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
            // The operator vouches for the address.
            email_verified_at: Some(now),
            email_awaits_proof: false,
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

/// The account that has proved the address.
fn owner_of(tx: &mut dyn Reads, email: &EmailAddress) -> Result<Option<User>, StoreError> {
    let found = tx.credentials(email)?.filter(|found| found.email_verified);
    Ok(found
        .map(|found| tx.user(found.user_id))
        .transpose()?
        .flatten())
}
