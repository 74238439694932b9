use crate::{RoomId, UserId};

payload! {
    /// A room of the user's changed, or became theirs, or no longer is.
    ///
    /// Sent by the server when the user was added to a room, removed from it or invited to it, to all
    /// their sessions, and when a room was renamed, archived or opened again, to every session of every
    /// member. A client adds, drops or redraws the room; what else it shows of a new one, and the user's
    /// invitations, it reads over the REST API. Where it does not know the `change` it reads the room
    /// again.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/room-notify.json")]
    /// ```
    pub struct RoomNotify {
        /// The room.
        pub room_id: RoomId,
        /// What happened.
        pub change: RoomChange,
        /// What the room is called now, where it has a name; with `added`, `invited` and `renamed`.
        pub name: Option<String>,
        /// The user who did it; left out where no user did.
        pub participant_id: Option<UserId>,
    }
}

open_words! {
    /// What happened to a room. The set may grow.
    pub enum RoomChange {
        /// The user is a member from now on, and sees the room's history.
        Added = "added",
        /// The user is no longer a member, and gets nothing more from the room.
        Removed = "removed",
        /// The user may become a member: they left the room before, and accept or decline over the REST API.
        Invited = "invited",
        /// The room has another name.
        Renamed = "renamed",
        /// The room was archived: it can be read and no longer be written in.
        Archived = "archived",
        /// The room is open again: it can be written in.
        Reopened = "reopened",
    }
}

impl RoomNotify {
    /// Something happened to a room.
    pub fn new(room_id: impl Into<RoomId>, change: RoomChange) -> Self {
        Self {
            room_id: room_id.into(),
            change,
            name: None,
            participant_id: None,
        }
    }

    /// With the name that the room has now.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..self
        }
    }

    /// With who did it.
    #[must_use]
    pub fn done_by(self, participant_id: impl Into<UserId>) -> Self {
        Self {
            participant_id: Some(participant_id.into()),
            ..self
        }
    }
}
