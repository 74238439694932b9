//! One line in the log for each request.
//!
//! It is written when the last byte of the answer was handed to the connection, or when the client
//! went away before. It shows the path and never the query, where the chat's tokens and tickets are;
//! nor the end of a path that is a secret. It shows the client's network only where a password or a
//! one-time password was wrong.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

use abu_connections::{ClientAddress, InFlight};
use abu_domain::{UserId, platform::network::Network};
use actix_web::{
    Error, HttpMessage,
    body::{BodySize, BoxBody, MessageBody},
    dev::{RequestHead, ServiceResponse},
    http::{Method, StatusCode},
    web::Bytes,
};

use log::{Level, Record, kv::Value};

use super::request_id::RequestId;
use crate::{caller::KnownCaller, problem::Problem};

/// Where the lines go: a target of its own, so that they can be turned off alone.
const TARGET: &str = "abu_app::access";

const MAX_PATH_SHOWN: usize = 256;

/// The connection copies each chunk into its write buffer: a client that reads slowly holds one of them.
const MAX_CHUNK: usize = 16 * 1024;

/// What follows in a path is a link to another password.
const BEFORE_SECRET: &str = "/reset-password/";

/// A line that is written when it is dropped.
#[derive(Debug)]
pub(crate) struct Entry {
    method: Method,
    path: String,
    request: RequestId,
    begun: Instant,
    user: Option<UserId>,
    /// The client's network, if the request failed to authenticate.
    network: Option<Network>,
    status: Option<StatusCode>,
    /// The pattern of the route; none where no route matched.
    route: Option<String>,
    bytes: u64,
}

impl Entry {
    pub(crate) fn begin(head: &RequestHead, request: RequestId) -> Self {
        // A path is ASCII by the time it gets here, so it can be cut anywhere.
        let path = head.uri.path();
        let secret = path.find(BEFORE_SECRET).map(|at| at + BEFORE_SECRET.len());
        let end = secret.unwrap_or(path.len()).min(MAX_PATH_SHOWN);
        Self {
            method: head.method.clone(),
            path: path.get(..end).unwrap_or(path).to_owned(),
            request,
            begun: Instant::now(),
            user: None,
            network: None,
            status: None,
            route: None,
            bytes: 0,
        }
    }

    /// Notes the status of an answer that has no body to wait for.
    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// Writes the line once the body of `response` is sent, counting its bytes. A connection that
    /// becomes a WebSocket has its line at once.
    pub(crate) fn follow(
        mut self,
        response: ServiceResponse<BoxBody>,
        in_flight: InFlight,
    ) -> ServiceResponse<FollowedBody> {
        self.status = Some(response.status());
        self.route = response.request().match_pattern();
        self.user = response
            .request()
            .extensions()
            .get::<KnownCaller>()
            .map(|caller| caller.0);
        self.network = has_failed_authentication(&response)
            .then(|| Network::of(ClientAddress::of(response.request())));
        let upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        let entry = (!upgraded).then_some(self);
        response.map_body(|_head, body| FollowedBody {
            body,
            rest: Bytes::new(),
            entry,
            _in_flight: in_flight,
        })
    }
}

impl Entry {
    fn count(&self, status: &str) {
        let route = self.route.as_deref().unwrap_or("none").to_owned();
        metrics::histogram!("abu_http_request_seconds", "route" => route.clone())
            .record(self.begun.elapsed());
        metrics::counter!(
            "abu_http_requests_total",
            "method" => known_method(&self.method),
            "route" => route,
            "status" => status.to_owned(),
        )
        .increment(1);
    }
}

/// Clients may invent methods, and each label value is held in memory.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // Without a status the client went away before there was an answer.
        let status = self.status.as_ref().map_or("-", StatusCode::as_str);
        self.count(status);
        if !log::log_enabled!(target: TARGET, Level::Info) {
            return;
        }
        let Self { method, path, .. } = &*self;
        let user = self.user.map(|user| user.to_string());
        let network = self.network.map(|network| network.to_string());
        let pairs = [
            ("ms", Some(self.begun.elapsed().as_millis().into())),
            ("bytes", Some(self.bytes.into())),
            ("request", Some(Value::from_display(&self.request))),
            ("user", user.as_deref().map(Value::from)),
            ("network", network.as_deref().map(Value::from)),
        ];
        let known = pairs
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)));
        let known: Vec<(&str, Value<'_>)> = known.collect();
        log::logger().log(
            &Record::builder()
                .target(TARGET)
                .level(Level::Info)
                .key_values(&known.as_slice())
                .args(format_args!("{method} {path} {status}"))
                .build(),
        );
    }
}

/// Attackers are recognized by their network. What they typed is not logged.
fn has_failed_authentication(response: &ServiceResponse<BoxBody>) -> bool {
    let problem: Option<&Problem> = response.response().error().and_then(Error::as_error);
    problem.is_some_and(Problem::is_failed_authentication)
}

/// A body in small chunks that counts what was sent of it.
pub(crate) struct FollowedBody {
    body: BoxBody,
    /// What is left of a large chunk.
    rest: Bytes,
    entry: Option<Entry>,
    _in_flight: InFlight,
}

impl MessageBody for FollowedBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = &mut *self;
        // The outbox of a WebSocket makes chunks of its own.
        let Some(entry) = &mut this.entry else {
            return Pin::new(&mut this.body).poll_next(cx);
        };
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_next(cx)) {
                Some(Ok(chunk)) => this.rest = chunk,
                end => return Poll::Ready(end),
            }
        }
        let chunk = this.rest.split_to(this.rest.len().min(MAX_CHUNK));
        entry.bytes += chunk.len() as u64;
        Poll::Ready(Some(Ok(chunk)))
    }
}
