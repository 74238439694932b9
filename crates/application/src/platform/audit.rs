//! Append-only audit log with a hash chain.
//!
//! A transaction writes its entry as its last statement, so change and entry commit together. Each
//! entry's hash covers the previous hash: a changed, deleted or moved entry breaks every later
//! hash.

mod verification;

use std::{collections::BTreeMap, fmt::Display};

use abu_domain::{LoginSessionId, UserId, named_enum};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    platform::{
        Origin,
        ports::{AuditRow, StoreError},
    },
    store::Writes,
};

pub use verification::{Broken, Flaw, Mark, NoMark, VerificationError, Verified, verify};

pub type ChainHash = [u8; 32];

/// `prev_hash` of the first entry.
pub const FIRST_PREV_HASH: ChainHash = [0; 32];

named_enum! {
    /// The action of an entry. Its name is `kind.verb`.
    pub enum Action {
        /// Seeding added permissions, roles or groups.
        AccessSeed => "access.seed",
        /// A user queried the audit log.
        AuditView => "audit.view",
        /// An administrator or the bootstrap created an account.
        UserCreate => "user.create",
        /// An administrator changed names or telephone number.
        UserUpdate => "user.update",
        /// An administrator changed the primary address.
        UserChangeEmail => "user.change-email",
        /// An administrator added the account to groups.
        UserAddToGroup => "user.add-to-group",
        /// An administrator removed the account from groups.
        UserRemoveFromGroup => "user.remove-from-group",
        /// An administrator requested a reset link for the owner.
        UserSendReset => "user.send-reset",
        /// An administrator scheduled the account's erasure.
        UserScheduleErasure => "user.schedule-erasure",
        UserSuspend => "user.suspend",
        UserActivate => "user.activate",
        /// A user logged in.
        SessionCreate => "session.create",
        PermissionCreate => "permission.create",
        PermissionUpdate => "permission.update",
        PermissionDelete => "permission.delete",
        RoleCreate => "role.create",
        /// The whole role was replaced (`PUT`).
        RoleUpdate => "role.update",
        RoleAddPermission => "role.add-permission",
        RoleRemovePermission => "role.remove-permission",
        RoleDelete => "role.delete",
        GroupCreate => "group.create",
        /// The whole group was replaced (`PUT`).
        GroupUpdate => "group.update",
        GroupAddRole => "group.add-role",
        GroupRemoveRole => "group.remove-role",
        GroupDelete => "group.delete",
        /// An administrator assigned a role for a term.
        AssignmentCreate => "assignment.create",
        /// An administrator ended a term, or deleted a future one.
        AssignmentEnd => "assignment.end",
        /// A visitor registered an account.
        AccountRegister => "account.register",
        /// A visitor registered with the address of an existing account.
        AccountRegisterAgain => "account.register-again",
        /// A registration deleted expired unproved accounts.
        AccountExpire => "account.expire",
        AccountModify => "account.modify",
        AccountDeactivate => "account.deactivate",
        AccountReactivate => "account.reactivate",
        EmailVerify => "email.verify",
        /// A user claimed a further address.
        EmailAdd => "email.add",
        EmailRemove => "email.remove",
        /// A user claimed a new primary address.
        EmailChangeAsk => "email.change-ask",
        /// A user proved the new primary address.
        EmailChange => "email.change",
        /// The owner of the old address undid the change.
        EmailChangeUndo => "email.change-undo",
        PasswordChange => "password.change",
        /// A visitor requested a reset link.
        PasswordForgotten => "password.forgotten",
        SessionEnd => "session.end",
        TotpEnable => "totp.enable",
        TotpDisable => "totp.disable",
        TotpRenewCodes => "totp.renew-codes",
        /// A reset link or an operator set a new password.
        PasswordReset => "password.reset",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A logged-in user.
    User(UserId),
    /// A client that is not logged in.
    Anonymous,
    System,
    /// An operator at the machine, by the user name of the operating system.
    Os(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The kind of thing, such as `user`.
    pub kind: &'static str,
    pub id: String,
}

impl Target {
    pub fn user(id: UserId) -> Self {
        Self {
            kind: "user",
            id: id.to_string(),
        }
    }

    pub fn session(id: LoginSessionId) -> Self {
        Self {
            kind: "session",
            id: id.to_string(),
        }
    }
}

/// An audit entry before it is written. Details are short texts about the change: never a secret,
/// and no more personal data than needed.
#[derive(Clone, Debug)]
#[must_use]
pub struct Entry {
    actor: Actor,
    action: Action,
    origin: Option<Origin>,
    target: Option<Target>,
    details: BTreeMap<&'static str, String>,
}

impl Entry {
    pub fn new(actor: Actor, action: Action) -> Self {
        Self {
            actor,
            action,
            origin: None,
            target: None,
            details: BTreeMap::new(),
        }
    }

    pub fn from(mut self, origin: &Origin) -> Self {
        self.origin = Some(origin.clone());
        self
    }

    pub fn on(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.details.insert(key, value.into());
        self
    }

    /// Adds a list of names, unless it is empty.
    pub fn with_names<N: Display>(self, key: &'static str, names: &[N]) -> Self {
        if names.is_empty() {
            return self;
        }
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        self.with(key, names.join(", "))
    }

    /// Appends the entry. Call it last: the transaction holds the lock of the chain's head from
    /// then on.
    pub fn write(
        self,
        tx: &mut dyn Writes,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        tx.append_audit(&self.into_row(id, now)?)
    }

    fn into_row(self, id: Uuid, created_at: DateTime<Utc>) -> Result<AuditRow, StoreError> {
        let (actor, actor_id) = match self.actor {
            Actor::User(user) => ("user".to_owned(), Some(user.uuid())),
            Actor::Anonymous => ("anonymous".to_owned(), None),
            Actor::System => ("system".to_owned(), None),
            Actor::Os(name) => (format!("os:{name}"), None),
        };
        let (target_type, target_id) = self
            .target
            .map(|target| (target.kind.to_owned(), target.id))
            .unzip();
        let (address, request_id) = self.origin.map_or((None, None), |origin| {
            let address = origin.address.map(|address| address.to_string());
            (address, Some(origin.request_id.to_string()))
        });
        let details = serde_json::to_string(&self.details)
            .map_err(|no_json| StoreError::Other(no_json.into()))?;
        Ok(AuditRow {
            id,
            created_at,
            actor_id,
            actor,
            action: self.action.name().to_owned(),
            target_type,
            target_id,
            address,
            request_id,
            details,
        })
    }
}

/// The hash of the entry at `seq`: SHA-256 over `prev` and every part of the entry. A length before
/// each part keeps two different entries from having the same bytes.
pub fn chain_hash(prev: &ChainHash, seq: i64, row: &AuditRow) -> ChainHash {
    let mut hash = Sha256::new();
    hash.update(prev);
    hash.update(seq.to_be_bytes());
    hash.update(row.id.as_bytes());
    hash.update(row.created_at.timestamp_micros().to_be_bytes());
    for part in [
        row.actor_id.as_ref().map(|id| &id.as_bytes()[..]),
        Some(row.actor.as_bytes()),
        Some(row.action.as_bytes()),
        row.target_type.as_deref().map(str::as_bytes),
        row.target_id.as_deref().map(str::as_bytes),
        row.address.as_deref().map(str::as_bytes),
        row.request_id.as_deref().map(str::as_bytes),
        Some(row.details.as_bytes()),
    ] {
        match part {
            None => hash.update([0]),
            Some(bytes) => {
                hash.update([1]);
                hash.update((bytes.len() as u64).to_be_bytes());
                hash.update(bytes);
            }
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> AuditRow {
        let entry = Entry::new(Actor::System, Action::UserCreate)
            .on(Target::user(UserId::new(Uuid::from_u128(7))))
            .with("b", "2")
            .with("a", "1");
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        entry.into_row(Uuid::from_u128(1), now).unwrap()
    }

    #[test]
    fn every_part_of_an_entry_changes_its_hash() {
        let base = chain_hash(&FIRST_PREV_HASH, 1, &row());
        assert_eq!(base, chain_hash(&FIRST_PREV_HASH, 1, &row()));
        assert_ne!(base, chain_hash(&[1; 32], 1, &row()));
        assert_ne!(base, chain_hash(&FIRST_PREV_HASH, 2, &row()));
        let changes: [fn(&mut AuditRow); 10] = [
            |row| row.id = Uuid::from_u128(2),
            |row| row.created_at += chrono::TimeDelta::microseconds(1),
            |row| row.actor_id = Some(Uuid::nil()),
            |row| row.actor = "user".to_owned(),
            |row| row.action = "user.delete".to_owned(),
            |row| row.target_type = None,
            |row| row.target_id = Some(String::new()),
            |row| row.address = Some(String::new()),
            |row| row.request_id = Some("req_1".to_owned()),
            |row| row.details = "{}".to_owned(),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = row();
            change(&mut changed);
            assert_ne!(base, chain_hash(&FIRST_PREV_HASH, 1, &changed), "{number}");
        }
    }

    #[test]
    fn text_moved_from_one_part_to_the_next_changes_the_hash() {
        let (mut left, mut right) = (row(), row());
        (left.target_type, left.target_id) = (Some("us".into()), Some("er".into()));
        (right.target_type, right.target_id) = (Some("u".into()), Some("ser".into()));
        assert_ne!(
            chain_hash(&FIRST_PREV_HASH, 1, &left),
            chain_hash(&FIRST_PREV_HASH, 1, &right)
        );
    }

    #[test]
    fn details_are_a_json_object_with_sorted_keys() {
        assert_eq!(row().details, r#"{"a":"1","b":"2"}"#);
    }

    #[test]
    fn every_action_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> =
            Action::ALL.iter().map(|action| action.name()).collect();
        assert_eq!(names.len(), Action::ALL.len());
    }
}
