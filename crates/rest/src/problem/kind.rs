//! The one table of problem types: the answers, the API description and the pages behind their
//! addresses all come from it.

use abu_pages::ProblemPage;
use actix_web::http::StatusCode;

macro_rules! problem_kinds {
    ($($variant:ident => $status:ident, $slug:literal, $title:literal, $explanation:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProblemKind {
            $(#[doc = $title] $variant,)*
        }

        impl ProblemKind {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name, and the end of the type's address.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug,)* }
            }

            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $explanation,)* }
            }
        }
    };
}

problem_kinds! {
    BadRequest => BAD_REQUEST, "bad-request", "The request is not understood",
        "The request breaks a rule of HTTP, or asks across origins in a way that is not allowed.";
    MalformedJson => BAD_REQUEST, "malformed-json", "The body is not valid JSON",
        "The body could not be read to its end as one JSON object. Nothing was changed.";
    UnknownParameter => BAD_REQUEST, "unknown-parameter", "A query parameter is not known",
        "The address carries a query parameter that this route does not have, most often a \
         misspelt one. The parameters of each route are in the API description.";
    CursorMismatch => BAD_REQUEST, "cursor-mismatch", "The cursor does not belong to this list",
        "A cursor continues the list that gave it, with the same filters, and cannot be made or \
         changed by hand. Start again without one.";
    AuthenticationRequired => UNAUTHORIZED, "authentication-required", "A log-in is required",
        "Send an access token as `Authorization: Bearer …`; the chat also takes one as its `token` \
         parameter, or a ticket as `ticket`.";
    InvalidToken => UNAUTHORIZED, "invalid-token", "The token is not accepted",
        "The token or ticket is malformed, was not made here, was used up, or belongs to a session \
         that has ended. Log in again.";
    TokenExpired => UNAUTHORIZED, "token-expired", "The token has expired",
        "The token was good and its time is over. Get another access token with the refresh token; \
         where it is the refresh token itself, log in again.";
    InvalidCredentials => UNAUTHORIZED, "invalid-credentials", "The credentials are wrong",
        "There is no account with this e-mail address and this password, or the one-time password \
         is wrong or was used before. Which of them it is, is not told.";
    OtpRequired => UNAUTHORIZED, "otp-required", "A one-time password is required",
        "The password is right, and the account has one-time passwords. Send the same log-in again \
         with `otp`: what the device shows now, or a recovery code.";
    RefreshReused => UNAUTHORIZED, "refresh-reused", "The refresh token was used before",
        "Two hold tokens of this session, and one of them may be a thief. The server ended it for both, \
         and mailed its owner. Log in again.";
    PermissionDenied => FORBIDDEN, "permission-denied", "A permission is missing",
        "The caller lacks permissions, named in `required`, or the role in the room that this \
         takes. A caller who gives permissions must hold them. A caller who acts on an account must \
         hold all permissions of its owner.";
    TotpRequired => FORBIDDEN, "totp-required", "One-time passwords must be set up first",
        "Members of this group use their permissions only with one-time passwords: set them up with \
         `POST /api/v1/auth/totp`.";
    NotVerifiedAlumni => FORBIDDEN, "not-verified-alumni", "For verified graduates alone",
        "The university has not confirmed the caller as a graduate. `POST /api/v1/me/claims` is the \
         way to it.";
    AccountSuspended => FORBIDDEN, "account-suspended", "The account is suspended",
        "The account may not use the platform until it is activated again.";
    AccountDeactivated => FORBIDDEN, "account-deactivated", "The account is hidden",
        "Its owner has the account hidden, and so cannot use the platform. Logging in shows it again, \
         and so does `POST /api/v1/me/reactivate`.";
    OriginNotAllowed => FORBIDDEN, "origin-not-allowed", "The page's origin is not allowed",
        "A browser opened the chat, or used the cookie of a session, from a page whose origin is not on \
         the server's list.";
    NotFound => NOT_FOUND, "not-found", "There is no such thing",
        "The address leads nowhere, or to something that the caller may not know of: which, is not \
         told.";
    MethodNotAllowed => METHOD_NOT_ALLOWED, "method-not-allowed", "The method is not possible here",
        "The address exists and does not take this method. The header `Allow` names those it takes.";
    NotAcceptable => NOT_ACCEPTABLE, "not-acceptable", "No acceptable form of the answer",
        "The request refuses every encoding that the server could answer in.";
    Conflict => CONFLICT, "conflict", "The state of things does not allow it",
        "The request is well formed and contradicts the state of what it is about; `code` says how.";
    Duplicate => CONFLICT, "duplicate", "It exists already",
        "Something with the same unique property exists already; `errors` names the property.";
    Gone => GONE, "gone", "The link is not good any more",
        "The link was used, replaced by a newer one or is too old, or was never sent: which, is not \
         told. Have another one sent.";
    PreconditionFailed => PRECONDITION_FAILED, "precondition-failed", "It was changed meanwhile",
        "What the request would change is no longer as it was when the tag in `If-Match` was sent. \
         Nothing was changed: read it again, and decide again. A tag counts only exactly as the \
         header `ETag` gave it, with its quotes.";
    PayloadTooLarge => PAYLOAD_TOO_LARGE, "payload-too-large", "The body is too large",
        "The body is larger than the server takes.";
    UnsupportedMedia => UNSUPPORTED_MEDIA_TYPE, "unsupported-media", "The body has the wrong type",
        "Bodies are JSON, with `Content-Type: application/json`, unless the API description names \
         another type.";
    ValidationFailed => UNPROCESSABLE_ENTITY, "validation-failed", "Some fields are not valid",
        "Every field or parameter that breaks a rule is listed in `errors`, with a stable `code` \
         and a sentence for people.";
    SearchTooBroad => UNPROCESSABLE_ENTITY, "search-too-broad", "The search is too broad",
        "The search took longer than it may. Narrow it: add a year, a department or another word of the name.";
    PreconditionRequired => PRECONDITION_REQUIRED, "precondition-required",
        "The header If-Match is missing",
        "This change takes the header `If-Match` with the `ETag` of what was read, so that it does \
         not undo another client's change unseen.";
    UpgradeRequired => UPGRADE_REQUIRED, "upgrade-required", "A WebSocket is required",
        "The chat speaks WebSocket: open this address with a WebSocket client.";
    IdempotencyKeyInvalid => BAD_REQUEST, "idempotency-key-invalid", "The idempotency key is not a UUID",
        "A request has at most one header `Idempotency-Key`, which is a UUID. Make a new one for each \
         thing to do, and send it again only with the same request.";
    IdempotencyKeyReused => UNPROCESSABLE_ENTITY, "idempotency-key-reused",
        "The idempotency key belongs to another request",
        "The same key came with another body before. Send what was sent first to be told again what \
         became of it, or make a new key for something new.";
    RateLimited => TOO_MANY_REQUESTS, "rate-limited", "Too many requests",
        "The caller, the account or the network has asked as often as it may. Try again after the time \
         that `Retry-After` and `retry_after` give; `RateLimit-Policy` names the rule.";
    TooManySessions => TOO_MANY_REQUESTS, "too-many-sessions", "Too many chat sessions",
        "The account has as many chat sessions as one account may have. Close one first.";
    InternalError => INTERNAL_SERVER_ERROR, "internal-error", "Something went wrong",
        "The fault is the server's, and is in its log under the request's id, `instance`.";
    Maintenance => SERVICE_UNAVAILABLE, "maintenance", "The server is starting or going down",
        "Try again after the time that `Retry-After` gives.";
    Unavailable => SERVICE_UNAVAILABLE, "unavailable", "The service is not available now",
        "The database is away or too much is waiting. Try again after the time that `Retry-After` \
         gives.";
}

