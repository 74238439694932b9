use abu_domain::{
    InvitationId, RoomId, UserId,
    messaging::{
        room::{Departure, DirectPair, Invitation, Membership, Room, RoomKind, RoomRole},
        text::RoomName,
    },
    platform::text::PersonName,
};
use chrono::{DateTime, Utc};

use crate::platform::{
    lists::{Seek, TimePosition, Total},
    ports::StoreError,
};

/// A room about to be made, still without members.
#[derive(Clone, Debug)]
pub struct NewRoom {
    pub id: RoomId,
    /// Between two, or a group.
    pub kind: RoomKind,
    /// A group's name.
    pub name: Option<RoomName>,
    /// A direct room's two people.
    pub pair: Option<DirectPair>,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
}

/// A request to move a member's read mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadMark {
    pub room_id: RoomId,
    pub user_id: UserId,
    /// Place of the last message they have read. One past the newest counts as the newest.
    pub seq: i64,
    /// They wrote that message, so the room counts towards their limit of rooms.
    pub wrote: bool,
}

/// How far a member has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadState {
    /// Place of the last message they have read.
    pub last_read_seq: i64,
    /// Place of the newest message.
    pub last_seq: i64,
    /// Whether the mark has just moved.
    pub moved: bool,
    /// How many members the room has.
    pub member_count: i32,
}

/// A member in a room's list.
#[derive(Clone, Debug)]
pub struct MemberListing {
    /// Who, in which role, since when.
    pub membership: Membership,
    pub firstname: PersonName,
    pub lastname: PersonName,
    /// When they last left the chat.
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// An open invitation in a user's list.
#[derive(Clone, Debug)]
pub struct InvitationListing {
    pub invitation: Invitation,
    pub room_name: RoomName,
    pub member_count: i32,
    pub inviter_firstname: PersonName,
    pub inviter_lastname: PersonName,
}

/// A role that a succession changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleChange {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub role: RoomRole,
}

/// A room as the chat sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomChatState {
    pub room_id: RoomId,
    /// Takes no messages.
    pub read_only: bool,
    /// A direct room with a suspended or erased account in it: nothing new is said in it.
    pub blocked: bool,
    pub member_count: u32,
}

/// A user who connects to the chat.
#[derive(Clone, Debug)]
pub struct ChatMember {
    pub user_id: UserId,
    /// False while suspended.
    pub is_active: bool,
    /// The owner deactivated the account.
    pub is_deactivated: bool,
    /// The rooms they are in, archived ones included.
    pub rooms: Vec<RoomChatState>,
}

/// Rooms and their members in the store.
pub trait RoomReads {
    fn room(&mut self, id: RoomId) -> Result<Option<Room>, StoreError>;

    fn direct_room(&mut self, pair: DirectPair) -> Result<Option<Room>, StoreError>;

    /// Place of the last message that the member has read; 0 without a membership.
    fn last_read(&mut self, room: RoomId, user: UserId) -> Result<i64, StoreError>;

    fn membership(&mut self, room: RoomId, user: UserId) -> Result<Option<Membership>, StoreError>;

    /// The roles of each of these people in each of these rooms. Who is not a member is left out.
    fn roles(
        &mut self,
        pairs: &[(RoomId, UserId)],
    ) -> Result<Vec<(RoomId, UserId, RoomRole)>, StoreError>;

    /// At most `limit` members, by user id.
    fn list_members(
        &mut self,
        room: RoomId,
        seek: Seek<UserId>,
        limit: u32,
    ) -> Result<Vec<MemberListing>, StoreError>;

    /// How many owners besides `user` the room has who are not suspended.
    fn other_active_owners(&mut self, room: RoomId, user: UserId) -> Result<u64, StoreError>;

    /// Whether more than `max` rooms count towards the user's limit: open rooms that they made, wrote
    /// in or accepted an invitation to.
    fn is_beyond_room_count(&mut self, user: UserId, max: u32) -> Result<bool, StoreError>;

