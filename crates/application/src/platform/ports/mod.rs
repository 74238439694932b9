//! Ports of the platform area: outbox, audit log, idempotency keys, clock and ids.

mod audit;
mod idempotency;
mod mail;
mod store_error;
mod time_and_ids;

pub use audit::{AuditEntry, AuditFilter, AuditHead, AuditRepository, AuditRow};
pub use idempotency::{IdempotencyRepository, KnownRequest, RequestKey, StoredResponse};
pub use mail::{
    ClaimedMail, Mail, MailFilter, MailRecord, MailRenderer, MailRepository, Mailer, MailerError,
    RenderedMail,
};
pub use store_error::StoreError;
pub use time_and_ids::{Clock, Ids};
