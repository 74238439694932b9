//! Rooms and their members.
//!
//! To a user who is not a member, a room answers as if it did not exist.

use std::{collections::HashMap, sync::Arc};

use abu_domain::{
    RoomId, UserId,
    messaging::{
        message::ShownMessage,
        room::{DirectPair, Membership, Room, RoomKind, RoomRole},
        text::RoomName,
    },
};

use crate::{
    Context, Database,
    access::{self, AccessError, Caller},
    messaging::{
        events::Event,
        messages,
        ports::{MemberListing, NewRoom, RoomListing},
    },
    platform::{
        lists::{ListRequest, Listed, Seek, TimePosition, Total},
        ports::StoreError,
        versions::{Expected, PreconditionFailed, Version},
    },
    store::{Reads, Writes},
};

/// The bounds of rooms.
#[derive(Clone, Copy, Debug)]
pub struct RoomLimits {
    /// The most members a room has.
    pub max_members: u32,
    /// The most rooms a user is in.
    pub max_rooms_per_user: u32,
}

#[derive(Clone)]
pub struct Rooms {
    pub context: Context,
    pub limits: RoomLimits,
}

#[derive(Clone, Debug)]
pub enum RoomDraft {
    /// With one other person.
    Direct { other: UserId },
    /// A group.
    Group {
        name: RoomName,
        /// Who is in it besides its maker.
        members: Vec<UserId>,
    },
}

/// What changes in a room; what is `None` stays as it is.
#[derive(Clone, Debug)]
pub struct RoomPatch {
    pub name: Option<RoomName>,
}

/// The answer to asking for a room.
#[derive(Clone, Debug)]
pub struct RoomOpened {
    pub room: Room,
    /// False where it is the direct room the two had already.
    pub created: bool,
}

/// A room in the caller's list.
#[derive(Clone, Debug)]
pub struct OwnRoom {
    pub room: Room,
    /// Its newest message.
    pub last_message: Option<ShownMessage>,
    /// Place of the last message that the user has read.
    pub last_read_seq: i64,
}

impl OwnRoom {
    /// Its size as JSON, at most: by this a page of rooms ends early.
    fn encoded_len(&self) -> usize {
        const BYTES_AROUND: usize = 1_024;
        BYTES_AROUND + self.last_message.as_ref().map_or(0, messages::encoded_len)
    }
}

/// A member in a room's list, with what only the chat knows.
#[derive(Clone, Debug)]
pub struct RoomMember {
    /// What is stored.
    pub listing: MemberListing,
    /// In the chat now.
    pub online: bool,
}

