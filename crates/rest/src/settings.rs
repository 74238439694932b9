//! What the operator decides about HTTP.

use ipnet::IpNet;

#[derive(Clone, Debug)]
pub struct RestSettings {
    /// Origins of web pages that may call, as browsers spell them; or `*` for all.
    pub allowed_origins: Vec<String>,
    /// Whether the console is served, and its page may open the chat.
    pub console: bool,
    /// Whether the API's documentation and description are served.
    pub docs: bool,
    /// Whether responses carry HSTS (`Strict-Transport-Security`).
    pub only_https: bool,
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
}

/// Derived keys, each of use for one thing alone.
pub struct RestKeys {
    pub cursors: [u8; 32],
    pub fingerprints: [u8; 32],
}
