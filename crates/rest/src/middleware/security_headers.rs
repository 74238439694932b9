//! What every answer tells a browser not to do.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// For everything that is data: it is no page, and is shown in no frame.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";

/// A year; browsers then never speak plain HTTP to this host.
const ONLY_HTTPS: &str = "max-age=31536000";

/// Adds what is not there yet: a page sets its own policy.
pub(super) fn add(headers: &mut HeaderMap, only_https: bool) {
    set_default(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set_default(headers, header::CONTENT_SECURITY_POLICY, NO_PAGE);
    set_default(headers, header::REFERRER_POLICY, "no-referrer");
    // Tokens, tickets and faults are for one person and one moment. What may be kept says so itself.
    set_default(headers, header::CACHE_CONTROL, "no-store");
    if only_https {
        set_default(headers, header::STRICT_TRANSPORT_SECURITY, ONLY_HTTPS);
    }
}

fn set_default(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
