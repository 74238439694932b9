//! The middleware, from the outermost inwards: `envelope` (request id, client address, problem documents,
//! security headers, access log), compression, `conditional` (entity tags), CORS, `catch_panic`, `rate_limit`,
//! `documented` (only what the API description holds is served, and only to those who are logged in where it
//! says so), `idempotency`. Handlers read bodies through `request_body`.

pub(crate) mod access_log;
pub(crate) mod catch_panic;
pub(crate) mod conditional;
pub(crate) mod cors;
pub(crate) mod documented;
pub(crate) mod envelope;
pub(crate) mod idempotency;
pub(crate) mod rate_limit;
pub(crate) mod request_body;
pub(crate) mod request_id;
mod request_metrics;
mod security_headers;
