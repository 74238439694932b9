//! Carries instructions to the worker threads of this process, in one order.

use std::sync::Arc;

use abu_application::messaging::ports::RoomChatState;
use abu_chat_protocol::RequestRef;
use abu_domain::{LoginSessionId, RoomId, UserId};
use parking_lot::RwLock;
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::{
    directory::Version,
    engine::Slice,
    frame::SharedPacket,
    registry::{RoomView, SessionKey},
    roster::Rooms,
};

/// Number of a worker thread.
pub(crate) type WorkerId = u32;

/// A session of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionAddress {
    pub(crate) worker: WorkerId,
    pub(crate) key: SessionKey,
}

/// A session that waits for an answer, and what it calls its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requester {
    pub(crate) session: SessionAddress,
    pub(crate) request_ref: Option<RequestRef>,
}

impl From<SessionAddress> for Requester {
    fn from(session: SessionAddress) -> Self {
        Self {
            session,
            request_ref: None,
        }
    }
}

/// Completes its receiver when every worker has handled the instruction: the last worker drops it with
/// its share of the batch.
#[derive(Debug)]
pub(crate) struct Ack {
    _told_by_dropping: oneshot::Sender<()>,
}

impl Ack {
    /// The sender goes into the instruction; the receiver completes when every worker has handled that.
    pub(crate) fn pair() -> (Self, oneshot::Receiver<()>) {
        let (told_by_dropping, handled) = oneshot::channel();
        let part = Self {
            _told_by_dropping: told_by_dropping,
        };
        (part, handled)
    }
}

/// What workers do for an event of the application, or for one session. It may hold handles, as it stays in
/// the process.
#[derive(Debug)]
pub(crate) enum Instruction {
    /// Something that was stored, for every session in a room. `requester` waits for it.
    InRoom {
        room: RoomId,
        requester: Option<Requester>,
        packet: Arc<SharedPacket>,
    },
    /// A message that was stored, for every session in the room; the sender's own sessions get another packet.
    Message {
        room: RoomId,
        sender: UserId,
        requester: Option<Requester>,
        own: Arc<SharedPacket>,
        packet: Arc<SharedPacket>,
    },
    /// Something that was stored, for every session of one user. `requester` waits for it.
    ToUser {
        user: UserId,
        requester: Option<Requester>,
        packet: Arc<SharedPacket>,
    },
    /// A packet for every session in a room but the one that caused it, if that is of this process.
    InRoomExcept {
        room: RoomId,
        except: Option<SessionAddress>,
        packet: Arc<SharedPacket>,
    },
    /// A packet for every session of a room's members except the user.
    ToOthers {
        room: RoomId,
        user: UserId,
        packet: Arc<SharedPacket>,
    },
    /// The presence of the user, for every session whose user sees it by one of these rooms, once each.
    AroundUser {
        user: UserId,
        rooms: Rooms,
        packet: Arc<SharedPacket>,
    },
    /// A presence, for every session of these users.
    ToUsers {
        users: Vec<UserId>,
        packet: Arc<SharedPacket>,
    },
    /// For presence, the user counts as a member of these rooms; `None` for their own rooms again.
    ShownIn { user: UserId, rooms: Option<Rooms> },
    /// An answer for one session alone.
    Answer {
        requester: Requester,
        packet: Arc<SharedPacket>,
    },
    /// Closes one session: its client cannot learn whether its message was stored.
    Disconnect { session: SessionAddress },
    /// What these users are to a room now.
    Memberships {
        room: RoomId,
        members: Vec<(UserId, Option<RoomChatState>)>,
        /// For the sessions of who came in by this.
        added: Arc<SharedPacket>,
        /// For the sessions of who is out by this.
        removed: Arc<SharedPacket>,
        /// `None` where the room is gone.
        member_count: Option<u32>,
        version: Version,
    },
    /// Whether a room takes messages now.
    RoomState {
        room: RoomId,
        view: RoomView,
        /// For the room's sessions, where that is new to them.
        packet: Arc<SharedPacket>,
        version: Version,
        #[expect(dead_code, reason = "tells by being dropped")]
        handled: Ack,
    },
    /// What direct rooms are to these users, whose other person was suspended or activated.
    Standing {
        rooms: Vec<(UserId, RoomChatState)>,
        version: Version,
        #[expect(dead_code, reason = "tells by being dropped")]
        handled: Ack,
    },
    Suspended {
        user: UserId,
        version: Version,
        #[expect(dead_code, reason = "tells by being dropped")]
        handled: Ack,
    },
    /// These log-ins of the user have ended.
    LoggedOut {
        user: UserId,
        log_ins: Vec<LoginSessionId>,
        version: Version,
        #[expect(dead_code, reason = "tells by being dropped")]
        handled: Ack,
    },
    /// Nothing to do.
    Mark {
        #[expect(dead_code, reason = "tells by being dropped")]
        handled: Ack,
    },
    /// The server is going down: closes a slice of the sessions, after this packet.
    Close {
        slice: Slice,
        packet: Arc<SharedPacket>,
    },
}

