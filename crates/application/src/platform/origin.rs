use std::{net::IpAddr, sync::Arc};

use abu_domain::platform::network::Network;

/// The source of a request, for the audit log.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The client's address behind trusted proxies; `None` without a network, as for an operator.
    pub address: Option<IpAddr>,
    /// Correlates the request with its response and the log.
    pub request_id: Arc<str>,
}

impl Origin {
    pub fn network(&self) -> Option<Network> {
        self.address.map(Network::of)
    }
}
