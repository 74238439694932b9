use std::sync::Arc;

use super::{AccessControl, AuditLog, Mails, TotpPolicy, idempotency::Idempotency};
use crate::Context;

/// The use cases of this area.
#[derive(Clone)]
pub struct UseCases {
    pub control: AccessControl,
    pub audit_log: AuditLog,
    pub idempotency: Idempotency,
    pub mails: Mails,
}

impl UseCases {
    pub(crate) fn new(context: &Context, totp_policy: Arc<TotpPolicy>) -> Self {
        Self {
            control: AccessControl {
                context: context.clone(),
                totp_policy,
            },
            audit_log: AuditLog {
                context: context.clone(),
            },
            idempotency: Idempotency {
                context: context.clone(),
            },
            mails: Mails {
                context: context.clone(),
            },
        }
    }
}
