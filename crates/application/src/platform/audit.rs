//! The audit log: who did what to whom, from where.
//!
//! An entry is written in the transaction of what it tells of, as its last statement, so the two are
//! there together or not at all. Each entry's hash covers the one before it: nobody can change, drop
//! or move an entry without breaking every hash that follows.

mod verification;

use std::{collections::BTreeMap, fmt::Display};

use abu_domain::{LoginSessionId, UserId};
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

/// A hash of the chain.
pub type ChainHash = [u8; 32];

/// What stands for the entry before the first one.
pub const FIRST_PREV_HASH: ChainHash = [0; 32];

macro_rules! actions {
    ($($variant:ident => $name:literal, $description:literal;)*) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = $description] $variant,)*
        }

        impl Action {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in the log and in the API: the kind of thing, and what was done to it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The action of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.name() == name)
            }
        }
    };
}

actions! {
    AccessSeed => "access.seed", "Permissions, roles or groups of every installation were added.";
    AuditView => "audit.view", "Somebody looked into this log.";
    UserCreate => "user.create", "An account was made for somebody.";
    UserUpdate => "user.update", "An account was given other names or another telephone number.";
    UserChangeEmail => "user.change-email", "An account was given another address by the staff.";
    UserAddToGroup => "user.add-to-group", "An account was put in groups.";
    UserRemoveFromGroup => "user.remove-from-group", "An account was taken out of groups.";
    UserSendReset => "user.send-reset", "The staff had a link to another password sent.";
    UserScheduleErasure => "user.schedule-erasure", "An account is to be erased.";
    UserSuspend => "user.suspend", "An account was suspended.";
    UserActivate => "user.activate", "An account was activated again.";
    SessionCreate => "session.create", "Somebody logged in.";
    PermissionCreate => "permission.create", "A permission was made.";
    PermissionUpdate => "permission.update", "A permission was changed.";
    PermissionDelete => "permission.delete", "A permission was deleted.";
    RoleCreate => "role.create", "A role was made.";
    RoleUpdate => "role.update", "A role was changed as a whole.";
    RoleAddPermission => "role.add-permission", "A role gives more permissions.";
    RoleRemovePermission => "role.remove-permission", "A role gives fewer permissions.";
    RoleDelete => "role.delete", "A role was deleted.";
    GroupCreate => "group.create", "A group was made.";
    GroupUpdate => "group.update", "A group was changed as a whole.";
    GroupAddRole => "group.add-role", "A group gives more roles.";
    GroupRemoveRole => "group.remove-role", "A group gives fewer roles.";
    GroupDelete => "group.delete", "A group was deleted.";
    AssignmentCreate => "assignment.create", "Somebody was assigned a role for a term.";
    AssignmentEnd => "assignment.end", "The term of an assigned role was ended, or called off.";
    AccountRegister => "account.register", "Somebody made themselves an account.";
    AccountRegisterAgain => "account.register-again", "Somebody wanted to register with the address of an account.";
    AccountExpire => "account.expire", "Accounts of which nobody proved the address were removed.";
    AccountModify => "account.modify", "Somebody changed their own account.";
    AccountDeactivate => "account.deactivate", "Somebody had their account hidden.";
    AccountReactivate => "account.reactivate", "Somebody had their account shown again.";
    EmailVerify => "email.verify", "Somebody proved that they read an address.";
    EmailAdd => "email.add", "Somebody claimed a further address.";
    EmailRemove => "email.remove", "Somebody removed an address of theirs.";
    EmailChangeAsk => "email.change-ask", "Somebody claimed another primary address.";
    EmailChange => "email.change", "An account got another primary address.";
    EmailChangeUndo => "email.change-undo", "An account got its old primary address back.";
    PasswordChange => "password.change", "Somebody changed their password.";
    PasswordForgotten => "password.forgotten", "Somebody had a link to another password sent.";
    SessionEnd => "session.end", "One or more sessions were ended.";
    TotpEnable => "totp.enable", "Logging in takes one-time passwords now.";
    TotpDisable => "totp.disable", "Logging in takes no one-time passwords any more.";
    TotpRenewCodes => "totp.renew-codes", "Recovery codes were replaced.";
    PasswordReset => "password.reset", "An account was given another password.";
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody with an account.
    User(UserId),
    /// Somebody who is not logged in.
    Anonymous,
    /// The server itself.
    System,
    /// An operator at the machine, by the name the operating system knows.
    Os(String),
}

/// What it was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What kind of thing, such as `user`.
    pub kind: &'static str,
    /// Which one.
    pub id: String,
}

impl Target {
    /// An account.
    pub fn user(id: UserId) -> Self {
        Self {
            kind: "user",
            id: id.to_string(),
        }
    }

    /// A log-in.
    pub fn session(id: LoginSessionId) -> Self {
        Self {
            kind: "session",
            id: id.to_string(),
        }
    }
}

/// An entry about to be written. Details are short texts about what changed; never a secret, and no
/// more about people than the entry needs.
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
    /// Something that was done.
    pub fn new(actor: Actor, action: Action) -> Self {
        Self {
            actor,
            action,
            origin: None,
            target: None,
            details: BTreeMap::new(),
        }
    }

    /// Asked for from there.
    pub fn from(mut self, origin: &Origin) -> Self {
        self.origin = Some(origin.clone());
        self
    }

    /// Done to this.
    pub fn on(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// With one more detail.
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.details.insert(key, value.into());
        self
    }

    /// With one more detail that is a list of names, if it is not empty.
    pub fn with_names<N: Display>(self, key: &'static str, names: &[N]) -> Self {
        if names.is_empty() {
            return self;
        }
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        self.with(key, names.join(", "))
    }

    /// Writes it, as the last thing that the transaction does.
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

/// The hash of the entry at place `seq`, behind one whose hash is `prev`: SHA-256 over `prev` and every
/// part of the entry, each behind its length, so that no two entries are the same bytes.
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
    fn text_cannot_move_from_one_part_to_the_next_unseen() {
        let (mut left, mut right) = (row(), row());
        (left.target_type, left.target_id) = (Some("us".into()), Some("er".into()));
        (right.target_type, right.target_id) = (Some("u".into()), Some("ser".into()));
        assert_ne!(
            chain_hash(&FIRST_PREV_HASH, 1, &left),
            chain_hash(&FIRST_PREV_HASH, 1, &right)
        );
    }

    #[test]
    fn details_are_an_object_in_one_order() {
        assert_eq!(row().details, r#"{"a":"1","b":"2"}"#);
    }

    #[test]
    fn every_action_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> =
            Action::ALL.iter().map(|action| action.name()).collect();
        assert_eq!(names.len(), Action::ALL.len());
    }
}
