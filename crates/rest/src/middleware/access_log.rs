//! One line in the log for each request.
//!
//! It is written when the last byte of the answer was handed to the connection, or when the client
//! went away before. It shows the path and never the query, where the chat's tokens and tickets are;
//! nor the end of a path that is a secret. It shows the client's network, not the address.

use std::time::Instant;

use abu_connections::{ClientAddress, InFlight, ServedBody};
use abu_domain::{UserId, platform::network::Network};
use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::ServiceResponse,
    http::{Method, StatusCode, Uri},
};
use log::{Level, Record, kv::Value};
use percent_encoding::percent_decode_str;

use super::{request_id::RequestId, request_metrics};
use crate::{caller::KnownCaller, problem::Problem};

/// Where the lines go: a target of its own, so that they can be turned off alone.
const TARGET: &str = "abu_app::access";

const MAX_PATH_SHOWN: usize = 256;

/// What follows in a path is a link to another password, or the code of an invitation.
const BEFORE_SECRET: [&str; 2] = ["reset-password", "v1/invitations"];

/// Load balancers and containers ask these every few seconds.
const PROBES: [&str; 2] = ["/health/live", "/health/ready"];

/// A line that is written when it is dropped.
#[derive(Debug)]
pub(crate) struct Entry {
    method: Method,
    path: String,
    request: RequestId,
    begun: Instant,
    user: Option<UserId>,
    network: Network,
    has_failed_authentication: bool,
    status: Option<StatusCode>,
    /// The pattern of the route; none where no route matched.
    route: Option<String>,
    bytes: u64,
}

impl Entry {
    pub(crate) fn begin(request: &HttpRequest, id: RequestId) -> Self {
        Self {
            method: request.method().clone(),
            path: shown_path(request.uri()),
            request: id,
            begun: Instant::now(),
            user: None,
            network: Network::of(ClientAddress::of(request)),
            has_failed_authentication: false,
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
    ) -> ServiceResponse<impl MessageBody + use<>> {
        self.status = Some(response.status());
        self.route = response.request().match_pattern();
        self.user = response
            .request()
            .extensions()
            .get::<KnownCaller>()
            .map(|caller| caller.0);
        self.has_failed_authentication = has_failed_authentication(&response);
        let upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        let entry = (!upgraded).then_some(self);
        // The body owns the entry, and so drops it.
        let count = entry.map(|mut entry| move |bytes| entry.sent(bytes));
        response.map_body(|_head, body| ServedBody::new(body, count, in_flight))
    }

    fn sent(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // Without a status the client went away before there was an answer.
        let status = self.status.as_ref().map_or("-", StatusCode::as_str);
        let route = self.route.as_deref().unwrap_or("none");
        request_metrics::record(&self.method, route, status, self.begun.elapsed());
        let level = match PROBES.contains(&self.path.as_str()) {
            true => Level::Debug,
            false => Level::Info,
        };
        if !log::log_enabled!(target: TARGET, level) {
            return;
        }
        let Self { method, path, .. } = &*self;
        let code = self.status.map(|status| u64::from(status.as_u16()));
        let user = self.user.map(|user| user.to_string());
        let failed = self.has_failed_authentication.then_some("authentication");
        let pairs = [
            ("method", Some(method.as_str().into())),
            ("path", Some(path.as_str().into())),
            ("status", code.map(Value::from)),
            ("ms", Some(self.begun.elapsed().as_millis().into())),
            ("bytes", Some(self.bytes.into())),
            ("request", Some(Value::from_display(&self.request))),
            ("network", Some(Value::from_display(&self.network))),
            ("user", user.as_deref().map(Value::from)),
            ("failed", failed.map(Value::from)),
        ];
        let known = pairs
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)));
        let known: Vec<(&str, Value<'_>)> = known.collect();
        log::logger().log(
            &Record::builder()
                .target(TARGET)
                .level(level)
                .key_values(&known.as_slice())
                .args(format_args!("{method} {path} {status}"))
                .build(),
        );
    }
}

/// The path up to a secret or an encoded query. Routes match decoded paths, and a client may encode twice, so
/// the rules apply to the decoded text.
fn shown_path(uri: &Uri) -> String {
    let path = uri.path();
    let decoded = fully_decoded(path);
    match end_of_shown(&decoded) {
        Some(end) => cut(&decoded[..end]),
        None => cut(path),
    }
}

fn fully_decoded(path: &str) -> String {
    let mut text = path.to_owned();
    // Each round makes it shorter, or is the last.
    loop {
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded.len() >= text.len() {
            return text;
        }
        text = decoded;
    }
}

fn end_of_shown(decoded: &str) -> Option<usize> {
    let query = decoded.find('?');
    let lower = decoded.to_ascii_lowercase();
    let secret = BEFORE_SECRET.iter().filter_map(|before| {
        let end = lower.find(before)? + before.len();
        Some(end + usize::from(decoded[end..].starts_with('/')))
    });
    query.into_iter().chain(secret).min()
}

fn cut(path: &str) -> String {
    path[..path.floor_char_boundary(MAX_PATH_SHOWN)].to_owned()
}

/// Attackers are recognized by their network. What they typed is not logged.
fn has_failed_authentication(response: &ServiceResponse<BoxBody>) -> bool {
    let problem: Option<&Problem> = response.response().error().and_then(Error::as_error);
    problem.is_some_and(Problem::is_failed_authentication)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str) -> String {
        shown_path(&path.parse().unwrap())
    }

    #[test]
    fn a_path_is_shown_as_it_came_up_to_the_bound() {
        assert_eq!(shown("/api/v1/me?token=secret"), "/api/v1/me");
        assert_eq!(shown("/%41/%20"), "/%41/%20");
        assert_eq!(
            shown(&format!("/{}", "a".repeat(300))).len(),
            MAX_PATH_SHOWN
        );
    }

    #[test]
    fn however_it_is_encoded_the_secret_of_a_reset_is_not_shown() {
        for path in [
            "/api/v1/auth/reset-password/secret",
            "/api/v1/auth/reset%2Dpassword/secret",
            "/api/v1/auth/reset-password%2Fsecret",
            "/api/v1/auth/%72eset-passwor%64/secret",
            "/api/v1/auth/reset%252Dpassword/secret",
            "/api/v1/auth/Reset-Password/secret",
            "/api/v1/auth/reset-password;secret",
            "/api/v1/auth%3Ftoken=secret",
            "/%ff/reset%2Dpassword/secret",
        ] {
            let shown = shown(path);
            assert!(!shown.contains("secret"), "{path}: {shown}");
        }
        assert_eq!(shown("/a/reset%2Dpassword/secret"), "/a/reset-password/");
    }
}
