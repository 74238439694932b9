//! Rooms, their members, and invitations to them.
//!
//! To a user who is not a member, a room answers as if it did not exist. What others do never uses up a
//! user's limits: only rooms that they made, wrote in or accepted an invitation to count.

mod invitations;
mod list;
mod members;
mod quotas;
mod settings;
mod succession;

use std::sync::Arc;

use abu_domain::{
    RoomId, UserId, Violation,
    messaging::{
        room::{DirectPair, Membership, OwnRoom, Room, RoomKind, RoomRole},
        text::RoomName,
    },
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    Context, Database,
    access::{self, AccessError, Caller, ports::CallerRecord},
    messaging::{
        events::Event,
        ports::{MemberListing, NewRoom, NotedRead},
        read_marks::ReadMarks,
    },
    platform::{
        lists::Seek,
        ports::{Applied, StoreError},
        versions::{Expected, PreconditionFailed, Version},
    },
    store::{Reads, Writes},
};

/// The bounds of rooms.
#[derive(Clone, Copy, Debug)]
pub struct RoomLimits {
    /// The most members a room has.
    pub max_members: u32,
    /// The most open rooms that count for a user: those that they made, wrote in or accepted an
    /// invitation to.
    pub max_rooms_per_user: u32,
    /// None where rate limits are off.
    pub quotas: Option<RoomQuotas>,
}

#[derive(Clone)]
pub struct Rooms {
    pub context: Context,
    pub limits: RoomLimits,
    /// Knows how far members have read before the store does.
    pub read_marks: Arc<ReadMarks>,
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
    pub room: OwnRoom,
    /// False where it is the direct room the two had already.
    pub created: bool,
}

