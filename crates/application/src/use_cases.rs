//! Every use case, wired once.

use std::{io, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    Database,
    access::{AccessControl, AuditLog, Mails, idempotency::Idempotency},
    identity::{
        accounts::Accounts,
        emails::Emails,
        own_account::OwnAccounts,
        passwords::{PasswordWork, Passwords},
        ports::{AccessTokens, LinkTokens, OneTimePasswords, RefreshTokens},
        registration::Registration,
        sessions::{SessionPolicy, Sessions},
    },
    messaging::{
        messages::Messaging,
        ports::{EventBus, Presence},
        rooms::{RoomLimits, Rooms},
        tickets::ChatAccess,
        writer::WriterPolicy,
    },
    platform::ports::{Clock, Ids},
};

/// What every use case works with. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    pub database: Database,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub events: Arc<dyn EventBus>,
    pub presence: Arc<dyn Presence>,
}

impl Context {
    /// The time of a change, and the id of the audit entry about it.
    pub(crate) fn now_and_entry_id(&self) -> (DateTime<Utc>, Uuid) {
        (self.clock.now(), self.ids.time_ordered())
    }
}

/// What the operator decides, and the cryptography that enforces it.
pub struct Policies {
    pub sessions: SessionPolicy,
    pub rooms: RoomLimits,
    pub writer: WriterPolicy,
    /// How long a link that proves an address is valid.
    pub verification_lifetime: TimeDelta,
    /// How long a link to another password is valid.
    pub reset_lifetime: TimeDelta,
    pub passwords: PasswordWork,
    pub access_tokens: Arc<dyn AccessTokens>,
    pub refresh_tokens: Arc<dyn RefreshTokens>,
    pub one_time_passwords: Arc<dyn OneTimePasswords>,
    pub link_tokens: Arc<dyn LinkTokens>,
}

/// The application, as its adapters call it.
#[derive(Clone)]
pub struct UseCases {
    pub accounts: Accounts,
    pub access: AccessControl,
    pub own_accounts: OwnAccounts,
    pub registration: Registration,
    pub emails: Emails,
    pub passwords: Passwords,
    pub sessions: Sessions,
    pub rooms: Rooms,
    pub messaging: Messaging,
    pub chat_access: ChatAccess,
    pub audit_log: AuditLog,
    pub idempotency: Idempotency,
    pub mails: Mails,
}

impl UseCases {
    /// Wires the use cases, and starts the threads that store messages and read marks.
    ///
    /// # Errors
    /// Where a thread cannot be started.
    pub fn new(context: Context, policies: Policies) -> io::Result<Self> {
        let Policies {
            sessions,
            rooms,
            writer,
            verification_lifetime,
            reset_lifetime,
            passwords,
            access_tokens,
            refresh_tokens,
            one_time_passwords,
            link_tokens: links,
        } = policies;
        let policy = Arc::new(sessions);
        Ok(Self {
            accounts: Accounts {
                context: context.clone(),
                passwords: passwords.clone(),
                policy: Arc::clone(&policy),
            },
            access: AccessControl {
                context: context.clone(),
                totp_policy: Arc::clone(&policy.totp),
            },
            own_accounts: OwnAccounts {
                context: context.clone(),
            },
            registration: Registration {
                context: context.clone(),
                passwords: passwords.clone(),
                links: Arc::clone(&links),
                verification_lifetime,
            },
            emails: Emails {
                context: context.clone(),
                passwords: passwords.clone(),
                links: Arc::clone(&links),
                verification_lifetime,
                reset_lifetime,
            },
            passwords: Passwords {
                context: context.clone(),
                work: passwords.clone(),
                links,
                reset_lifetime,
            },
            sessions: Sessions {
                context: context.clone(),
                passwords,
                tokens: access_tokens,
                refresh_tokens,
                one_time_passwords,
                policy,
            },
            rooms: Rooms {
                context: context.clone(),
                limits: rooms,
            },
            messaging: Messaging::start(context.clone(), writer)?,
            chat_access: ChatAccess {
                context: context.clone(),
            },
            audit_log: AuditLog {
                context: context.clone(),
            },
            idempotency: Idempotency {
                context: context.clone(),
            },
            mails: Mails { context },
        })
    }
}
