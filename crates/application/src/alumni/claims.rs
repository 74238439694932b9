//! Verification: a claim links an account to a record of the register.
//!
//! The domain's state machine decides what a command does ([`abu_domain::alumni::claims::Claim`]). The use cases here
//! authorize, collect what a command depends on, and store what follows: groups, mail and audit in one transaction.

mod candidates;
mod errors;
mod holidays;
mod jobs;
mod mailbox;
mod own;
mod proof;
mod review;
mod transition;

use std::sync::Arc;

use abu_domain::UserId;
use chrono::{DateTime, Utc};

use super::ports::ClaimCodes;
use crate::{
    Context, access::TotpPolicy, identity::ports::LinkTokens, platform::ports::StoreError,
    store::Writes,
};

pub use candidates::{Candidate, MAX_CANDIDATES};
pub use errors::ClaimError;
pub use jobs::{ExpiryJob, MailboxJob};
pub(in crate::alumni) use mailbox::{disown_token_hash, greeted};
pub use own::{ClaimDraft, MAX_EVENTS, OwnClaim};
pub use proof::Preview;
pub use review::ReviewedClaim;

/// The use cases of claims.
#[derive(Clone)]
pub struct Claims {
    pub context: Context,
    pub codes: Arc<dyn ClaimCodes>,
    pub links: Arc<dyn LinkTokens>,
    pub totp_policy: Arc<TotpPolicy>,
}

/// Forgets the claims of an erased account. Its record can be claimed again.
pub fn unlink(tx: &mut dyn Writes, user: UserId, _now: DateTime<Utc>) -> Result<(), StoreError> {
    tx.unlink_user(user)?;
    Ok(())
}
