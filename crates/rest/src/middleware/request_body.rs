//! Reading of request bodies, in bounded memory for all requests together.

use std::future::Future;

use abu_connections::{BodyBudget, BodyError};
use actix_web::{
    HttpRequest,
    dev::Payload,
    web::{Bytes, Data},
};
use futures_util::TryFutureExt;

use crate::{
    problem::{Problem, ProblemKind},
    shared::shared,
};

pub(crate) fn whole_body(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, Problem>> + use<> {
    let budget = Data::clone(shared::<BodyBudget>(request));
    abu_connections::whole_body(request, payload, budget).map_err(Problem::from)
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let (kind, detail) = match error {
            BodyError::Encoding => (
                ProblemKind::UnsupportedMedia,
                "The body must be plain or compressed once with gzip.",
            ),
            BodyError::TooLarge => (
                ProblemKind::PayloadTooLarge,
                "The body is larger than the server takes.",
            ),
            BodyError::Broken => (
                ProblemKind::MalformedJson,
                "The body could not be read to its end.",
            ),
            BodyError::GivesWay => (
                ProblemKind::Unavailable,
                "Too many bodies are being read. Try again in a moment.",
            ),
        };
        Self::new(kind, detail)
    }
}
