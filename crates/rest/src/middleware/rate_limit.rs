//! Rate limiting over HTTP, with the `RateLimit` headers of the IETF draft.
//!
//! The layer counts every request under the policy `default`. A handler with a policy of its own counts
//! through [`Limits`], because only it knows user and purpose. The response shows the policy with the
//! least quota left.

use std::{
    cell::Cell,
    future::{Ready, ready},
    rc::Rc,
    time::Duration,
};

use abu_domain::{UserId, platform::text::EmailAddress};
use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest,
    body::{EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
};

use super::client_address::ClientAddress;
use crate::{
    caller,
    problem::Problem,
    rate_limits::{Key, Policy, QuotaStatus, RateLimits},
    shared::shared,
};

pub(crate) const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Where the default does not count: checks of health and pages that are the same for all, which cost
/// nothing; and the chat, whose door counts once it knows who comes.
const FREE: [&str; 5] = [
    "/console",
    "/docs",
    "/health/",
    "/openapi.json",
    "/problems/",
];

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
    if !is_counted(request.path()) {
        return Ok(());
    }
    let key = match caller::claims(request) {
        Ok(Some(claims)) => Key::user(claims.user_id),
        // An invalid token authenticates no user.
        Ok(None) | Err(_) => Key::network(ClientAddress::of(request)),
    };
    take(request, Policy::Default, key)
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
    pub(crate) fn by_user(&self, policy: Policy, user: UserId) -> Result<(), Problem> {
        take(&self.0, policy, Key::user(user))
    }

    /// Shows the policy by which a use case refused the request, for it counts by itself.
    pub(crate) fn note_refusal(&self, policy: Policy, retry_after: Duration) {
        let status = shared::<RateLimits>(&self.0).refused(policy, retry_after);
        if let Some(status) = status
            && let Some(shown) = self.0.extensions().get::<ShownQuotaStatus>()
        {
            shown.note(status);
        }
    }

    /// Counts the request of the network that it comes from.
    pub(crate) fn by_network(&self, policy: Policy) -> Result<(), Problem> {
        take(&self.0, policy, Key::network(ClientAddress::of(&self.0)))
    }

    /// Counts the request under the e-mail address that it is about, whether or not it has an account:
    /// the answer must not tell.
    pub(crate) fn by_address(&self, policy: Policy, address: &EmailAddress) -> Result<(), Problem> {
        let key = shared::<RateLimits>(&self.0).key_of(address);
        take(&self.0, policy, key)
    }
}

fn take(request: &HttpRequest, policy: Policy, key: Key) -> Result<(), Problem> {
    let Some(status) = shared::<RateLimits>(request).take(policy, key) else {
        return Ok(());
    };
    if let Some(shown) = request.extensions().get::<ShownQuotaStatus>() {
        shown.note(status);
    }
    match status.refused {
        true => Err(Problem::rate_limited(status.renews_in)),
        false => Ok(()),
    }
}

/// What the answer to a request will show: of all policies that counted it the one that leaves least.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShownQuotaStatus(Rc<Cell<Option<QuotaStatus>>>);

impl ShownQuotaStatus {
    /// Lets the policies note themselves for the answer to `request`.
    pub(crate) fn follow(request: &HttpRequest) -> Self {
        let shown = Self::default();
        request.extensions_mut().insert(shown.clone());
        shown
    }

    fn note(&self, status: QuotaStatus) {
        let tightest = self.0.get().map_or(status, |known| known.tighter(status));
        self.0.set(Some(tightest));
    }

    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        let Some(status) = self.0.get() else { return };
        let (name, quota) = (status.policy.name(), status.quota);
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
