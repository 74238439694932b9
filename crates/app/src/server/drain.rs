//! Graceful shutdown: readiness fails, the listener closes, chat sessions and requests end, and then the accepted
//! messages are stored.

use std::{sync::Arc, time::Duration};

use abu_application::platform::readiness::ServingState;
use futures_util::future::join;
use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep, timeout_at},
};

use super::{Ending, RunningServer, release, stop_postgres};

/// This part of the deadline is for what follows the requests and sessions.
const FOR_STORING: u32 = 4;

/// How long a drain takes before its deadline begins.
#[derive(Clone, Copy, Default)]
struct Pace {
    /// The server still accepts connections.
    delay: Duration,
    /// Chat sessions are closed one after the other.
    spread: Duration,
}

impl RunningServer {
    /// Graceful shutdown. `/health/ready` fails for `server.drain_delay`. Then the server stops accepting, and
    /// closes chat sessions with 1001 over `server.drain_spread`, while requests finish. Unfinished requests, and
    /// peers that do not read, have one second. Last, accepted messages, the current mail and the
    /// current steps of jobs are finished, and the private PostgreSQL stops. Anything slower than
    /// `server.shutdown_timeout` ends with the process.
    pub async fn stop(self) -> Ending {
        let server = &self.settings.server;
        let pace = Pace {
            delay: server.drain_delay,
            spread: server.drain_spread,
        };
        self.drain(pace).await
    }

    /// The same at once, for a server that cannot go on.
    pub(super) async fn stop_at_once(self) -> Ending {
        self.drain(Pace::default()).await
    }

    async fn drain(self, pace: Pace) -> Ending {
        self.mail.take_no_more();
        self.jobs.take_no_more();
        // A server that never served has no clients to wait for.
        if self.readiness.set(ServingState::Draining) != ServingState::Starting {
            sleep(pace.delay).await;
        }
        self.connections.drain();
        let limit = self.settings.server.shutdown_timeout;
        let deadline = Instant::now() + pace.spread + limit;
        let mail = spawn_blocking(move || self.mail.stop());
        let jobs = spawn_blocking(move || self.jobs.stop());
        // The listener first: a closed session must not find the old server again.
        let connections = join(self.http.stop(true), self.chat.close_sessions(pace.spread));
        let connections = timeout_at(deadline - limit / FOR_STORING, connections).await;
        let chat = self.chat;
        let storing = spawn_blocking(move || chat.stop());
        let (watching, end_of_watch) = (self.supervisor, self.end_of_watch);
        let rest = async {
            let (stored, _jobs) = join(storing, jobs).await;
            // The watch holds the server's lock for the writer and the jobs. It may have ended.
            let _ = end_of_watch.send(());
            let _ = join(watching, mail).await;
            // The panic hook has reported a panic.
            stored.unwrap_or(false)
        };
        let rest = timeout_at(deadline, rest).await;
        let ending = match (connections, rest) {
            (Ok(_), Ok(true)) => Ending::Stopped,
            (Ok(_), Ok(false)) => {
                log::warn!("accepted messages could not be stored");
                Ending::WorkLeft
            }
            _ => {
                log::warn!(
                    "not everything was finished within {} s",
                    limit.as_secs_f64()
                );
                Ending::WorkLeft
            }
        };
        if let Some((_address, metrics)) = self.metrics {
            metrics.stop(false).await;
        }
        let (own_postgres, lock) = (Arc::clone(&self.own_postgres), self.lock);
        // The panic hook has reported a panic, and nothing is left to stop.
        let _ = spawn_blocking(move || {
            release(&lock);
            stop_postgres(own_postgres.get());
        })
        .await;
        log::info!("stopped");
        ending
    }
}
