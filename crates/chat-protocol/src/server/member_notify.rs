use crate::{RoomId, UserId};

payload! {
    /// The members of a room of the user's changed, or the role of one.
    ///
    /// Sent by the server to every session of the room's other members when a member was added, removed or
    /// left, and to every session of all members when a role changed. Users who were added to a room
    /// together hear of the room by `room-notify` alone. A client that shows a list of members changes the
    /// entry, or reads the list again over the REST API; it does so too where it does not know the `change`.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/member-notify.json")]
    /// ```
    pub struct MemberNotify {
        /// The room.
        pub room_id: RoomId,
        /// The member.
        pub participant_id: UserId,
        /// What happened.
        pub change: MemberChange,
        /// The member's role now; left out where they are no longer in the room.
        pub role: Option<MemberRole>,
        /// The user who did it: the member themselves when they left or accepted an invitation. Left out
        /// where no user did, such as when a group passes from a suspended owner to the next one.
        pub changed_by: Option<UserId>,
    }
}

open_words! {
    /// What happened to a member. The set may grow.
    pub enum MemberChange {
        /// They are a member from now on.
        Added = "added",
        /// Another member removed them.
        Removed = "removed",
        /// They left.
        Left = "left",
        /// They have another role.
        RoleChanged = "role-changed",
    }
}

open_words! {
    /// A member's role in a room. The set may grow.
    pub enum MemberRole {
        /// Reads and writes.
        Member = "member",
        /// Also renames the room, deletes messages, and adds and removes plain members.
        Moderator = "moderator",
        /// Also sets roles, removes any member and archives the room.
        Owner = "owner",
    }
}

impl MemberNotify {
    /// Something happened to a member of a room.
    pub fn new(
        room_id: impl Into<RoomId>,
        participant_id: impl Into<UserId>,
        change: MemberChange,
    ) -> Self {
        Self {
            room_id: room_id.into(),
            participant_id: participant_id.into(),
            change,
            role: None,
            changed_by: None,
        }
    }

    /// With the role that the member has now.
    #[must_use]
    pub fn in_role(self, role: MemberRole) -> Self {
        Self {
            role: Some(role),
            ..self
        }
    }

    /// With who did it.
    #[must_use]
    pub fn done_by(self, changed_by: impl Into<UserId>) -> Self {
        Self {
            changed_by: Some(changed_by.into()),
            ..self
        }
    }
}
