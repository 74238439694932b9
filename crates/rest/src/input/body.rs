//! Extractors of request bodies.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header, web::Bytes};

use super::{
    IntoDraft, Violations,
    json::{self, read_form},
};
use crate::{
    middleware::request_body::whole_body,
    problem::{Problem, ProblemKind},
};

pub(crate) struct Body<B: IntoDraft>(pub B::Draft);

impl<B: IntoDraft> FromRequest for Body<B> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // A merge patch (RFC 7396) is JSON, too.
        let media_types = ["application/json", "application/merge-patch+json"];
        let bytes = body_of(
            &media_types,
            "The body must be JSON: send Content-Type: application/json.",
            request,
            payload,
        );
        Box::pin(async move { draft::<B>(json::read(&bytes.await?)?).map(Self) })
    }
}

/// What the body of a form is parsed to. Of a field that comes twice, the last one counts.
pub(crate) struct Form<B: IntoDraft>(pub B::Draft);

impl<B: IntoDraft> FromRequest for Form<B> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = body_of(
            &["application/x-www-form-urlencoded"],
            "The body must be a form: send Content-Type: application/x-www-form-urlencoded.",
            request,
            payload,
        );
        Box::pin(async move { draft::<B>(read_form(&bytes.await?)?).map(Self) })
    }
}

/// Whether the head announces a body.
pub(crate) fn has_body(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}

fn draft<B: IntoDraft>(body: B) -> Result<B::Draft, Problem> {
    let mut violations = Violations::in_body();
    let draft = body.into_draft(&mut violations);
    violations.finish(draft)
}

fn body_of(
    media_types: &[&str],
    otherwise: &'static str,
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, Problem>> + use<> {
    let content_type = request.content_type();
    let is_known = media_types
        .iter()
        .any(|known| known.eq_ignore_ascii_case(content_type));
    let bytes = is_known.then(|| whole_body(request, payload));
    async move {
        match bytes {
            Some(bytes) => bytes.await,
            None => Err(Problem::new(ProblemKind::UnsupportedMedia, otherwise)),
        }
    }
}
