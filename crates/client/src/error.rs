//! What can go wrong, for a program to act on. Each `Display` is a sentence for a person.

use std::time::Duration;

use abu_chat_protocol::server::{Error as Refusal, ErrorCode};
use serde::Deserialize;

use crate::backoff::asked_wait;

/// The client cannot be made as it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The address is not one of a server: `https://alumni.example.org`, or `http://localhost:8080`.
    /// A path may follow the host and its port; user-info, a query or a fragment may not.
    #[error(
        "the server's address must be http:// or https://, a host, and no more than a port and a path"
    )]
    BadUrl,
    /// The system has no certificates to know the server by.
    #[error("the system's certificates cannot be read")]
    NoCertificates,
    /// What [`root_certificate`](crate::ClientBuilder::root_certificate) was given holds no certificate
    /// of an authority, or one that cannot be read.
    #[error("the root certificate is not one in PEM")]
    BadCertificate,
}

/// The answer of the REST API to a request that it refused (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// The HTTP status.
    #[serde(default)]
    pub status: u16,
    /// The address of the problem's page, which ends with its [`slug`](Self::slug).
    #[serde(default, rename = "type")]
    pub kind: String,
    /// The same short sentence for every problem of the kind.
    #[serde(default)]
    pub title: String,
    /// What it is this time, for a person.
    #[serde(default)]
    pub detail: Option<String>,
    /// The id of the request, to be quoted when asking for help.
    #[serde(default)]
    pub instance: Option<String>,
    /// How long to wait before asking again, where the server said so.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// What a program decides by: `token-expired`, `not-found` and so on.
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

/// A request to the REST API was not done.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// The server cannot be reached, or the connection broke. Whether the request was done is not
    /// known.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// No answer came in time. Whether the request was done is not known.
    #[error("the server did not answer in time")]
    TimedOut,
    /// The server refused it.
    #[error("{0}")]
    Refused(Problem),
    /// What came back is no answer of this API.
    #[error("the answer is not one of the chat's server")]
    NotUnderstood,
    /// There is no good token any more.
    #[error(transparent)]
    Token(EndReason),
}

/// A log-in that was refused.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LogInError {
    /// The address, the password or the one-time password is wrong.
    #[error("the e-mail address, the password or the one-time password is wrong")]
    WrongCredentials,
    /// The account has one-time passwords: log in again with
    /// [`one_time_password`](crate::LogIn::one_time_password).
    #[error("a one-time password is needed")]
    OneTimePasswordNeeded,
    /// The password is right, and the address has still to be proved.
    #[error("the e-mail address is not verified yet: open the link in the mail")]
    EmailUnverified,
    /// The account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// Too many tries.
    #[error("too many log-ins: try again in {} seconds", .retry_after.as_secs())]
    RateLimited {
        /// How long to wait.
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

/// The first connection did not come about.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Trying again changes nothing.
    #[error(transparent)]
    Ended(#[from] EndReason),
    /// Not now: the server is away, closing or busy, or there are too many connections.
    #[error("the chat cannot be reached now: {0}")]
    NotNow(String),
}

/// Why a chat is over for good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndReason {
    /// The application closed the chat, or dropped it.
    #[error("the chat was closed")]
    Closed,
    /// The log-in has ended: logged out, expired, or taken back. Log in again.
    #[error("the log-in has ended: log in again")]
    LoggedOut,
    /// A refresh token was shown after it had been used: somebody else may have a copy, and the server
    /// ended the log-in for both. The same comes of an old token out of a backup, and of an answer to
    /// a refresh that was lost for longer than the server repeats it (30 seconds). Tell the person,
    /// and log in again.
    #[error("somebody else may hold a copy of this log-in, so it was ended: log in again")]
    TokenStolen,
    /// The account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// The owner of the account has it hidden; logging in shows it again.
    #[error("the account is hidden by its owner")]
    Deactivated,
    /// The server refuses this account or this client for another reason, in its own words.
    #[error("the server refuses the chat: {0}")]
    Refused(String),
    /// The server does not speak the edition of the protocol that this client needs, `abu.chat.v2`.
    #[error("the server does not speak abu.chat.v2")]
    UnsupportedServer,
}

impl EndReason {
    /// What a refusal of a token means.
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

/// A request over the chat that was not done, or of which nobody knows whether it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The user is not in the room, or there is no such room: the two look the same.
    #[error("you are not a member of this room")]
    NotAMember,
    /// The room can be read and not written in.
    #[error("this room can be read but not written in")]
    ReadOnlyRoom,
    /// The other person cannot be written to.
    #[error("you cannot write to this person")]
    Blocked,
    /// There is no such message in the room, or it was deleted.
    #[error("there is no such message in this room")]
    NotFound,
    /// The message is somebody else's, and the user is no moderator of the room.
    #[error("you cannot do this to somebody else's message")]
    Forbidden,
    /// The message can no longer be changed.
    #[error("this message can no longer be changed")]
    TooLate,
    /// Too fast; nothing was done.
    #[error("too fast: try again in {} milliseconds", .retry_after.as_millis())]
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// There is nothing in the text but space.
    #[error("the message is empty")]
    Empty,
    /// The text is longer than the server takes.
    #[error("the message is longer than {limit} characters")]
    TooLong {
        /// The most Unicode characters of a message.
        limit: u64,
    },
    /// A field breaks a rule; the sentence names both.
    #[error("{0}")]
    Invalid(String),
    /// The server cannot do it just now, and nothing was done.
    #[error("the server cannot do this just now: try again")]
    Unavailable {
        /// How long to wait, where the server has an idea.
        retry_after: Option<Duration>,
    },
    /// A fault of the server, or a refusal that this client does not know.
    #[error("{message}")]
    Server {
        /// The server's code.
        code: String,
        /// The server's sentence.
        message: String,
        /// What to quote when asking for help.
        reference: Option<String>,
    },
    /// The connection broke before an answer came, and the request was refused when it was sent again
    /// on the next one. The first may have been done: the user was removed from the room in between,
    /// perhaps. What the room shows tells, where it can still be read.
    #[error("it is not known whether it was done: {refusal}")]
    OutcomeUnknown {
        /// Why the second was refused.
        refusal: Box<Self>,
    },
    /// No answer came in time. It may have been done. A message can be sent again without fear under
    /// the same [`client_message_id`](crate::Outgoing::client_message_id).
    #[error("no answer came in time")]
    TimedOut,
    /// The chat is over. What was under way may have been done.
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
