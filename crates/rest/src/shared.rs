//! What all worker threads share, each part as application data of its own.

use std::sync::Arc;

use abu_application::{
    UseCases, access, alumni, identity, messaging,
    platform::{ports::Ids, rate_limits::RateLimits, readiness::Readiness},
};
use abu_connections::{BodyBudget, TrustedProxies};
use abu_pages::{PageSettings, Pages};
use actix_web::{HttpRequest, web::Data};

use crate::{
    list::CursorCodec,
    middleware::{cors::AllowedOrigins, idempotency::Fingerprints},
    openapi::Api,
    problem::ProblemKind,
    settings::{RestKeys, RestSettings},
};

/// The use cases of an area, as handlers take them.
pub(crate) type Access = Data<access::UseCases>;
pub(crate) type Identity = Data<identity::UseCases>;
pub(crate) type Messaging = Data<messaging::UseCases>;
pub(crate) type Alumni = Data<alumni::UseCases>;

/// Generates request ids.
pub(crate) struct RequestIds(pub(crate) Arc<dyn Ids>);

/// Which pages may call, and how browsers must.
pub(crate) struct BrowserPolicy {
    pub(crate) origins: AllowedOrigins,
    pub(crate) console: bool,
    pub(crate) only_https: bool,
}

/// Made once per process; cheap to clone into each worker thread.
#[derive(Clone)]
pub struct Shared {
    pub(crate) access: Access,
    pub(crate) identity: Identity,
    pub(crate) messaging: Messaging,
    pub(crate) alumni: Alumni,
    pub(crate) api: Data<Api>,
    pub(crate) bodies: Data<BodyBudget>,
    pub(crate) browsers: Data<BrowserPolicy>,
    pub(crate) cursors: Data<CursorCodec>,
    pub(crate) fingerprints: Data<Fingerprints>,
    pub(crate) limits: Data<RateLimits>,
    pub(crate) pages: Data<Pages>,
    pub(crate) proxies: Data<TrustedProxies>,
    pub(crate) readiness: Data<Readiness>,
    pub(crate) request_ids: Data<RequestIds>,
}

impl Shared {
    pub fn new(
        settings: &RestSettings,
        keys: RestKeys,
        use_cases: Arc<UseCases>,
        limits: Arc<RateLimits>,
        readiness: Readiness,
        ids: Arc<dyn Ids>,
    ) -> Self {
        let (api, openapi) = Api::describe();
        let pages = PageSettings {
            console: settings.console,
            docs: settings.docs,
        };
        let problems = ProblemKind::ALL.iter().map(|kind| kind.page());
        Self {
            access: Data::new(use_cases.access.clone()),
            identity: Data::new(use_cases.identity.clone()),
            messaging: Data::new(use_cases.messaging.clone()),
            alumni: Data::new(use_cases.alumni.clone()),
            api: Data::new(api),
            bodies: Data::new(BodyBudget::new(settings.max_body_bytes)),
            browsers: Data::new(BrowserPolicy {
                origins: AllowedOrigins::new(&settings.allowed_origins),
                console: settings.console,
                only_https: settings.only_https,
            }),
            cursors: Data::new(CursorCodec::new(keys.cursors)),
            fingerprints: Data::new(Fingerprints::new(keys.fingerprints)),
            limits: Data::from(limits),
            pages: Data::new(Pages::new(pages, openapi, problems)),
            proxies: Data::new(TrustedProxies::new(&settings.trusted_proxies)),
            readiness: Data::new(readiness),
            request_ids: Data::new(RequestIds(ids)),
        }
    }
}

/// The part of [`Shared`] of this type.
pub(crate) fn shared<T: 'static>(request: &HttpRequest) -> &Data<T> {
    #[expect(
        clippy::expect_used,
        reason = "the one function that builds applications puts every part in"
    )]
    request
        .app_data::<Data<T>>()
        .expect("every application has every shared part")
}
