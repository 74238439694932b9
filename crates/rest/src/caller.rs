//! Who is asking.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use abu_application::{
    access::Caller,
    identity::{
        self,
        ports::{TokenClaims, TokenError},
    },
    platform::Origin,
};
use abu_connections::{ClientAddress, Connection};
use abu_domain::UserId;
use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
};

use super::{
    middleware::request_id::RequestId,
    problem::{Problem, ProblemKind},
};
use crate::shared::shared;

/// The user of a valid access token. The use case checks that the session lasts and that the account
/// exists and is not suspended.
#[derive(Clone, Debug)]
pub(crate) struct CurrentUser(pub Caller);

#[derive(Clone, Debug)]
pub(crate) struct RequestOrigin(pub Origin);

impl FromRequest for RequestOrigin {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Ok(Self(origin(request))))
    }
}

fn origin(request: &HttpRequest) -> Origin {
    let id = request
        .extensions()
        .get::<RequestId>()
        .map(ToString::to_string);
    Origin {
        address: Some(ClientAddress::of(request)),
        request_id: Arc::from(id.unwrap_or_default()),
    }
}

impl FromRequest for CurrentUser {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(required_claims(request).map(|claims| {
            note_caller(request, claims.user_id);
            Self(caller_of(request, &claims))
        }))
    }
}

pub(crate) fn required_claims(request: &HttpRequest) -> Result<TokenClaims, Problem> {
    claims(request)?.ok_or_else(authentication_required)
}

fn caller_of(request: &HttpRequest, claims: &TokenClaims) -> Caller {
    Caller {
        user: claims.user_id,
        session: claims.session_id,
        origin: origin(request),
    }
}

/// The caller as the use cases take it; `None` where there is no good access token.
pub(crate) fn known_caller(request: &HttpRequest) -> Option<Caller> {
    let claims = claims(request).ok()??;
    Some(caller_of(request, &claims))
}

#[derive(Clone, Copy, Debug)]
struct Verified(Result<TokenClaims, TokenError>);

/// What the access token in the header `Authorization` says, if there is that header. It is verified
/// once a request, however many layers ask.
pub(crate) fn claims(request: &HttpRequest) -> Result<Option<TokenClaims>, Problem> {
    let Some(token) = bearer_token(request.headers())? else {
        return Ok(None);
    };
    let known = request.extensions().get::<Verified>().copied();
    let Verified(verified) = known.unwrap_or_else(|| {
        let verified = Verified(shared::<identity::UseCases>(request).sessions.verify(token));
        request.extensions_mut().insert(verified);
        verified
    });
    let claims = verified?;
    if let Some(connection) = Connection::of(request) {
        connection.authenticate();
    }
    Ok(Some(claims))
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownCaller(pub UserId);

pub(crate) fn note_caller(request: &HttpRequest, user: UserId) {
    request.extensions_mut().insert(KnownCaller(user));
}

pub(crate) fn authentication_required() -> Problem {
    Problem::new(
        ProblemKind::AuthenticationRequired,
        "Send an access token: Authorization: Bearer …",
    )
}

/// The token of the header `Authorization`, if there is that header.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| Some(token.trim()))
        .ok_or_else(|| {
            Problem::new(
                ProblemKind::InvalidToken,
                "The header must be: Authorization: Bearer …",
            )
        })
}