/// Why a room was not made, changed or shown.
#[derive(Debug, thiserror::Error)]
pub enum RoomError {
    /// The caller may not use the platform.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The room does not exist, or the caller is not a member: the answer does not tell these apart.
    #[error("there is no such room")]
    RoomNotFound,
    #[error("the room has no such member")]
    MemberNotFound,
    #[error("the role in the room does not allow it")]
    RoleForbids,
    /// No active user has this id.
    #[error("there is no such user")]
    UnknownUser(UserId),
    /// A direct room is between two people.
    #[error("a direct room takes exactly one other person")]
    NotTwoPeople,
    /// A direct room has no name, no roles, and always its two members.
    #[error("a direct room cannot be changed this way")]
    DirectRoom,
    /// A room always has an owner.
    #[error("the last owner must hand over first")]
    LastOwner,
    #[error("the room is archived")]
    Archived,
    /// The room is not as the caller has seen it.
    #[error(transparent)]
    Changed(#[from] PreconditionFailed),
    #[error("the room is full")]
    TooManyMembers,
    /// The user would be a member of too many rooms.
    #[error("somebody is in too many rooms")]
    TooManyRooms(UserId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Rooms {
    /// Makes a room whose owner is the caller. Asking again for a direct room gives the one the two
    /// have, opened again if it was archived.
    pub async fn open(&self, caller: Caller, draft: RoomDraft) -> Result<RoomOpened, RoomError> {
        match draft {
            RoomDraft::Direct { other } => self.open_direct(caller, other).await,
            RoomDraft::Group { name, members } => self.create_group(caller, name, members).await,
        }
    }

    async fn open_direct(&self, caller: Caller, other: UserId) -> Result<RoomOpened, RoomError> {
        let me = caller.user;
        let pair = DirectPair::new(me, other).ok_or(RoomError::NotTwoPeople)?;
        let new_room = NewRoom {
            id: RoomId::new(self.context.ids.random()),
            kind: RoomKind::Direct,
            name: None,
            pair: Some(pair),
            created_by: me,
            created_at: self.context.clock.now(),
        };
        let limits = self.limits;
        self.change(me, move |tx| {
            access::require_active(tx, &caller)?;
            require_users(tx, &[other])?;
            if !tx.insert_room(&new_room)? {
                return reopen_direct(tx, pair, &new_room);
            }
            let now = new_room.created_at;
            tx.add_members(new_room.id, &[me], RoomRole::Owner, now)?;
            tx.add_members(new_room.id, &[other], RoomRole::Member, now)?;
            require_few_rooms(tx, &[me, other], limits)?;
            let room = tx.room(new_room.id)?.ok_or(RoomError::RoomNotFound)?;
            Ok((
                RoomOpened {
                    room,
                    created: true,
                },
                Change::Members(new_room.id, vec![me, other]),
            ))
        })
        .await
    }

    async fn create_group(
        &self,
        caller: Caller,
        name: RoomName,
        members: Vec<UserId>,
    ) -> Result<RoomOpened, RoomError> {
        let me = caller.user;
        let others = without(members, me);
        let new_room = NewRoom {
            id: RoomId::new(self.context.ids.random()),
            kind: RoomKind::Group,
            name: Some(name),
            pair: None,
            created_by: me,
            created_at: self.context.clock.now(),
        };
        let limits = self.limits;
        self.change(me, move |tx| {
            access::require_active(tx, &caller)?;
            require_users(tx, &others)?;
            let mut everybody = others.clone();
            everybody.push(me);
            require_size(everybody.len(), limits)?;
            let now = new_room.created_at;
            tx.insert_room(&new_room)?;
            tx.add_members(new_room.id, &[me], RoomRole::Owner, now)?;
            tx.add_members(new_room.id, &others, RoomRole::Member, now)?;
            require_few_rooms(tx, &everybody, limits)?;
            let room = tx.room(new_room.id)?.ok_or(RoomError::RoomNotFound)?;
            Ok((
                RoomOpened {
                    room,
                    created: true,
                },
                Change::Members(new_room.id, everybody),
            ))
        })
        .await
    }

    /// A room of the caller's.
    pub async fn get(&self, caller: Caller, id: RoomId) -> Result<Room, RoomError> {
        self.context
            .database
            .read(move |tx| {
                require_member(tx, &caller, id)?;
                tx.room(id)?.ok_or(RoomError::RoomNotFound)
            })
            .await
    }

    /// A page of the caller's open rooms, the most recently active first.
    pub async fn list(
        &self,
        caller: Caller,
        page: ListRequest<TimePosition<RoomId>>,
    ) -> Result<Listed<OwnRoom>, RoomError> {
        let seek = page.seek;
        self.context
            .database
            .read(move |tx| {
                access::require_active(tx, &caller)?;
                let listed = page.fetch(
                    tx,
                    |tx, seek, limit| {
                        let rooms = tx.list_rooms(caller.user, seek, limit)?;
                        with_last_messages(tx, caller.user, rooms)
                    },
                    |tx| tx.count_rooms(caller.user),
                )?;
                Ok(listed.end_early(&seek, OwnRoom::encoded_len))
            })
            .await
    }

    /// Gives a group another name; for its owners and moderators. A patch that changes nothing is
    /// any member's.
    pub async fn modify(
        &self,
        caller: Caller,
        id: RoomId,
        patch: RoomPatch,
        expected: Expected,
    ) -> Result<Room, RoomError> {
        let now = self.context.clock.now();
        self.change(caller.user, move |tx| {
            let (room, membership) = lock_as_member(tx, &caller, id)?;
            if patch.name.is_some() {
                require_open_group(&room)?;
                if !membership.role.may_rename() {
                    return Err(RoomError::RoleForbids);
                }
            }
            expected.check(Version::of(room.last_modified))?;
            match patch.name {
                Some(name) => {
                    tx.rename_room(id, &name, now)?;
                    let room = tx.room(id)?.ok_or(RoomError::RoomNotFound)?;
                    Ok((room, Change::Name(id)))
                }
                None => Ok((room, Change::None)),
            }
        })
        .await
    }

    /// Makes the room read-only and takes it out of lists: a group for its owners, a direct room
    /// for either of the two. Archiving it again changes nothing.
    pub async fn archive(&self, caller: Caller, id: RoomId) -> Result<(), RoomError> {
        let now = self.context.clock.now();
        self.change(caller.user, move |tx| {
            let (room, membership) = lock_as_member(tx, &caller, id)?;
            if room.kind == RoomKind::Group && !membership.role.may_archive() {
                return Err(RoomError::RoleForbids);
            }
            if !room.is_read_only() {
                tx.set_archived(id, Some(now), now)?;
            }
            Ok(((), Change::State(id)))
        })
        .await
    }

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

    /// Brings people into a group, as plain members; for its owners and moderators. Who is in
    /// already stays as they are. Returns the room.
    pub async fn add_members(
        &self,
        caller: Caller,
        id: RoomId,
        users: Vec<UserId>,
    ) -> Result<Room, RoomError> {
        let now = self.context.clock.now();
        let limits = self.limits;
        let users = without(users, caller.user);
        self.change(caller.user, move |tx| {
            let (room, membership) = lock_as_member(tx, &caller, id)?;
            require_open_group(&room)?;
            if !membership.role.may_add_members() {
                return Err(RoomError::RoleForbids);
            }
            require_users(tx, &users)?;
            let added = tx.add_members(id, &users, RoomRole::Member, now)?;
            let room = tx.room(id)?.ok_or(RoomError::RoomNotFound)?;
            require_size(
                usize::try_from(room.member_count).unwrap_or(usize::MAX),
                limits,
            )?;
            require_few_rooms(tx, &added, limits)?;
            Ok((room, Change::Members(id, added)))
        })
        .await
    }

    /// Removes a member from a group: the caller, or a member whom the caller's role may remove.
    pub async fn remove_member(
        &self,
        caller: Caller,
        id: RoomId,
        user: UserId,
    ) -> Result<(), RoomError> {
        let now = self.context.clock.now();
        self.change(caller.user, move |tx| {
            let (room, membership) = lock_as_member(tx, &caller, id)?;
            if room.kind == RoomKind::Direct {
                return Err(RoomError::DirectRoom);
            }
            let target = tx.membership(id, user)?.ok_or(RoomError::MemberNotFound)?;
            if user != caller.user && !membership.role.may_remove(target.role) {
                return Err(RoomError::RoleForbids);
            }
            require_owner_left(tx, &target)?;
            tx.remove_member(id, user, now)?;
            Ok(((), Change::Members(id, vec![user])))
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
        self.context
            .database
            .transaction(move |tx| {
                let (room, membership) = lock_as_member(tx, &caller, id)?;
                require_open_group(&room)?;
                if !membership.role.may_set_roles() {
                    return Err(RoomError::RoleForbids);
                }
                let target = tx.membership(id, user)?.ok_or(RoomError::MemberNotFound)?;
                if role != RoomRole::Owner {
                    require_owner_left(tx, &target)?;
                }
                expected.check(membership_version(&target))?;
                tx.set_role(id, user, role)?;
                Ok(Membership { role, ..target })
            })
            .await
    }

    /// Runs `work` in a transaction, publishes the change after the commit, and waits until every
    /// connection applies it.
    async fn change<T: Send + 'static>(
        &self,
        by: UserId,
        work: impl FnOnce(&mut dyn Writes) -> Result<(T, Change), RoomError> + Send + 'static,
    ) -> Result<T, RoomError> {
        let events = Arc::clone(&self.context.events);
        let (value, applied) = self
            .context
            .database
            .run(move |store| {
                let (value, change) = store.transaction(work)?;
                let applied = change.event(by).map(|event| events.publish(event));
                Ok::<_, RoomError>((value, applied))
            })
            .await?;
        if let Some(applied) = applied {
            applied.await;
        }
        Ok(value)
    }
}

/// The version of a membership is its state: the time of joining, and the role in the lowest two bits.
pub fn membership_version(membership: &Membership) -> Version {
    let joined_at = Version::of(membership.joined_at).micros();
    Version::from_micros((joined_at << 2) | membership.role as i64)
}

/// At most `limit` members of the room after this one, by user id. It does not authorize: the caller
/// checks membership.
pub async fn members_after(
    database: &Database,
    room: RoomId,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<MemberListing>, StoreError> {
    database
        .read(move |tx| tx.list_members(room, Seek::After(after), limit))
        .await
}

/// What a transaction changed, to be published after its commit.
enum Change {
    None,
    Members(RoomId, Vec<UserId>),
    State(RoomId),
    Name(RoomId),
}

impl Change {
    fn event(self, by: UserId) -> Option<Event> {
        match self {
            Self::None => None,
            Self::Members(room, users) => Some(Event::MembershipChanged { room, users, by }),
            Self::State(room) => Some(Event::RoomStateChanged { room, by }),
            Self::Name(room) => Some(Event::RoomRenamed { room, by }),
        }
    }
}

fn with_last_messages(
    tx: &mut dyn Reads,
    user: UserId,
    rooms: Vec<RoomListing>,
) -> Result<Vec<OwnRoom>, StoreError> {
    let last_messages = rooms.iter().filter_map(|room| room.last_message.clone());
    let mut shown: HashMap<RoomId, ShownMessage> =
        messages::shown_to(tx, user, last_messages.collect())?
            .into_iter()
            .map(|shown| (shown.message.room_id, shown))
            .collect();
    let own = rooms.into_iter().map(|listing| OwnRoom {
        last_message: shown.remove(&listing.room.id),
        room: listing.room,
        last_read_seq: listing.last_read_seq,
    });
    Ok(own.collect())
}

fn reopen_direct(
    tx: &mut dyn Writes,
    pair: DirectPair,
    asked: &NewRoom,
) -> Result<(RoomOpened, Change), RoomError> {
    let room = tx.direct_room(pair)?.ok_or(RoomError::RoomNotFound)?;
    if room.is_read_only() {
        tx.lock_room(room.id)?;
        tx.set_archived(room.id, None, asked.created_at)?;
    }
    let room = tx.room(room.id)?.ok_or(RoomError::RoomNotFound)?;
    let change = Change::State(room.id);
    Ok((
        RoomOpened {
            room,
            created: false,
        },
        change,
    ))
}

fn require_member(
    tx: &mut dyn Reads,
    caller: &Caller,
    room: RoomId,
) -> Result<Membership, RoomError> {
    access::require_active(tx, caller)?;
    tx.membership(room, caller.user)?
        .ok_or(RoomError::RoomNotFound)
}

/// How many members the room has, which is a stored number.
fn member_total(tx: &mut dyn Reads, room: RoomId) -> Result<Total, StoreError> {
    let members = tx.room(room)?.map_or(0, |room| room.member_count);
    Ok(Total::of(u64::try_from(members).unwrap_or(0)))
}

/// The room, locked against other changes, and the caller's place in it.
fn lock_as_member(
    tx: &mut dyn Writes,
    caller: &Caller,
    room: RoomId,
) -> Result<(Room, Membership), RoomError> {
    access::require_active(tx, caller)?;
    let room = tx.lock_room(room)?.ok_or(RoomError::RoomNotFound)?;
    let membership = tx
        .membership(room.id, caller.user)?
        .ok_or(RoomError::RoomNotFound)?;
    Ok((room, membership))
}

fn require_open_group(room: &Room) -> Result<(), RoomError> {
    match room {
        Room {
            kind: RoomKind::Direct,
            ..
        } => Err(RoomError::DirectRoom),
        room if room.is_read_only() => Err(RoomError::Archived),
        _ => Ok(()),
    }
}

/// Rejects the departure or demotion of the last owner.
fn require_owner_left(tx: &mut dyn Reads, leaving: &Membership) -> Result<(), RoomError> {
    if leaving.role == RoomRole::Owner && tx.other_owners(leaving.room_id, leaving.user_id)? == 0 {
        return Err(RoomError::LastOwner);
    }
    Ok(())
}

fn require_users(tx: &mut dyn Reads, users: &[UserId]) -> Result<(), RoomError> {
    let active = tx.active_users(users)?;
    match users.iter().find(|user| !active.contains(user)) {
        Some(unknown) => Err(RoomError::UnknownUser(*unknown)),
        None => Ok(()),
    }
}

fn require_size(members: usize, limits: RoomLimits) -> Result<(), RoomError> {
    if u32::try_from(members).is_ok_and(|members| members <= limits.max_members) {
        Ok(())
    } else {
        Err(RoomError::TooManyMembers)
    }
}

/// None of `users` is in too many rooms, now that they were added to one more.
fn require_few_rooms(
    tx: &mut dyn Reads,
    users: &[UserId],
    limits: RoomLimits,
) -> Result<(), RoomError> {
    match tx.user_beyond_room_count(users, limits.max_rooms_per_user)? {
        Some(user) => Err(RoomError::TooManyRooms(user)),
        None => Ok(()),
    }
}

/// The users without `user`, each once.
fn without(mut users: Vec<UserId>, user: UserId) -> Vec<UserId> {
    users.sort_unstable();
    users.dedup();
    users.retain(|other| *other != user);
    users
}
