//! A panic in a handler is an answer like any other fault, not a connection that ends.

use std::{any::Any, panic::AssertUnwindSafe};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use futures_util::FutureExt;

use super::{envelope, request_id::RequestId};
use crate::problem::Problem;

/// Answers 500 where what is inside panics.
///
/// Nothing the handler held is used again: shared state is behind locks that poison or behind
/// transactions that roll back, so unwinding past it is safe.
pub(crate) async fn catch_panic<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let id = request.extensions().get::<RequestId>().cloned();
    let answer = AssertUnwindSafe(async { next.call(request).await });
    match answer.catch_unwind().await {
        Ok(answer) => answer,
        Err(panic) => {
            let mut problem = Problem::internal(format!("panic: {}", message(&*panic)));
            if let Some(id) = id {
                envelope::report(&problem, &id);
                problem = problem.met_by(id);
            }
            Err(problem.into())
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "without a message",
    }
}
