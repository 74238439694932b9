//! Changing the accounts of others.

use abu_domain::{UserId, access::Permission, text::EmailAddress, user::User};
use chrono::{DateTime, Utc};

use super::{AccountError, Accounts, email_taken};
use crate::{
    access::{self, Caller},
    audit::{Action, Entry, Target},
    ports::{Transaction, UserChange},
    versions::{Expected, Version},
};

/// What an account is changed to, as a whole.
#[derive(Clone, Debug)]
pub struct UserUpdate {
    /// What it logs in with.
    pub email: EmailAddress,
    /// Everything else.
    pub change: UserChange,
}

impl Accounts {
    /// Changes an account; takes `can_modify_user`, and rank over its owner. An address given this way
    /// counts as verified: the office vouches for it. Nobody changes their own address so: that takes
    /// their password.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn update(
        &self,
        caller: Caller,
        id: UserId,
        update: UserUpdate,
        expected: Expected,
    ) -> Result<User, AccountError> {
        let now = self.clock.now();
        let entry_ids = [self.ids.time_ordered(), self.ids.time_ordered()];
        self.database
            .transaction(move |tx| {
                let actor = access::require(tx, &caller, Permission::ModifyUser)?;
                let user = tx.lock_user(id)?.ok_or(AccountError::NotFound)?;
                access::require_rank(tx, &caller, &actor, id)?;
                expected.check(Version::of(user.last_modified))?;
                let changed = changed_fields(&user, &update.change);
                if !changed.is_empty() {
                    tx.update_user(id, &update.change, now)?;
                }
                let new_email = (update.email != user.email).then_some(update.email);
                if let Some(email) = &new_email {
                    if id == caller.user {
                        return Err(AccountError::OwnEmail);
                    }
                    replace_email(tx, &user, email, now)?;
                }
                let after = tx.user(id)?.ok_or(AccountError::NotFound)?;
                let [first, second] = entry_ids;
                if !changed.is_empty() {
                    Entry::by(&caller, Action::UserUpdate)
                        .on(Target::user(id))
                        .with_names("changed", &changed)
                        .write(tx, first, now)?;
                }
                if new_email.is_some() {
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
fn changed_fields(user: &User, change: &UserChange) -> Vec<&'static str> {
    let fields = [
        ("firstname", user.firstname != change.firstname),
        ("middlename", user.middlename != change.middlename),
        ("lastname", user.lastname != change.lastname),
        ("phone", user.phone != change.phone),
    ];
    let changed = fields.into_iter().filter(|(_, changed)| *changed);
    changed.map(|(name, _)| name).collect()
}

fn replace_email(
    tx: &mut dyn Transaction,
    user: &User,
    email: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<(), AccountError> {
    tx.replace_email(user.id, email, now).map_err(email_taken)
}
