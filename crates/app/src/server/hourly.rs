//! What the server writes to its log once an hour: the head of the audit log, and counts of failed
//! log-ins.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use abu_application::{
    identity::sessions::LogInFailures,
    platform::{
        audit::note_head,
        error_chain::error_chain,
        ports::{Clock, HeadSealer},
        system::SystemClock,
    },
    store::Store,
};

const INTERVAL: Duration = Duration::from_secs(3_600);

/// The target of both lines.
const TARGET: &str = "abu_app::audit";

#[derive(Clone)]
pub(super) struct Hourly {
    sealer: Arc<dyn HeadSealer>,
    failures: Arc<LogInFailures>,
    /// `None` before the first time, which is right after the start.
    last: Option<Instant>,
}

impl Hourly {
    pub(super) fn new(sealer: Arc<dyn HeadSealer>, failures: Arc<LogInFailures>) -> Self {
        Self {
            sealer,
            failures,
            last: None,
        }
    }

    /// Blocks when it is due. After an error, the next hour tries again.
    pub(super) fn write_if_due(&mut self, store: &dyn Store, now: Instant) {
        if self
            .last
            .is_some_and(|last| now.duration_since(last) < INTERVAL)
        {
            return;
        }
        self.last = Some(now);
        match note_head(store, &*self.sealer, SystemClock.now()) {
            Ok(Some(head)) => log::info!(target: TARGET, "audit log head {head}"),
            Ok(None) => {}
            Err(error) => log::warn!(
                target: TARGET,
                "the head of the audit log could not be noted: {}",
                error_chain(&error)
            ),
        }
        let failed = self.failures.take();
        if failed.any() {
            log::info!(
                target: TARGET,
                wrong_credentials = failed.credentials, wrong_second_factors = failed.second_factors;
                "log-ins that failed since the last count"
            );
        }
    }
}
