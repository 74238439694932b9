//! Everything that goes wrong, as a problem document (RFC 9457).

mod in_docs;
mod kind;
mod refusals;

use std::{borrow::Cow, error::Error, fmt};

use abu_domain::access::Permission;
use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use in_docs::{add_problem, problems, schemas};
pub use kind::ProblemKind;
pub(crate) use refusals::refusals;

use super::{input::FieldError, middleware::request_id::RequestId};
use abu_application::platform::{error_chain::error_chain, rate_limits::RateLimited};

pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// What a handler answers with.
pub(crate) type Answer<T = HttpResponse> = Result<T, Problem>;

/// Why a request is not answered as it was meant to be.
pub struct Problem(Box<Parts>);

struct Parts {
    kind: ProblemKind,
    detail: Cow<'static, str>,
    code: Option<&'static str>,
    required: Vec<String>,
    errors: Vec<FieldError>,
    allow: Option<String>,
    retry_after: Option<u32>,
    refused_by: Option<RateLimited>,
    instance: Option<RequestId>,
    /// For the log alone.
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    pub fn new(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Parts {
            kind,
            detail: detail.into(),
            code: None,
            required: Vec::new(),
            errors: Vec::new(),
            allow: None,
            retry_after: kind.retry_after(),
            refused_by: None,
            instance: None,
            cause: None,
        }))
    }

    pub fn not_found() -> Self {
        Self::new(ProblemKind::NotFound, "There is nothing at this address.")
    }

    /// A fault of the server. The cause goes to the log, never to the client.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            ProblemKind::InternalError,
            "The request could not be answered. The fault is the server's.",
        )
        .caused_by(cause)
    }

    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            ProblemKind::Unavailable,
            "The service is not available now. Try again in a moment.",
        )
        .caused_by(cause)
    }

    /// These fields break rules; `errors` is not empty.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [] => "Some fields are not valid.".to_owned(),
            [only] => format!("{}.", only.message()),
            [first, rest @ ..] => format!("{}; and {} more.", first.message(), rest.len()),
        };
        let mut problem = Self::new(ProblemKind::ValidationFailed, detail);
        problem.0.errors = errors;
        problem
    }

    /// The body's field `name` breaks a rule, which is read after the name.
    pub(crate) fn in_field(name: &str, code: &'static str, rule: impl fmt::Display) -> Self {
        Self::validation(vec![FieldError::in_body(name, code, rule)])
    }

    /// The request contradicts the state of things, in the way that `code` names.
    pub fn conflict(code: &'static str, detail: &'static str) -> Self {
        Self::new(ProblemKind::Conflict, detail).with_code(code)
    }

    pub(crate) fn with_code(mut self, code: &'static str) -> Self {
        self.0.code = Some(code);
        self
    }

    pub fn missing_permission(permission: Permission) -> Self {
        let detail = format!("This takes the permission {}.", permission.name());
        let mut problem = Self::new(ProblemKind::PermissionDenied, detail);
        problem.0.required = vec![permission.name().to_owned()];
        problem
    }

    /// The caller would grant permissions that they lack, or act on an account that holds them.
    pub fn privilege_escalation(missing: impl IntoIterator<Item = String>) -> Self {
        let mut problem = Self::new(
            ProblemKind::PermissionDenied,
            "You lack some of these permissions, or hold them for a shorter time. You can give, take \
             away and act on only what your own permissions cover.",
        );
        problem.0.required = missing.into_iter().collect();
        problem
    }

    /// Whether a secret that should prove who the client is was wrong.
    pub(crate) fn is_failed_authentication(&self) -> bool {
        let wrong = |error: &FieldError| ["password.wrong", "otp.wrong"].contains(&error.code());
        self.0.kind == ProblemKind::InvalidCredentials || self.0.errors.iter().any(wrong)
    }

    pub fn method_not_allowed(allow: String) -> Self {
        let detail = format!("This address takes {allow}.");
        let mut problem = Self::new(ProblemKind::MethodNotAllowed, detail);
        problem.0.allow = Some(allow);
        problem
    }

    /// The caller asked too often, and may ask again in so many seconds.
    pub fn rate_limited(seconds: u32) -> Self {
        Self::new(
            ProblemKind::RateLimited,
            format!("Too many requests: the next one is possible in {seconds} s."),
        )
        .worth_trying_in(seconds)
    }

    pub(crate) fn refused_by(&self) -> Option<RateLimited> {
        self.0.refused_by
    }

    pub(crate) fn worth_trying_in(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// What an error answer of the framework means, which carries no problem of ours.
    pub(crate) fn foreign(status: StatusCode, error: Option<&actix_web::Error>) -> Self {
        let problem = match ProblemKind::from_status(status) {
            ProblemKind::NotFound => Self::not_found(),
            kind => Self::new(kind, kind.explanation()),
        };
        match error {
            // Errors of the framework stay on their thread; what they say can leave it.
            Some(error) if status.is_server_error() => problem.caused_by(error.to_string()),
            _ => problem,
        }
    }

    pub(crate) fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    pub(crate) fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    pub(crate) fn met_by(mut self, request: RequestId) -> Self {
        self.0.instance = Some(request);
        self
    }

    pub fn kind(&self) -> ProblemKind {
        self.0.kind
    }

    /// What the log must know and the client must not: the whole chain of error_chain.
    pub(crate) fn cause(&self) -> Option<String> {
        Some(error_chain(self.0.cause.as_deref()?))
    }

    pub(crate) fn document(&self, request: Option<&RequestId>) -> ProblemDocument {
        let Parts { kind, .. } = *self.0;
        ProblemDocument {
            kind: kind.address(),
            title: kind.title(),
            status: kind.status().as_u16(),
            detail: self.0.detail.to_string(),
            instance: request
                .or(self.0.instance.as_ref())
                .map(RequestId::to_string),
            code: self.0.code,
            required: self.0.required.clone(),
            retry_after: self.0.retry_after,
            errors: self.0.errors.clone(),
        }
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Problem({})", self.0.kind.slug())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.title())
    }
}

