//! Typed errors for programs. Each `Display` is a sentence for a person.

use std::time::Duration;

use abu_chat_protocol::server::{Error as Refusal, ErrorCode};
use serde::Deserialize;

use crate::backoff::asked_wait;

/// An invalid configuration of a client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL is not a server's base URL, such as `https://alumni.example.org` or `http://localhost:8080`. A
    /// path may follow host and port; user-info, a query or a fragment may not.
    #[error(
        "the server's address must be http:// or https://, a host, and no more than a port and a path"
    )]
    BadUrl,
    /// The system has no certificate authorities, and the application added none.
    #[error("the system's certificates cannot be read")]
    NoCertificates,
    /// The PEM of [`root_certificate`](crate::ClientBuilder::root_certificate) holds no certificate authority, or
    /// an unreadable one.
    #[error("the root certificate is not one in PEM")]
    BadCertificate,
}

/// A problem document (RFC 9457): the REST API's answer to a rejected request.
///
/// Contract: `docs/api-conventions.md`, "Errors".
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// The HTTP status code.
    #[serde(default)]
    pub status: u16,
    /// The URI of the problem type, which ends with its [`slug`](Self::slug).
    #[serde(default, rename = "type")]
    pub kind: String,
    /// A short sentence, the same for every problem of this type.
    #[serde(default)]
    pub title: String,
    /// An explanation of this occurrence, for a person.
    #[serde(default)]
    pub detail: Option<String>,
    /// The request id, to quote in a support request.
    #[serde(default)]
    pub instance: Option<String>,
    /// The `Retry-After` of the server, at most one day.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// The machine-readable problem code: `token-expired`, `not-found` and so on.
    pub fn slug(&self) -> &str {
        self.kind.rsplit('/').next().unwrap_or_default()
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.detail {
            Some(detail) => f.write_str(detail),
            None if !self.title.is_empty() => f.write_str(&self.title),
            None => write!(f, "the server answered with status {}", self.status),
        }
    }
}

/// A failed request to the REST API.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// The server is unreachable, or the connection was lost. The outcome of the request is unknown.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// No answer within the [timeout](crate::ClientBuilder::connect_timeout). The outcome of the request is unknown.
    #[error("the server did not answer in time")]
    TimedOut,
    /// The server rejected the request.
    #[error("{0}")]
    Refused(Problem),
    /// The response is not one of this API.
    #[error("the answer is not one of the chat's server")]
    NotUnderstood,
    /// The login session has ended, so there is no valid token.
    #[error(transparent)]
    Token(EndReason),
}

/// A failed login.
///
/// Contract: `docs/accounts.md`, "Log in" and "Handle authentication errors".
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LogInError {
    /// The address, the password or the one-time password is wrong.
    #[error("the e-mail address, the password or the one-time password is wrong")]
    WrongCredentials,
    /// The account requires a one-time password: log in again with
    /// [`one_time_password`](crate::LogIn::one_time_password).
    #[error("a one-time password is needed")]
    OneTimePasswordNeeded,
    /// The address is not verified yet. Newer servers answer [`Self::WrongCredentials`] instead.
    #[error("the e-mail address is not verified yet: open the link in the mail")]
    EmailUnverified,
    /// The account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// Too many attempts.
    #[error("too many log-ins: try again in {} seconds", .retry_after.as_secs())]
    RateLimited {
        /// The time to wait before the next attempt.
        retry_after: Duration,
    },
    /// Anything else.
    #[error(transparent)]
    Api(ApiError),
}

impl From<ApiError> for LogInError {
    fn from(error: ApiError) -> Self {
        let ApiError::Refused(problem) = &error else {
            return Self::Api(error);
        };
        match problem.slug() {
            "invalid-credentials" => Self::WrongCredentials,
            "otp-required" => Self::OneTimePasswordNeeded,
            "email-unverified" => Self::EmailUnverified,
            "account-suspended" => Self::Suspended,
            "rate-limited" => Self::RateLimited {
                retry_after: problem.retry_after.unwrap_or(Duration::from_secs(60)),
            },
            _ => Self::Api(error),
        }
    }
}

/// A failed first connection.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// A permanent rejection: a retry fails as well.
    #[error(transparent)]
    Ended(#[from] EndReason),
    /// A transient failure, with its cause for a person. The server is unreachable, shutting down or busy, or the
    /// user has too many connections.
    #[error("the chat cannot be reached now: {0}")]
    NotNow(String),
}