    /// When the user made the `n`th newest of their rooms, if after `since`.
    fn nth_newest_room_made(
        &mut self,
        user: UserId,
        n: u32,
        since: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// Those of `users` who left the room by themselves and are not back.
    fn departed(&mut self, room: RoomId, users: &[UserId]) -> Result<Vec<UserId>, StoreError>;

    /// The room of an invitation of the user's that is open and newer than `after`.
    fn room_of_invitation(
        &mut self,
        id: InvitationId,
        user: UserId,
        after: DateTime<Utc>,
    ) -> Result<Option<RoomId>, StoreError>;

    /// At most `limit` open invitations of the user to open rooms, newer than `after`, newest first.
    fn list_invitations(
        &mut self,
        user: UserId,
        after: DateTime<Utc>,
        seek: Seek<TimePosition<InvitationId>>,
        limit: u32,
    ) -> Result<Vec<InvitationListing>, StoreError>;

    /// How many invitations [`list_invitations`](Self::list_invitations) has for the user.
    fn count_invitations(
        &mut self,
        user: UserId,
        after: DateTime<Utc>,
    ) -> Result<Total, StoreError>;

    /// Whether a suspended or erased account is in this direct room.
    fn is_blocked(&mut self, room: RoomId) -> Result<bool, StoreError>;

    /// The direct rooms of the user, each as its other person has it now.
    fn direct_rooms_with(
        &mut self,
        user: UserId,
    ) -> Result<Vec<(UserId, RoomChatState)>, StoreError>;

    /// What the chat must know of each of `users` when they connect, in one query. Who is no user
    /// is left out.
    fn chat_members(&mut self, users: &[UserId]) -> Result<Vec<ChatMember>, StoreError>;

    /// The state of the room as each of `users` has it now: `None` for who is not a member. In the
    /// order of `users`.
    fn chat_memberships(
        &mut self,
        room: RoomId,
        users: &[UserId],
    ) -> Result<Vec<(UserId, Option<RoomChatState>)>, StoreError>;
}

/// Writes beside [`RoomReads`].
pub trait RoomWrites {
    /// The room, its row locked until the transaction ends: every change of name, members or state
    /// takes this lock first, so that such changes of one room happen one after the other. It does
    /// not hold up readers, nor what merely refers to the room.
    fn lock_room(&mut self, id: RoomId) -> Result<Option<Room>, StoreError>;

    /// Makes a room without members; false where the pair has a direct room already, which a
    /// concurrent transaction may just have made.
    fn insert_room(&mut self, room: &NewRoom) -> Result<bool, StoreError>;

    fn rename_room(
        &mut self,
        id: RoomId,
        name: &RoomName,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Archives the room (`Some`) or opens it again (`None`).
    fn set_archived(
        &mut self,
        id: RoomId,
        archived_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Adds those of `users` who are not in yet, and counts them into the room; what was said before
    /// counts as read by them. Returns whom it added.
    ///
    /// # Errors
    /// A conflict for an unknown user.
    fn add_members(
        &mut self,
        room: RoomId,
        users: &[UserId],
        role: RoomRole,
        now: DateTime<Utc>,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Takes a member out, and counts them out of the room; false where they were not in. Records that
    /// they left by themselves.
    fn remove_member(
        &mut self,
        room: RoomId,
        user: UserId,
        departure: Departure,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Sets a member's role; false where they are not in.
    fn set_role(
        &mut self,
        room: RoomId,
        user: UserId,
        role: RoomRole,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Locks the open groups of the user like [`lock_room`](Self::lock_room), in the order of their ids.
    fn lock_groups_of(&mut self, user: UserId) -> Result<Vec<RoomId>, StoreError>;

    /// Succession: each of these rooms without an owner who is not suspended passes to its
    /// longest-serving moderator, else member. Suspended owners become members. Users who are not
    /// suspended go first, those with a deactivated account after the others. Call it with the rooms
    /// locked.
    fn pass_ownership(
        &mut self,
        rooms: &[RoomId],
        now: DateTime<Utc>,
    ) -> Result<Vec<RoleChange>, StoreError>;

    /// Hides the room from the member until its next message, or shows it again.
    fn set_hidden(&mut self, room: RoomId, user: UserId, hidden: bool) -> Result<(), StoreError>;

    /// Invites these users to one room. An invitation replaces one from before `expired_before`, or one
    /// that was declined before `declined_before`. Returns whom it invited.
    fn invite(
        &mut self,
        invitations: &[Invitation],
        expired_before: DateTime<Utc>,
        declined_before: DateTime<Utc>,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Deletes the user's open invitation with the record that they left; false where there is none
    /// newer than `after`.
    fn accept_invitation(
        &mut self,
        id: InvitationId,
        user: UserId,
        after: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// False where the user has no such open invitation newer than `after`.
    fn decline_invitation(
        &mut self,
        id: InvitationId,
        user: UserId,
        after: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Records that the user brings so many people into a room, at most `max` in all since `since`. Where
    /// that is too many, records nothing and answers with the newest record that must be older first.
    /// Call it with the account locked.
    fn bring_people(
        &mut self,
        user: UserId,
        people: u32,
        max: u32,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// Counts the room towards the member's limit from now on.
    fn take_part(&mut self, room: RoomId, user: UserId) -> Result<(), StoreError>;

    /// Moves members' marks to where these say, and never back. At most one for each member of a room;
    /// answered in their order, with `None` for who is not a member.
    fn mark_read(&mut self, marks: &[ReadMark]) -> Result<Vec<Option<ReadState>>, StoreError>;
}
