//! Codes that prove a claim.

use abu_application::{alumni::claims::ClaimError, identity::ports::token_from_text};
use abu_domain::alumni::claims::ClaimCode;

use crate::areas::{
    alumni::dto::{OwnClaimForm, PreviewForm},
    prelude::*,
};

routes! { give_code, ask_mailbox_code, get_invitation, accept_invitation_to_claim, disown_code }

request_body! {
    /// The code of an invitation.
    #[schema(example = json!({"code": "ABU-7K3M-9QXT-2HVT"}))]
    struct GivenCode into ClaimCode {
        /// In any case, with or without `ABU`, hyphens and blanks; O counts as 0, and I and L as 1.
        #[schema(min_length = 12, max_length = 40)]
        code: String,
    }
    |body, violations| violations.check("code", ClaimCode::parse(&body.code))
}

/// Prove a claim by a code.
///
/// A good code verifies you at once if the names fit; otherwise the office looks at the claim. A misread letter is
/// answered with `claim_code.misread` and costs no attempt. A code that is unknown, used, revoked, too old or for another
/// claim is answered with `gone`: which of them it is, is not told. You have 10 attempts an hour.
#[utoipa::path(
    tag = "verification",
    params(ByUuid),
    request_body = GivenCode,
    responses(
        (status = 200, description = "The claim, verified or under review.", body = OwnClaimForm),
        Conflicts,
        LinkGone,
    ),
)]
#[post("/me/claims/{uuid}/code")]
async fn give_code(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<GivenCode>,
) -> Answer<Json<OwnClaimForm>> {
    let own = alumni.claims.redeem(caller.0, path.id(), body.0).await?;
    Ok(Json(own.into()))
}

/// Have a code mailed to the address in the register.
///
/// The answer is the same whether or not the register has you or your address. The code is good for 20 minutes, and for
/// this claim alone. You can ask 3 times a day.
#[utoipa::path(
    tag = "verification",
    params(ByUuid),
    responses((status = 202, description = "If there is an address, a mail is on its way.", body = Accepted), Conflicts),
)]
#[post("/me/claims/{uuid}/mailbox")]
async fn ask_mailbox_code(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    alumni.claims.ask_mailbox(caller.0, path.id()).await?;
    Ok(accepted(
        "If the register has your record and an address of yours, a code is on its way there.",
    ))
}

/// The path of an invitation.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByCode {
    /// The code of the invitation.
    #[param(example = "ABU-7K3M-9QXT-2HVT")]
    code: String,
}

impl ByCode {
    /// A code in a path is no field: a misread one leads nowhere.
    fn parse(&self) -> Answer<ClaimCode> {
        ClaimCode::parse(&self.code)
            .map_err(|violation| Problem::new(ProblemKind::Gone, format!("The code {violation}.")))
    }
}

/// See who an invitation is for.
///
/// Needs no access token: its reader may have no account. The answer has initials alone.
#[utoipa::path(
    tag = "verification",
    params(ByCode),
    security(()),
    responses((status = 200, description = "The invitation.", body = PreviewForm), LinkGone),
)]
#[get("/invitations/{code}")]
async fn get_invitation(
    alumni: Alumni,
    origin: RequestOrigin,
    path: Path<ByCode>,
) -> Answer<Json<PreviewForm>> {
    let preview = alumni.claims.preview(origin.0, path.parse()?).await?;
    Ok(Json(preview.into()))
}

request_body! {
    /// What an invitation is accepted with.
    #[schema(example = json!({"list_me": true}))]
    struct Acceptance into bool {
        /// Whether the directory of graduates may list you once you are verified. You can change it later.
        list_me: bool,
    }
    |body, _violations| Some(body.list_me)
}

/// Accept an invitation.
///
/// Proves your open claim by the code, or makes a claim for it. The rest is as in `POST /me/claims/{uuid}/code`.
#[utoipa::path(
    tag = "verification",
    params(ByCode),
    request_body = Acceptance,
    responses(
        (status = 200, description = "The claim, verified or under review.", body = OwnClaimForm),
        Conflicts,
        LinkGone,
    ),
)]
#[post("/invitations/{code}/accept")]
async fn accept_invitation_to_claim(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByCode>,
    body: Body<Acceptance>,
) -> Answer<Json<OwnClaimForm>> {
    let code = path.parse()?;
    let own = alumni.claims.accept(caller.0, code, body.0).await?;
    Ok(Json(own.into()))
}

request_body! {
    /// The token of the link in a mail with a code.
    #[schema(example = json!({"token": "q3Jf0cF0y1m2n3o4p5q6r7s8t9u0v1w2x3y4z5A6B7C"}))]
    struct DisownToken into String {
        token: String,
    }
    |body, _violations| Some(body.token)
}

/// Say that you asked for no code.
///
/// For the reader of a mail with a code or an invitation; needs no access token. No such mail goes to the address for 90
/// days, and the office looks at the claim.
#[utoipa::path(
    tag = "verification",
    request_body = DisownToken,
    security(()),
    responses((status = 204, description = "Noted."), LinkGone),
)]
#[post("/claims/disown")]
async fn disown_code(alumni: Alumni, body: Body<DisownToken>) -> Answer {
    let token = token_from_text(&body.0).ok_or(ClaimError::BadLink)?;
    alumni.claims.disown(token).await?;
    Ok(no_content())
}