/// Why a chat has ended and does not reconnect.
///
/// Contract: `docs/chat-protocol.md`, "Handle close codes" and "Rejected handshakes".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndReason {
    /// The application closed or dropped the chat.
    #[error("the chat was closed")]
    Closed,
    /// The login session has ended: logged out, expired or revoked. Log in again.
    #[error("the log-in has ended: log in again")]
    LoggedOut,
    /// Reuse detection: the server saw a used refresh token again, so it revoked the login session. The token may
    /// be stolen, or come from a backup. Or its refresh answer was lost for longer than the server's grace period
    /// of 30 seconds. Inform the user, and log in again.
    ///
    /// Contract: `docs/accounts.md`, "Refresh the access token".
    #[error("another person may hold a copy of this log-in, so it was ended: log in again")]
    TokenStolen,
    /// The account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// The user has deactivated the account; a login reactivates it.
    #[error("the account is hidden by its owner")]
    Deactivated,
    /// Another permanent rejection, in the server's words.
    #[error("the server refuses the chat: {0}")]
    Refused(String),
    /// The server does not support the profile `abu.chat.v2`.
    #[error("the server does not speak abu.chat.v2")]
    UnsupportedServer,
}

impl EndReason {
    /// Maps a permanent rejection of a token.
    pub(crate) fn from_problem(problem: &Problem) -> Self {
        match (problem.status, problem.slug()) {
            (_, "refresh-reused") => Self::TokenStolen,
            (_, "account-suspended") => Self::Suspended,
            (_, "account-deactivated") => Self::Deactivated,
            (401, _) => Self::LoggedOut,
            _ => Self::Refused(problem.to_string()),
        }
    }
}

/// A failed request over the chat, or one with an unknown outcome.
///
/// Contract: `docs/chat-protocol.md`, "Errors".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The user is not a member of the room, or the room does not exist; the server does not distinguish.
    #[error("you are not a member of this room")]
    NotAMember,
    /// The room is read-only.
    #[error("this room can be read but not written in")]
    ReadOnlyRoom,
    /// The other user does not accept messages of this one.
    #[error("you cannot write to this person")]
    Blocked,
    /// The room has no such message, or it was deleted.
    #[error("there is no such message in this room")]
    NotFound,
    /// The message belongs to another user, and the user is not a moderator of the room.
    #[error("you cannot do this to another person's message")]
    Forbidden,
    /// The edit window of the message is over.
    #[error("this message can no longer be changed")]
    TooLate,
    /// The rate limit rejected the request; the server did nothing.
    #[error("too fast: try again in {} milliseconds", .retry_after.as_millis())]
    RateLimited {
        /// The time to wait before the next attempt.
        retry_after: Duration,
    },
    /// The text is empty after trimming.
    #[error("the message is empty")]
    Empty,
    /// The text is longer than the server accepts.
    #[error("the message is longer than {limit} characters")]
    TooLong {
        /// The maximum length of a message, in Unicode characters.
        limit: u64,
    },
    /// A field violates a rule; the server's sentence names both (`invalid-payload`).
    #[error("{0}")]
    Invalid(String),
    /// The server is temporarily unable to serve the request, and did nothing.
    #[error("the server cannot do this just now: try again")]
    Unavailable {
        /// The time to wait, if the server names one.
        retry_after: Option<Duration>,
    },
    /// An internal error of the server, or an error code that this client does not know.
    #[error("{message}")]
    Server {
        /// The error code of the packet.
        code: String,
        /// The sentence of the packet, for a person.
        message: String,
        /// The reference to quote in a support request.
        reference: Option<String>,
    },
    /// The connection was lost before the answer, and the server rejected the resend on the next one. The first
    /// attempt may have succeeded, for instance before the room removed the user. Read the room's history to find
    /// out.
    #[error("it is not known whether it was done: {refusal}")]
    OutcomeUnknown {
        /// The error of the resend.
        refusal: Box<Self>,
    },
    /// No answer within the [timeout](crate::ClientBuilder::request_timeout). The request may have succeeded. A
    /// resend under the same [`client_message_id`](crate::Outgoing::client_message_id) is safe.
    #[error("no answer came in time")]
    TimedOut,
    /// The chat has ended. A request in flight may have succeeded.
    #[error(transparent)]
    Ended(#[from] EndReason),
}

impl RequestError {
    pub(crate) fn from_packet(refusal: Refusal) -> Self {
        let pause = refusal.retry_after_ms.map(asked_wait);
        match refusal.code {
            ErrorCode::NotAMember => Self::NotAMember,
            ErrorCode::ReadOnlyRoom => Self::ReadOnlyRoom,
            ErrorCode::Blocked => Self::Blocked,
            ErrorCode::NotFound => Self::NotFound,
            ErrorCode::Forbidden => Self::Forbidden,
            ErrorCode::TooLate => Self::TooLate,
            ErrorCode::RateLimited => Self::RateLimited {
                retry_after: pause.unwrap_or(Duration::from_secs(1)),
            },
            ErrorCode::InvalidPayload => Self::Invalid(refusal.message),
            ErrorCode::Unavailable => Self::Unavailable { retry_after: pause },
            code => Self::Server {
                code: code.as_str().to_owned(),
                message: refusal.message,
                reference: refusal.reference,
            },
        }
    }
}
