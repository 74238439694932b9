//! What the use cases need from outside, as traits that the outer crates implement.

mod access;
mod audit;
mod idempotency;
mod links;
mod live_chat;
mod mail;
mod messages;
mod rooms;
mod security;
mod sessions;
mod store;
mod tickets;
mod time_and_ids;
mod users;

pub use access::{AccessRows, CallerRecord};
pub use audit::{AuditRow, AuditRows};
pub use idempotency::{IdempotencyRows, KeptAnswer, KnownRequest, RequestKey};
pub use links::{LinkPurpose, LinkTokens, token_from_text};
pub use live_chat::{Applied, LiveChat, SubmitError};
pub use mail::{
    ClaimedMail, Mail, MailFilter, MailRecord, MailRenderer, MailRows, Mailer, MailerError,
    RenderedMail,
};
pub use messages::{MessageRows, SeqWindow, StoreOutcome};
pub use rooms::{ChatMember, MemberListing, NewRoom, RoomChatState, RoomListing, RoomRows};
pub use security::{AccessTokens, IssuedToken, PasswordHasher, TokenClaims, TokenError};
pub use sessions::{EndReason, NewSession, SessionRows, WhichSessions};
pub use store::{Store, StoreError, Transaction};
pub use tickets::{ChatTicket, TicketRows};
pub use time_and_ids::{Clock, Ids};
pub use users::{Credentials, NewUser, UserFilter, UserRows};