impl ProblemKind {
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.slug() == slug)
    }

    pub fn address(self) -> String {
        format!("/problems/{}", self.slug())
    }

    pub(crate) const fn page(self) -> ProblemPage {
        ProblemPage {
            slug: self.slug(),
            title: self.title(),
            explanation: self.explanation(),
            status: self.status(),
        }
    }

    pub(super) const fn retry_after(self) -> Option<u32> {
        match self {
            Self::Maintenance => Some(10),
            Self::Unavailable => Some(2),
            _ => None,
        }
    }

    pub(super) const fn challenge(self) -> Option<&'static str> {
        match self {
            Self::AuthenticationRequired | Self::InvalidCredentials | Self::OtpRequired => {
                Some("Bearer")
            }
            Self::InvalidToken | Self::TokenExpired | Self::RefreshReused => {
                Some("Bearer error=\"invalid_token\"")
            }
            _ => None,
        }
    }

    /// What an error answer of the framework means, of which only the status is known.
    pub(super) fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::AuthenticationRequired,
            StatusCode::FORBIDDEN => Self::PermissionDenied,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::NOT_ACCEPTABLE => Self::NotAcceptable,
            StatusCode::GONE => Self::Gone,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMedia,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_client_error() => Self::BadRequest,
            _ => Self::InternalError,
        }
    }
}
