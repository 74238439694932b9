//! Rooms, their members, and who may do what in them.

use chrono::{DateTime, Utc};

use crate::{RoomId, UserId, messaging::text::RoomName, named_enum};

named_enum! {
    /// What kind of conversation a room is.
    pub enum RoomKind {
        /// Between two people, for good.
        Direct => "direct",
        /// A named group whose members come and go.
        Group => "group",
    }
}

named_enum! {
    /// A member's standing in a room.
    #[derive(PartialOrd, Ord)]
    pub enum RoomRole {
        /// Reads and writes.
        Member => "member",
        /// Also renames, deletes messages, and adds and removes plain members.
        Moderator => "moderator",
        /// Also sets roles, removes anybody and archives. A room always has one.
        Owner => "owner",
    }
}

impl RoomRole {
    /// May give the room another name.
    pub fn may_rename(self) -> bool {
        self >= Self::Moderator
    }

    /// May bring people in.
    pub fn may_add_members(self) -> bool {
        self >= Self::Moderator
    }

    /// May put a member of role `other` out.
    pub fn may_remove(self, other: Self) -> bool {
        self == Self::Owner || self == Self::Moderator && other == Self::Member
    }

    /// May change members' roles.
    pub fn may_set_roles(self) -> bool {
        self == Self::Owner
    }

    /// May delete what others said in a group.
    pub fn may_delete_messages(self) -> bool {
        self >= Self::Moderator
    }

    /// May archive a group.
    pub fn may_archive(self) -> bool {
        self == Self::Owner
    }
}

/// The two people of a direct room, in the order that makes the pair one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectPair {
    low: UserId,
    high: UserId,
}

impl DirectPair {
    /// The pair of two different people; `None` where both are the same one.
    pub fn new(one: UserId, other: UserId) -> Option<Self> {
        (one != other).then(|| Self {
            low: one.min(other),
            high: one.max(other),
        })
    }

    /// The lesser id.
    pub fn low(self) -> UserId {
        self.low
    }

    /// The greater id.
    pub fn high(self) -> UserId {
        self.high
    }
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Which room.
    pub id: RoomId,
    /// Between two, or a group.
    pub kind: RoomKind,
    /// A group's name; a direct room has none.
    pub name: Option<RoomName>,
    /// Who made it.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its name, members or state last changed.
    pub last_modified: DateTime<Utc>,
    /// When the last message was stored, or the room was made.
    pub last_activity_at: DateTime<Utc>,
    /// Since when it is read-only and hidden from lists.
    pub archived_at: Option<DateTime<Utc>>,
    /// Place of the newest message, and so the number of messages; 0 in an empty room.
    pub last_seq: i64,
    /// How many members it has.
    pub member_count: i32,
}

impl Room {
    /// Takes no new messages.
    pub fn is_read_only(&self) -> bool {
        self.archived_at.is_some()
    }
}

/// Somebody's place in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The room.
    pub room_id: RoomId,
    /// The member.
    pub user_id: UserId,
    /// Their standing.
    pub role: RoomRole,
    /// Since when.
    pub joined_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_moderator_removes_members_and_only_an_owner_removes_moderators_and_owners() {
        use RoomRole::{Member, Moderator, Owner};
        for (actor, other, may) in [
            (Member, Member, false),
            (Moderator, Member, true),
            (Moderator, Moderator, false),
            (Moderator, Owner, false),
            (Owner, Member, true),
            (Owner, Moderator, true),
            (Owner, Owner, true),
        ] {
            assert_eq!(actor.may_remove(other), may, "{actor:?} {other:?}");
        }
    }

    #[test]
    fn plain_members_manage_nothing() {
        let member = RoomRole::Member;
        assert!(!member.may_rename() && !member.may_add_members());
        assert!(!member.may_delete_messages());
        assert!(!member.may_set_roles() && !member.may_archive());
    }

    #[test]
    fn a_pair_is_the_same_whoever_is_named_first_and_never_one_person() {
        let (a, b) = (
            UserId::new(Uuid::from_u128(1)),
            UserId::new(Uuid::from_u128(2)),
        );
        assert_eq!(DirectPair::new(a, b), DirectPair::new(b, a));
        assert_eq!(DirectPair::new(a, a), None);
    }
}
