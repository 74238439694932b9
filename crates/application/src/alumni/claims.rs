//! Verification: a claim links an account to a record of the register.
//!
//! The domain's state machine decides what a command does ([`abu_domain::alumni::claims::Claim`]). The use cases here
//! authorize, collect what a command depends on, and store what follows: groups, mail and audit in one transaction.

mod candidates;
mod change;
mod errors;
mod evidence;
mod holidays;
mod jobs;
mod mailbox;
mod own;
mod proof;
mod retention;
mod review;
mod transition;

use std::sync::Arc;

use super::ports::ClaimCodes;
use crate::{
    Context, access::TotpPolicy, identity::ports::LinkTokens, platform::blocking::BlockingPool,
};

pub use candidates::{Candidate, MAX_CANDIDATES};
pub use change::ClaimPatch;
pub use errors::ClaimError;
pub use evidence::{EvidenceFolder, EvidenceJob, EvidenceUpload, ForgottenClaims, OpenEvidence};
pub use jobs::{ExpiryJob, MailboxJob};
pub(in crate::alumni) use mailbox::{disown_token_hash, greeted};
pub use own::{ClaimDraft, MAX_EVENTS, OwnClaim};
pub use proof::Preview;
pub use retention::RetentionJob;
pub use review::ReviewedClaim;

/// The use cases of claims.
#[derive(Clone)]
pub struct Claims {
    pub context: Context,
    pub codes: Arc<dyn ClaimCodes>,
    pub links: Arc<dyn LinkTokens>,
    pub totp_policy: Arc<TotpPolicy>,
    /// Where uploads are written to disk.
    pub disk: BlockingPool,
}
