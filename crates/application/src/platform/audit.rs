//! Append-only audit log with a hash chain.
//!
//! A transaction writes its entry as its last statement, so change and entry commit together. Each
//! entry's hash covers the previous hash: a changed, deleted or moved entry breaks every later
//! hash.

mod verification;
mod witness;

use std::{collections::BTreeMap, fmt::Display};

use abu_domain::{JobId, LoginSessionId, UserId, named_enum};
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
pub use witness::{note_head, sealed_heads};

pub type ChainHash = [u8; 32];

/// `prev_hash` of the first entry.
pub const FIRST_PREV_HASH: ChainHash = [0; 32];

named_enum! {
    /// What was done: the kind of thing, and what was done to it.
    pub enum Action {
        /// Permissions, roles or groups of every installation were added.
        AccessSeed => "access.seed",
        /// A user read this log.
        AuditView => "audit.view",
        /// The staff created an account.
        UserCreate => "user.create",
        /// An account was given other names or another telephone number.
        UserUpdate => "user.update",
        /// An account was given another address by the staff.
        UserChangeEmail => "user.change-email",
        /// An account was put in groups.
        UserAddToGroup => "user.add-to-group",
        /// An account was taken out of groups.
        UserRemoveFromGroup => "user.remove-from-group",
        /// The staff removed the second factor of an account.
        UserResetTotp => "user.reset-totp",
        /// The staff had a link to another password sent.
        UserSendReset => "user.send-reset",
        /// An account is to be erased.
        UserScheduleErasure => "user.schedule-erasure",
        /// An account was erased.
        UserErase => "user.erase",
        /// An account was suspended.
        UserSuspend => "user.suspend",
        /// An account was activated again.
        UserActivate => "user.activate",
        /// Too many logins failed: only known networks may try until the next day.
        LogInLock => "log-in.lock",
        /// A user logged in.
        SessionCreate => "session.create",
        /// A permission was made.
        PermissionCreate => "permission.create",
        /// A permission was changed.
        PermissionUpdate => "permission.update",
        /// A permission was deleted.
        PermissionDelete => "permission.delete",
        /// A role was made.
        RoleCreate => "role.create",
        /// A role was changed as a whole.
        RoleUpdate => "role.update",
        /// A role gives more permissions.
        RoleAddPermission => "role.add-permission",
        /// A role gives fewer permissions.
        RoleRemovePermission => "role.remove-permission",
        /// A role was deleted.
        RoleDelete => "role.delete",
        /// A group was made.
        GroupCreate => "group.create",
        /// A group was changed as a whole.
        GroupUpdate => "group.update",
        /// A group gives more roles.
        GroupAddRole => "group.add-role",
        /// A group gives fewer roles.
        GroupRemoveRole => "group.remove-role",
        /// A group was deleted.
        GroupDelete => "group.delete",
        /// A user was assigned a role for a term.
        AssignmentCreate => "assignment.create",
        /// The term of an assigned role was ended, or called off.
        AssignmentEnd => "assignment.end",
        /// A user registered.
        AccountRegister => "account.register",
        /// A registration used the address of an account.
        AccountRegisterAgain => "account.register-again",
        /// Accounts with an unverified address expired.
        AccountExpire => "account.expire",
        /// A user changed their own account.
        AccountModify => "account.modify",
        /// A user deactivated their account.
        AccountDeactivate => "account.deactivate",
        /// A user reactivated their account.
        AccountReactivate => "account.reactivate",
        /// A user asked for a copy of their data.
        AccountExport => "account.export",
        /// A user fetched a copy of their data.
        AccountFetchExport => "account.fetch-export",
        /// A user asked for the erasure of their account.
        AccountRequestErasure => "account.request-erasure",
        /// A user canceled the erasure of their account.
        AccountCancelErasure => "account.cancel-erasure",
        /// A user verified an address.
        EmailVerify => "email.verify",
        /// The primary address approved a further or new one.
        EmailApprove => "email.approve",
        /// A user claimed a further address.
        EmailAdd => "email.add",
        /// A user removed one of their addresses.
        EmailRemove => "email.remove",
        /// A user claimed another primary address.
        EmailChangeAsk => "email.change-ask",
        /// An account got another primary address.
        EmailChange => "email.change",
        /// An account got its old primary address back.
        EmailChangeUndo => "email.change-undo",
        /// A user changed their password.
        PasswordChange => "password.change",
        /// A user requested a password reset.
        PasswordForgotten => "password.forgotten",
        /// One or more sessions were ended.
        SessionEnd => "session.end",
        /// Logging in takes one-time passwords now.
        TotpEnable => "totp.enable",
        /// Logging in takes no one-time passwords any more.
        TotpDisable => "totp.disable",
        /// The third wrong one-time password came after the right password.
        TotpWrong => "totp.wrong",
        /// Recovery codes were replaced.
        TotpRenewCodes => "totp.renew-codes",
        /// An account was given another password.
        PasswordReset => "password.reset",
        /// A user made a claim on a record of the register.
        ClaimCreate => "claim.create",
        /// A reviewer looked into a claim.
        ClaimView => "claim.view",
        /// An applicant changed what a claim says.
        ClaimUpdate => "claim.update",
        /// An applicant sent a file as evidence.
        ClaimAddEvidence => "claim.add-evidence",
        /// A reviewer opened a file of an applicant.
        ClaimViewEvidence => "claim.view-evidence",
        /// A user submitted a claim.
        ClaimSubmit => "claim.submit",
        /// A user gave a good code for a claim.
        ClaimProve => "claim.prove",
        /// A reviewer opened a claim.
        ClaimOpen => "claim.open",
        /// A reviewer asked the applicant.
        ClaimRequestInfo => "claim.request-info",
        /// An applicant wrote to the office.
        ClaimAnswer => "claim.answer",
        /// A reviewer noted which record a claim is about.
        ClaimLink => "claim.link",
        /// A reviewer approved a claim.
        ClaimApprove => "claim.approve",
        /// A reviewer rejected a claim.
        ClaimReject => "claim.reject",
        /// A user withdrew a claim.
        ClaimWithdraw => "claim.withdraw",
        /// A claim ended without an answer of its applicant.
        ClaimExpire => "claim.expire",
        /// The owner of a mailbox on record asked for no code.
        ClaimFlag => "claim.flag",
        /// A reviewer revoked a verification, or asked for it.
        ClaimRevoke => "claim.revoke",
        /// The office entered or renamed a public holiday.
        HolidayCreate => "holiday.create",
        /// The office removed a public holiday.
        HolidayDelete => "holiday.delete",
        /// The office invited graduates to claim their records.
        InvitationsCreate => "invitations.create",
        /// The office downloaded the codes of a batch.
        InvitationsDownload => "invitations.download",
        /// The office revoked the codes of a batch.
        InvitationsRevoke => "invitations.revoke",
        /// A data file of the program was loaded into a list of reference data.
        ReferenceLoad => "reference.load",
        /// The office added an entry to a list of reference data.
        ReferenceCreate => "reference.create",
        /// The office edited an entry of a list of reference data.
        ReferenceUpdate => "reference.update",
        /// A background job that was given up is tried again.
        JobRevive => "job.revive",
        /// A background job was asked to end.
        JobCancel => "job.cancel",
        /// A background job was deleted as it was.
        JobDelete => "job.delete",
        /// A file of graduates was uploaded.
        ImportUpload => "import.upload",
        /// The register took over the lines of an import.
        ImportCommit => "import.commit",
        /// The register lost again what an import brought.
        ImportRollBack => "import.roll-back",
        /// An import was given up before its commit.
        ImportDiscard => "import.discard",
        /// The office searched the register, or looked through its duplicates.
        RecordSearch => "record.search",
        /// The office looked at a record of the register.
        RecordView => "record.view",
        /// The office added a record to the register.
        RecordCreate => "record.create",
        /// The office changed a record of the register.
        RecordUpdate => "record.update",
        /// The office merged two records of the register.
        RecordMerge => "record.merge",
        /// The office said that two records are two people.
        RecordDismissDuplicate => "record.dismiss-duplicate",
        /// The office confirmed or corrected a name of an employer or a skill.
        VocabularyConfirm => "vocabulary.confirm",
        /// The office made a name of an employer or a skill stand for another.
        VocabularyMerge => "vocabulary.merge",
        /// Synthetic graduates got accounts.
        SyntheticMembers => "synthetic.members",
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

    /// A background job.
    pub fn job(id: JobId) -> Self {
        Self {
            kind: "job",
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
