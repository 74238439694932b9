use std::sync::Arc;

use super::{AccessControl, AuditLog, Jobs, Mails, Tasks, TotpPolicy, idempotency::Idempotency};
use crate::Context;

/// The use cases of this area.
#[derive(Clone)]
pub struct UseCases {
    pub control: AccessControl,
    pub audit_log: AuditLog,
    pub idempotency: Idempotency,
    pub jobs: Jobs,
    pub mails: Mails,
    pub tasks: Tasks,
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
            jobs: Jobs {
                context: context.clone(),
            },
            mails: Mails {
                context: context.clone(),
            },
            tasks: Tasks {
                context: context.clone(),
            },
        }
    }
}
