//! Where the server under test is; a restart changes it for all clients and observers.

use std::{net::SocketAddr, sync::Arc};

use parking_lot::Mutex;

#[derive(Clone)]
pub(super) struct Endpoint(Arc<Mutex<Place>>);

#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) http: SocketAddr,
    pub(super) metrics: SocketAddr,
    pub(super) pid: u32,
}

impl Endpoint {
    pub(super) fn new(place: Place) -> Self {
        Self(Arc::new(Mutex::new(place)))
    }

    pub(super) fn move_to(&self, place: Place) {
        *self.0.lock() = place;
    }

    pub(super) fn http(&self) -> SocketAddr {
        self.0.lock().http
    }

    pub(super) fn metrics(&self) -> SocketAddr {
        self.0.lock().metrics
    }

    pub(super) fn pid(&self) -> u32 {
        self.0.lock().pid
    }
}
