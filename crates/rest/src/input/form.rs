//! Bodies that are forms, where a standard asks for one.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};

use super::{BodyFields, FromBody, whole_body};
use crate::problem::{Problem, ProblemKind};

/// Extracts a `T` from the body of a form, whose fields are all texts.
#[derive(Debug)]
pub(crate) struct Form<T>(pub T);

impl<T: FromBody> FromRequest for Form<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if request.content_type() != "application/x-www-form-urlencoded" {
            return Box::pin(async { Err(unsupported_media()) });
        }
        let bytes = whole_body(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            let fields = form_urlencoded::parse(&bytes).into_owned();
            BodyFields::of_texts(fields).read().map(Self)
        })
    }
}

fn unsupported_media() -> Problem {
    Problem::new(
        ProblemKind::UnsupportedMedia,
        "The body must be a form: send Content-Type: application/x-www-form-urlencoded.",
    )
}
