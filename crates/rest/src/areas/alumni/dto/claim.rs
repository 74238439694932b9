use abu_application::alumni::{
    claims::{OwnClaim, Preview},
    ports::{ClaimEvent, ClaimRecord, Evidence},
};

use super::ClaimedAwardForm;
use crate::areas::prelude::*;

json_form! {
    /// A claim of yours.
    pub(in crate::areas::alumni) struct ListedClaim from record: ClaimRecord {
        #[schema(example = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")]
        uuid: Uuid = record.claim.id.uuid(),
        /// `draft`, `submitted`, `in_review`, `needs_info`, `verified`, `rejected`, `withdrawn` or `revoked`.
        #[schema(example = "submitted")]
        state: &'static str = record.claim.state.name(),
        awards: Vec<ClaimedAwardForm> = record.awards.into_iter().map(Into::into).collect(),
        /// Whether the directory is to list you once you are verified.
        #[schema(example = true)]
        list_me: bool = record.list_me,
        /// What verified it: `code`, `mailbox` or `review`; null unless it is or was verified.
        #[schema(example = json!(null))]
        method: Option<&'static str> = record.claim.method.map(|method| method.name()),
        /// When you submitted it first; null for a draft.
        #[schema(example = "2026-11-30T08:00:00Z")]
        submitted_at: Option<DateTime<Utc>> = record.claim.submitted_at,
        /// By when the office decides: three working days, which stand still while it waits for you.
        #[schema(example = "2026-12-03T08:00:00Z")]
        due_at: Option<DateTime<Utc>> = record.claim.due_at,
        /// When it was decided; null before.
        #[schema(example = json!(null))]
        decided_at: Option<DateTime<Utc>> = record.claim.decided_at,
        #[schema(example = "2026-11-30T07:55:00Z")]
        created_at: DateTime<Utc> = record.claim.created_at,
        #[schema(example = "2026-11-30T08:00:00Z")]
        last_modified: DateTime<Utc> = record.claim.last_modified,
    }
}

json_form! {
    /// What happened to a claim.
    pub(in crate::areas::alumni) struct ClaimEventForm from event: ClaimEvent {
        #[schema(example = "2026-12-01T09:30:00Z")]
        at: DateTime<Utc> = event.at,
        /// Such as `submitted`, `info_requested`, `verified` or `rejected`.
        #[schema(example = "info_requested")]
        kind: &'static str = event.kind.name(),
        /// Why, such as `more-details`; null where there is no reason to give.
        #[schema(example = "more-details")]
        reason_code: Option<&'static str> = event.reason.map(|reason| reason.name()),
        /// What the office or the applicant wrote; null where they wrote nothing.
        #[schema(example = "Which department were you in?")]
        message: Option<String> = event.message.map(|message| message.as_str().to_owned()),
    }
}

json_form! {
    /// A file that was sent as evidence.
    pub(in crate::areas::alumni) struct EvidenceForm from evidence: Evidence {
        #[schema(example = "0b9c6d3e-1f0a-4c7e-9d57-6a1a5f0c2b43")]
        uuid: Uuid = evidence.id.uuid(),
        /// `pdf`, `jpeg`, `png` or `webp`.
        #[schema(example = "pdf")]
        kind: &'static str = evidence.kind.name(),
        #[schema(example = 348_213)]
        bytes: u64 = evidence.bytes,
        #[schema(example = "2026-11-30T08:10:00Z")]
        uploaded_at: DateTime<Utc> = evidence.uploaded_at,
    }
}

json_form! {
    /// A claim of yours, and what happened to it.
    pub(in crate::areas::alumni) struct OwnClaimForm from own: OwnClaim {
        #[serde(flatten)]
        claim: ListedClaim = own.record.into(),
        /// The oldest first.
        events: Vec<ClaimEventForm> = own.events.into_iter().map(Into::into).collect(),
        /// The oldest first.
        evidence: Vec<EvidenceForm> = own.evidence.into_iter().map(Into::into).collect(),
    }
}

json_form! {
    /// Who an invitation is for, as far as its reader may know.
    pub(in crate::areas::alumni) struct PreviewForm from preview: Preview {
        /// The first letters of the names.
        #[schema(example = "F. M. B.")]
        initials: String = preview.initials,
        /// The name of the department; null where the register has none.
        #[schema(example = "Computer Science")]
        department: Option<String> = preview.department,
        /// The year of graduation; null where the register has none.
        #[schema(example = 2015)]
        year: Option<i16> = preview.year,
        /// When the code stops being good.
        #[schema(example = "2027-11-30T08:00:00Z")]
        expires_at: DateTime<Utc> = preview.expires_at,
    }
}