/// Instructions in the order they were published, on their way to all workers.
pub(crate) type Batch = Arc<[Instruction]>;

type Inboxes = Arc<[(WorkerId, mpsc::Sender<Batch>)]>;

/// The bus within a process.
///
/// Every worker gets every batch in the same order: the publisher sends it to all workers under `order`.
/// Inboxes are bounded, so a publisher waits for the slowest worker. The task that empties a worker's
/// inbox never publishes, so publishers cannot deadlock.
///
/// Lock order: the presence turn, then `order`, then what the closure of
/// [`publish_with`](Self::publish_with) takes.
pub(crate) struct LocalBus {
    order: Mutex<()>,
    inboxes: RwLock<Inboxes>,
    capacity: usize,
}

impl LocalBus {
    /// A bus whose inboxes hold so many batches.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            order: Mutex::new(()),
            inboxes: RwLock::new(Arc::new([])),
            capacity,
        }
    }

    /// The inbox of another worker: it gets whatever is published from now on.
    pub(crate) fn join(&self) -> (WorkerId, mpsc::Receiver<Batch>) {
        let (sender, inbox) = mpsc::channel(self.capacity);
        let mut inboxes = self.inboxes.write();
        let id = inboxes.iter().map(|(id, _)| id + 1).max().unwrap_or(0);
        *inboxes = inboxes.iter().cloned().chain([(id, sender)]).collect();
        (id, inbox)
    }

    /// Publishes what `make` returns. `make` runs under `order`, so decisions and instructions have the
    /// same order.
    pub(crate) async fn publish_with(&self, make: impl FnOnce() -> Vec<Instruction>) {
        let _turn = self.order.lock().await;
        let Some(batch) = non_empty(make()) else {
            return;
        };
        let inboxes = self.inboxes.read().clone();
        for (id, inbox) in inboxes.iter() {
            if inbox.send(Arc::clone(&batch)).await.is_err() {
                self.leave(*id);
            }
        }
    }

    /// The same from a thread that may block.
    pub(crate) fn publish_blocking(&self, make: impl FnOnce() -> Vec<Instruction>) {
        let _turn = self.order.blocking_lock();
        let Some(batch) = non_empty(make()) else {
            return;
        };
        let inboxes = self.inboxes.read().clone();
        for (id, inbox) in inboxes.iter() {
            if inbox.blocking_send(Arc::clone(&batch)).is_err() {
                self.leave(*id);
            }
        }
    }

    fn leave(&self, gone: WorkerId) {
        let mut inboxes = self.inboxes.write();
        *inboxes = inboxes
            .iter()
            .filter(|(id, _)| *id != gone)
            .cloned()
            .collect();
    }
}

fn non_empty(instructions: Vec<Instruction>) -> Option<Batch> {
    (!instructions.is_empty()).then(|| instructions.into())
}
