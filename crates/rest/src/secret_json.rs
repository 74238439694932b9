//! JSON answers that no layer can store.

use std::{
    convert::Infallible,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpRequest, HttpResponse, Responder, ResponseError,
    body::{BodySize, BoxBody, MessageBody},
    http::header::ContentType,
    web::Bytes,
};
use serde::Serialize;

use crate::problem::Problem;

/// An answer that holds a secret, such as a token. Its handler declares it so, by
/// [`SECRET_ANSWER`](crate::middleware::idempotency::SECRET_ANSWER).
pub(crate) struct SecretJson<T>(pub T);

impl<T: Serialize> Responder for SecretJson<T> {
    type Body = BoxBody;

    fn respond_to(self, _request: &HttpRequest) -> HttpResponse {
        match serde_json::to_vec(&self.0) {
            Ok(json) => HttpResponse::Ok()
                .content_type(ContentType::json())
                .body(SecretBody(json.into())),
            Err(error) => Problem::internal(error).error_response(),
        }
    }
}

/// A body that can only be sent: `try_into_bytes`, by which layers read bodies, refuses it.
struct SecretBody(Bytes);

impl MessageBody for SecretBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.0.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let rest = mem::take(&mut self.0);
        Poll::Ready((!rest.is_empty()).then_some(Ok(rest)))
    }
}
