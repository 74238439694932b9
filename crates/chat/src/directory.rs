//! Reads who is in which room, on one thread and so in one order.
//!
//! Everything the workers know of memberships comes from here: what a connecting user is in, and what
//! a membership is after somebody changed it. A change is taken as a hint to read again, never as the
//! truth: whichever order the hints come in, the last read sees the last commit. Each read has a
//! version, so a worker that hears of two knows which is newer.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use abu_application::ports::{ChatMember, RoomChatState, Store, StoreError};
use abu_domain::{RoomId, UserId};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::bus::{Event, LocalBus};

/// The order of reads.
pub(crate) type Version = u64;

/// What was known of a user when they connected.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) version: Version,
    pub(crate) rooms: Vec<RoomChatState>,
}

/// Why a user could not be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookupError {
    UnknownUser,
    Suspended,
    Unavailable,
}

/// How many requests may wait.
const QUEUE: usize = 16_384;
/// How many connecting users one query looks up.
const LOOKUP_BATCH: usize = 256;
/// How long after a failure a change is read again.
const RETRY: Duration = Duration::from_millis(200);

enum Request {
    Lookup {
        user: UserId,
        reply: oneshot::Sender<Result<Snapshot, LookupError>>,
    },
    Refresh {
        change: Change,
        /// Dropped once the change has reached the workers.
        applied: oneshot::Sender<()>,
    },
    Stop,
}

/// What somebody changed, and is to be read again.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Members { room: RoomId, users: Vec<UserId> },
    Account { user: UserId },
    Room { room: RoomId },
}

/// The thread's handle.
pub(crate) struct Directory {
    requests: SyncSender<Request>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Directory {
    pub(crate) fn start(store: Arc<dyn Store>, bus: Arc<LocalBus>) -> std::io::Result<Self> {
        let (requests, inbox) = sync_channel(QUEUE);
        let reader = Reader {
            store,
            bus,
            inbox,
            version: 0,
            unsettled: Vec::new(),
        };
        let thread = std::thread::Builder::new()
            .name("chat-directory".into())
            .spawn(move || reader.run())?;
        Ok(Self {
            requests,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Looks a connecting user up. Never blocks the thread it is called on.
    pub(crate) async fn look_up(&self, user: UserId) -> Result<Snapshot, LookupError> {
        let (reply, answer) = oneshot::channel();
        match self.requests.try_send(Request::Lookup { user, reply }) {
            Ok(()) => answer.await.unwrap_or(Err(LookupError::Unavailable)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                Err(LookupError::Unavailable)
            }
        }
    }

    /// Asks for a change to be read again. Blocks while the queue is full, so not for async code;
    /// what it returns ends when the change has reached the workers.
    pub(crate) fn refresh(&self, change: Change) -> impl Future<Output = ()> + Send + 'static {
        let (applied, is_applied) = oneshot::channel();
        let sent = self.requests.send(Request::Refresh { change, applied });
        async move {
            if sent.is_ok() {
                // The sender is dropped, not used: both ways mean that it is done.
                let _ = is_applied.await;
            }
        }
    }

    /// Stops the thread; what waits is not answered.
    pub(crate) fn stop(&self) {
        let _ = self.requests.send(Request::Stop);
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

struct Reader {
    store: Arc<dyn Store>,
    bus: Arc<LocalBus>,
    inbox: Receiver<Request>,
    version: Version,
    /// Changes that could not be read; they are tried again until they can.
    unsettled: Vec<(Change, oneshot::Sender<()>)>,
}

type Lookup = (UserId, oneshot::Sender<Result<Snapshot, LookupError>>);

impl Reader {
    fn run(mut self) {
        loop {
            let first = if self.unsettled.is_empty() {
                match self.inbox.recv() {
                    Ok(request) => Some(request),
                    Err(_all_handles_gone) => return,
                }
            } else {
                match self.inbox.recv_timeout(RETRY) {
                    Ok(request) => Some(request),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            };
            self.settle();
            let mut lookups = Vec::new();
            let mut next = first;
            while let Some(request) = next {
                match request {
                    Request::Lookup { user, reply } => lookups.push((user, reply)),
                    Request::Refresh { change, applied } => {
                        // Lookups that came before are answered before: versions tell the rest.
                        self.answer(std::mem::take(&mut lookups));
                        self.refresh(change, applied);
                    }
                    Request::Stop => return,
                }
                next = (lookups.len() < LOOKUP_BATCH)
                    .then(|| self.inbox.try_recv().ok())
                    .flatten();
            }
            self.answer(lookups);
        }
    }

    fn settle(&mut self) {
        for (change, applied) in std::mem::take(&mut self.unsettled) {
            self.refresh(change, applied);
        }
    }

    fn answer(&mut self, mut lookups: Vec<Lookup>) {
        lookups.retain(|(_, reply)| !reply.is_closed());
        if lookups.is_empty() {
            return;
        }
        let mut users: Vec<UserId> = lookups.iter().map(|(user, _)| *user).collect();
        users.sort_unstable();
        users.dedup();
        self.version += 1;
        match self.store.read(|tx| tx.chat_members(&users)) {
            Ok(members) => {
                for (user, reply) in lookups {
                    let _ = reply.send(self.snapshot(&members, user));
                }
            }
            Err(error) => {
                log_failure("looking up who connects", &error);
                for (_, reply) in lookups {
                    let _ = reply.send(Err(LookupError::Unavailable));
                }
            }
        }
    }

    fn snapshot(&self, members: &[ChatMember], user: UserId) -> Result<Snapshot, LookupError> {
        match members.iter().find(|member| member.user_id == user) {
            None => Err(LookupError::UnknownUser),
            Some(member) if !member.is_active => Err(LookupError::Suspended),
            Some(member) => Ok(Snapshot {
                version: self.version,
                rooms: member.rooms.clone(),
            }),
        }
    }

    fn refresh(&mut self, change: Change, applied: oneshot::Sender<()>) {
        self.version += 1;
        match self.read(&change) {
            Ok(Some(event)) => {
                self.bus.publish_blocking(vec![event]);
                drop(applied);
            }
            Ok(None) => drop(applied),
            Err(error) => {
                log_failure("reading a change again", &error);
                self.unsettled.push((change, applied));
            }
        }
    }

    fn read(&self, change: &Change) -> Result<Option<Event>, StoreError> {
        let version = self.version;
        match change {
            Change::Members { room, users } => {
                let members = self.store.read(|tx| tx.chat_memberships(*room, users))?;
                Ok(Some(Event::Memberships {
                    room: *room,
                    members,
                    version,
                }))
            }
            Change::Account { user } => {
                let members = self.store.read(|tx| tx.chat_members(&[*user]))?;
                let active = members.iter().any(|member| member.is_active);
                Ok((!active).then_some(Event::Suspended {
                    user: *user,
                    version,
                }))
            }
            Change::Room { room } => {
                let found = self.store.read(|tx| tx.room(*room))?;
                Ok(found.map(|found| Event::RoomState {
                    room: *room,
                    read_only: found.is_read_only(),
                    version,
                }))
            }
        }
    }
}

fn log_failure(doing: &str, error: &StoreError) {
    match error {
        // The supervisor of the database says so already.
        StoreError::Unavailable(_) => log::debug!("{doing}: the database is away"),
        error => log::error!(
            "{doing} failed: {error}: {:?}",
            std::error::Error::source(error)
        ),
    }
}
