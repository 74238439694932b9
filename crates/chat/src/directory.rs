//! Membership cache invalidation: one thread reads memberships, so the reads have one order.
//!
//! It is the workers' only source of memberships, at connect and after each change. A change is a hint
//! to read again, never the truth: whatever the order of the hints, the last read sees the last commit.
//! Each read has a version, so a worker knows which of two is newer.

use std::{
    collections::{HashMap, HashSet},
    iter,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use abu_application::{
    messaging::ports::{ChatMember, RoomChatState},
    platform::{error_chain::log_failure, ports::StoreError},
    store::{Reads, Store},
};
use abu_domain::{
    LoginSessionId, RoomId, UserId,
    messaging::room::{Room, RoomRole},
};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::{
    bus::{Ack, Instruction, LocalBus},
    frame::SharedPacket,
    instructions::heard_of,
    notices::RoomFact,
    packets,
    registry::RoomView,
    visibility::Visibility,
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
/// How many users one turn on the bus moves into a room: each is compared with all of its members.
const MOVED_AT_ONCE: usize = 16;
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
        /// None where the directory itself found the change.
        cause: Option<Cause>,
    },
    Roles {
        room: RoomId,
        roles: Vec<(UserId, RoomRole)>,
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
    /// In which direct rooms the user can be written to.
    Standing {
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

/// What an event says of a change of members. By the time it is read again there may be a later change, of which
/// this user did nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause {
    /// Rather than removed.
    pub(crate) added: bool,
    pub(crate) by: UserId,
}

pub(crate) struct Directory {
    requests: SyncSender<Request>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Directory {
    pub(crate) fn start(
        store: Arc<dyn Store>,
        bus: Arc<LocalBus>,
        visibility: Visibility,
    ) -> std::io::Result<Self> {
        let (requests, inbox) = sync_channel(QUEUE);
        let reader = Reader {
            store,
            bus,
            visibility,
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
    visibility: Visibility,
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
        let version = self.version;
        match self.read_connecting(&lookups) {
            Ok((members, live)) => {
                self.enter(&members);
                for lookup in lookups {
                    let lasts = live.contains(&lookup.log_in);
                    let snapshot = snapshot(version, members.get(&lookup.user), lasts);
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

    /// Notes with whom these users share rooms. A membership that is not known yet, as its event is still to come,
    /// is read again at once: connections of one user never differ.
    fn enter(&mut self, members: &HashMap<UserId, ChatMember>) {
        let mut differing: HashMap<RoomId, Vec<UserId>> = HashMap::new();
        for (user, member) in members {
            let rooms = member.rooms.iter().map(|room| room.room_id);
            for room in self.visibility.users.enter(*user, rooms) {
                differing.entry(room).or_default().push(*user);
            }
        }
        for (room, users) in differing {
            let cause = None;
            let change = Change::Members { room, users, cause };
            self.refresh(change, Ack::pair().0);
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

    fn refresh(&mut self, change: Change, handled: Ack) {
        self.version += 1;
        match self.read(&change) {
            Ok(Found::Memberships(found)) => {
                self.move_members(found);
                self.bus
                    .publish_blocking(|| vec![Instruction::Mark { handled }]);
            }
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
            Change::Members { room, users, cause } => self.store.read(|tx| {
                Ok(Found::Memberships(Memberships {
                    room: *room,
                    members: tx.chat_memberships(*room, users)?,
                    roles: roles(tx, *room, users)?,
                    found: tx.room(*room)?,
                    cause: *cause,
                }))
            }),
            Change::Roles {
                room, roles: told, ..
            } => {
                let users: Vec<UserId> = told.iter().map(|(user, _)| *user).collect();
                self.store
                    .read(|tx| Ok(Found::Roles(roles(tx, *room, &users)?)))
            }
            Change::Account { user } => self.store.read(|tx| {
                let found = tx.chat_members(&[*user])?;
                Ok(Found::Active(found.iter().any(|member| member.is_active)))
            }),
            Change::Standing { user } => self
                .store
                .read(|tx| Ok(Found::Direct(tx.direct_rooms_with(*user)?))),
            Change::LogIns { .. } => Ok(Found::Ended),
            Change::State { room, .. }
            | Change::Name { room, .. }
            | Change::Invited { room, .. } => {
                self.store.read(|tx| Ok(Found::Room(tx.room(*room)?)))
            }
        }
    }

    /// Publishes what these users are to a room now, and then, for some of them at a time, moves them in or out.
    fn move_members(&self, read: Memberships) {
        let Memberships {
            room,
            members,
            roles,
            found,
            cause,
        } = read;
        let by = |added| {
            cause
                .filter(|cause| cause.added == added)
                .map(|cause| cause.by)
        };
        // Before the memberships apply, so users who enter together are not told of each other.
        let told = members.iter().filter_map(|(user, state)| {
            let role = state.and(roles.get(user).copied());
            // Without the actor there is an event to come, which names them.
            let by = by(role.is_some())?;
            let packet = heard_of(by, packets::member_moved(room, *user, role, by));
            self.room_changed(RoomFact::Member(room, *user), packet)
        });
        self.bus.publish_blocking(|| told.collect());
        let added = heard_of(by(true), packets::added(room, found.as_ref(), by(true)));
        let removed = heard_of(by(false), packets::removed(room, by(false)));
        let member_count = found.map(|room| room.member_count.unsigned_abs());
        for members in members.chunks(MOVED_AT_ONCE) {
            let memberships = Instruction::Memberships {
                room,
                members: members.to_vec(),
                added: Arc::clone(&added),
                removed: Arc::clone(&removed),
                member_count,
                version: self.version,
            };
            self.bus.publish_blocking(|| {
                let are_members = members.iter().map(|(user, state)| (*user, state.is_some()));
                let by = cause.map(|cause| cause.by);
                let now = Instant::now();
                let shown = self.visibility.members_changed(room, are_members, by, now);
                iter::once(memberships).chain(shown).collect()
            });
        }
    }

    /// Broadcasts the change now, or later.
    fn room_changed(&self, fact: RoomFact, packet: Arc<SharedPacket>) -> Option<Instruction> {
        let notices = &self.visibility.notices;
        notices
            .room(fact, &packet, Instant::now())
            .then(|| fact.instruction(packet))
    }

    /// None for an account that is not suspended after all.
    fn instructions(&self, change: Change, found: Found, handled: Ack) -> Vec<Instruction> {
        let version = self.version;
        match (change, found) {
            (
                Change::Roles {
                    room,
                    roles: changed,
                    by,
                },
                Found::Roles(roles),
            ) => {
                // Of a role that changed again there is an event to come, which names the actor.
                let current = |(user, role): &(UserId, RoomRole)| roles.get(user) == Some(role);
                let told = changed.into_iter().filter(current);
                let told = told.filter_map(|(user, role)| {
                    let packet = heard_of(by, packets::role_changed(room, user, role, by));
                    self.room_changed(RoomFact::Role(room, user), packet)
                });
                told.chain([Instruction::Mark { handled }]).collect()
            }
            (Change::Invited { room, users, by }, Found::Room(found)) => {
                let packet = heard_of(by, packets::invited(room, found.as_ref(), by));
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
                    // The registry keeps what it knows.
                    blocked: false,
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
                let packet = heard_of(by, packets::renamed(&found, by));
                let told = self.room_changed(RoomFact::Name(room), packet);
                told.into_iter()
                    .chain([Instruction::Mark { handled }])
                    .collect()
            }
            (Change::Account { user }, Found::Active(false)) => vec![Instruction::Suspended {
                user,
                version,
                handled,
            }],
            (Change::Standing { .. }, Found::Direct(rooms)) => vec![Instruction::Standing {
                rooms,
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

fn snapshot(
    version: Version,
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
            version,
            rooms: member.rooms.clone(),
        }),
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

/// What some users are to a room.
struct Memberships {
    room: RoomId,
    members: Vec<(UserId, Option<RoomChatState>)>,
    roles: HashMap<UserId, RoomRole>,
    /// None where the room is gone.
    found: Option<Room>,
    cause: Option<Cause>,
}

/// What was read of a change.
enum Found {
    Memberships(Memberships),
    Roles(HashMap<UserId, RoomRole>),
    Room(Option<Room>),
    Active(bool),
    Direct(Vec<(UserId, RoomChatState)>),
    Ended,
}
