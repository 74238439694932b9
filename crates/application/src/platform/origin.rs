use std::{net::IpAddr, sync::Arc};

/// Where a request comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The client's address; `None` where no network lies between.
    pub address: Option<IpAddr>,
    /// The id that ties the request to its answer and to the log.
    pub request_id: Arc<str>,
}
