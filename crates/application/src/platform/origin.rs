use std::{net::IpAddr, sync::Arc};

/// The source of a request, for the audit log.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The client's address behind trusted proxies; `None` without a network, as for an operator.
    pub address: Option<IpAddr>,
    /// Correlates the request with its response and the log.
    pub request_id: Arc<str>,
}
