//! The caller's own claims.

use abu_application::alumni::{
    claims::{ClaimDraft, ClaimPatch, OwnClaim},
    ports::ClaimRecord,
};
use abu_domain::{
    ClaimId,
    alumni::claims::{ClaimMessage, ClaimedAward, MAX_CLAIMED_AWARDS},
};

use crate::areas::{
    alumni::dto::{AwardBody, ListedClaim, OwnClaimForm},
    prelude::*,
};

routes! { list_claims, create_claim, get_claim, change_claim, submit_claim, send_claim_message, withdraw_claim }

struct OwnClaims;

impl List for OwnClaims {
    type Filter = NoParameters;
    type Item = ClaimRecord;
    type Entry = ListedClaim;
    type Position = TimePosition<ClaimId>;
    const SORTS: [&'static str; 2] = ["-created_at", "created_at"];

    fn position(record: &ClaimRecord) -> TimePosition<ClaimId> {
        TimePosition {
            at: record.claim.created_at,
            id: record.claim.id,
        }
    }
}

/// List your claims.
///
/// The newest first. At most one of them is open.
#[utoipa::path(
    tag = "verification",
    params(Page::<OwnClaims>),
    responses((status = 200, description = "A page of claims.", body = ListBody<ListedClaim>)),
)]
#[get("/me/claims")]
async fn list_claims(alumni: Alumni, caller: CurrentUser, page: Page<OwnClaims>) -> Answer {
    let claims = alumni.claims.list_own(caller.0, page.request);
    page.reply.with(claims.await?)
}

request_body! {
    /// What a claim says.
    #[schema(example = json!({
        "awards": [{
            "matric": "U15CS1070",
            "surname_at_graduation": "Bello",
            "department": "computer-science",
            "programme": null,
            "degree": "bsc",
            "year": 2019,
        }],
        "list_me": true,
    }))]
    struct NewClaim into ClaimDraft {
        /// The awards of the university that you have: one is enough.
        #[schema(min_items = 1, max_items = 5)]
        awards: Vec<AwardBody>,
        /// Whether the directory of graduates may list you once you are verified. You can change it later.
        list_me: bool,
    }
    |body, violations| {
        let awards = parse_awards(body.awards, violations)?;
        Some(ClaimDraft { awards, list_me: body.list_me })
    }
}

fn parse_awards(awards: Vec<AwardBody>, violations: &mut Violations) -> Option<Vec<ClaimedAward>> {
    let count = awards.len();
    if !(1..=MAX_CLAIMED_AWARDS).contains(&count) {
        violations.refuse("awards", "awards.count", "must name 1 to 5 awards");
        return None;
    }
    let parsed: Vec<_> = awards
        .into_iter()
        .enumerate()
        .filter_map(|(number, award)| award.parse(number, violations))
        .collect();
    (parsed.len() == count).then_some(parsed)
}

fn with_version(own: OwnClaim) -> Answer {
    let version = Version::of(own.record.claim.last_modified);
    versioned(&OwnClaimForm::from(own), version)
}

/// Make a claim.
///
/// It is a draft: submit it, or prove it by a code. The answer never tells whether the register has you. You can make 5
/// claims a day, and have one open claim.
#[utoipa::path(
    tag = "verification",
    request_body = NewClaim,
    responses(
        (status = 201, description = "The draft; `Location` is its address.", body = OwnClaimForm),
        Conflicts,
    ),
)]
#[post("/me/claims")]
async fn create_claim(alumni: Alumni, caller: CurrentUser, body: Body<NewClaim>) -> Answer {
    let own = alumni.claims.create(caller.0, body.0).await?;
    let id = own.record.claim.id;
    Ok(created(
        &format!("/me/claims/{id}"),
        &OwnClaimForm::from(own),
    ))
}

/// See a claim of yours.
///
/// With what happened to it: decisions, questions and messages.
#[utoipa::path(
    tag = "verification",
    params(ByUuid),
    responses((status = 200, description = "The claim.", body = OwnClaimForm)),
)]
#[get("/me/claims/{uuid}")]
async fn get_claim(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    with_version(alumni.claims.get_own(caller.0, path.id()).await?)
}

request_body! {
    /// What changes in a claim: a merge patch (RFC 7396).
    #[schema(example = json!({"list_me": false}))]
    struct PatchedClaim into ClaimPatch {
        /// All of them from now on.
        #[serde(default, deserialize_with = "present")]
        #[schema(min_items = 1, max_items = 5, nullable = false)]
        awards: Option<Vec<AwardBody>>,
        /// Whether the directory of graduates may list you once you are verified.
        #[serde(default, deserialize_with = "present")]
        #[schema(nullable = false)]
        list_me: Option<bool>,
    }
    |body, violations| {
        let awards = match body.awards {
            Some(awards) => Some(parse_awards(awards, violations)?),
            None => None,
        };
        Some(ClaimPatch { awards, list_me: body.list_me })
    }
}

/// Change a claim.
///
/// While it is a draft, or waits for your answer. The names follow your account and the awards. To answer, submit it
/// again or write to the office. The office's votes on what it said before count no more.
#[utoipa::path(
    tag = "verification",
    params(ByUuid, IfMatchParameter),
    request_body = PatchedClaim,
    responses((status = 200, description = "The claim as it is now.", body = OwnClaimForm), Conflicts),
)]
#[patch("/me/claims/{uuid}")]
async fn change_claim(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<PatchedClaim>,
) -> Answer {
    let claims = &alumni.claims;
    let changed = claims.change(caller.0, path.id(), body.0, expected.0);
    with_version(changed.await?)
}

/// Submit a claim.
///
/// The alumni office decides within three working days. The answer is the same whether or not the register has you.
#[utoipa::path(
    tag = "verification",
    params(ByUuid),
    responses((status = 202, description = "The office has it.", body = OwnClaimForm), Conflicts),
)]
#[post("/me/claims/{uuid}/submit")]
async fn submit_claim(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    let own = alumni.claims.submit(caller.0, path.id()).await?;
    Ok(HttpResponse::Accepted().json(OwnClaimForm::from(own)))
}

request_body! {
    /// A message to the alumni office.
    #[schema(example = json!({"message": "I was in the department of Mathematics until 2013."}))]
    struct NewClaimMessage into ClaimMessage {
        /// Up to 2,000 characters, in several lines.
        #[schema(min_length = 1, max_length = 2000)]
        message: String,
    }
    |body, violations| violations.check("message", ClaimMessage::parse(&body.message))
}

/// Write to the alumni office about a claim.
///
/// If the office asked, this is the answer, and its clock runs again. You can write 20 messages a day.
#[utoipa::path(
    tag = "verification",
    params(ByUuid),
    request_body = NewClaimMessage,
    responses((status = 200, description = "The claim.", body = OwnClaimForm), Conflicts),
)]
#[post("/me/claims/{uuid}/messages")]
async fn send_claim_message(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<NewClaimMessage>,
) -> Answer<Json<OwnClaimForm>> {
    let own = alumni.claims.answer(caller.0, path.id(), body.0).await?;
    Ok(Json(own.into()))
}

/// Withdraw a claim.
///
/// You can make another one at any time.
#[utoipa::path(
    tag = "verification",
    params(ByUuid),
    responses((status = 200, description = "The claim.", body = OwnClaimForm), Conflicts),
)]
#[post("/me/claims/{uuid}/withdraw")]
async fn withdraw_claim(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Answer<Json<OwnClaimForm>> {
    let own = alumni.claims.withdraw(caller.0, path.id()).await?;
    Ok(Json(own.into()))
}
