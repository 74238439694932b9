//! REST calls over HTTP/1.1: one connection each, since they are few.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    HeaderMap, Method, Request, StatusCode,
    body::Bytes,
    client::conn::http1,
    header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{
    task::JoinSet,
    time::{self, Instant},
};
use uuid::Uuid;

use super::{Address, Stream, Transport};
use crate::{AccessToken, ApiError, Problem, backoff::LONGEST_WAIT};

/// Larger than any answer of the endpoints in use.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// The `User-Agent` header.
pub(crate) const AGENT: &str = concat!("abu-chat-client/", env!("CARGO_PKG_VERSION"));

pub(crate) struct Rest {
    pub(crate) transport: Transport,
    limit: Duration,
}

/// One request. It has no `Debug`, because it holds secrets.
#[derive(Clone)]
pub(crate) struct Call {
    method: Method,
    route: String,
    body: Option<String>,
    token: Option<AccessToken>,
    idempotency_key: Option<Uuid>,
}

/// A successful answer.
pub(crate) struct Answer {
    body: Bytes,
}

impl Call {
    /// `route` follows `/api/v1`, and includes the query.
    pub(crate) fn new(method: Method, route: impl Into<String>) -> Self {
        Self {
            method,
            route: route.into(),
            body: None,
            token: None,
            idempotency_key: None,
        }
    }

    pub(crate) fn body(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string());
        self
    }

    pub(crate) fn token(mut self, token: &AccessToken) -> Self {
        self.token = Some(token.clone());
        self
    }

    pub(crate) fn idempotency_key(mut self, key: Uuid) -> Self {
        self.idempotency_key = Some(key);
        self
    }

    fn into_request(self, address: &Address) -> Option<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(self.method)
            .uri(address.api_path(&self.route))
            .header(HOST, address.authority())
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, "application/json")
            .header(CONNECTION, "close");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        if let Some(key) = self.idempotency_key {
            request = request.header("Idempotency-Key", key.to_string());
        }
        if self.body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(Full::from(self.body.unwrap_or_default())).ok()
    }
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_slice(&self.body).map_err(|_| ApiError::NotUnderstood)
    }
}

impl Rest {
    /// `limit` is the timeout of each request.
    pub(crate) fn new(transport: Transport, limit: Duration) -> Self {
        Self { transport, limit }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.transport.address
    }

    pub(crate) async fn call(&self, call: Call) -> Result<Answer, ApiError> {
        self.call_noting(call, self.limit).await.0
    }

    /// Makes the call within `timeout`, and returns when it sent the request: from then on it may take effect.
    pub(crate) async fn call_noting(
        &self,
        call: Call,
        timeout: Duration,
    ) -> (Result<Answer, ApiError>, Option<Instant>) {
        // A token or an id of this server is always valid in a header or a path.
        let Some(request) = call.into_request(self.address()) else {
            return (Err(ApiError::NotUnderstood), None);
        };
        let mut sent_at = None;
        let answer = time::timeout(
            self.limit.min(timeout),
            self.exchange(request, &mut sent_at),
        )
        .await
        .unwrap_or(Err(ApiError::TimedOut));
        (answer, sent_at)
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        sent_at: &mut Option<Instant>,
    ) -> Result<Answer, ApiError> {
        let stream: Stream = self.transport.connect().await.map_err(unreachable)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(unreachable)?;
        // A drop of this future aborts the connection task.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        *sent_at = Some(Instant::now());
        let (head, body) = sender
            .send_request(request)
            .await
            .map_err(unreachable)?
            .into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES)
            .collect()
            .await
            .map_err(|error| ApiError::Unreachable(error.to_string()))?
            .to_bytes();
        if head.status.is_success() {
            Ok(Answer { body })
        } else {
            Err(ApiError::Refused(problem_of(
                head.status,
                &head.headers,
                &body,
            )))
        }
    }
}

fn unreachable(error: impl std::error::Error) -> ApiError {
    ApiError::Unreachable(error.to_string())
}

/// Parses a problem document; only the status where a proxy, which sends none, rejected the request.
pub(crate) fn problem_of(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Problem {
    let mut problem: Problem = serde_json::from_slice(body).unwrap_or_else(|_| Problem {
        status: 0,
        kind: String::new(),
        title: String::new(),
        detail: None,
        instance: None,
        retry_after: None,
    });
    problem.status = status.as_u16();
    problem.retry_after = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|seconds| seconds.trim().parse().ok())
        .map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT));
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_document_is_read_with_its_pause() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "7".parse().unwrap());
        let body = br#"{"type": "/problems/rate-limited", "title": "Too many requests",
            "status": 429, "detail": "Wait.", "instance": "req_1", "errors": []}"#;
        let problem = problem_of(StatusCode::TOO_MANY_REQUESTS, &headers, body);
        assert_eq!(problem.slug(), "rate-limited");
        assert_eq!(problem.to_string(), "Wait.");
        assert_eq!(problem.retry_after, Some(Duration::from_secs(7)));
    }

    #[test]
    fn a_pause_is_never_longer_than_a_day() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, u64::MAX.into());
        let problem = problem_of(StatusCode::SERVICE_UNAVAILABLE, &headers, b"");
        assert_eq!(problem.retry_after, Some(LONGEST_WAIT));
    }

    #[test]
    fn a_refusal_of_something_on_the_way_has_its_status() {
        let problem = problem_of(StatusCode::BAD_GATEWAY, &HeaderMap::new(), b"<html>");
        assert_eq!((problem.status, problem.slug()), (502, ""));
    }
}
