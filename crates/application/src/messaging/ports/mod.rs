//! Ports of the messaging area: rooms, messages, tickets, the event bus and presence.

mod erasure;
mod event_bus;
mod exports;
mod messages;
mod room_list;
mod rooms;
mod tickets;

use crate::platform::ports::all_ports;

pub use erasure::{LeftGroup, MessagingErasureReads, MessagingErasureWrites, OwnMessage};
pub use event_bus::{Answer, EventBus, NoPresence, Presence, Publication};
pub use exports::{MessagingExportReads, MessagingPart};
pub use messages::{
    ChangedPlace, ChangedRows, ChangesAfter, EmojiCount, LockWait, LockedRoom, MessageReads,
    MessageStatements, MessageWrites, NewReaction, PastText, ReactionKey, RoomCounters, SeqWindow,
    StoreOutcome,
};
pub use room_list::{
    NotedRead, RoomFilter, RoomListReads, RoomListWrites, RoomListing, RoomPosition,
};
pub use rooms::{
    ChatMember, InvitationListing, MemberListing, NewRoom, ReadMark, ReadState, RoleChange,
    RoomChatState, RoomReads, RoomWrites,
};
pub use tickets::{ChatTicket, TicketWrites};

all_ports! {
    /// What the area reads.
    Reads: MessageReads, MessagingErasureReads, MessagingExportReads, RoomListReads, RoomReads,;
    /// What the area writes.
    Writes: MessageWrites, MessagingErasureWrites, RoomListWrites, RoomWrites,
        TicketWrites,;
    /// What the area writes by a statement of its own.
    Statements: MessageStatements,;
}
