//! Metrics in Prometheus' text format, on a listener of their own.
//!
//! Crates record through the `metrics` facade, as they log through `log`. Without `metrics.listen` no recorder
//! is installed, and recording does nothing. What is a state rather than an event is sampled at each scrape.

mod described;
mod listener;
mod samples;
mod zeros;

use std::{io, sync::OnceLock, thread, time::Duration};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::version::{COMMIT, VERSION};

pub(crate) use listener::listen;
pub(crate) use samples::Samples;

/// Bounds of the latency histograms in seconds: from a commit on a fast disk to a request's deadline.
const SECONDS: [f64; 14] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0,
];

/// Samples of histograms gather until they are drained, whether or not a scraper comes.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// A process has one recorder, however many servers its tests start.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the process's recorder at the first call. What was recorded before is lost, so this comes before
/// all else.
pub(crate) fn install() -> Result<PrometheusHandle, InstallError> {
    if let Some(handle) = RECORDER.get() {
        return Ok(handle.clone());
    }
    let handle = build()?;
    let upkeep = handle.clone();
    // The recorder outlives the runtime of any one server.
    thread::Builder::new()
        .name("metrics".to_owned())
        .spawn(move || {
            loop {
                thread::sleep(UPKEEP_INTERVAL);
                upkeep.run_upkeep();
            }
        })?;
    Ok(RECORDER.get_or_init(|| handle).clone())
}

#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    #[error(transparent)]
    Recorder(#[from] BuildError),
    #[error(transparent)]
    Thread(#[from] io::Error),
}

fn build() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()?;
    described::describe();
    zeros::begin();
    metrics::gauge!(
        "abu_build_info",
        "version" => VERSION,
        "commit" => COMMIT,
    )
    .set(1.0);
    Ok(handle)
}
