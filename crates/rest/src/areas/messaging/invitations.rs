//! Invitations to rooms.

use abu_application::{messaging::ports::InvitationListing, platform::lists::TimePosition};
use abu_domain::InvitationId;
use actix_web::{
    HttpResponse, get, post,
    web::{Json, Path},
};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    areas::common::ByUuid,
    areas::messaging::dto::{Invitation, Room},
    caller::CurrentUser,
    input::NoParameters,
    list::{List, ListBody, MAX_OTHERS, Page, PageParameters},
    problem::{Answer, problems},
    shared::State,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_invitations)
        .service(accept_invitation)
        .service(decline_invitation);
}

struct Invitations;

impl List for Invitations {
    type Filter = NoParameters;
    type Item = InvitationListing;
    type Entry = Invitation;
    type Position = TimePosition<InvitationId>;
    const MAX_LIMIT: u32 = MAX_OTHERS;

    fn position(listing: &InvitationListing) -> TimePosition<InvitationId> {
        TimePosition {
            at: listing.invitation.created_at,
            id: listing.invitation.id,
        }
    }
}

problems! {
    ListProblems: CursorMismatch, ValidationFailed;
    AcceptProblems: NotFound, Conflict;
    DeclineProblems: NotFound;
}

/// List your invitations.
///
/// Those that you can accept, the newest first: to groups that you left before. An invitation expires
/// after 30 days.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(PageParameters),
    responses(
        (status = 200, description = "A page of invitations.", body = ListBody<Invitation>),
        ListProblems,
    ),
)]
#[get("/me/room-invitations")]
async fn list_invitations(state: State, caller: CurrentUser, page: Page<Invitations>) -> Answer {
    let invitations = state
        .messaging
        .rooms
        .invitations(caller.caller, page.request)
        .await?;
    page.reply.with(invitations)
}

/// Accept an invitation.
///
/// You are a plain member of the room from then on, and see its history.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(ByUuid),
    responses((status = 200, description = "The room.", body = Room), AcceptProblems),
)]
#[post("/room-invitations/{uuid}/accept")]
async fn accept_invitation(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Answer<Json<Room>> {
    let room = state
        .messaging
        .rooms
        .accept_invitation(caller.caller, path.uuid.into())
        .await?;
    Ok(Json(room.into()))
}

/// Decline an invitation.
///
/// The members of the room are not told, and cannot invite you again for 90 days.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(ByUuid),
    responses((status = 204, description = "Declined."), DeclineProblems),
)]
#[post("/room-invitations/{uuid}/decline")]
async fn decline_invitation(state: State, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    state
        .messaging
        .rooms
        .decline_invitation(caller.caller, path.uuid.into())
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
