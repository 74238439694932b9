//! Ports of the identity area: accounts, addresses, sessions, and the cryptography behind them.

mod consents;
mod emails;
mod erasures;
mod exports;
mod links;
mod own_account;
mod resets;
mod security;
mod sessions;
mod standing;
mod totp;
mod users;

use crate::platform::ports::all_ports;

pub use consents::{ConsentWrites, Consents};
pub use emails::{
    EmailChange, EmailConflict, EmailReads, EmailWrites, NewVerification, ProofLink, TokenHash,
    Verification,
};
pub use erasures::{
    Erasure, ErasureBacklog, ErasureListener, ErasurePosition, ErasureReads, ErasureRecord,
    ErasureStep, ErasureWrites, InOneTransaction, LedgerEntry, UserHash,
};
pub use exports::{
    DataExport, ExportPage, ExportReads, ExportSource, ExportState, ExportWrites, IdentityPart,
};
pub use links::{LinkPurpose, LinkTokens, token_from_text};
pub use own_account::{OwnAccountReads, OwnAccountWrites, OwnDetails};
pub use resets::{NewReset, PasswordReset, ResetReads, ResetWrites};
pub use security::{
    AccessTokens, IssuedToken, NewTotpSecret, OneTimePasswords, PasswordHasher, PasswordMatch,
    PasswordPolicy, PasswordWeakness, RefreshTokens, TokenClaims, TokenError, TotpSealing,
};
pub use sessions::{
    ENDED_SESSIONS_KEPT, EndReason, EndedSession, NETWORKS_KEPT, NewSession, RefreshableSession,
    SessionListing, SessionReads, SessionRefresh, SessionWrites, WhichSessions,
};
pub use standing::{Publishing, StandingListener, StandingListeners};
pub use totp::{RecoveryHash, TotpReads, TotpRecord, TotpWrites};
pub use users::{Credentials, NewUser, UserFilter, UserReads, UserWrites};

all_ports! {
    /// What the area reads.
    Reads: EmailReads, ErasureReads, ExportReads, OwnAccountReads, ResetReads, SessionReads, TotpReads, UserReads,;
    /// What the area writes.
    Writes: ConsentWrites, EmailWrites, ErasureWrites, ExportWrites, OwnAccountWrites, ResetWrites, SessionWrites, TotpWrites, UserWrites,;
}
