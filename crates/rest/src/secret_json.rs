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

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use actix_web::{body::to_bytes, http::header, test::TestRequest};
    use serde_json::json;

    use super::*;
    use crate::middleware::idempotency::SECRET_ANSWER;

    #[actix_web::test]
    async fn a_secret_answer_is_sent_and_its_bytes_are_refused() {
        let answer = || SecretJson(json!({"token": "x"})).respond_to(&request());
        let sent = answer();
        let content_type = sent.headers().get(header::CONTENT_TYPE).unwrap();
        assert_eq!(content_type, "application/json");
        assert_eq!(sent.body().size(), BodySize::Sized(13));
        let bytes = to_bytes(sent.into_body()).await.unwrap();
        assert_eq!(bytes, r#"{"token":"x"}"#);
        assert!(answer().into_body().try_into_bytes().is_err());
    }

    fn request() -> HttpRequest {
        TestRequest::post().to_http_request()
    }

    fn collect_handlers(folder: &Path, handlers: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect_handlers(&path, handlers);
            } else {
                let source = fs::read_to_string(&path).unwrap();
                let parts = source.split("#[utoipa::path(").skip(1);
                handlers.extend(parts.map(str::to_owned));
            }
        }
    }

    /// The type of an answer is in the source alone: actix and utoipa erase it.
    #[test]
    fn exactly_the_handlers_that_answer_by_it_declare_a_secret() {
        let mut handlers = Vec::new();
        let areas = concat!(env!("CARGO_MANIFEST_DIR"), "/src/areas");
        collect_handlers(Path::new(areas), &mut handlers);
        let mut secrets = 0;
        for handler in handlers {
            let (attributes, rest) = handler.split_once("async fn ").unwrap();
            let (signature, _) = rest.split_once(" {\n").unwrap();
            let is_secret = signature.contains("SecretJson<");
            assert_eq!(attributes.contains(SECRET_ANSWER), is_secret, "{signature}");
            secrets += usize::from(is_secret);
        }
        assert!(secrets > 5);
    }
}
