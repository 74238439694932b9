//! The office's side: the queue, and the decisions of reviewers.

use abu_domain::{
    ClaimId, RecordId, UserId,
    access::Permission,
    alumni::claims::{ClaimMessage, ClaimState, Command, Decision, ReasonCode, Verdict},
    identity::user::User,
};
use chrono::{DateTime, Utc};

use super::{
    Candidate, ClaimError, Claims, MAX_EVENTS,
    candidates::{self, candidate},
    transition::{self, locked},
};
use crate::{
    access::{self, Authority, Caller},
    alumni::ports::{ClaimEvent, ClaimFilter, ClaimRecord, DuePosition, Evidence, QueuedClaim},
    platform::{
        audit::Action,
        lists::{ListRequest, Listed},
        versions::{Expected, Version},
    },
    store::{Reads, Writes},
};

/// Below this score, two reviewers must agree.
const CLEAR: f64 = 0.7;

/// A claim as a reviewer sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewedClaim {
    pub record: ClaimRecord,
    pub applicant: User,
    /// Oldest first.
    pub events: Vec<ClaimEvent>,
    /// Oldest first.
    pub evidence: Vec<Evidence>,
    /// Best first. Those of a claim that is over are not looked for: it has at most the record that was chosen.
    pub candidates: Vec<Candidate>,
}

impl Claims {
    /// A page of submitted claims, the most urgent first; takes `can_verify_alumni`.
    pub async fn queue(
        &self,
        caller: Caller,
        mut filter: ClaimFilter,
        page: ListRequest<DuePosition>,
    ) -> Result<Listed<QueuedClaim>, ClaimError> {
        if filter.overdue {
            filter.due_before = Some(self.context.clock.now());
        }
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &caller, Permission::VerifyAlumni)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_queue(&filter, seek, limit),
                    |tx| tx.count_queue(&filter),
                )?)
            })
            .await
    }

    /// A claim with its candidates; takes `can_verify_alumni`, and is audited.
    pub async fn get(&self, caller: Caller, id: ClaimId) -> Result<ReviewedClaim, ClaimError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::VerifyAlumni)?;
                let record = tx.claim(id)?.ok_or(ClaimError::NotFound)?;
                let reviewed = reviewed(tx, record, now)?;
                caller
                    .entry(Action::ClaimView)
                    .on(transition::target(id))
                    .write(tx, entry_id, now)?;
                Ok(reviewed)
            })
            .await
    }

    /// Takes the claim for 15 minutes, or takes it longer.
    pub async fn open(&self, caller: Caller, id: ClaimId) -> Result<ReviewedClaim, ClaimError> {
        let reviewer = caller.user;
        self.review(caller, id, Expected::Anything, move |_, _| {
            Ok(Command::Open { reviewer })
        })
        .await
    }

    /// Asks the applicant, and stops the clock.
    pub async fn request_info(
        &self,
        caller: Caller,
        id: ClaimId,
        reason: ReasonCode,
        message: ClaimMessage,
        expected: Expected,
    ) -> Result<ReviewedClaim, ClaimError> {
        let decision = decision(caller.user, reason, Some(message));
        self.review(caller, id, expected, |_, _| {
            Ok(Command::RequestInfo(decision))
        })
        .await
    }

    pub async fn reject(
        &self,
        caller: Caller,
        id: ClaimId,
        reason: ReasonCode,
        message: Option<ClaimMessage>,
        expected: Expected,
    ) -> Result<ReviewedClaim, ClaimError> {
        let decision = decision(caller.user, reason, message);
        self.review(caller, id, expected, |_, _| Ok(Command::Reject(decision)))
            .await
    }

    /// Revokes a verification; two reviewers must do it.
    pub async fn revoke(
        &self,
        caller: Caller,
        id: ClaimId,
        reason: ReasonCode,
        message: Option<ClaimMessage>,
        expected: Expected,
    ) -> Result<ReviewedClaim, ClaimError> {
        let decision = decision(caller.user, reason, message);
        self.review(caller, id, expected, |_, _| Ok(Command::Revoke(decision)))
            .await
    }

    /// Notes which record the claim is about.
    pub async fn link(
        &self,
        caller: Caller,
        id: ClaimId,
        record: RecordId,
        expected: Expected,
    ) -> Result<ReviewedClaim, ClaimError> {
        let reviewer = caller.user;
        self.review(caller, id, expected, move |tx, _| {
            let found = candidates::record(tx, record)?.ok_or(ClaimError::RecordNotFound)?;
            Ok(Command::Link {
                reviewer,
                record: found.id,
            })
        })
        .await
    }

    /// Approves the claim on a record, or on the one that was linked.
    pub async fn approve(
        &self,
        caller: Caller,
        id: ClaimId,
        record: Option<RecordId>,
        expected: Expected,
    ) -> Result<ReviewedClaim, ClaimError> {
        let reviewer = caller.user;
        self.review(caller, id, expected, move |tx, claim| {
            let record = record.or(claim.claim.record_id);
            let record = record.ok_or(ClaimError::RecordNotFound)?;
            let facts = candidates::record(tx, record)?.ok_or(ClaimError::RecordNotFound)?;
            if !tx.lock_record(facts.id)? {
                return Err(ClaimError::RecordNotFound);
            }
            let facts = candidates::record(tx, facts.id)?.ok_or(ClaimError::RecordNotFound)?;
            if facts.claimed_by.is_some() {
                return Err(ClaimError::RecordClaimed);
            }
            let others = claim.claim.record_id == Some(facts.id);
            let had_another = facts.claims > u32::from(others);
            let record = facts.id;
            let chosen = candidate(tx, claim, facts)?.ok_or(ClaimError::RecordNotFound)?;
            let needs_second =
                had_another || is_unclear(&chosen) || is_staff(tx, claim.claim.user_id)?;
            Ok(Command::Approve {
                reviewer,
                record,
                needs_second,
            })
        })
        .await
    }

    /// Authorizes a reviewer, locks the claim, opens it if it waits, and applies their command.
    async fn review(
        &self,
        caller: Caller,
        id: ClaimId,
        expected: Expected,
        command: impl FnOnce(&mut dyn Writes, &ClaimRecord) -> Result<Command, ClaimError>
        + Send
        + 'static,
    ) -> Result<ReviewedClaim, ClaimError> {
        let now = self.context.clock.now();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::VerifyAlumni)?;
                let mut record = locked(tx, id)?;
                expected.check(Version::of(record.claim.last_modified))?;
                let command = command(tx, &record)?;
                if record.claim.state == ClaimState::Submitted
                    && !matches!(command, Command::Open { .. })
                {
                    let reviewer = caller.user;
                    let calendar = transition::calendar(tx, now)?;
                    let open = Command::Open { reviewer };
                    let (opened, _) = record.claim.apply(&open, now, &calendar)?;
                    record.claim = opened;
                }
                let record = this.apply(tx, record, &command, &caller, now)?;
                reviewed(tx, record, now)
            })
            .await
    }
}

