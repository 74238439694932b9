use std::{iter, sync::Arc};

use chrono::TimeDelta;

use super::{
    accounts::Accounts,
    emails::Emails,
    erasure::{EraseAccounts, Erasures},
    exports::{self, Exports, OwnIdentity},
    own_account::OwnAccounts,
    passwords::{PasswordWork, Passwords},
    ports::{
        AccessTokens, ErasureListener, ExportSource, LinkTokens, OneTimePasswords, RefreshTokens,
        StandingListener,
    },
    registration::Registration,
    sessions::{SessionPolicy, Sessions},
};
use crate::{Context, platform::jobs::JobHandler};

/// What the operator decides about accounts, and the cryptography that enforces it.
pub struct Policies {
    pub sessions: SessionPolicy,
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

/// What outer areas do for this one.
pub struct OuterAreas {
    pub standing: Arc<dyn StandingListener>,
    /// In the order in which they forget an erased account. A stored position counts by it, so a new
    /// area comes last.
    pub erasure: Vec<Arc<dyn ErasureListener>>,
    /// In the order of the file.
    pub exports: Vec<Arc<dyn ExportSource>>,
}

/// The use cases of this area.
#[derive(Clone)]
pub struct UseCases {
    pub accounts: Accounts,
    pub own_accounts: OwnAccounts,
    pub registration: Registration,
    pub emails: Emails,
    pub erasures: Erasures,
    pub exports: Exports,
    pub passwords: Passwords,
    pub sessions: Sessions,
}

impl UseCases {
    pub(crate) fn new(context: &Context, policies: Policies, outer: OuterAreas) -> Self {
        let OuterAreas {
            standing,
            erasure,
            exports: outer_exports,
        } = outer;
        let own: Arc<dyn ExportSource> = Arc::new(OwnIdentity);
        let Policies {
            sessions,
            verification_lifetime,
            reset_lifetime,
            passwords,
            access_tokens,
            refresh_tokens,
            one_time_passwords,
            link_tokens: links,
        } = policies;
        let policy = Arc::new(sessions);
        let sessions = Sessions {
            context: context.clone(),
            passwords: passwords.clone(),
            tokens: access_tokens,
            refresh_tokens,
            one_time_passwords,
            policy: Arc::clone(&policy),
            failures: Arc::default(),
            standing: Arc::clone(&standing),
        };
        Self {
            accounts: Accounts {
                context: context.clone(),
                passwords: passwords.clone(),
                policy,
                standing: Arc::clone(&standing),
            },
            own_accounts: OwnAccounts {
                context: context.clone(),
                standing: Arc::clone(&standing),
            },
            erasures: Erasures {
                context: context.clone(),
                passwords: passwords.clone(),
                standing,
                listeners: erasure.into(),
            },
            exports: Exports {
                context: context.clone(),
                passwords: passwords.clone(),
                sources: iter::once(own).chain(outer_exports).collect(),
            },
            registration: Registration {
                context: context.clone(),
                links: Arc::clone(&links),
                verification_lifetime,
            },
            emails: Emails {
                context: context.clone(),
                passwords: passwords.clone(),
                sessions: sessions.clone(),
                links: Arc::clone(&links),
                verification_lifetime,
                reset_lifetime,
            },
            passwords: Passwords {
                context: context.clone(),
                work: passwords,
                links,
                reset_lifetime,
            },
            sessions,
        }
    }

    /// The handlers of this area's background jobs.
    pub(crate) fn job_handlers(&self) -> Vec<Arc<dyn JobHandler>> {
        let mut handlers = exports::handlers(&self.exports);
        handlers.push(Arc::new(EraseAccounts(self.erasures.clone())));
        handlers
    }
}
