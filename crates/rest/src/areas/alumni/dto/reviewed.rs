use abu_application::alumni::{
    claims::{Candidate, ReviewedClaim},
    ports::{AwardFacts, ClaimEvent, ClaimRecord, QueuedClaim, RecordFacts},
};
use abu_domain::alumni::claims::{Verdict, Vote, matching::Compared};

use super::{ClaimedAwardForm, EvidenceForm};
use crate::areas::prelude::*;

json_form! {
    /// A claim in the queue.
    pub(in crate::areas::alumni) struct QueuedClaimForm from queued: QueuedClaim {
        #[schema(example = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")]
        uuid: Uuid = queued.record.claim.id.uuid(),
        /// The account of the applicant.
        #[schema(example = "8f14a7a2-6f0a-4c7e-9d57-6a1a5f0c2b42")]
        user_uuid: Uuid = queued.record.claim.user_id.uuid(),
        #[schema(example = "submitted")]
        state: &'static str = queued.record.claim.state.name(),
        /// Full names: of the account first, then those at graduation.
        #[schema(example = json!(["Fatima Musa Bello"]))]
        names: Vec<String> = queued.record.names,
        awards: Vec<ClaimedAwardForm> = queued.record.awards.into_iter().map(Into::into).collect(),
        /// By when the office decides.
        #[schema(example = "2026-12-03T08:00:00Z")]
        due_at: DateTime<Utc> = queued.due_at,
        /// Whether two reviewers must agree.
        #[schema(example = false)]
        needs_second: bool = queued.record.claim.needs_second,
        /// How many reviewers have voted.
        #[schema(example = 0)]
        votes: usize = queued.record.claim.votes.len(),
        /// The reviewer who has the claim until `assigned_until`; null where no one has it.
        #[schema(example = json!(null))]
        assigned_to: Option<Uuid> = queued.record.claim.lease.map(|lease| lease.reviewer.uuid()),
        #[schema(example = json!(null))]
        assigned_until: Option<DateTime<Utc>> = queued.record.claim.lease.map(|lease| lease.until),
        /// When the owner of the mailbox on record said that they asked for no code; null otherwise.
        #[schema(example = json!(null))]
        flagged_at: Option<DateTime<Utc>> = queued.record.claim.flagged_at,
        #[schema(example = "2026-11-30T08:00:00Z")]
        last_modified: DateTime<Utc> = queued.record.claim.last_modified,
    }
}

json_form! {
    /// The vote of a reviewer.
    pub(in crate::areas::alumni) struct VoteForm from vote: Vote {
        #[schema(example = "1c9a7a2e-6f0a-4c7e-9d57-6a1a5f0c2b43")]
        reviewer_uuid: Uuid = vote.reviewer.uuid(),
        /// `approve`, `reject` or `revoke`.
        #[schema(example = "approve")]
        verdict: &'static str = match vote.verdict {
            Verdict::Approve(_) => "approve",
            Verdict::Reject => "reject",
            Verdict::Revoke => "revoke",
        },
        /// The record that an approval is about.
        #[schema(example = "5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b44")]
        record_uuid: Option<Uuid> = match vote.verdict {
            Verdict::Approve(record) => Some(record.uuid()),
            Verdict::Reject | Verdict::Revoke => None,
        },
    }
}

json_form! {
    /// An award in the register.
    pub(in crate::areas::alumni) struct RecordAward from award: AwardFacts {
        #[schema(example = "U15CS1070")]
        matric: Option<String> = award.matric,
        #[schema(example = 2015)]
        year: i16 = award.year,
        /// The name of the department.
        #[schema(example = "Computer Science")]
        department: Option<String> = award.department.map(|department| department.label),
        /// The name of the programme.
        #[schema(example = "Computer Science")]
        programme: Option<String> = award.programme.map(|programme| programme.label),
        /// The name of the degree.
        #[schema(example = "Bachelor of Science")]
        degree: String = award.degree.label,
        #[schema(example = "second class upper")]
        class_of_degree: Option<String> = award.class_of_degree,
    }
}

json_form! {
    /// A record of the register.
    pub(in crate::areas::alumni) struct CandidateRecord from record: RecordFacts {
        #[schema(example = "5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b44")]
        uuid: Uuid = record.id.uuid(),
        #[schema(example = "Bello")]
        surname: String = record.surname,
        #[schema(example = "Fatima Musa")]
        given_names: String = record.given_names,
        #[schema(example = json!([]))]
        previous_names: Vec<String> = record.previous_names,
        awards: Vec<RecordAward> = record.awards.into_iter().map(Into::into).collect(),
        /// The account that is linked to it; null where none is.
        #[schema(example = json!(null))]
        claimed_by: Option<Uuid> = record.claimed_by.map(|user| user.uuid()),
    }
}

