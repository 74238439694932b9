//! The caller's own account: read, change, deactivate and reactivate.

use std::{collections::BTreeSet, sync::Arc};

use abu_domain::{
    Violation,
    identity::{text::PhoneNumber, user::User},
    platform::text::PersonName,
};

use crate::{
    Context,
    access::{self, AccessError, Authority, Caller},
    identity::{
        ports::{EndReason, OwnDetails, StandingListener, WhichSessions},
        sessions::{EndedSessions, ending_sessions},
    },
    platform::{
        audit::{Action, Target},
        ports::StoreError,
        versions::{Expected, PreconditionFailed, Version},
    },
    store::Reads,
};

#[derive(Clone)]
pub struct OwnAccounts {
    pub context: Context,
    pub standing: Arc<dyn StandingListener>,
}

/// The caller's account and permissions.
#[derive(Clone, Debug)]
pub struct OwnAccount {
    pub user: User,
    /// The owner deactivated the account.
    pub is_deactivated: bool,
    /// Names of the permissions that the caller holds globally.
    pub permissions: BTreeSet<String>,
}

/// A partial update; `None` keeps a field.
#[derive(Clone, Debug, Default)]
pub struct OwnPatch {
    pub firstname: Option<PersonName>,
    /// `Some(None)` removes them.
    pub middlename: Option<Option<PersonName>>,
    pub lastname: Option<PersonName>,
    /// `Some(None)` removes it.
    pub phone: Option<Option<PhoneNumber>>,
}

#[derive(Debug, thiserror::Error)]
pub enum OwnAccountError {
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The university verified the account under its present names.
    #[error("the names of a verified graduate are locked")]
    NamesLocked,
    /// The names make a reserved full name.
    #[error("the name {0}")]
    Name(Violation),
    #[error(transparent)]
    Changed(#[from] PreconditionFailed),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OwnAccounts {
    pub async fn get(&self, caller: Caller) -> Result<OwnAccount, AccessError> {
        self.context.database.read(move |tx| own(tx, &caller)).await
    }

    /// Changes the caller's details. Verification as a graduate locks the names.
    pub async fn modify(
        &self,
        caller: Caller,
        patch: OwnPatch,
        expected: Expected,
    ) -> Result<OwnAccount, OwnAccountError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                tx.lock_account(caller.user)?;
                let account = own(tx, &caller)?;
                let before = OwnDetails::from(&account.user);
                let after = patch.applied_to(&before);
                if account.user.names_are_locked() && !after.has_names_of(&before) {
                    return Err(OwnAccountError::NamesLocked);
                }
                expected.check(Version::of(account.user.last_modified))?;
                if after == before {
                    return Ok(account);
                }
                after
                    .require_free_name_after(&before)
                    .map_err(OwnAccountError::Name)?;
                tx.set_own_details(caller.user, &after, now)?;
                let account = own(tx, &caller)?;
                caller
                    .entry(Action::AccountModify)
                    .on(Target::user(caller.user))
                    .with("fields", changed_fields(&before, &after))
                    .write(tx, entry_id, now)?;
                Ok(account)
            })
            .await
    }

    /// Deactivates the caller's account. Other users cannot add it to rooms, it leaves the chat,
    /// and its other sessions end. A log-in reactivates it.
    pub async fn deactivate(&self, caller: Caller) -> Result<(), AccessError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let standing = Arc::clone(&self.standing);
        ending_sessions(&self.context, move |tx| {
            tx.lock_account(caller.user)?;
            let user = caller.user;
            if access::require_self(tx, &caller)?.is_deactivated {
                let sessions = Vec::new();
                return Ok(((), EndedSessions { user, sessions }));
            }
            tx.set_deactivated(user, Some(now), now)?;
            standing.deactivation_changed(tx, user, now)?;
            let others = WhichSessions::AllBut(caller.session);
            let mut sessions = tx.end_sessions(user, others, EndReason::Deactivated, now)?;
            // The caller's session lasts, but its chat connections close.
            sessions.push(caller.session);
            caller
                .entry(Action::AccountDeactivate)
                .on(Target::user(user))
                .write(tx, entry_id, now)?;
            Ok(((), EndedSessions { user, sessions }))
        })
        .await
    }

    /// Shows the caller's account again. In its erasure window an account stays closed.
    pub async fn reactivate(&self, caller: Caller) -> Result<(), AccessError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let standing = Arc::clone(&self.standing);
        self.context
            .database
            .transaction(move |tx| {
                tx.lock_account(caller.user)?;
                let record = access::require_self(tx, &caller)?;
                if !record.is_deactivated {
                    return Ok(());
                }
                if tx.erasure_due(caller.user)?.is_some() {
                    return Err(AccessError::Suspended);
                }
                tx.set_deactivated(caller.user, None, now)?;
                standing.deactivation_changed(tx, caller.user, now)?;
                caller
                    .entry(Action::AccountReactivate)
                    .on(Target::user(caller.user))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }
}

impl OwnPatch {
    fn applied_to(self, before: &OwnDetails) -> OwnDetails {
        let before = before.clone();
        OwnDetails {
            firstname: self.firstname.unwrap_or(before.firstname),
            middlename: self.middlename.unwrap_or(before.middlename),
            lastname: self.lastname.unwrap_or(before.lastname),
            phone: self.phone.unwrap_or(before.phone),
        }
    }
}

fn own(tx: &mut dyn Reads, caller: &Caller) -> Result<OwnAccount, AccessError> {
    let record = access::require_self(tx, caller)?;
    let user = tx.user(caller.user)?.ok_or(AccessError::SessionEnded)?;
    Ok(OwnAccount {
        user,
        is_deactivated: record.is_deactivated,
        permissions: record.into_permissions(),
    })
}

/// The names of the changed fields, for the audit log.
fn changed_fields(before: &OwnDetails, after: &OwnDetails) -> String {
    let fields = [
        ("firstname", before.firstname != after.firstname),
        ("middlename", before.middlename != after.middlename),
        ("lastname", before.lastname != after.lastname),
        ("phone", before.phone != after.phone),
    ];
    let changed = fields.into_iter().filter(|(_, differs)| *differs);
    changed.map(|(name, _)| name).collect::<Vec<_>>().join(" ")
}
