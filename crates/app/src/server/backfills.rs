//! Second pass of the backfills, beside the serving of requests.

use abu_application::platform::{
    backoff::Backoff,
    readiness::{Readiness, ServingState},
};
use abu_repository::migrations;
use secrecy::SecretString;
use tokio::{task::spawn_blocking, time::sleep};

/// Retries with back-off until the pass is complete or the server drains; the next start goes on.
pub(super) async fn repeat(url: SecretString, readiness: Readiness) {
    let mut backoff = Backoff::default();
    while readiness.state() != ServingState::Draining {
        let (url, readiness) = (url.clone(), readiness.clone());
        let drains = move || readiness.state() == ServingState::Draining;
        let pass = spawn_blocking(move || migrations::repeat_backfills(&url, &drains));
        match pass.await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => log::warn!("rows of the previous release stay for now: {error}"),
            // The panic hook has reported it.
            Err(_panicked) => return,
        }
        sleep(backoff.next_wait()).await;
    }
}
