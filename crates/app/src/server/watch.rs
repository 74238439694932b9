//! Watches over the database while the server runs: notes when it goes away and when it is back, and
//! starts the server's own PostgreSQL again if that has ended.

use std::{
    error::Error,
    sync::{Arc, OnceLock},
    time::Duration,
};

use abu_application::ports::Store;
use tokio::{
    task::{JoinError, spawn_blocking},
    time::{sleep, timeout},
};

use crate::{
    database::OwnPostgres,
    readiness::{Readiness, ServingState},
};

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(1);
/// A database that takes longer for a sign of life is as good as away.
const LONGEST_LOOK: Duration = Duration::from_secs(5);

pub(super) async fn watch_over(
    store: Arc<dyn Store>,
    own: Arc<OnceLock<OwnPostgres>>,
    readiness: &Readiness,
) {
    let mut report = Report {
        readiness,
        last_problem: None,
    };
    loop {
        sleep(INTERVAL).await;
        let (store, own) = (Arc::clone(&store), Arc::clone(&own));
        let mut look = spawn_blocking(move || {
            keep_running(own.get());
            store.ping()
        });
        // One look at a time: the next one begins when this one is over, however long it takes.
        let looked = loop {
            match timeout(LONGEST_LOOK, &mut look).await {
                Ok(looked) => break looked,
                Err(_elapsed) => report.away("it takes too long to answer".to_owned()),
            }
        };
        match looked {
            Ok(Ok(())) => report.answers(),
            Ok(Err(error)) => report.away(in_full(&error)),
            Err(panicked) => report.away(JoinError::to_string(&panicked)),
        }
    }
}

/// Starts the server's own PostgreSQL again if it has ended. Blocks only then.
pub(super) fn keep_running(own: Option<&OwnPostgres>) {
    if let Some(Err(error)) = own.map(OwnPostgres::ensure_running) {
        log::error!("the database could not be started again: {error}");
    }
}

/// Says what changed, once.
struct Report<'a> {
    readiness: &'a Readiness,
    last_problem: Option<String>,
}

impl Report<'_> {
    fn answers(&mut self) {
        self.last_problem = None;
        if self.readiness.set(ServingState::Ready) == ServingState::DatabaseAway {
            log::info!("the database answers again");
        }
    }

    fn away(&mut self, problem: String) {
        self.readiness.set(ServingState::DatabaseAway);
        if self.last_problem.as_ref() != Some(&problem) {
            log::warn!("the database does not answer: {problem}");
            self.last_problem = Some(problem);
        }
    }
}

/// An error with its causes, the first one last.
fn in_full(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
