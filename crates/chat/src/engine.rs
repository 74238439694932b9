//! What the whole process shares, and how it starts and stops.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use abu_application::{Context, identity::ports::AccessTokens, messaging::messages::Messaging};
use abu_chat_protocol::server::ServerClosing;
use futures_util::future::select;
use tokio::{sync::Mutex, time::sleep};

use crate::{
    ChatHub, ChatSettings, Worker, backpressure::Backpressure, bus::Instruction,
    frame::SharedPacket, last_seen::LastSeen,
};

/// The pause between two slices of a drain.
const SLICE: Duration = Duration::from_millis(100);
/// A restarted server listens no sooner.
const RESTART: Duration = Duration::from_secs(1);

/// The chat of one process. Cheap to clone.
#[derive(Clone)]
pub struct ChatEngine(Arc<Engine>);

pub(crate) struct Engine {
    pub(crate) settings: ChatSettings,
    pub(crate) hub: Arc<ChatHub>,
    /// Its context publishes through the hub.
    pub(crate) messaging: Messaging,
    pub(crate) tokens: Arc<dyn AccessTokens>,
    pub(crate) backpressure: Arc<Backpressure>,
    /// Held by the worker that tells of presence: one at a time, so that the backpressure shows what it did.
    pub(crate) presence_turn: Mutex<()>,
    pub(crate) last_seen: LastSeen,
    draining: AtomicBool,
}

impl ChatEngine {
    /// Starts the chat behind `hub`, through which `messaging` publishes. `tokens` reads what a session brings
    /// to go on with.
    ///
    /// # Errors
    /// Where a thread cannot be started.
    pub fn start(
        hub: Arc<ChatHub>,
        messaging: Messaging,
        tokens: Arc<dyn AccessTokens>,
        settings: ChatSettings,
    ) -> std::io::Result<Self> {
        let store = messaging.context.database.store();
        Ok(Self(Arc::new(Engine {
            backpressure: Arc::default(),
            presence_turn: Mutex::default(),
            last_seen: LastSeen::start(Arc::clone(store))?,
            draining: AtomicBool::new(false),
            settings,
            hub,
            messaging,
            tokens,
        })))
    }

    /// Joins the current worker thread to the chat. Call it once in each worker, inside its runtime.
    pub fn join_worker(&self) -> Worker {
        Worker::start(&self.0)
    }

    /// The first half of a graceful shutdown: refuses new sessions, and closes the others with 1001, one after
    /// the other over `spread`. Completes when all are gone.
    pub async fn close_sessions(&self, spread: Duration) {
        self.0.draining.store(true, Ordering::Relaxed);
        let packet = Arc::new(SharedPacket::new(ServerClosing::new(spread + RESTART)));
        let close = async |slice: Slice| {
            let packet = Arc::clone(&packet);
            let bus = &self.0.hub.bus;
            bus.publish_with(|| vec![Instruction::Close { slice, packet }])
                .await;
        };
        let one_after_the_other = async {
            for slice in Slice::of(spread, SLICE) {
                close(slice).await;
                sleep(SLICE).await;
            }
        };
        // Whichever is first.
        select(pin!(one_after_the_other), pin!(self.0.hub.users.all_gone())).await;
        self.0.backpressure.release();
        close(Slice::ALL).await;
        self.0.hub.users.all_gone().await;
    }

    /// The second half: stores what was accepted, and ends the threads. Blocks. Returns whether all messages and
    /// changes were stored; no sender has an acknowledgement of one that was not.
    pub fn stop(&self) -> bool {
        let is_stored = self.0.messaging.stop();
        self.0.hub.directory.stop();
        self.0.last_seen.stop();
        is_stored
    }
}

/// The sessions of a worker whose slot has this remainder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    remainder: usize,
    of: usize,
}

impl Slice {
    const ALL: Self = Self {
        remainder: 0,
        of: 1,
    };

    /// As many as there are pauses in `time`.
    fn of(time: Duration, pause: Duration) -> impl Iterator<Item = Self> {
        let of = time.div_duration_f64(pause) as usize;
        (0..of).map(move |remainder| Self { remainder, of })
    }

    pub(crate) fn holds(self, slot: usize) -> bool {
        slot % self.of == self.remainder
    }
}

impl Engine {
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    pub(crate) fn context(&self) -> &Context {
        &self.messaging.context
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_session_is_in_one_slice_of_a_drain() {
        let slices: Vec<_> = Slice::of(Duration::from_secs(1), SLICE).collect();
        assert_eq!(slices.len(), 10);
        for slot in 0..100 {
            let holding = slices.iter().filter(|slice| slice.holds(slot));
            assert_eq!(holding.count(), 1);
            assert!(Slice::ALL.holds(slot));
        }
        assert_eq!(Slice::of(Duration::ZERO, SLICE).count(), 0);
    }
}
