use abu_domain::{UserId, named_enum};

use crate::{identity::ports::ExportPage, platform::ports::StoreError};

named_enum! {
    /// What the area holds about a user. The names are those of the parts of the file.
    pub enum MessagingPart {
        Rooms => "rooms",
        RoomInvitations => "room_invitations",
        Messages => "messages",
        Reactions => "reactions",
    }
}

pub trait MessagingExportReads {
    /// At most `limit` rows of what the area holds about the user.
    fn messaging_rows(
        &mut self,
        user: UserId,
        part: MessagingPart,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ExportPage, StoreError>;
}
