//! Every use case, by area.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    Database, access, alumni, identity,
    messaging::{
        self,
        ports::{EventBus, Presence},
    },
    platform::{
        jobs::{Handlers, JobHandler},
        orphans::{DeleteOrphans, FileOwner, Orphans},
        ports::{Clock, FileStore, Ids},
        rate_limits::RateLimits,
        tidy::Tidy,
    },
};

/// What every use case works with. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    pub database: Database,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub events: Arc<dyn EventBus>,
    pub presence: Arc<dyn Presence>,
    pub limits: Arc<RateLimits>,
    pub files: Arc<dyn FileStore>,
}

impl Context {
    /// The time of a change, and the id of the audit entry about it.
    pub(crate) fn now_and_entry_id(&self) -> (DateTime<Utc>, Uuid) {
        (self.clock.now(), self.ids.time_ordered())
    }
}

/// The areas that forget an erased account, in their order. A stored position counts by it, so a new
/// one comes last.
pub fn erasure_listeners(
    context: &Context,
    messaging: &messaging::messages::Messaging,
) -> Vec<Arc<dyn identity::ports::ErasureListener>> {
    vec![
        Arc::new(identity::exports::ForgottenExports {
            files: Arc::clone(&context.files),
        }),
        Arc::new(messaging::erasure::ForgottenMember {
            events: Arc::clone(&context.events),
            writer: Arc::clone(&messaging.writer),
        }),
        Arc::new(alumni::claims::ForgottenClaims {
            files: Arc::clone(&context.files),
        }),
        Arc::new(identity::ports::InOneTransaction(alumni::profiles::forget)),
    ]
}

/// The areas that follow the suspension, activation, hiding and showing of an account.
pub fn standing_listeners(events: Arc<dyn EventBus>) -> Arc<dyn identity::ports::StandingListener> {
    Arc::new(identity::ports::StandingListeners(vec![
        Arc::new(messaging::rooms::Succession { events }),
        Arc::new(alumni::profiles::FollowStanding),
    ]))
}

/// Files that no row of their area names.
pub fn orphans(files: Arc<dyn FileStore>) -> Orphans {
    let owners: [Arc<dyn FileOwner>; 3] = [
        Arc::new(identity::exports::ExportFolder),
        Arc::new(alumni::imports::ImportFolder),
        Arc::new(alumni::claims::EvidenceFolder),
    ];
    Orphans {
        files,
        owners: Arc::new(owners),
    }
}

/// What the operator decides, by area.
pub struct Policies {
    pub identity: identity::Policies,
    pub messaging: messaging::Policies,
    pub alumni: alumni::Policies,
}

/// The application, as its adapters call it.
#[derive(Clone)]
pub struct UseCases {
    pub access: access::UseCases,
    pub identity: identity::UseCases,
    pub messaging: messaging::UseCases,
    pub alumni: alumni::UseCases,
    tidy: Tidy,
    orphans: Orphans,
}

impl UseCases {
    /// Wires the use cases, and starts the threads that store messages and read marks.
    ///
    /// # Errors
    /// Where a thread cannot be started.
    pub fn new(context: &Context, policies: Policies) -> io::Result<Self> {
        let totp_policy = Arc::clone(&policies.identity.sessions.totp);
        let verification = alumni::Verification {
            links: Arc::clone(&policies.identity.link_tokens),
            totp_policy: Arc::clone(&totp_policy),
        };
        let messaging = messaging::UseCases::start(context, policies.messaging)?;
        let outer = identity::OuterAreas {
            standing: standing_listeners(Arc::clone(&context.events)),
            erasure: erasure_listeners(context, &messaging.messages),
            exports: vec![
                Arc::new(messaging::exports::OwnConversations),
                Arc::new(alumni::exports::OwnAlumniData),
            ],
        };
        Ok(Self {
            access: access::UseCases::new(context, totp_policy),
            identity: identity::UseCases::new(context, policies.identity, outer),
            messaging,
            alumni: alumni::UseCases::new(context, policies.alumni, verification),
            tidy: Tidy {
                files: Arc::clone(&context.files),
            },
            orphans: orphans(Arc::clone(&context.files)),
        })
    }

    /// The handlers of every area's background jobs.
    pub fn job_handlers(&self) -> Handlers {
        let tidy: Arc<dyn JobHandler> = Arc::new(self.tidy.clone());
        let orphans: Arc<dyn JobHandler> = Arc::new(DeleteOrphans(self.orphans.clone()));
        Handlers::new(
            [tidy, orphans]
                .into_iter()
                .chain(self.identity.job_handlers())
                .chain(self.alumni.job_handlers()),
        )
    }
}
