//! What follows a command to a claim, in its transaction: the row, the event, the account's verification and groups, a
//! mail, and an audit entry.

use abu_domain::{
    ClaimId, UserId,
    access::{APPLICANT_GROUP, GroupName, Membership, VERIFIED_ALUMNI_GROUP},
    alumni::claims::{
        Calendar, Claim, ClaimMessage, Command, CommandKind, Decision, EventKind, ReasonCode,
    },
    identity::user::{User, Verification},
};
use chrono::{DateTime, TimeDelta, Utc};

use super::{ClaimError, Claims, evidence};
use crate::{
    access::Authority,
    alumni::{
        ports::{ClaimEvent, ClaimRecord},
        profiles,
    },
    platform::{
        audit::{Action, Entry, Target},
        mail::{self, MailContent},
        ports::StoreError,
    },
    store::{Reads, Writes},
};

/// Holidays before this time ago delay no claim any more.
const OLDEST_HOLIDAY: TimeDelta = TimeDelta::days(400);

pub(super) fn calendar(tx: &mut dyn Reads, now: DateTime<Utc>) -> Result<Calendar, StoreError> {
    let from = (now - OLDEST_HOLIDAY).date_naive();
    Ok(Calendar::new(tx.holidays(from)?))
}

pub(super) fn target(id: ClaimId) -> Target {
    Target {
        kind: "claim",
        id: id.to_string(),
    }
}

/// The claim under the locks of its applicant's account and its row.
pub(super) fn locked(tx: &mut dyn Writes, id: ClaimId) -> Result<ClaimRecord, ClaimError> {
    let applicant = tx.claim(id)?.ok_or(ClaimError::NotFound)?.claim.user_id;
    tx.lock_account(applicant)?;
    tx.lock_claim(id)?.ok_or(ClaimError::NotFound)
}

impl Claims {
    /// Applies a command to a locked claim, and stores all that follows. Call it last: it ends with the audit entry.
    pub(super) fn apply(
        &self,
        tx: &mut dyn Writes,
        record: ClaimRecord,
        command: &Command,
        by: &impl Authority,
        now: DateTime<Utc>,
    ) -> Result<ClaimRecord, ClaimError> {
        let calendar = calendar(tx, now)?;
        let before = &record.claim;
        let (after, events) = before.apply(command, now, &calendar)?;
        tx.save_claim(&after)?;
        if let (None, Some(decided_at)) = (before.decided_at, after.decided_at) {
            let delete_after = evidence::delete_after(after.state, decided_at);
            tx.expire_evidence(after.id, delete_after)?;
        }
        for kind in &events {
            tx.insert_claim_event(&ClaimEvent {
                id: self.context.ids.time_ordered(),
                claim: after.id,
                at: now,
                actor: by.user(),
                kind: *kind,
                reason: reason(command),
                message: message(command).cloned(),
            })?;
        }
        let user = tx.user(after.user_id)?.ok_or(ClaimError::NotFound)?;
        if let Some(verification) = verification(&user, before, &after) {
            self.set_verification(tx, &user, verification, now)?;
            if matches!(verification, Verification::Verified | Verification::Revoked) {
                profiles::verified(tx, user.id, now)?;
            }
        }
        let news = events
            .iter()
            .copied()
            .filter(|kind| kind.is_visible_to_applicant() && before.state != after.state);
        for kind in news {
            let content = self.news(&user, kind, command, &after);
            mail::enqueue(tx, &*self.context.ids, now, &user.email, content)?;
        }
        by.entry(action(command.kind()))
            .on(target(after.id))
            .about(before, &after, command)
            .write(tx, self.context.ids.time_ordered(), now)?;
        Ok(ClaimRecord {
            claim: after,
            ..record
        })
    }

    /// Sets the account's verification, and moves it between the groups of applicants and of verified graduates.
    fn set_verification(
        &self,
        tx: &mut dyn Writes,
        user: &User,
        verification: Verification,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        tx.set_verification(user.id, verification, now)?;
        let (joined, left) = match verification {
            Verification::Verified => (VERIFIED_ALUMNI_GROUP, APPLICANT_GROUP),
            Verification::Revoked => (APPLICANT_GROUP, VERIFIED_ALUMNI_GROUP),
            Verification::Unverified | Verification::Pending => return Ok(()),
        };
        let membership = Membership {
            group: GroupName::from_storage(joined.to_owned()),
            valid_until: None,
        };
        tx.add_to_groups(user.id, &[membership], now)?;
        let left = GroupName::from_storage(left.to_owned());
        tx.remove_from_groups(user.id, &[left], now)?;
        self.note_totp_duty(tx, user.id)
    }

