//! Changing the accounts of others.

use std::sync::Arc;

use abu_domain::{UserId, access::Permission, text::EmailAddress, user::User};

use super::{AccountError, Accounts, locked};
use crate::{
    access::{self, Caller},
    audit::{Action, Entry, Target},
    emails::replace_primary,
    ports::OwnDetails,
    versions::{Expected, Version},
};

/// What an account is changed to, as a whole.
#[derive(Clone, Debug)]
pub struct UserUpdate {
    /// What it logs in with.
    pub email: EmailAddress,
    /// Who it says its owner is.
    pub details: OwnDetails,
}

impl Accounts {
    /// Changes an account; takes `can_modify_user`, and rank over its owner. An address given this way
    /// counts as verified: the office vouches for it. Whoever reads the one before is told. Nobody changes
    /// their own address so: that takes their password.
    pub async fn update(
        &self,
        caller: Caller,
        id: UserId,
        update: UserUpdate,
        expected: Expected,
    ) -> Result<User, AccountError> {
        let now = self.clock.now();
        let ids = Arc::clone(&self.ids);
        let [first, second] = [ids.time_ordered(), ids.time_ordered()];
        self.database
            .transaction(move |tx| {
                let actor = access::require(tx, &caller, Permission::ModifyUser)?;
                tx.lock_address(&update.email)?;
                let user = locked(tx, id)?;
                access::require_rank(tx, &caller, &actor, id)?;
                expected.check(Version::of(user.last_modified))?;
                let changed = changed_fields(&user, &update.details);
                if !changed.is_empty() {
                    tx.set_own_details(id, &update.details, now)?;
                }
                let is_new_address = update.email != user.email;
                if is_new_address && id == caller.user {
                    return Err(AccountError::OwnEmail);
                }
                if is_new_address && !replace_primary(tx, &*ids, &user, &update.email, now)? {
                    return Err(AccountError::EmailTaken);
                }
                let after = tx.user(id)?.ok_or(AccountError::NotFound)?;
                if !changed.is_empty() {
                    Entry::by(&caller, Action::UserUpdate)
                        .on(Target::user(id))
                        .with_names("changed", &changed)
                        .write(tx, first, now)?;
                }
                if is_new_address {
                    Entry::by(&caller, Action::UserChangeEmail)
                        .on(Target::user(id))
                        .write(tx, second, now)?;
                }
                Ok(after)
            })
            .await
    }
}

/// Names of the fields that would become others.
fn changed_fields(user: &User, details: &OwnDetails) -> Vec<&'static str> {
    let fields = [
        ("firstname", user.firstname != details.firstname),
        ("middlename", user.middlename != details.middlename),
        ("lastname", user.lastname != details.lastname),
        ("phone", user.phone != details.phone),
    ];
    let changed = fields.into_iter().filter(|(_, changed)| *changed);
    changed.map(|(name, _)| name).collect()
}
