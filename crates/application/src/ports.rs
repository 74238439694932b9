//! What the use cases need from outside, as traits that the outer crates implement.

mod access;
mod assignments;
mod audit;
mod consents;
mod emails;
mod erasures;
mod idempotency;
mod links;
mod live_chat;
mod mail;
mod messages;
mod own_account;
mod resets;
mod rights;
mod rooms;
mod security;
mod sessions;
mod store;
mod tickets;
mod time_and_ids;
mod totp;
mod users;

pub use access::{AccessRows, CallerRecord, HeldPermission};
pub use assignments::{AssignmentFilter, AssignmentRows};
pub use audit::{AuditEntry, AuditFilter, AuditHead, AuditRow, AuditRows};
pub use consents::{ConsentRows, Consents};
pub use emails::{EmailChange, EmailRows, NewVerification, TokenHash, Verification};
pub use erasures::{Erasure, ErasureRows};
pub use idempotency::{IdempotencyRows, KnownRequest, RequestKey, StoredResponse};
pub use links::{LinkPurpose, LinkTokens, token_from_text};
pub use live_chat::{Applied, LiveChat, SubmitError, Submitted};
pub use mail::{
    ClaimedMail, Mail, MailFilter, MailRecord, MailRenderer, MailRows, Mailer, MailerError,
    RenderedMail,
};
pub use messages::{
    ChangedPlace, ChangedRows, ChangesAfter, EmojiCount, LockedRoom, MessageRows, NewReaction,
    PastText, ReactionKey, RoomCounters, SeqWindow, StoreOutcome,
};
pub use own_account::{OwnAccountRows, OwnDetails};
pub use resets::{NewReset, PasswordReset, ResetRows};
pub use rights::{GroupRows, NameFilter, PermissionRows, RoleRows};
pub use rooms::{
    ChatMember, MemberListing, NewRoom, ReadMark, ReadState, RoomChatState, RoomListing, RoomRows,
};
pub use security::{
    AccessTokens, IssuedToken, NewTotpSecret, OneTimePasswords, PasswordHasher, PasswordPolicy,
    PasswordWeakness, RefreshTokens, TokenClaims, TokenError,
};
pub use sessions::{
    ENDED_SESSIONS_KEPT, EndReason, EndedSession, NewSession, RefreshableSession, SessionListing,
    SessionRefresh, SessionRows, WhichSessions,
};
pub use store::{Store, StoreError, Transaction};
pub use tickets::{ChatTicket, TicketRows};
pub use time_and_ids::{Clock, Ids};
pub use totp::{RecoveryHash, TotpRecord, TotpRows};
pub use users::{Credentials, NewUser, UserFilter, UserRows};
