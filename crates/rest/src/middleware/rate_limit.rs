//! Rate limiting over HTTP, with the `RateLimit` headers of the IETF draft.
//!
//! The layer counts every request without a rule of its own. A handler whose request costs more counts
//! through [`Limits`], and use cases count what guards secrets. The response shows the limit with the least
//! quota left, or the one that refused.

use std::{
    cell::Cell,
    future::{Ready, ready},
    rc::Rc,
};

use abu_application::platform::rate_limits::{Key, QuotaStatus, RateLimited, RateLimits, Shaping};
use abu_connections::ClientAddress;
use abu_domain::platform::network::Network;
use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest,
    body::{EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
};

use crate::{caller, problem::Problem, shared::shared};

pub(crate) const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Checks of health and pages that are the same for all, which cost nothing.
const FREE: [&str; 5] = [
    "/console",
    "/docs",
    "/health/",
    "/openapi.json",
    "/problems/",
];

/// Requests with a rule of their own. A network must not use up the genuine requests of its neighbors.
const RULED: [&str; 6] = [
    "/api/v1/auth/docs-token",
    "/api/v1/auth/forgot-password",
    "/api/v1/auth/refresh",
    "/api/v1/auth/register",
    "/api/v1/auth/token",
    "/api/v1/auth/verify-email/resend",
];

/// Whether the layer counts requests at the path.
pub(crate) fn is_counted(path: &str) -> bool {
    path != "/" && path != "/chat" && !FREE.iter().any(|free| path.starts_with(free))
}

pub(crate) async fn limited<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match count(request.request()) {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(problem) => Ok(request.error_response(problem).map_into_right_body()),
    }
}

fn count(request: &HttpRequest) -> Result<(), Problem> {
    let path = request.path();
    if !is_counted(path) {
        return Ok(());
    }
    match caller::claims(request) {
        Ok(Some(claims)) => take(request, Shaping::Default, Key::User(claims.user_id)),
        // An invalid token authenticates no user.
        _ if RULED.contains(&path) => Ok(()),
        _ => take(request, Shaping::Anonymous, network(request)),
    }
}

fn network(request: &HttpRequest) -> Key {
    Key::Network(Network::of(ClientAddress::of(request)))
}

/// The limits, for a handler to ask.
#[derive(Debug)]
pub(crate) struct Limits(HttpRequest);

impl FromRequest for Limits {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.clone())))
    }
}

impl Limits {
    pub(crate) fn take(&self, limit: Shaping, key: Key) -> Result<(), Problem> {
        take(&self.0, limit, key)
    }

    /// Shows a limit that a use case counted.
    pub(crate) fn note(&self, status: Option<QuotaStatus>) {
        note(&self.0, status);
    }

    /// Counts a failure of the client for the network that it comes from. The answer is the failure, or that
    /// there were too many.
    pub(crate) fn failed(&self, limit: Shaping, failure: Problem) -> Problem {
        if failure.kind().status().is_server_error() {
            return failure;
        }
        take(&self.0, limit, network(&self.0))
            .err()
            .unwrap_or(failure)
    }
}

fn take(request: &HttpRequest, limit: Shaping, key: Key) -> Result<(), Problem> {
    let status = shared::<RateLimits>(request).take(limit, key)?;
    note(request, status);
    Ok(())
}

fn note(request: &HttpRequest, status: Option<QuotaStatus>) {
    if let (Some(status), Some(shown)) = (status, request.extensions().get::<ShownQuotaStatus>()) {
        shown.note(status);
    }
}

/// What the answer to a request will show: of all limits that counted it the one that leaves least.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShownQuotaStatus(Rc<Cell<Option<QuotaStatus>>>);

impl ShownQuotaStatus {
    /// Lets the limits note themselves for the answer to `request`.
    pub(crate) fn follow(request: &HttpRequest) -> Self {
        let shown = Self::default();
        request.extensions_mut().insert(shown.clone());
        shown
    }

    fn note(&self, status: QuotaStatus) {
        let tightest = self.0.get().map_or(status, |known| known.tighter(status));
        self.0.set(Some(tightest));
    }

    /// Shows the limit that refused the request, whatever others leave.
    pub(crate) fn refused(&self, RateLimited(status): RateLimited) {
        metrics::counter!("abu_rate_limited_total", "policy" => status.policy).increment(1);
        self.0.set(Some(status));
    }

    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        let Some(status) = self.0.get() else { return };
        let (name, quota) = (status.policy, status.quota);
        let policy = format!("\"{name}\";q={};w={}", quota.limit(), quota.window());
        let left = format!("\"{name}\";r={};t={}", status.remaining, status.renews_in);
        for (header, value) in [(POLICY, policy), (LIMIT, left)] {
            // A name of the table and numbers always fit.
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(header, value);
            }
        }
    }
}
