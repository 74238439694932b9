//! Membership cache invalidation: one thread reads memberships, so the reads have one order.
//!
//! It is the workers' only source of memberships, at connect and after each change. A change is a hint
//! to read again, never the truth: whatever the order of the hints, the last read sees the last commit.
//! Each read has a version, so a worker knows which of two is newer.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use abu_application::{
    messaging::ports::{ChatMember, RoomChatState},
    platform::{error_chain::log_failure, ports::StoreError},
    store::{Reads, Store},
};
use abu_chat_protocol::server::MemberNotify;
use abu_domain::{
    LoginSessionId, RoomId, UserId,
    messaging::room::{Room, RoomRole},
};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::{
    bus::{Ack, Instruction, LocalBus},
    instructions::{heard_of, shared},
    packets,
    registry::RoomView,
};

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
    /// Or its account is gone.
    SessionEnded,
    Suspended,
    Deactivated,
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
        log_in: LoginSessionId,
        reply: oneshot::Sender<Result<Snapshot, LookupError>>,
    },
    Refresh {
        change: Change,
        applied: Ack,
    },
    Stop,
}

/// A hint of an event: what is to be read again.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Members {
        room: RoomId,
        users: Vec<UserId>,
        by: UserId,
    },
    Roles {
        room: RoomId,
        users: Vec<UserId>,
        by: Option<UserId>,
    },
    /// What the room is called to which these users are invited.
    Invited {
        room: RoomId,
        users: Vec<UserId>,
        by: UserId,
    },
    Account {
        user: UserId,
    },
    /// Whether the room takes messages.
    State {
        room: RoomId,
        by: UserId,
    },
    Name {
        room: RoomId,
        by: UserId,
    },
    /// An ended login stays ended, so the directory reads nothing: this works during a database outage.
    LogIns {
        user: UserId,
        log_ins: Vec<LoginSessionId>,
    },
}

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
    pub(crate) async fn look_up(
        &self,
        user: UserId,
        log_in: LoginSessionId,
    ) -> Result<Snapshot, LookupError> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Lookup {
            user,
            log_in,
            reply,
        };
        match self.requests.try_send(request) {
            Ok(()) => answer.await.unwrap_or(Err(LookupError::Unavailable)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                Err(LookupError::Unavailable)
            }
        }
    }

    /// Asks for a change to be read again. Blocks while the queue is full, so not for async code;
    /// what it returns ends when every worker goes by the change.
    pub(crate) fn refresh(&self, change: Change) -> impl Future<Output = ()> + Send + 'static {
        let (applied, is_applied) = Ack::pair();
        let sent = self.requests.send(Request::Refresh { change, applied });
        async move {
            if sent.is_ok() {
                // Ends with an error by design: the last worker drops the sender.
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
    unsettled: Vec<(Change, Ack)>,
}

struct Lookup {
    user: UserId,
    log_in: LoginSessionId,
    reply: oneshot::Sender<Result<Snapshot, LookupError>>,
}

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
                    Request::Lookup {
                        user,
                        log_in,
                        reply,
                    } => lookups.push(Lookup {
                        user,
                        log_in,
                        reply,
                    }),
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
        lookups.retain(|lookup| !lookup.reply.is_closed());
        if lookups.is_empty() {
            return;
        }
        self.version += 1;
        match self.read_connecting(&lookups) {
            Ok((members, live)) => {
                for lookup in lookups {
                    let lasts = live.contains(&lookup.log_in);
                    let snapshot = self.snapshot(members.get(&lookup.user), lasts);
                    let _ = lookup.reply.send(snapshot);
                }
            }
            Err(error) => {
                log_failure("looking up who connects", &error);
                for lookup in lookups {
                    let _ = lookup.reply.send(Err(LookupError::Unavailable));
                }
            }
        }
    }

    /// Who connects, by their ids, and which of their log-ins last.
    fn read_connecting(
        &self,
        lookups: &[Lookup],
    ) -> Result<(HashMap<UserId, ChatMember>, HashSet<LoginSessionId>), StoreError> {
        let mut users: Vec<UserId> = lookups.iter().map(|lookup| lookup.user).collect();
        users.sort_unstable();
        users.dedup();
        let log_ins: Vec<LoginSessionId> = lookups.iter().map(|lookup| lookup.log_in).collect();
        self.store.read(|tx| {
            let live = tx.live_sessions(&log_ins)?.into_iter().collect();
            let members = tx.chat_members(&users)?;
            let by_id = members.into_iter().map(|member| (member.user_id, member));
            Ok((by_id.collect(), live))
        })
    }

    fn snapshot(
        &self,
        member: Option<&ChatMember>,
        log_in_lasts: bool,
    ) -> Result<Snapshot, LookupError> {
        match member {
            // First: the log-ins of a suspended account have ended too.
            Some(member) if !member.is_active => Err(LookupError::Suspended),
            None => Err(LookupError::SessionEnded),
            Some(_) if !log_in_lasts => Err(LookupError::SessionEnded),
            Some(member) if member.is_deactivated => Err(LookupError::Deactivated),
            Some(member) => Ok(Snapshot {
                version: self.version,
                rooms: member.rooms.clone(),
            }),
        }
    }

    fn refresh(&mut self, change: Change, handled: Ack) {
        self.version += 1;
        match self.read(&change) {
            Ok(found) => {
                let instructions = self.instructions(change, found, handled);
                self.bus.publish_blocking(|| instructions);
            }
            Err(error) => {
                log_failure("reading a change again", &error);
                self.unsettled.push((change, handled));
            }
        }
    }

    fn read(&self, change: &Change) -> Result<Found, StoreError> {
        match change {
            Change::Members { room, users, .. } => self.store.read(|tx| {
                Ok(Found::Memberships {
                    members: tx.chat_memberships(*room, users)?,
                    roles: roles(tx, *room, users)?,
                    room: tx.room(*room)?,
                })
            }),
            Change::Roles { room, users, .. } => self
                .store
                .read(|tx| Ok(Found::Roles(roles(tx, *room, users)?))),
            Change::Account { user } => self.store.read(|tx| {
                let found = tx.chat_members(&[*user])?;
                Ok(Found::Active(found.iter().any(|member| member.is_active)))
            }),
            Change::LogIns { .. } => Ok(Found::Ended),
            Change::State { room, .. }
            | Change::Name { room, .. }
            | Change::Invited { room, .. } => {
                self.store.read(|tx| Ok(Found::Room(tx.room(*room)?)))
            }
        }
    }

    /// None for an account that is not suspended after all.
    fn instructions(&self, change: Change, found: Found, handled: Ack) -> Vec<Instruction> {
        let version = self.version;
        match (change, found) {
            (
                Change::Members { room, by, .. },
                Found::Memberships {
                    members,
                    roles,
                    room: found,
                },
            ) => {
                let added = packets::added(room, found.as_ref(), by);
                // Before the memberships apply, so users who enter together are not told of each other.
                let mut instructions: Vec<Instruction> = members
                    .iter()
                    .map(|(user, state)| {
                        let role = state.and(roles.get(user).copied());
                        around(
                            room,
                            *user,
                            by,
                            packets::member_moved(room, *user, role, by),
                        )
                    })
                    .collect();
                instructions.push(Instruction::Memberships {
                    room,
                    members,
                    added: shared(added),
                    removed: shared(packets::removed(room, by)),
                    member_count: found.map(|room| room.member_count.unsigned_abs()),
                    version,
                    handled,
                });
                instructions
            }
            (Change::Roles { room, by, .. }, Found::Roles(roles)) => {
                let told = roles.into_iter().map(|(user, role)| Instruction::InRoom {
                    room,
                    requester: None,
                    packet: heard_of(by, packets::role_changed(room, user, role, by)),
                });
                told.chain([Instruction::Mark { handled }]).collect()
            }
            (Change::Invited { room, users, by }, Found::Room(found)) => {
                let packet = shared(packets::invited(room, found.as_ref(), by));
                let told = users.into_iter().map(|user| Instruction::ToUser {
                    user,
                    requester: None,
                    packet: Arc::clone(&packet),
                });
                told.chain([Instruction::Mark { handled }]).collect()
            }
            (Change::State { room, by }, Found::Room(found)) => {
                let view = RoomView {
                    read_only: found.as_ref().is_none_or(Room::is_read_only),
                    member_count: found.map_or(0, |room| room.member_count.unsigned_abs()),
                };
                let packet = packets::state_changed(room, view.read_only, by);
                vec![Instruction::RoomState {
                    room,
                    view,
                    packet: heard_of(by, packet),
                    version,
                    handled,
                }]
            }
            (Change::Name { room, by }, Found::Room(Some(found))) => {
                vec![Instruction::RoomRenamed {
                    room,
                    packet: heard_of(by, packets::renamed(&found, by)),
                    handled,
                }]
            }
            (Change::Account { user }, Found::Active(false)) => vec![Instruction::Suspended {
                user,
                version,
                handled,
            }],
            (Change::LogIns { user, log_ins }, Found::Ended) => vec![Instruction::LoggedOut {
                user,
                log_ins,
                version,
                handled,
            }],
            _ => Vec::new(),
        }
    }
}

/// For the room's other members.
fn around(room: RoomId, user: UserId, by: UserId, packet: MemberNotify) -> Instruction {
    Instruction::AroundUser {
        user,
        rooms: vec![room],
        packet: heard_of(by, packet),
    }
}

fn roles(
    tx: &mut dyn Reads,
    room: RoomId,
    users: &[UserId],
) -> Result<HashMap<UserId, RoomRole>, StoreError> {
    let pairs: Vec<(RoomId, UserId)> = users.iter().map(|user| (room, *user)).collect();
    let roles = tx.roles(&pairs)?;
    Ok(roles
        .into_iter()
        .map(|(_, user, role)| (user, role))
        .collect())
}

/// What was read of a change.
enum Found {
    Memberships {
        members: Vec<(UserId, Option<RoomChatState>)>,
        roles: HashMap<UserId, RoomRole>,
        room: Option<Room>,
    },
    Roles(HashMap<UserId, RoomRole>),
    Room(Option<Room>),
    Active(bool),
    Ended,
}
