//! The office's queue of claims, and its decisions.

use abu_application::alumni::{
    claims::ReviewedClaim,
    ports::{ClaimFilter, DuePosition, QueuedClaim},
};
use abu_domain::{
    RecordId,
    alumni::claims::{ClaimMessage, ClaimState, ReasonCode},
};

use crate::areas::{
    alumni::dto::{QueuedClaimForm, ReviewedClaimForm},
    prelude::*,
};

routes! { list_queue, review_claim, open_claim, approve_claim, reject_claim, request_info, link_claim, revoke_claim }

struct Queue;

/// What narrows the queue.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct QueueParameters {
    /// How far they are; repeated, any of several. Without it, `submitted` and `in_review`.
    #[param(value_type = Option<Vec<String>>, example = json!(["submitted"]))]
    status: Option<String>,
    /// `overdue`, or a time before which they are due.
    #[param(example = "overdue")]
    due: Option<String>,
    /// The code of a faculty of one of the awards; repeated, any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["science"]))]
    faculty: Option<String>,
}

impl IntoDraft for QueueParameters {
    type Draft = ClaimFilter;

    fn into_draft(self, violations: &mut Violations) -> Option<ClaimFilter> {
        let mut states = violations.any_of("status", self.status, state);
        if states.is_empty() {
            states = vec![ClaimState::Submitted, ClaimState::InReview];
        }
        let overdue = self.due.as_deref() == Some("overdue");
        let due = self.due.filter(|_| !overdue);
        Some(ClaimFilter {
            states,
            due_before: violations.optional("due", due, time),
            overdue,
            faculties: violations.any_of("faculty", self.faculty, short_text),
        })
    }
}

fn state(text: &str) -> Result<ClaimState, Violation> {
    let known = ClaimState::from_name(text).filter(|state| *state != ClaimState::Draft);
    known.ok_or(Violation {
        code: "status.unknown",
        rule: "must be the state of a submitted claim, such as in_review",
    })
}

impl List for Queue {
    type Filter = QueueParameters;
    type Item = QueuedClaim;
    type Entry = QueuedClaimForm;
    type Position = DuePosition;
    const MAX_LIMIT: u32 = MAX_PEOPLE;
    const SORTS: [&'static str; 2] = ["due_at", "-due_at"];

    fn position(queued: &QueuedClaim) -> DuePosition {
        DuePosition {
            due_at: queued.due_at,
            id: queued.record.claim.id,
        }
    }
}

/// List claims to decide.
///
/// The most urgent first, and so the overdue ones before all others; takes `can_verify_alumni`.
#[utoipa::path(
    tag = "verification",
    params(Page::<Queue>),
    responses(
        (status = 200, description = "A page of claims.", body = ListBody<QueuedClaimForm>),
        StaffOnly,
    ),
)]
#[get("/admin/claims")]
async fn list_queue(alumni: Alumni, caller: CurrentUser, page: Page<Queue>) -> Answer {
    let claims = alumni.claims.queue(caller.0, page.filter, page.request);
    page.reply.with(claims.await?)
}

fn with_version(reviewed: ReviewedClaim) -> Answer {
    let version = Version::of(reviewed.record.claim.last_modified);
    versioned(&ReviewedClaimForm::from(reviewed), version)
}

/// Look into a claim.
///
/// With the records that it may be about, and how well each part fits; takes `can_verify_alumni`.
#[utoipa::path(
    tag = "verification",
    params(ByUuid),
    responses((status = 200, description = "The claim.", body = ReviewedClaimForm), StaffOnly),
)]
#[get("/admin/claims/{uuid}")]
async fn review_claim(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    with_version(alumni.claims.get(caller.0, path.id()).await?)
}

/// Take a claim.
///
/// No one else decides it for 15 minutes. Each decision takes it too. Takes `can_verify_alumni`.
#[utoipa::path(
    tag = "verification",
    params(ByUuid),
    responses((status = 200, description = "The claim.", body = ReviewedClaimForm), StaffOnly, Conflicts),
)]
#[post("/admin/claims/{uuid}/open")]
async fn open_claim(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    with_version(alumni.claims.open(caller.0, path.id()).await?)
}

request_body! {
    /// An approval.
    #[schema(example = json!({"record_uuid": "5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b44"}))]
    struct Approval into Option<RecordId> {
        /// The record that the account is linked to; without it, the one that was noted.
        record_uuid: Option<Uuid>,
    }
    |body, _violations| Some(body.record_uuid.map(RecordId::new))
}

/// Approve a claim.
///
/// The account is verified, unless another reviewer must agree: for a record without a matriculation number, an honorary
/// award, a score below 0.7, a record that had another claim, a colleague, or a disagreement. Takes `can_verify_alumni`.
#[utoipa::path(
    tag = "verification",
    params(ByUuid, IfMatchParameter),
    request_body = Approval,
    responses((status = 200, description = "The claim.", body = ReviewedClaimForm), StaffOnly, Conflicts),
)]
#[post("/admin/claims/{uuid}/approve")]
async fn approve_claim(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<Approval>,
) -> Answer {
    let approved = alumni
        .claims
        .approve(caller.0, path.id(), body.0, expected.0);
    with_version(approved.await?)
}

