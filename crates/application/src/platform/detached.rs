//! Work that goes on after its caller was answered.

use std::{error::Error, future::Future};

use crate::platform::ports::StoreError;

/// Begins work that nobody waits for. That it failed, the log is told: `doing` says what it was.
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
