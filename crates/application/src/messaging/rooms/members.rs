//! Members of rooms: list, add, remove, leave, and roles.

use std::sync::Arc;

use abu_domain::{
    InvitationId, RoomId, UserId,
    messaging::room::{Departure, Invitation, Membership, RoomKind, RoomRole},
};

use super::{
    Additions, RoomError, RoomMember, Rooms, lock_as_member, membership_version, quotas,
    require_member, require_open_group, require_size, require_users, without,
};
use crate::{
    access::Caller,
    messaging::events::Event,
    platform::{
        lists::{ListRequest, Listed, Total},
        ports::StoreError,
        versions::Expected,
    },
    store::Reads,
};

impl Rooms {
    /// A page of the room's members, by user id.
    pub async fn members(
        &self,
        caller: Caller,
        id: RoomId,
        page: ListRequest<UserId>,
    ) -> Result<Listed<RoomMember>, RoomError> {
        let listed = self
            .context
            .database
            .read(move |tx| {
                require_member(tx, &caller, id)?;
                Ok::<_, RoomError>(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_members(id, seek, limit),
                    |tx| member_total(tx, id),
                )?)
            })
            .await?;
        let users: Vec<UserId> = listed
            .items
            .iter()
            .map(|listing| listing.membership.user_id)
            .collect();
        let mut online = self.context.presence.online(&users).into_iter();
        Ok(listed.map(|listing| RoomMember {
            listing,
            online: online.next().unwrap_or(false),
        }))
    }

    /// Adds people to a group as plain members; for its owners and moderators. Members stay as they
    /// are. Users who left by themselves are invited instead, unless an invitation is open or was
    /// declined of late.
    pub async fn add_members(
        &self,
        caller: Caller,
        id: RoomId,
        users: Vec<UserId>,
    ) -> Result<Additions, RoomError> {
        let now = self.context.clock.now();
        let ids = Arc::clone(&self.context.ids);
        let limits = self.limits;
        let users = without(users, caller.user);
        self.change(move |tx| {
            quotas::begin(tx, caller.user, limits)?;
            let (room, membership) = lock_as_member(tx, &caller, id)?;
            require_open_group(&room)?;
            if !membership.role.may_add_members() {
                return Err(RoomError::RoleForbids);
            }
            require_users(tx, &users)?;
            let departed = tx.departed(id, &users)?;
            let (to_invite, to_add): (Vec<UserId>, Vec<UserId>) =
                users.into_iter().partition(|user| departed.contains(user));
            let by = caller.user;
            let mut events = Vec::new();
            let added = tx.add_members(id, &to_add, RoomRole::Member, now)?;
            if !added.is_empty() {
                let room = tx.room(id)?.ok_or(RoomError::RoomNotFound)?;
                require_size(
                    usize::try_from(room.member_count).unwrap_or(usize::MAX),
                    limits,
                )?;
                events.push(Event::MembershipChanged {
                    room: id,
                    users: added.clone(),
                    added: true,
                    by,
                });
            }
            let invitation = |user_id| Invitation {
                id: InvitationId::new(ids.random()),
                room_id: id,
                user_id,
                invited_by: by,
                created_at: now,
            };
            let invitations: Vec<Invitation> = to_invite.into_iter().map(invitation).collect();
            let invited = tx.invite(
                &invitations,
                now - Invitation::LIFETIME,
                now - Invitation::REST,
            )?;
            if !invited.is_empty() {
                events.push(Event::UsersInvited {
                    room: id,
                    users: invited.clone(),
                    by,
                });
            }
            quotas::count_people(tx, by, added.len() + invited.len(), limits, now)?;
            Ok((Additions { added, invited }, events))
        })
        .await
    }

    /// Removes a member from a group: the caller, or a member whom the caller's role may remove.
    ///
    /// Leaving is always possible. The last owner's role passes on, the last member out archives the
    /// group, and a direct room hides from the caller.
    pub async fn remove_member(
        &self,
        caller: Caller,
        id: RoomId,
        user: UserId,
    ) -> Result<(), RoomError> {
        if user == caller.user {
            return self.leave(caller, id).await;
        }
        let now = self.context.clock.now();
        self.change(move |tx| {
            let (room, membership) = lock_as_member(tx, &caller, id)?;
            if room.kind == RoomKind::Direct {
                return Err(RoomError::DirectRoom);
            }
            let target = tx.membership(id, user)?.ok_or(RoomError::MemberNotFound)?;
            if !membership.role.may_remove(target.role) {
                return Err(RoomError::RoleForbids);
            }
            tx.remove_member(id, user, Departure::Removed, now)?;
            let left = Event::MembershipChanged {
                room: id,
                users: vec![user],
                added: false,
                by: caller.user,
            };
            Ok(((), vec![left]))
        })
        .await
    }

    async fn leave(&self, caller: Caller, id: RoomId) -> Result<(), RoomError> {
        let now = self.context.clock.now();
        self.change(move |tx| {
            let (room, membership) = lock_as_member(tx, &caller, id)?;
            let me = caller.user;
            if room.kind == RoomKind::Direct {
                tx.set_hidden(id, me, true)?;
                return Ok(((), Vec::new()));
            }
            tx.remove_member(id, me, Departure::Left, now)?;
            let mut events = vec![Event::MembershipChanged {
                room: id,
                users: vec![me],
                added: false,
                by: me,
            }];
            if room.member_count == 1 {
                tx.set_archived(id, room.archived_at.or(Some(now)), now)?;
            } else if membership.role == RoomRole::Owner {
                let changes = tx.pass_ownership(&[id], now)?;
                events.extend(super::succession::events(&changes, Some(me)));
            }
            Ok(((), events))
        })
        .await
    }

    /// Sets a member's role; for owners.
    pub async fn set_role(
        &self,
        caller: Caller,
        id: RoomId,
        user: UserId,
        role: RoomRole,
        expected: Expected,
    ) -> Result<Membership, RoomError> {
        let now = self.context.clock.now();
        self.change(move |tx| {
            let (room, membership) = lock_as_member(tx, &caller, id)?;
            require_open_group(&room)?;
            if !membership.role.may_set_roles() {
                return Err(RoomError::RoleForbids);
            }
            let target = tx.membership(id, user)?.ok_or(RoomError::MemberNotFound)?;
            if target.role == RoomRole::Owner && role != RoomRole::Owner {
                require_owner_left(tx, &target)?;
            }
            expected.check(membership_version(&target))?;
            if target.role == role {
                return Ok((target, Vec::new()));
            }
            tx.set_role(id, user, role, now)?;
            let changed = Event::RolesChanged {
                room: id,
                roles: vec![(user, role)],
                by: Some(caller.user),
            };
            Ok((Membership { role, ..target }, vec![changed]))
        })
        .await
    }
}

/// How many members the room has, which is a stored number.
fn member_total(tx: &mut dyn Reads, room: RoomId) -> Result<Total, StoreError> {
    let members = tx.room(room)?.map_or(0, |room| room.member_count);
    Ok(Total::of(u64::try_from(members).unwrap_or(0)))
}

/// Rejects the demotion of the last owner who is not suspended.
fn require_owner_left(tx: &mut dyn Reads, target: &Membership) -> Result<(), RoomError> {
    match tx.other_active_owners(target.room_id, target.user_id)? {
        0 => Err(RoomError::LastOwner),
        _ => Ok(()),
    }
}
