//! Invitations to rooms.

use abu_application::messaging::ports::InvitationListing;
use abu_domain::InvitationId;

use crate::areas::{
    messaging::dto::{Invitation, Room},
    prelude::*,
};

routes! { list_invitations, accept_invitation, decline_invitation }

struct Invitations;

impl List for Invitations {
    type Filter = NoParameters;
    type Item = InvitationListing;
    type Entry = Invitation;
    type Position = TimePosition<InvitationId>;
    const SORTS: [&'static str; 2] = ["-created_at", "created_at"];

    fn position(listing: &InvitationListing) -> TimePosition<InvitationId> {
        TimePosition {
            at: listing.invitation.created_at,
            id: listing.invitation.id,
        }
    }
}

/// List your invitations.
///
/// Those that you can accept, the newest first: to groups that you left before. An invitation expires
/// after 30 days.
#[utoipa::path(
    tag = "rooms",
    params(Page::<Invitations>),
    responses((status = 200, description = "A page of invitations.", body = ListBody<Invitation>)),
)]
#[get("/me/room-invitations")]
async fn list_invitations(
    messaging: Messaging,
    caller: CurrentUser,
    page: Page<Invitations>,
) -> Answer {
    let invitations = messaging.rooms.invitations(caller.0, page.request);
    page.reply.with(invitations.await?)
}

/// Accept an invitation.
///
/// You are a plain member of the room from then on, and see its history.
#[utoipa::path(
    tag = "rooms",
    params(ByUuid),
    responses((status = 200, description = "The room.", body = Room), Conflicts),
)]
#[post("/room-invitations/{uuid}/accept")]
async fn accept_invitation(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Answer<Json<Room>> {
    let room = messaging.rooms.accept_invitation(caller.0, path.id());
    Ok(Json(room.await?.into()))
}

/// Decline an invitation.
///
/// The members of the room are not told, and cannot invite you again for 90 days.
#[utoipa::path(
    tag = "rooms",
    params(ByUuid),
    responses((status = 204, description = "Declined.")),
)]
#[post("/room-invitations/{uuid}/decline")]
async fn decline_invitation(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Answer {
    let declined = messaging.rooms.decline_invitation(caller.0, path.id());
    declined.await?;
    Ok(no_content())
}