json_form! {
    /// One part of a score.
    pub(in crate::areas::alumni) struct ScorePart from compared: Compared {
        /// `names`, `matric`, `year`, `department` or `degree`.
        #[schema(example = "names")]
        part: &'static str = compared.part.name(),
        /// Its share of the score. A part that one side lacks has none, and the others share it.
        #[schema(example = 0.45)]
        weight: f64 = compared.weight,
        /// From 0 to 1.
        #[schema(example = 0.975)]
        points: f64 = compared.points,
        /// What the claim says.
        #[schema(example = "Mohammed Bello")]
        ours: Option<String> = compared.ours,
        /// What the record has.
        #[schema(example = "Bello Muhammad")]
        theirs: Option<String> = compared.theirs,
        /// Why there are so many points.
        #[schema(example = "mohammed = muhammad (lexicon); bello")]
        note: String = compared.note,
    }
}

json_form! {
    /// A record that the claim may be about.
    pub(in crate::areas::alumni) struct CandidateForm from candidate: Candidate {
        record: CandidateRecord = candidate.record.into(),
        /// From 0 to 1. It helps a reviewer, and decides nothing.
        #[schema(example = 0.9775)]
        score: f64 = candidate.score.total,
        /// `strong` from 0.85, `possible` from 0.6, else `weak`.
        #[schema(example = "strong")]
        band: &'static str = candidate.score.band().name(),
        parts: Vec<ScorePart> = candidate.score.parts.into_iter().map(Into::into).collect(),
    }
}

json_form! {
    /// What happened to a claim, as the office sees it.
    pub(in crate::areas::alumni) struct ReviewEvent from event: ClaimEvent {
        #[schema(example = "2026-12-01T09:30:00Z")]
        at: DateTime<Utc> = event.at,
        /// The account that acted; null for the server, and for people without an account.
        #[schema(example = "1c9a7a2e-6f0a-4c7e-9d57-6a1a5f0c2b43")]
        actor_uuid: Option<Uuid> = event.actor.map(|user| user.uuid()),
        #[schema(example = "opened")]
        kind: &'static str = event.kind.name(),
        #[schema(example = json!(null))]
        reason_code: Option<&'static str> = event.reason.map(|reason| reason.name()),
        #[schema(example = json!(null))]
        message: Option<String> = event.message.map(|message| message.as_str().to_owned()),
        /// Whether the applicant may see it.
        #[schema(example = false)]
        visible_to_applicant: bool = event.kind.is_visible_to_applicant(),
    }
}

/// A claim as the queue shows it; one without a time is shown as due when it was made.
fn queued(record: ClaimRecord) -> QueuedClaim {
    QueuedClaim {
        due_at: record.claim.due_at.unwrap_or(record.claim.created_at),
        record,
    }
}

json_form! {
    /// A claim with what helps to decide it.
    pub(in crate::areas::alumni) struct ReviewedClaimForm from reviewed: ReviewedClaim {
        ballots: Vec<VoteForm> =
            reviewed.record.claim.votes.iter().copied().map(Into::into).collect(),
        /// The record of a code, or the one that a reviewer noted; of a verified claim, the one it was verified for.
        #[schema(example = json!(null))]
        record_uuid: Option<Uuid> = reviewed.record.claim.record_id.map(|record| record.uuid()),
        /// What verified it; null unless it is or was verified.
        #[schema(example = json!(null))]
        method: Option<&'static str> = reviewed.record.claim.method.map(|method| method.name()),
        #[serde(flatten)]
        claim: QueuedClaimForm = queued(reviewed.record).into(),
        /// The name of the account.
        #[schema(example = "Fatima")]
        firstname: String = reviewed.applicant.firstname.as_str().to_owned(),
        #[schema(example = "Bello")]
        lastname: String = reviewed.applicant.lastname.as_str().to_owned(),
        /// The address of the account, masked.
        #[schema(example = "f***@example.com")]
        email: String = reviewed.applicant.email.masked().as_str().to_owned(),
        /// The best first, at most 20.
        candidates: Vec<CandidateForm> = reviewed.candidates.into_iter().map(Into::into).collect(),
        /// The oldest first.
        events: Vec<ReviewEvent> = reviewed.events.into_iter().map(Into::into).collect(),
        /// Files that the applicant sent, the oldest first.
        evidence: Vec<EvidenceForm> = reviewed.evidence.into_iter().map(Into::into).collect(),
    }
}
