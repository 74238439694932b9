//! What the whole process shares, and how it starts and stops.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use abu_application::{Context, identity::ports::AccessTokens, messaging::messages::Messaging};
use tokio::sync::Mutex;

use crate::{
    ChatHub, ChatSettings, Worker, backpressure::Backpressure, bus::Instruction,
    last_seen::LastSeen,
};

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

    /// Graceful shutdown: refuses new sessions, closes the others with 1001, and stores what it accepted.
    /// Gives up after `limit`, and answers false then; no sender has an acknowledgement of a message that is not
    /// stored by then.
    pub async fn shut_down(&self, limit: Duration) -> bool {
        self.0.draining.store(true, Ordering::Relaxed);
        self.0.backpressure.release();
        let drained = tokio::time::timeout(limit, async {
            let bus = &self.0.hub.bus;
            bus.publish_with(|| vec![Instruction::ShutDown]).await;
            self.0.hub.users.all_gone().await;
            let engine = Arc::clone(&self.0);
            // The threads are joined, which blocks.
            let _ = tokio::task::spawn_blocking(move || engine.stop_threads()).await;
        });
        drained.await.is_ok()
    }
}

impl Engine {
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    pub(crate) fn context(&self) -> &Context {
        &self.messaging.context
    }

    fn stop_threads(&self) {
        self.messaging.stop();
        self.hub.directory.stop();
        self.last_seen.stop();
    }
}
