use std::sync::Arc;

use super::{
    claims::{Claims, ExpiryJob, MailboxJob},
    invitations::{BatchJob, Invitations},
    ports::ClaimCodes,
    reference::Reference,
    register::Register,
};
use crate::{Context, access::TotpPolicy, identity::ports::LinkTokens, platform::jobs::JobHandler};

/// What the operator decides in this area, and the cryptography that it uses.
pub struct Policies {
    pub claim_codes: Arc<dyn ClaimCodes>,
}

/// What verification takes of the areas of accounts and rights.
pub struct Verification {
    pub links: Arc<dyn LinkTokens>,
    pub totp_policy: Arc<TotpPolicy>,
}

/// The use cases of this area.
#[derive(Clone)]
pub struct UseCases {
    pub reference: Reference,
    pub register: Register,
    pub claims: Claims,
    pub invitations: Invitations,
}

impl UseCases {
    pub(crate) fn new(context: &Context, policies: Policies, verification: Verification) -> Self {
        let claims = Claims {
            context: context.clone(),
            codes: policies.claim_codes,
            links: verification.links,
            totp_policy: verification.totp_policy,
        };
        Self {
            reference: Reference {
                context: context.clone(),
            },
            register: Register {
                context: context.clone(),
            },
            invitations: Invitations {
                claims: claims.clone(),
            },
            claims,
        }
    }

    /// The handlers of this area's background jobs.
    pub(crate) fn job_handlers(&self) -> Vec<Arc<dyn JobHandler>> {
        vec![
            Arc::new(MailboxJob(self.claims.clone())),
            Arc::new(ExpiryJob(self.claims.clone())),
            Arc::new(BatchJob(self.invitations.clone())),
        ]
    }
}
