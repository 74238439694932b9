//! Which web pages may call the API.

use actix_cors::Cors;
use actix_web::{
    Error, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderValue},
    },
    middleware::Next,
};

use super::{idempotency, rate_limit, request_id};
use crate::{
    problem::{Problem, ProblemKind},
    shared::{BrowserPolicy, shared},
};

/// For how long a browser may remember an answer to its preflight, in seconds.
const REMEMBER: usize = 3_600;

/// The origins of web pages that may call the API and open the chat.
#[derive(Clone, Debug)]
pub(crate) enum AllowedOrigins {
    Any,
    These(Vec<String>),
}

impl AllowedOrigins {
    /// What the setting says: `*` among them means every origin.
    pub(crate) fn new(origins: &[String]) -> Self {
        if origins.iter().any(|origin| origin == "*") {
            Self::Any
        } else {
            Self::These(origins.to_vec())
        }
    }

    /// Whether the origin itself is on the list. Pages of these alone may use cookies.
    fn list(&self, origin: &[u8]) -> bool {
        match self {
            Self::Any => false,
            Self::These(_) => self.allow(origin),
        }
    }

    fn allow(&self, origin: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::These(origins) => origins.iter().any(|known| known.as_bytes() == origin),
        }
    }
}

/// What a page may use by its origin, which browsers send but do not check.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageUse {
    Chat,
    /// The cookie of a session.
    Cookie,
}

impl PageUse {
    /// The console is a page of this server, so the list of allowed origins need not name it.
    fn is_open_to(self, origin: &[u8], host: Option<&[u8]>, browsers: &BrowserPolicy) -> bool {
        let is_own = host.is_some_and(|host| is_own(origin, host));
        match self {
            Self::Chat => browsers.origins.allow(origin) || (browsers.console && is_own),
            Self::Cookie => {
                let is_secure = !browsers.only_https || origin.starts_with(b"https://");
                browsers.origins.list(origin) || (is_secure && is_own)
            }
        }
    }

    const fn refusal(self) -> &'static str {
        match self {
            Self::Chat => "Pages of this origin may not open the chat.",
            Self::Cookie => "Pages of this origin may not use the cookie of a session.",
        }
    }
}

/// Checks the origin of the page that sends a request. Browsers send `Origin` with every POST and handshake, so a
/// handshake without it comes from another client. A cookie comes from a browser alone.
pub(crate) fn check_origin(request: &HttpRequest, page_use: PageUse) -> Result<(), Problem> {
    let header = |name| request.headers().get(name).map(HeaderValue::as_bytes);
    let browsers = shared::<BrowserPolicy>(request);
    let is_allowed = match header(header::ORIGIN) {
        Some(origin) => page_use.is_open_to(origin, header(header::HOST), browsers),
        None => page_use == PageUse::Chat,
    };
    match is_allowed {
        true => Ok(()),
        false => Err(Problem::new(
            ProblemKind::OriginNotAllowed,
            page_use.refusal(),
        )),
    }
}

/// Whether a page of this origin came from this server, by the `Host` that the browser asks for. The
/// scheme is not compared: a proxy may have taken TLS off.
fn is_own(origin: &[u8], host: &[u8]) -> bool {
    [&b"http://"[..], b"https://"]
        .iter()
        .any(|scheme| origin.strip_prefix(*scheme) == Some(host))
}

/// The layer that answers preflights and marks the answers that a page may read.
///
/// Access tokens travel in a header that a page must set itself. The cookie of a session counts for
/// `/auth/refresh` and `/auth/logout` alone, which check the origin, and pages of listed origins alone
/// may send it (`Access-Control-Allow-Credentials`).
pub(crate) fn layer(origins: &AllowedOrigins) -> Cors {
    let cors = Cors::default()
        .allowed_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allowed_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            idempotency::KEY,
            request_id::HEADER,
        ])
        .expose_headers([
            header::ETAG,
            header::LINK,
            header::LOCATION,
            header::RETRY_AFTER,
            idempotency::REPLAYED,
            rate_limit::LIMIT,
            rate_limit::POLICY,
            request_id::HEADER,
        ])
        .max_age(REMEMBER);
    match origins {
        AllowedOrigins::Any => cors.allow_any_origin().send_wildcard(),
        AllowedOrigins::These(origins) => origins
            .iter()
            .fold(cors, |cors, origin| cors.allowed_origin(origin)),
    }
}

/// Lets pages of listed origins send cookies. [`Cors`] itself would say so in every answer.
pub(crate) async fn credentials(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    let allowed = headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    if allowed.is_some_and(|origin| origin != "*") {
        let yes = HeaderValue::from_static("true");
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_allowed_by_its_exact_text_alone() {
        let origins = AllowedOrigins::new(&["https://alumni.abu.edu.ng".to_owned()]);
        assert!(origins.allow(b"https://alumni.abu.edu.ng"));
        for origin in [
            "https://alumni.abu.edu.ng.evil.example",
            "http://alumni.abu.edu.ng",
            "https://alumni.abu.edu.ng:444",
            "null",
            "",
        ] {
            assert!(!origins.allow(origin.as_bytes()), "{origin}");
        }
    }

    #[test]
    fn a_page_is_this_servers_own_by_its_whole_host_and_port() {
        for origin in ["http://localhost:8080", "https://localhost:8080"] {
            assert!(is_own(origin.as_bytes(), b"localhost:8080"), "{origin}");
        }
        for origin in [
            "http://localhost:8081",
            "http://localhost",
            "http://localhost:8080.evil.example",
            "http://evil.example/localhost:8080",
            "localhost:8080",
            "null",
            "",
        ] {
            assert!(!is_own(origin.as_bytes(), b"localhost:8080"), "{origin}");
        }
    }

    #[test]
    fn a_star_allows_every_origin_and_lists_none() {
        let any = AllowedOrigins::new(&["*".to_owned()]);
        assert!(any.allow(b"https://any.example"));
        assert!(!any.list(b"https://any.example"));
    }
}
