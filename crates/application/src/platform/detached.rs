//! Detached tasks: work that outlives its request.

use std::{error::Error, future::Future};

use crate::platform::ports::StoreError;

/// Spawns `work` and logs its failure; `doing` names it in the log line.
pub(crate) fn detach(
    doing: &'static str,
    work: impl Future<Output = Result<(), StoreError>> + Send + 'static,
) {
    tokio::spawn(async move {
        if let Err(error) = work.await {
            let cause = error.source().map(ToString::to_string);
            log::error!(
                "{doing} failed: {error}: {}",
                cause.as_deref().unwrap_or("no cause")
            );
        }
    });
}