fn decision(reviewer: UserId, reason: ReasonCode, message: Option<ClaimMessage>) -> Decision {
    Decision {
        reviewer,
        reason,
        message,
    }
}

/// Whether the record proves little by itself: it has no matriculation number, an honorary award, or a low score.
fn is_unclear(candidate: &Candidate) -> bool {
    let awards = &candidate.record.awards;
    let has_matric = awards.iter().any(|award| award.matric.is_some());
    let is_honorary = awards
        .iter()
        .any(|award| award.degree_code.contains("honor") || award.degree_code.contains("honour"));
    !has_matric || is_honorary || candidate.score.total < CLEAR
}

/// Whether reviewers would decide about a colleague.
fn is_staff(tx: &mut dyn Reads, user: UserId) -> Result<bool, ClaimError> {
    Ok(tx.holder(user)?.is_some_and(|holder| holder.is_staff()))
}

fn reviewed(
    tx: &mut dyn Reads,
    record: ClaimRecord,
    now: DateTime<Utc>,
) -> Result<ReviewedClaim, ClaimError> {
    let applicant = tx.user(record.claim.user_id)?.ok_or(ClaimError::NotFound)?;
    let events = tx.claim_events(record.claim.id, false, MAX_EVENTS)?;
    let evidence = tx.evidence_of(record.claim.id, now)?;
    let candidates = match (record.claim.state.is_open(), record.claim.record_id) {
        (true, _) => candidates::candidates(tx, &record)?,
        (false, Some(chosen)) => match candidates::record(tx, chosen)? {
            Some(facts) => candidate(tx, &record, facts)?.into_iter().collect(),
            None => Vec::new(),
        },
        (false, None) => Vec::new(),
    };
    Ok(ReviewedClaim {
        record,
        applicant,
        events,
        evidence,
        candidates,
    })
}

impl ReviewedClaim {
    /// The reviewers who voted for a record, against the claim, or for its revocation.
    pub fn votes(&self) -> impl Iterator<Item = (UserId, Verdict)> {
        self.record
            .claim
            .votes
            .iter()
            .map(|vote| (vote.reviewer, vote.verdict))
    }
}
