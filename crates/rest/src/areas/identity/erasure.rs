//! The erasure of the caller's own account.

use abu_application::identity::ports::ErasureRecord;

use crate::areas::{identity::credentials::OwnPassword, prelude::*};

routes! { request_own_erasure, get_own_erasure, cancel_own_erasure }

json_form! {
    /// The erasure of your account.
    #[schema(as = OwnErasure)]
    struct Erasure from record: ErasureRecord {
        #[schema(example = "2026-01-05T08:30:00Z")]
        requested_at: DateTime<Utc> = record.requested_at,
        /// Until then you can cancel it.
        #[schema(example = "2026-01-12T08:30:00Z")]
        runs_at: DateTime<Utc> = record.runs_at,
        /// You asked for it. Only then can you cancel it.
        #[schema(example = true)]
        is_own: bool = record.is_owners(),
    }
}

/// Have your account erased.
///
/// In seven days: until then the account works, and `DELETE /me/erasure` cancels it. A mail says when.
/// Then you are logged out everywhere, your messages lose their text, you leave your groups, and your
/// name, addresses and all else about you is removed. Asking again changes nothing. A wrong `password`
/// is answered with `validation-failed` and the code `password.wrong`.
#[utoipa::path(
    tag = "me",
    request_body = OwnPassword,
    responses((status = 202, description = "Scheduled.", body = Erasure), Conflicts),
)]
#[post("/me/erasure")]
async fn request_own_erasure(
    identity: Identity,
    caller: CurrentUser,
    body: Body<OwnPassword>,
) -> Answer {
    let record = identity.erasures.request(caller.0, body.0).await?;
    Ok(HttpResponse::Accepted().json(Erasure::from(record)))
}

/// See when your account will be erased.
#[utoipa::path(
    tag = "me",
    responses((status = 200, description = "The scheduled erasure.", body = Erasure), NothingThere),
)]
#[get("/me/erasure")]
async fn get_own_erasure(identity: Identity, caller: CurrentUser) -> Answer<Json<Erasure>> {
    let record = identity.erasures.own(caller.0).await?;
    Ok(Json(Erasure::from(record)))
}

/// Cancel the erasure of your account.
///
/// One that you asked for, until it begins; a conflict `erasure-began` says that it has begun.
#[utoipa::path(
    tag = "me",
    responses((status = 204, description = "The account stays."), Conflicts, NothingThere),
)]
#[delete("/me/erasure")]
async fn cancel_own_erasure(identity: Identity, caller: CurrentUser) -> Answer {
    identity.erasures.cancel(caller.0).await?;
    Ok(no_content())
}
