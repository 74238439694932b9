//! What people do with their own account: seeing and changing it, hiding it and showing it again.

use std::collections::BTreeSet;

use abu_domain::{
    identity::{text::PhoneNumber, user::User},
    platform::text::PersonName,
};

use crate::{
    Context,
    access::{self, AccessError, Authority, Caller},
    identity::{
        ports::{EndReason, OwnDetails, WhichSessions},
        sessions::{EndedSessions, ending_sessions},
    },
    platform::{
        audit::{Action, Target},
        ports::StoreError,
    },
    store::Reads,
};

/// The use cases of people's own accounts.
#[derive(Clone)]
pub struct OwnAccounts {
    pub context: Context,
}

/// The account of the caller, with what they may do.
#[derive(Clone, Debug)]
pub struct OwnAccount {
    /// The account.
    pub user: User,
    /// Its owner has it hidden.
    pub is_deactivated: bool,
    /// Names of the permissions they hold.
    pub permissions: BTreeSet<String>,
}

/// What is to be changed; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct OwnPatch {
    /// Given name.
    pub firstname: Option<PersonName>,
    /// Names between; `Some(None)` removes them.
    pub middlename: Option<Option<PersonName>>,
    /// Surname.
    pub lastname: Option<PersonName>,
    /// Telephone number; `Some(None)` removes it.
    pub phone: Option<Option<PhoneNumber>>,
}

/// Why an account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum OwnAccountError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The university knows them by the names that they have.
    #[error("the names of a verified graduate are locked")]
    NamesLocked,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OwnAccounts {
    /// The caller's own account.
    pub async fn get(&self, caller: Caller) -> Result<OwnAccount, AccessError> {
        self.context.database.read(move |tx| own(tx, &caller)).await
    }

    /// Changes what the caller says of themselves. Names are locked once the university has verified
    /// them.
    pub async fn modify(
        &self,
        caller: Caller,
        patch: OwnPatch,
    ) -> Result<OwnAccount, OwnAccountError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                tx.lock_account(caller.user)?;
                let account = own(tx, &caller)?;
                let before = details(&account.user);
                let after = patch.applied_to(&before);
                if after == before {
                    return Ok(account);
                }
                if account.user.names_are_locked() && !same_names(&before, &after) {
                    return Err(OwnAccountError::NamesLocked);
                }
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

    /// Hides the caller's account: nobody brings them into a room any more, they leave the chat, and
    /// their other sessions end. Logging in shows it again.
    pub async fn deactivate(&self, caller: Caller) -> Result<(), AccessError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        ending_sessions(
            &self.context.database,
            &self.context.live_sessions,
            move |tx| {
                tx.lock_account(caller.user)?;
                let user = caller.user;
                if access::require_self(tx, &caller)?.is_deactivated {
                    let sessions = Vec::new();
                    return Ok(((), EndedSessions { user, sessions }));
                }
                tx.set_deactivated(user, Some(now), now)?;
                let others = WhichSessions::AllBut(caller.session);
                let mut sessions = tx.end_sessions(user, others, EndReason::Deactivated, now)?;
                // It goes on, and what came of it in the chat does not.
                sessions.push(caller.session);
                caller
                    .entry(Action::AccountDeactivate)
                    .on(Target::user(user))
                    .write(tx, entry_id, now)?;
                Ok(((), EndedSessions { user, sessions }))
            },
        )
        .await
    }

    /// Shows the caller's account again.
    pub async fn reactivate(&self, caller: Caller) -> Result<(), AccessError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                tx.lock_account(caller.user)?;
                let record = access::require_self(tx, &caller)?;
                if !record.is_deactivated {
                    return Ok(());
                }
                tx.set_deactivated(caller.user, None, now)?;
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

fn details(user: &User) -> OwnDetails {
    OwnDetails {
        firstname: user.firstname.clone(),
        middlename: user.middlename.clone(),
        lastname: user.lastname.clone(),
        phone: user.phone.clone(),
    }
}

fn same_names(before: &OwnDetails, after: &OwnDetails) -> bool {
    before.firstname == after.firstname
        && before.middlename == after.middlename
        && before.lastname == after.lastname
}

/// The names of the fields that differ, for the audit log.
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
