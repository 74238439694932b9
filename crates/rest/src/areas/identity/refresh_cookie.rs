//! Refresh tokens in cookies (RFC 6265), out of reach of a page's scripts.
//!
//! A browser sends the cookie with requests of any page of the site, so a request that uses it must
//! come from an allowed origin: a listed one, or the server's own (CSRF).

use std::time::Duration;

use abu_application::identity::sessions::LogIn;
use actix_web::{
    CustomizeResponder, HttpRequest, Responder,
    http::header::{self, HeaderMap, HeaderValue},
};

use crate::{
    areas::{identity::log_in::TokenPair, prelude::*},
    middleware::cors::{self, PageUse},
    shared::{BrowserPolicy, shared},
};

/// The routes that read the cookie.
const PATH: &str = "/api/v1/auth";

/// Where a client keeps its refresh token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenPlace {
    Body,
    Cookie,
}

impl TokenPlace {
    pub(super) fn parse(text: &str) -> Result<Self, Violation> {
        match text {
            "body" => Ok(Self::Body),
            "cookie" => Ok(Self::Cookie),
            _ => Err(Violation {
                code: "session.unknown",
                rule: "must be body or cookie",
            }),
        }
    }

    /// The token, if its place is the body.
    pub(super) fn in_body(self, token: &SecretString) -> Option<String> {
        (self == Self::Body).then(|| token.expose_secret().to_owned())
    }
}

/// A log-in and the place of its refresh token.
pub(super) struct Placed {
    pub(super) got: LogIn,
    pub(super) place: TokenPlace,
}

/// Browsers take a name with this prefix over HTTPS alone. Another HTTPS site of the domain can still set one,
/// so a request with two is refused. `__Host-` would forbid the path.
fn name(browsers: &BrowserPolicy) -> &'static str {
    match browsers.only_https {
        true => "__Secure-refresh_token",
        false => "refresh_token",
    }
}

/// The refresh token in the request's cookie.
pub(super) fn read(request: &HttpRequest) -> Option<SecretString> {
    let name = name(shared::<BrowserPolicy>(request));
    token_in(request.headers(), name)
}

fn token_in(headers: &HeaderMap, name: &str) -> Option<SecretString> {
    let texts = headers
        .get_all(header::COOKIE)
        .filter_map(|value| value.to_str().ok());
    let pairs = texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut tokens = pairs.filter(|(known, token)| *known == name && !token.is_empty());
    let (_, token) = tokens.next()?;
    // Another site of the domain may have set a second one, and nothing tells which is genuine.
    tokens.next().is_none().then(|| token.into())
}

/// Checks the origin of a request that uses the cookie.
pub(super) fn check_origin(request: &HttpRequest) -> Result<(), Problem> {
    cors::check_origin(request, PageUse::Cookie)
}

/// The answer to a log-in or a refresh, with the refresh token in its place.
pub(super) fn deliver<T: Serialize>(
    request: &HttpRequest,
    place: TokenPlace,
    got: LogIn,
    body: impl FnOnce(TokenPair) -> T,
) -> Answer<CustomizeResponder<SecretJson<T>>> {
    let name = name(shared::<BrowserPolicy>(request));
    let cookie = match place {
        TokenPlace::Body => None,
        TokenPlace::Cookie => Some(set(name, got.refresh_token.expose_secret(), got.lasts_for)?),
    };
    let answer = SecretJson(body(Placed { got, place }.into())).customize();
    Ok(match cookie {
        Some(cookie) => answer.insert_header((header::SET_COOKIE, cookie)),
        None => answer,
    })
}

/// The answer to a log-out, which deletes the request's cookie.
pub(super) fn logged_out(request: &HttpRequest) -> Answer {
    let mut answer = HttpResponse::NoContent();
    let name = name(shared::<BrowserPolicy>(request));
    if token_in(request.headers(), name).is_some() {
        answer.insert_header((header::SET_COOKIE, set(name, "", Duration::ZERO)?));
    }
    Ok(answer.finish())
}

fn set(name: &str, token: &str, lasts_for: Duration) -> Result<HeaderValue, Problem> {
    let max_age = lasts_for.as_secs();
    let text = format!(
        "{name}={token}; Path={PATH}; Max-Age={max_age}; HttpOnly; Secure; SameSite=Strict"
    );
    let mut value = HeaderValue::try_from(text).map_err(Problem::internal)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(cookies: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, HeaderValue::from_static(cookie));
        }
        token_in(&headers, "refresh_token").map(|token| token.expose_secret().to_owned())
    }

    #[test]
    fn the_token_is_found_by_the_whole_name_of_its_cookie() {
        for cookies in [
            &["refresh_token=a.b-c"][..],
            &["x=1; refresh_token=a.b-c; y=2"],
            &["x=1", "refresh_token=a.b-c"],
            &["refresh_token=; refresh_token=a.b-c"],
        ] {
            assert_eq!(token(cookies).as_deref(), Some("a.b-c"), "{cookies:?}");
        }
        for cookies in [
            &[][..],
            &["refresh_token"],
            &["refresh_token="],
            &["my_refresh_token=a"],
            &["Refresh_Token=a"],
            &["__Secure-refresh_token=a"],
            &["refresh_token=a; refresh_token=b"],
            &["refresh_token=a", "refresh_token=b"],
        ] {
            assert_eq!(token(cookies), None, "{cookies:?}");
        }
    }
}