/// A reason, and what the applicant reads.
type Reasoned = (ReasonCode, Option<ClaimMessage>);

request_body! {
    /// A decision that the applicant reads.
    #[schema(example = json!({"reason_code": "not-found", "message": "We found no graduate of 1912."}))]
    struct DecisionBody into Reasoned {
        /// `not-found`, `names-differ`, `more-details`, `evidence-insufficient`, `another-account`,
        /// `not-this-person`, `register-wrong` or `other`.
        reason_code: String,
        /// Up to 2,000 characters; required with `other`.
        #[schema(min_length = 1, max_length = 2000)]
        message: Option<String>,
    }
    |body, violations| {
        let reason = violations.check("reason_code", reason(&body.reason_code));
        let text = match reason {
            Some(ReasonCode::Other) => violations.required("message", body.message),
            _ => body.message,
        };
        let message = violations.optional("message", text, ClaimMessage::parse);
        Some((reason?, message))
    }
}

fn reason(text: &str) -> Result<ReasonCode, Violation> {
    ReasonCode::from_name(text).ok_or(Violation {
        code: "reason_code.unknown",
        rule: "must be a reason such as not-found",
    })
}

/// Reject a claim.
///
/// Where another reviewer approved it, a third one decides. Takes `can_verify_alumni`.
#[utoipa::path(
    tag = "verification",
    params(ByUuid, IfMatchParameter),
    request_body = DecisionBody,
    responses((status = 200, description = "The claim.", body = ReviewedClaimForm), StaffOnly, Conflicts),
)]
#[post("/admin/claims/{uuid}/reject")]
async fn reject_claim(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<DecisionBody>,
) -> Answer {
    let (reason, message) = body.0;
    let rejected = alumni
        .claims
        .reject(caller.0, path.id(), reason, message, expected.0);
    with_version(rejected.await?)
}

/// A reason, and the question.
type Question = (ReasonCode, ClaimMessage);

request_body! {
    /// A question to the applicant.
    #[schema(example = json!({"reason_code": "more-details", "message": "Which department were you in?"}))]
    struct QuestionBody into Question {
        /// Such as `more-details`.
        reason_code: String,
        /// Up to 2,000 characters.
        #[schema(min_length = 1, max_length = 2000)]
        message: String,
    }
    |body, violations| {
        let reason = violations.check("reason_code", reason(&body.reason_code));
        let message = violations.check("message", ClaimMessage::parse(&body.message));
        Some((reason?, message?))
    }
}

/// Ask the applicant.
///
/// The clock stands still until they answer; after 30 days without an answer the claim counts as withdrawn. Takes
/// `can_verify_alumni`.
#[utoipa::path(
    tag = "verification",
    params(ByUuid, IfMatchParameter),
    request_body = QuestionBody,
    responses((status = 200, description = "The claim.", body = ReviewedClaimForm), StaffOnly, Conflicts),
)]
#[post("/admin/claims/{uuid}/request-info")]
async fn request_info(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<QuestionBody>,
) -> Answer {
    let (reason, message) = body.0;
    let asked = alumni
        .claims
        .request_info(caller.0, path.id(), reason, message, expected.0);
    with_version(asked.await?)
}

request_body! {
    /// The record that a claim is about.
    #[schema(example = json!({"record_uuid": "5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b44"}))]
    struct LinkBody into RecordId {
        record_uuid: Uuid,
    }
    |body, _violations| Some(RecordId::new(body.record_uuid))
}

/// Note which record a claim is about.
///
/// Nothing is decided by it. Takes `can_verify_alumni`.
#[utoipa::path(
    tag = "verification",
    params(ByUuid, IfMatchParameter),
    request_body = LinkBody,
    responses((status = 200, description = "The claim.", body = ReviewedClaimForm), StaffOnly, Conflicts),
)]
#[post("/admin/claims/{uuid}/link")]
async fn link_claim(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<LinkBody>,
) -> Answer {
    let linked = alumni.claims.link(caller.0, path.id(), body.0, expected.0);
    with_version(linked.await?)
}

/// Revoke a verification.
///
/// Two reviewers must do it. The account is no verified graduate any more. Takes `can_verify_alumni`.
#[utoipa::path(
    tag = "verification",
    params(ByUuid, IfMatchParameter),
    request_body = DecisionBody,
    responses((status = 200, description = "The claim.", body = ReviewedClaimForm), StaffOnly, Conflicts),
)]
#[post("/admin/claims/{uuid}/revoke")]
async fn revoke_claim(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<DecisionBody>,
) -> Answer {
    let (reason, message) = body.0;
    let revoked = alumni
        .claims
        .revoke(caller.0, path.id(), reason, message, expected.0);
    with_version(revoked.await?)
}
