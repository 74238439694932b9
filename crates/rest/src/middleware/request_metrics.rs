//! Metrics of requests: how many, and how long each took.

use std::time::Duration;

use actix_web::http::Method;

pub(super) fn record(method: &Method, route: &str, status: &str, took: Duration) {
    metrics::histogram!("abu_http_request_seconds", "route" => route.to_owned()).record(took);
    metrics::counter!(
        "abu_http_requests_total",
        "method" => known_method(method),
        "route" => route.to_owned(),
        "status" => status.to_owned(),
    )
    .increment(1);
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
