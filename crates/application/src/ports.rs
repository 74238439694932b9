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

pub use access::{AccessRepository, CallerRecord, HeldPermission};
pub use assignments::{AssignmentFilter, AssignmentRepository};
pub use audit::{AuditEntry, AuditFilter, AuditHead, AuditRepository, AuditRow};
pub use consents::{ConsentRepository, Consents};
pub use emails::{EmailChange, EmailRepository, NewVerification, TokenHash, Verification};
pub use erasures::{Erasure, ErasureRepository};
pub use idempotency::{IdempotencyRepository, KnownRequest, RequestKey, StoredResponse};
pub use links::{LinkPurpose, LinkTokens, token_from_text};
pub use live_chat::{Applied, LiveChat, SubmitError, Submitted};
pub use mail::{
    ClaimedMail, Mail, MailFilter, MailRecord, MailRenderer, MailRepository, Mailer, MailerError,
    RenderedMail,
};
pub use messages::{
    ChangedPlace, ChangedRows, ChangesAfter, EmojiCount, LockedRoom, MessageRepository,
    NewReaction, PastText, ReactionKey, RoomCounters, SeqWindow, StoreOutcome,
};
pub use own_account::{OwnAccountRepository, OwnDetails};
pub use resets::{NewReset, PasswordReset, ResetRepository};
pub use rights::{GroupRepository, NameFilter, PermissionRepository, RoleRepository};
pub use rooms::{
    ChatMember, MemberListing, NewRoom, ReadMark, ReadState, RoomChatState, RoomListing,
    RoomRepository,
};
pub use security::{
    AccessTokens, IssuedToken, NewTotpSecret, OneTimePasswords, PasswordHasher, PasswordPolicy,
    PasswordWeakness, RefreshTokens, TokenClaims, TokenError,
};
pub use sessions::{
    ENDED_SESSIONS_KEPT, EndReason, EndedSession, NewSession, RefreshableSession, SessionListing,
    SessionRefresh, SessionRepository, WhichSessions,
};
pub use store::{Store, StoreError, Transaction};
pub use tickets::{ChatTicket, TicketRepository};
pub use time_and_ids::{Clock, Ids};
pub use totp::{RecoveryHash, TotpRecord, TotpRepository};
pub use users::{Credentials, NewUser, UserFilter, UserRepository};
