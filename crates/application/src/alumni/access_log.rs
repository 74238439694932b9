//! The access log: which staff role viewed, downloaded or changed what is about the caller.
//!
//! It shows what the audit log has, so an access and its entry are one transaction. It names no one, and does not tell
//! a reviewer's step from another: the applicant may not see each of them.

use abu_domain::named_enum;
use chrono::{DateTime, Utc};

use super::ports::StaffAccess;
use crate::{
    Context,
    access::{self, AccessError, Caller},
    platform::{
        audit::Action,
        lists::{ListRequest, Listed},
    },
};

/// The use cases of the access log.
#[derive(Clone)]
pub struct AccessLog {
    pub context: Context,
}

named_enum! {
    /// In which role the staff acted.
    pub enum StaffRole {
        /// Decides claims.
        Verification => "verification",
        /// Keeps the register.
        Registry => "registry",
        /// Administers accounts.
        Accounts => "accounts",
    }
}

named_enum! {
    /// What the staff did.
    pub enum AccessKind {
        Viewed => "viewed",
        Downloaded => "downloaded",
        Changed => "changed",
    }
}

/// An access of the staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub role: StaffRole,
    pub kind: AccessKind,
    /// What the staff gave, for actions on the account.
    pub reason: Option<String>,
}

impl AccessLog {
    /// A page of the accesses to the caller's account, claims and record, the newest first.
    pub async fn list(
        &self,
        caller: Caller,
        page: ListRequest<i64>,
    ) -> Result<Listed<Access>, AccessError> {
        let shown = shown();
        self.context
            .database
            .read(move |tx| {
                access::require_self(tx, &caller)?;
                let targets = tx.access_targets(caller.user)?;
                let listed = page.fetch(
                    tx,
                    |tx, seek, limit| {
                        let found = tx.list_staff_accesses(&targets, &shown, seek, limit)?;
                        Ok(found.into_iter().filter_map(access).collect())
                    },
                    |tx| tx.count_staff_accesses(&targets, &shown),
                )?;
                Ok(listed)
            })
            .await
    }
}

/// The actions of the staff that the log shows.
fn shown() -> Vec<Action> {
    let all = Action::ALL.iter().copied();
    all.filter(|action| role(*action).is_some()).collect()
}

fn role(action: Action) -> Option<StaffRole> {
    match action.name().split_once('.')?.0 {
        "claim" => Some(StaffRole::Verification),
        "record" => Some(StaffRole::Registry),
        "user" => Some(StaffRole::Accounts),
        _ => None,
    }
}

fn kind(action: Action) -> AccessKind {
    match action {
        Action::ClaimView | Action::RecordView => AccessKind::Viewed,
        Action::ClaimViewEvidence => AccessKind::Downloaded,
        _ => AccessKind::Changed,
    }
}

fn access(entry: StaffAccess) -> Option<Access> {
    let action = Action::from_name(&entry.action)?;
    let role = role(action)?;
    Some(Access {
        seq: entry.seq,
        at: entry.at,
        role,
        kind: kind(action),
        // Reasons of reviewers reach the applicant by the claim, once it is decided.
        reason: entry.reason.filter(|_| role == StaffRole::Accounts),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_shows_what_staff_do_to_accounts_claims_and_records() {
        let shown = shown();
        for action in [Action::UserSuspend, Action::ClaimView, Action::RecordView] {
            assert!(shown.contains(&action), "{action:?}");
        }
        for action in [
            Action::SessionCreate,
            Action::AuditView,
            Action::ImportCommit,
        ] {
            assert!(!shown.contains(&action), "{action:?}");
        }
    }
}
