//! Ports of the messaging area: rooms, messages, tickets, and the live chat.

mod live_chat;
mod messages;
mod rooms;
mod tickets;

pub use live_chat::{LiveChat, NoLiveChat, SubmitError, Submitted};
pub use messages::{
    ChangedPlace, ChangedRows, ChangesAfter, EmojiCount, LockedRoom, MessageReads, MessageWrites,
    NewReaction, PastText, ReactionKey, RoomCounters, SeqWindow, StoreOutcome,
};
pub use rooms::{
    ChatMember, MemberListing, NewRoom, ReadMark, ReadState, RoomChatState, RoomListing, RoomReads,
    RoomWrites,
};
pub use tickets::{ChatTicket, TicketWrites};
