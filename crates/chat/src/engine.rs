//! What the whole process shares, and how it starts and stops.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use abu_application::{
    Database,
    ports::{
        AccessTokens, Applied, Clock, Ids, LiveChat, ReadMark, ReadState, SubmitError, Submitted,
    },
};
use abu_domain::{
    LoginSessionId, RoomId, UserId,
    message::{Message, MessageChange, NewMessage},
};
use tokio::sync::{Mutex, oneshot};

use crate::{
    ChatSettings, Worker,
    backpressure::Backpressure,
    bus::{Event, LocalBus},
    directory::{Change, Directory},
    last_seen::LastSeen,
    read_marks::{ReadMarks, Reader},
    users::Users,
    writer::{Sender, Write, Writer},
};

/// The chat of one process. Cheap to clone.
#[derive(Clone)]
pub struct ChatEngine(Arc<Engine>);

pub(crate) struct Engine {
    pub(crate) settings: ChatSettings,
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) tokens: Arc<dyn AccessTokens>,
    pub(crate) bus: Arc<LocalBus>,
    pub(crate) users: Arc<Users>,
    pub(crate) backpressure: Arc<Backpressure>,
    /// Held by the worker that tells of presence: one at a time, so that the backpressure shows what it did.
    pub(crate) presence_turn: Mutex<()>,
    pub(crate) directory: Directory,
    pub(crate) writer: Writer,
    pub(crate) read_marks: Arc<ReadMarks>,
    pub(crate) last_seen: LastSeen,
    draining: AtomicBool,
}

impl ChatEngine {
    /// Starts the chat's own threads. `tokens` reads what a session brings to go on with.
    ///
    /// # Errors
    /// Where a thread cannot be started.
    pub fn start(
        database: Database,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        tokens: Arc<dyn AccessTokens>,
        settings: ChatSettings,
    ) -> std::io::Result<Self> {
        let store = database.store();
        let bus = Arc::new(LocalBus::new(settings.worker_queue));
        let read_marks = ReadMarks::start(
            Arc::clone(store),
            Arc::clone(&bus),
            Arc::clone(&ids),
            settings.store_timeout,
        )?;
        let read_marks = Arc::new(read_marks);
        Ok(Self(Arc::new(Engine {
            users: Arc::new(Users::new(&settings)),
            backpressure: Arc::default(),
            presence_turn: Mutex::default(),
            directory: Directory::start(Arc::clone(store), Arc::clone(&bus))?,
            writer: Writer::start(
                Arc::clone(store),
                Arc::clone(&bus),
                Arc::clone(&ids),
                Arc::clone(&read_marks),
                &settings,
            )?,
            read_marks,
            last_seen: LastSeen::start(Arc::clone(store))?,
            draining: AtomicBool::new(false),
            settings,
            database,
            clock,
            ids,
            tokens,
            bus,
        })))
    }

    /// The chat as the use cases see it.
    pub fn live_chat(&self) -> Arc<dyn LiveChat> {
        Arc::clone(&self.0) as Arc<dyn LiveChat>
    }

    /// Joins the current worker thread to the chat. Call it once in each worker, inside its runtime.
    pub fn join_worker(&self) -> Worker {
        Worker::start(&self.0)
    }

    /// Refuses new sessions, ends all others with 1001, and stores what was accepted. Gives up after
    /// `limit`; what is not stored by then was not acknowledged to anybody.
    pub async fn shut_down(&self, limit: Duration) {
        self.0.draining.store(true, Ordering::Relaxed);
        self.0.backpressure.release();
        let drained = tokio::time::timeout(limit, async {
            self.0.bus.publish_with(|| vec![Event::ShutDown]).await;
            self.0.users.all_gone().await;
            let engine = Arc::clone(&self.0);
            // The threads are joined, which blocks.
            let _ = tokio::task::spawn_blocking(move || engine.stop_threads()).await;
        });
        if drained.await.is_err() {
            log::warn!("the chat was not done within {} s", limit.as_secs_f32());
        }
    }
}

impl Engine {
    /// Whether the server is going down.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    fn write(&self, write: Write) -> Submitted<Message> {
        let (reply, answer) = oneshot::channel();
        let submitted = self.writer.submit(write, Sender::Caller(reply));
        Box::pin(async move {
            submitted.map_err(|_full| SubmitError::Unavailable)?;
            // The writer answers everybody before it ends; were it to panic, nothing is known.
            answer.await.unwrap_or(Err(SubmitError::InDoubt))
        })
    }

    fn stop_threads(&self) {
        self.writer.stop();
        self.read_marks.stop();
        self.directory.stop();
        self.last_seen.stop();
    }
}

impl LiveChat for Engine {
    fn membership_changed(&self, room: RoomId, users: &[UserId], by: UserId) -> Applied {
        Box::pin(self.directory.refresh(Change::Members {
            room,
            users: users.to_vec(),
            by,
        }))
    }

    fn room_state_changed(&self, room: RoomId, by: UserId) -> Applied {
        Box::pin(self.directory.refresh(Change::State { room, by }))
    }

    fn room_renamed(&self, room: RoomId, by: UserId) -> Applied {
        Box::pin(self.directory.refresh(Change::Name { room, by }))
    }

    fn account_suspended(&self, user: UserId) -> Applied {
        Box::pin(self.directory.refresh(Change::Account { user }))
    }

    fn sessions_ended(&self, user: UserId, sessions: &[LoginSessionId]) -> Applied {
        Box::pin(self.directory.refresh(Change::LogIns {
            user,
            log_ins: sessions.into(),
        }))
    }

    fn submit(&self, message: NewMessage) -> Submitted<Message> {
        self.write(Write::Message(message))
    }

    fn change(&self, change: MessageChange) -> Submitted<Message> {
        self.write(Write::Change(change))
    }

    fn mark_read(&self, mark: ReadMark) -> Submitted<ReadState> {
        let (reply, answer) = oneshot::channel();
        let noted = self.read_marks.note(mark, Reader::Caller(reply));
        Box::pin(async move {
            noted.map_err(|_full| SubmitError::Unavailable)?;
            answer.await.unwrap_or(Err(SubmitError::InDoubt))
        })
    }

    fn online(&self, users: &[UserId]) -> Vec<bool> {
        self.users.online(users)
    }
}
