//! Changes to the accounts of other users.

use std::sync::Arc;

use abu_domain::{UserId, access::Permission, identity::user::User, platform::text::EmailAddress};

use super::{AccountError, Accounts, locked};
use crate::{
    access::{self, Authority, Caller},
    identity::{emails::replace_primary, ports::OwnDetails},
    platform::{
        audit::{Action, Target},
        versions::{Expected, Version},
    },
};

/// The full new state of an account (`PUT`).
#[derive(Clone, Debug)]
pub struct UserUpdate {
    pub email: EmailAddress,
    pub details: OwnDetails,
}

impl Accounts {
    /// Updates an account; takes `can_modify_user` and rank over its owner. A new address counts as
    /// verified, because the administrator vouches for it; mail recovery waits for the owner's proof. A
    /// mail notifies the old address. Callers
    /// cannot change their own address this way: that requires their password.
    pub async fn update(
        &self,
        caller: Caller,
        id: UserId,
        update: UserUpdate,
        expected: Expected,
    ) -> Result<User, AccountError> {
        let now = self.context.clock.now();
        let ids = Arc::clone(&self.context.ids);
        let [first, second] = [ids.time_ordered(), ids.time_ordered()];
        self.context
            .database
            .transaction(move |tx| {
                let actor = access::require(tx, &caller, Permission::ModifyUser)?;
                tx.lock_address(&update.email)?;
                let user = locked(tx, id)?;
                access::require_rank(tx, &caller, &actor, id)?;
                expected.check(Version::of(user.last_modified))?;
                let changed = changed_fields(&user, &update.details);
                update
                    .details
                    .require_free_name_after(&OwnDetails::from(&user))
                    .map_err(AccountError::Name)?;
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
                    caller
                        .entry(Action::UserUpdate)
                        .on(Target::user(id))
                        .with_names("changed", &changed)
                        .write(tx, first, now)?;
                }
                if is_new_address {
                    caller
                        .entry(Action::UserChangeEmail)
                        .on(Target::user(id))
                        .write(tx, second, now)?;
                }
                Ok(after)
            })
            .await
    }
}

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