impl From<RateLimited> for Problem {
    fn from(refusal: RateLimited) -> Self {
        let mut problem = Self::rate_limited(refusal.0.renews_in);
        problem.0.refused_by = Some(refusal);
        problem
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.kind.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(challenge) = self.0.kind.challenge() {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if let Some(seconds) = self.0.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(allow) = &self.0.allow {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        if self.0.kind == ProblemKind::UpgradeRequired {
            response.insert_header((header::UPGRADE, "websocket"));
            response.insert_header((header::SEC_WEBSOCKET_VERSION, "13"));
        }
        response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
        response.body(self.document(None).to_json())
    }
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument {
    /// The address of a page about this kind of problem; its last part is the stable name.
    #[serde(rename = "type")]
    #[schema(example = "/problems/not-found")]
    kind: String,
    /// A short sentence, the same for every problem of this kind.
    #[schema(example = "There is no such thing")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// A sentence for people about this very problem.
    #[schema(example = "There is nothing at this address.")]
    detail: String,
    /// The id of the request, as in the header `X-Request-Id` and in the server's log.
    #[schema(example = "req_0198c1a2b3c47d5e8f60718293a4b5c6")]
    instance: Option<String>,
    /// In a conflict: what stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "last-owner")]
    code: Option<&'static str>,
    /// Where permissions are missing: their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["can_view_user"]))]
    required: Vec<String>,
    /// In how many seconds it is worth trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 2)]
    retry_after: Option<u32>,
    /// Every field and parameter that breaks a rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

impl ProblemDocument {
    pub(crate) fn to_json(&self) -> String {
        #[expect(
            clippy::expect_used,
            reason = "texts, numbers and lists of them always have a JSON form"
        )]
        serde_json::to_string(self).expect("a problem document is JSON")
    }
}