/// What a request to add people to a group did with those who were not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Additions {
    pub added: Vec<UserId>,
    /// They left by themselves before, so they come back by an invitation.
    pub invited: Vec<UserId>,
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
    /// Owners step down only while another owner is left.
    #[error("the last owner must hand over first")]
    LastOwner,
    #[error("the room is archived")]
    Archived,
    /// The room is not as the caller has seen it.
    #[error(transparent)]
    Changed(#[from] PreconditionFailed),
    #[error("the room is full")]
    TooManyMembers,
    /// The caller would have too many rooms.
    #[error("the caller is in too many rooms")]
    TooManyRooms,
    #[error("the caller made too many rooms today, or brought too many people into rooms")]
    QuotaUsedUp { retry_after: TimeDelta },
    /// More people at once than a user may bring into rooms in a day: no wait helps.
    #[error("these are more people than a user may bring into rooms in a day, which is {most}")]
    TooManyPeople { most: u32 },
    /// No open invitation of the caller's has this id.
    #[error("there is no such invitation")]
    InvitationNotFound,
    /// Only staff give a room this name.
    #[error("the name {0}")]
    ReservedName(Violation),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub use list::ListedRoom;
pub use quotas::RoomQuotas;
pub use settings::settings_version;
pub use succession::Succession;
pub(super) use succession::events as succession_events;

impl Rooms {
    /// Makes a room whose owner is the caller. Asking again for a direct room gives the one the two
    /// have, and shows it to the caller if they hid it.
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
        let view = self.view_of(me);
        self.change(move |tx| {
            quotas::begin(tx, me, limits)?;
            access::require_active(tx, &caller)?;
            require_users(tx, &[other])?;
            if !tx.insert_room(&new_room)? {
                return reopen_direct(tx, &view, pair, &new_room);
            }
            let now = new_room.created_at;
            tx.add_members(new_room.id, &[me], RoomRole::Owner, now)?;
            tx.add_members(new_room.id, &[other], RoomRole::Member, now)?;
            require_few_rooms(tx, me, limits)?;
            quotas::count_room(tx, me, limits, now)?;
            quotas::count_people(tx, me, 1, limits, now)?;
            opened(tx, &view, &new_room, vec![me, other])
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
            name: Some(name.clone()),
            pair: None,
            created_by: me,
            created_at: self.context.clock.now(),
        };
        let limits = self.limits;
        let view = self.view_of(me);
        self.change(move |tx| {
            quotas::begin(tx, me, limits)?;
            require_name_for(&access::require_active(tx, &caller)?, &name)?;
            require_users(tx, &others)?;
            let mut everybody = others.clone();
            everybody.push(me);
            require_size(everybody.len(), limits)?;
            let now = new_room.created_at;
            tx.insert_room(&new_room)?;
            tx.add_members(new_room.id, &[me], RoomRole::Owner, now)?;
            tx.add_members(new_room.id, &others, RoomRole::Member, now)?;
            require_few_rooms(tx, me, limits)?;
            quotas::count_room(tx, me, limits, now)?;
            quotas::count_people(tx, me, others.len(), limits, now)?;
            opened(tx, &view, &new_room, everybody)
        })
        .await
    }

    /// A room of the caller's.
    pub async fn get(&self, caller: Caller, id: RoomId) -> Result<OwnRoom, RoomError> {
        let view = self.view_of(caller.user);
        self.context
            .database
            .read(move |tx| {
                access::require_active(tx, &caller)?;
                view.room(tx, id)
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
    ) -> Result<OwnRoom, RoomError> {
        let now = self.context.clock.now();
        let view = self.view_of(caller.user);
        self.change(move |tx| {
            let (room, membership) = lock_as_member(tx, &caller, id)?;
            if patch.name.is_some() {
                require_open_group(&room)?;
                if !membership.role.may_rename() {
                    return Err(RoomError::RoleForbids);
                }
            }
            expected.check(Version::of(room.last_modified))?;
            let mut events = Vec::new();
            if let Some(name) = patch.name {
                require_name_for(&access::require_active(tx, &caller)?, &name)?;
                tx.rename_room(id, &name, now)?;
                let by = caller.user;
                events.push(Event::RoomRenamed { room: id, by });
            }
            Ok((view.room(tx, id)?, events))
        })
        .await
    }

    /// Takes the room out of lists. A group becomes read-only for everyone, which takes an owner. A
    /// direct room hides from the caller alone, until its next message. Repeating it changes nothing.
    pub async fn delete(&self, caller: Caller, id: RoomId) -> Result<(), RoomError> {
        let now = self.context.clock.now();
        self.change(move |tx| {
            let (room, membership) = lock_as_member(tx, &caller, id)?;
            if room.kind == RoomKind::Direct {
                tx.set_hidden(id, caller.user, true)?;
                return Ok(((), Vec::new()));
            }
            if !membership.role.may_archive() {
                return Err(RoomError::RoleForbids);
            }
            if !room.is_read_only() {
                tx.set_archived(id, Some(now), now)?;
            }
            let by = caller.user;
            Ok(((), vec![Event::RoomStateChanged { room: id, by }]))
        })
        .await
    }

    /// How the member sees rooms. Take it before the transaction begins: marks that are stored meanwhile are in
    /// neither otherwise.
    fn view_of(&self, user: UserId) -> View {
        View {
            user,
            now: self.context.clock.now(),
            noted: self.read_marks.noted(user),
        }
    }

    /// Runs `work` in a transaction, publishes its events after the commit, and waits until every
    /// connection applies them.
    async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Writes) -> Result<(T, Vec<Event>), RoomError> + Send + 'static,
    ) -> Result<T, RoomError> {
        let bus = Arc::clone(&self.context.events);
        let (value, applied) = self
            .context
            .database
            .run(move |store| {
                let (value, events) = store.transaction(work)?;
                let applied: Vec<Applied> =
                    events.into_iter().map(|event| bus.publish(event)).collect();
                Ok::<_, RoomError>((value, applied))
            })
            .await?;
        for applied in applied {
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

/// One member, and what memory knows of how far they have read.
struct View {
    user: UserId,
    now: DateTime<Utc>,
    noted: Vec<NotedRead>,
}

impl View {
    fn room(&self, tx: &mut dyn Reads, id: RoomId) -> Result<OwnRoom, RoomError> {
        let own = tx.own_room(id, self.user, &self.noted)?;
        own.map(|own| self.current(own))
            .ok_or(RoomError::RoomNotFound)
    }

    fn current(&self, own: OwnRoom) -> OwnRoom {
        OwnRoom {
            settings: own.settings.at(self.now),
            ..own
        }
    }
}

/// The new room, and the event for its members.
fn opened(
    tx: &mut dyn Reads,
    view: &View,
    new_room: &NewRoom,
    members: Vec<UserId>,
) -> Result<(RoomOpened, Vec<Event>), RoomError> {
    let room = view.room(tx, new_room.id)?;
    let event = Event::MembershipChanged {
        room: new_room.id,
        users: members,
        added: true,
        by: new_room.created_by,
    };
    let created = true;
    Ok((RoomOpened { room, created }, vec![event]))
}

/// The direct room that the two have already, shown to the caller. The previous release archives direct
/// rooms.
fn reopen_direct(
    tx: &mut dyn Writes,
    view: &View,
    pair: DirectPair,
    asked: &NewRoom,
) -> Result<(RoomOpened, Vec<Event>), RoomError> {
    let room = tx.direct_room(pair)?.ok_or(RoomError::RoomNotFound)?;
    let by = asked.created_by;
    let mut events = Vec::new();
    if room.is_read_only() {
        tx.lock_room(room.id)?;
        tx.set_archived(room.id, None, asked.created_at)?;
        events.push(Event::RoomStateChanged { room: room.id, by });
    }
    // After the room's lock, as everywhere.
    tx.set_hidden(room.id, by, false)?;
    let room = view.room(tx, room.id)?;
    let created = false;
    Ok((RoomOpened { room, created }, events))
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

fn require_users(tx: &mut dyn Reads, users: &[UserId]) -> Result<(), RoomError> {
    let active = tx.active_users(users)?;
    match users.iter().find(|user| !active.contains(user)) {
        Some(unknown) => Err(RoomError::UnknownUser(*unknown)),
        None => Ok(()),
    }
}

/// Only staff give a room a name that speaks for the platform.
fn require_name_for(caller: &CallerRecord, name: &RoomName) -> Result<(), RoomError> {
    match name.reserved() {
        Some(violation) if !caller.is_staff() => Err(RoomError::ReservedName(violation)),
        _ => Ok(()),
    }
}

fn require_size(members: usize, limits: RoomLimits) -> Result<(), RoomError> {
    if u32::try_from(members).is_ok_and(|members| members <= limits.max_members) {
        Ok(())
    } else {
        Err(RoomError::TooManyMembers)
    }
}

/// Not too many rooms count for the user, now that one more may.
fn require_few_rooms(
    tx: &mut dyn Reads,
    user: UserId,
    limits: RoomLimits,
) -> Result<(), RoomError> {
    match tx.is_beyond_room_count(user, limits.max_rooms_per_user)? {
        true => Err(RoomError::TooManyRooms),
        false => Ok(()),
    }
}

/// The users without `user`, each once.
fn without(mut users: Vec<UserId>, user: UserId) -> Vec<UserId> {
    users.sort_unstable();
    users.dedup();
    users.retain(|other| *other != user);
    users
}
