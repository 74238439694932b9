//! Rooms, memberships, and room roles (RBAC within a room).

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    InvitationId, RoomId, UserId,
    messaging::{person::Person, text::RoomName},
    named_enum,
};

named_enum! {
    /// The kind of a room.
    pub enum RoomKind {
        /// The conversation of two fixed users.
        Direct => "direct",
        /// A named group with changing members.
        Group => "group",
    }
}

named_enum! {
    /// A member's role in a room; a greater role includes the rights of the lesser ones.
    #[derive(PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum RoomRole {
        /// Reads and writes.
        Member => "member",
        /// Also renames, deletes messages, and adds and removes plain members.
        Moderator => "moderator",
        /// Also sets roles, removes any member and archives. A room always has one.
        Owner => "owner",
    }
}

impl RoomRole {
    /// Whether the role may rename the room.
    pub fn may_rename(self) -> bool {
        self >= Self::Moderator
    }

    /// Whether the role may add members.
    pub fn may_add_members(self) -> bool {
        self >= Self::Moderator
    }

    /// Whether the role may remove a member of role `other`.
    pub fn may_remove(self, other: Self) -> bool {
        self == Self::Owner || self == Self::Moderator && other == Self::Member
    }

    /// Whether the role may set members' roles.
    pub fn may_set_roles(self) -> bool {
        self == Self::Owner
    }

    /// Whether the role may delete other members' messages in a group.
    pub fn may_delete_messages(self) -> bool {
        self >= Self::Moderator
    }

    /// Whether the role may archive a group.
    pub fn may_archive(self) -> bool {
        self == Self::Owner
    }
}

/// The two users of a direct room in a canonical order, so a pair is one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectPair {
    low: UserId,
    high: UserId,
}

impl DirectPair {
    /// The pair of two different users; `None` if both are the same.
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

/// A room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// The room's id.
    pub id: RoomId,
    /// Direct or group.
    pub kind: RoomKind,
    /// The name of a group; `None` for a direct room.
    pub name: Option<RoomName>,
    /// The user who created it.
    pub created_by: UserId,
    /// Time of creation.
    pub created_at: DateTime<Utc>,
    /// Time of the last change to name, members or state.
    pub last_modified: DateTime<Utc>,
    /// Time of the newest message, or of creation.
    pub last_activity_at: DateTime<Utc>,
    /// Time of archiving; an archived room is read-only and absent from lists.
    pub archived_at: Option<DateTime<Utc>>,
    /// Sequence number of the newest message, and so the number of messages; 0 in an empty room.
    pub last_seq: i64,
    /// The number of members.
    pub member_count: i32,
}

impl Room {
    /// Whether the room accepts no new messages.
    pub fn is_read_only(&self) -> bool {
        self.archived_at.is_some()
    }
}

/// A user's membership in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The room.
    pub room_id: RoomId,
    /// The member.
    pub user_id: UserId,
    /// The member's role.
    pub role: RoomRole,
    /// Time at which the member joined.
    pub joined_at: DateTime<Utc>,
}

/// How a member arranges a room in their own list. Other members see nothing of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomSettings {
    /// Until when the room's messages do not count for the badge; `None` if it is not muted.
    pub muted_until: Option<DateTime<Utc>>,
    /// Whether the room precedes the others.
    pub pinned: bool,
    /// Whether the list leaves the room out until its next message.
    pub hidden: bool,
}

impl RoomSettings {
    /// The settings in force at `now`: a mute that is over is none.
    #[must_use]
    pub fn at(self, now: DateTime<Utc>) -> Self {
        Self {
            muted_until: self.muted_until.filter(|until| *until > now),
            ..self
        }
    }
}

/// A room as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRoom {
    /// The room.
    pub room: Room,
    /// The member's role.
    pub role: RoomRole,
    /// Sequence number of the last message that the member has read.
    pub last_read_seq: i64,
    /// The number of later messages that are not deleted.
    pub unread_count: i64,
    /// How the member arranges it.
    pub settings: RoomSettings,
    /// The other person of a direct room; `None` for a group.
    pub other: Option<Person>,
}

/// What a user has not read, for a badge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnreadTotals {
    /// The number of rooms with unread messages.
    pub rooms: i64,
    /// The number of unread messages.
    pub messages: i64,
}

/// How a membership ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// The member left, so others can only invite them again.
    Left,
    /// Another member removed them.
    Removed,
}

/// An invitation to a room that the user left before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The invitation's id.
    pub id: InvitationId,
    /// The room.
    pub room_id: RoomId,
    /// The invited user.
    pub user_id: UserId,
    /// The member who invites.
    pub invited_by: UserId,
    /// Time of the invitation.
    pub created_at: DateTime<Utc>,
}

impl Invitation {
    /// How long an invitation can be accepted.
    pub const LIFETIME: TimeDelta = TimeDelta::days(30);
    /// How long a room cannot invite a user who declined.
    pub const REST: TimeDelta = TimeDelta::days(90);

    /// Time at which it expires.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.created_at + Self::LIFETIME
    }
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
    fn a_mute_counts_until_its_time_is_over() {
        let until = DateTime::from_timestamp(1_000, 0).unwrap();
        let settings = RoomSettings {
            muted_until: Some(until),
            pinned: true,
            hidden: false,
        };
        assert_eq!(settings.at(until - TimeDelta::microseconds(1)), settings);
        let over = settings.at(until);
        assert_eq!((over.muted_until, over.pinned), (None, true));
    }

    #[test]
    fn plain_members_manage_nothing() {
        let member = RoomRole::Member;
        assert!(!member.may_rename() && !member.may_add_members());
        assert!(!member.may_delete_messages());
        assert!(!member.may_set_roles() && !member.may_archive());
    }

    #[test]
    fn a_pair_has_no_order_and_two_different_people() {
        let (a, b) = (
            UserId::new(Uuid::from_u128(1)),
            UserId::new(Uuid::from_u128(2)),
        );
        assert_eq!(DirectPair::new(a, b), DirectPair::new(b, a));
        assert_eq!(DirectPair::new(a, a), None);
    }
}
