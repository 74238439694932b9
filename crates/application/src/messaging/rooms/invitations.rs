//! Invitations: the way back into a group for users who left it.

use abu_domain::{
    InvitationId,
    messaging::room::{Invitation, OwnRoom, RoomRole},
};

use super::{RoomError, Rooms, require_few_rooms, require_size};
use crate::{
    access::{self, Caller},
    messaging::{events::Event, ports::InvitationListing},
    platform::lists::{ListRequest, Listed, TimePosition},
};

impl Rooms {
    /// A page of the caller's open invitations, newest first.
    pub async fn invitations(
        &self,
        caller: Caller,
        page: ListRequest<TimePosition<InvitationId>>,
    ) -> Result<Listed<InvitationListing>, RoomError> {
        let after = self.context.clock.now() - Invitation::LIFETIME;
        self.context
            .database
            .read(move |tx| {
                access::require_active(tx, &caller)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_invitations(caller.user, after, seek, limit),
                    |tx| tx.count_invitations(caller.user, after),
                )?)
            })
            .await
    }

    /// Makes the caller a plain member of the room, which counts towards their limit.
    pub async fn accept_invitation(
        &self,
        caller: Caller,
        id: InvitationId,
    ) -> Result<OwnRoom, RoomError> {
        let view = self.view_of(caller.user);
        let now = self.context.clock.now();
        let after = now - Invitation::LIFETIME;
        let limits = self.limits;
        self.change(move |tx| {
            // Invitations that are accepted at once are counted one after the other.
            tx.lock_account(caller.user)?;
            access::require_active(tx, &caller)?;
            let me = caller.user;
            let room = tx
                .room_of_invitation(id, me, after)?
                .ok_or(RoomError::InvitationNotFound)?;
            let locked = tx.lock_room(room)?.ok_or(RoomError::InvitationNotFound)?;
            if locked.is_read_only() || !tx.accept_invitation(id, me, after)? {
                return Err(RoomError::InvitationNotFound);
            }
            tx.add_members(room, &[me], RoomRole::Member, now)?;
            tx.take_part(room, me)?;
            require_few_rooms(tx, me, limits)?;
            let joined = view.room(tx, room)?;
            require_size(
                usize::try_from(joined.room.member_count).unwrap_or(usize::MAX),
                limits,
            )?;
            let event = Event::MembershipChanged {
                room,
                users: vec![me],
                added: true,
                by: me,
            };
            Ok((joined, vec![event]))
        })
        .await
    }

    /// The room cannot invite the caller again for [`Invitation::REST`].
    pub async fn decline_invitation(
        &self,
        caller: Caller,
        id: InvitationId,
    ) -> Result<(), RoomError> {
        let now = self.context.clock.now();
        let after = now - Invitation::LIFETIME;
        self.context
            .database
            .transaction(move |tx| {
                access::require_active(tx, &caller)?;
                match tx.decline_invitation(id, caller.user, after, now)? {
                    true => Ok(()),
                    false => Err(RoomError::InvitationNotFound),
                }
            })
            .await
    }
}