    /// Applies the TOTP rule of the account's new groups to its sessions.
    fn note_totp_duty(&self, tx: &mut dyn Writes, user: UserId) -> Result<(), StoreError> {
        let groups = tx.user(user)?.map(|user| user.groups).unwrap_or_default();
        let is_due = self.totp_policy.requires(&groups) && !tx.has_totp(user)?;
        tx.set_totp_due(user, is_due)
    }

    fn news(&self, user: &User, kind: EventKind, command: &Command, after: &Claim) -> MailContent {
        let firstname = user.firstname.clone();
        let reason = reason(command).map(|reason| reason.name().to_owned());
        let message = message(command).map(|message| message.as_str().to_owned());
        match kind {
            EventKind::InfoRequested => MailContent::ClaimInfoRequested {
                firstname,
                reason,
                message,
            },
            EventKind::Verified => MailContent::ClaimVerified { firstname },
            EventKind::Rejected => MailContent::ClaimRejected {
                firstname,
                reason,
                message,
            },
            EventKind::Revoked => MailContent::ClaimRevoked {
                firstname,
                reason,
                message,
            },
            EventKind::Withdrawn | EventKind::Expired => MailContent::ClaimWithdrawn {
                firstname,
                expired: kind == EventKind::Expired,
            },
            _ => MailContent::ClaimUnderReview {
                firstname,
                due_at: after.due_at.unwrap_or(after.last_modified),
            },
        }
    }
}

/// What the account's verification becomes; `None` if it stays.
fn verification(user: &User, before: &Claim, after: &Claim) -> Option<Verification> {
    use abu_domain::alumni::claims::ClaimState as State;
    let new = match after.state {
        _ if before.state == after.state => return None,
        State::Verified => Verification::Verified,
        State::Revoked => Verification::Revoked,
        State::Submitted | State::InReview | State::NeedsInfo => Verification::Pending,
        State::Rejected | State::Withdrawn if user.verification == Verification::Pending => {
            Verification::Unverified
        }
        State::Draft | State::Rejected | State::Withdrawn => return None,
    };
    (new != user.verification).then_some(new)
}

fn decision(command: &Command) -> Option<&Decision> {
    match command {
        Command::RequestInfo(decision) | Command::Reject(decision) | Command::Revoke(decision) => {
            Some(decision)
        }
        _ => None,
    }
}

fn reason(command: &Command) -> Option<ReasonCode> {
    decision(command).map(|decision| decision.reason)
}

fn message(command: &Command) -> Option<&ClaimMessage> {
    match command {
        Command::Answer(message) => Some(message),
        _ => decision(command)?.message.as_ref(),
    }
}

fn action(kind: CommandKind) -> Action {
    match kind {
        CommandKind::Change => Action::ClaimUpdate,
        CommandKind::Attach => Action::ClaimAddEvidence,
        CommandKind::Submit => Action::ClaimSubmit,
        CommandKind::Prove => Action::ClaimProve,
        CommandKind::Open => Action::ClaimOpen,
        CommandKind::RequestInfo => Action::ClaimRequestInfo,
        CommandKind::Answer => Action::ClaimAnswer,
        CommandKind::Link => Action::ClaimLink,
        CommandKind::Approve => Action::ClaimApprove,
        CommandKind::Reject => Action::ClaimReject,
        CommandKind::Withdraw => Action::ClaimWithdraw,
        CommandKind::Expire => Action::ClaimExpire,
        CommandKind::Flag => Action::ClaimFlag,
        CommandKind::Revoke => Action::ClaimRevoke,
    }
}

impl Entry {
    /// Adds the state, and the record and reason where there are some.
    fn about(self, before: &Claim, after: &Claim, command: &Command) -> Self {
        let mut entry = self.with("state", after.state.name());
        if before.state != after.state {
            entry = entry.with("from", before.state.name());
        }
        if let Some(record) = after.record_id {
            entry = entry.with("record", record.to_string());
        }
        if let Some(method) = after.method {
            entry = entry.with("method", method.name());
        }
        match reason(command) {
            Some(reason) => entry.with("reason", reason.name()),
            None => entry,
        }
    }
}
