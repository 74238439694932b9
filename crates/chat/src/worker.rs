//! The chat on one worker thread: its sessions, its timer wheel, and the tasks that serve them.
//!
//! - The *inbox* task takes what the bus brings and puts frames into outboxes. It never publishes and
//!   never waits for a session, so the bus always moves on.
//! - The *typing* and the *presence* task publish what this worker's sessions have to say of themselves,
//!   some at a time. Sessions only queue, so one that ends half way through loses nothing.
//!
//! All end with the thread's runtime. Everything here belongs to one thread; the cells are never
//! borrowed across an await.

use std::{
    cell::{Cell, RefCell},
    cmp::Ordering,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use abu_chat_protocol::{CloseCode, Profile, RequestRef};
use abu_domain::{LoginSessionId, RoomId, UserId};
use actix::{Addr, WeakAddr};
use bytes::Bytes;
use tokio::sync::{Notify, mpsc};

use crate::{
    bus::{Ack, Batch, Instruction, Requester, SessionAddress, WorkerId},
    directory::Snapshot,
    engine::Engine,
    frame::{SharedPacket, WorkerFrames},
    presence::{Presence, PresenceQueue},
    registry::{EndedMeanwhile, Moved, Registry, RoomView, SessionKey},
    session::{ChatSession, Delivery, Outbox, Wake},
    timers::Wheel,
    typing::{TypingBacklog, TypingNotice},
};

/// Step of the timer wheel: how late a deadline may be noticed.
const STEP: Duration = Duration::from_millis(50);
/// Slots of the wheel: with the step, 102 seconds.
const SLOTS: usize = 2_048;
/// How many deliveries the inbox task makes before it lets sessions have the thread.
const DELIVERIES_A_TURN: usize = 2_000;
/// How long frames gather, for sessions that hear much and of who comes and goes, before they are
/// written: at least this, and otherwise as long as the last writing took, so that a worker under load
/// gathers half of its time and writes the other half.
const LEAST_GATHERING: Duration = Duration::from_millis(12);
const MOST_GATHERING: Duration = Duration::from_millis(150);
/// How long frames wait that their author's listeners have to hear together, unless others are written before:
/// see [`notices`](crate::notices).
const LAZY_GATHERING: Duration = Duration::from_secs(3);
/// The batch of users in one presence broadcast: some 12 KB for a session that shares a room with all
/// of them.
const PRESENCE_AT_ONCE: usize = 128;
/// The longest backpressure pause between two presence broadcasts.
const LONGEST_HOLD: Duration = Duration::from_secs(1);

/// The chat of one worker thread. Cheap to clone, and stays on its thread.
#[derive(Clone)]
pub struct Worker(Rc<Inner>);

struct Inner {
    engine: Arc<Engine>,
    id: WorkerId,
    registry: RefCell<Registry<Handle>>,
    wheel: RefCell<Wheel<WeakAddr<ChatSession>>>,
    /// What sessions said of their typing, to be published.
    typing: RefCell<TypingBacklog>,
    has_typing: Notify,
    presence: RefCell<PresenceQueue>,
    has_presence: Notify,
    /// Deliveries since the inbox task last yielded.
    deliveries: Cell<usize>,
    coalescer: RefCell<WriteCoalescer>,
}

/// Write coalescing: outboxes with frames whose write is deferred.
///
/// A write is most of the cost of a delivery, and a write of many frames costs hardly more than one of
/// a single frame. So busy sessions get fewer and larger writes. The load of the worker does not count:
/// where each write carries one frame, waiting saves nothing. The answer to a request is never deferred.
#[derive(Default)]
struct WriteCoalescer {
    outboxes: Vec<Outbox>,
    flush_at: Option<Instant>,
    lazy: Vec<Outbox>,
    flush_lazy_at: Option<Instant>,
    /// How long the last write of the gathered frames took.
    last_writing: Duration,
}

/// What the worker keeps of a session.
pub(crate) struct Handle {
    pub(crate) outbox: Outbox,
    pub(crate) profile: Profile,
    /// The login session of the token or ticket.
    pub(crate) log_in: LoginSessionId,
    pub(crate) actor: Addr<ChatSession>,
}

impl Handle {
    /// Ends the session. The actor cleans up when it gets to it, at the latest when its own deadline
    /// wakes it; nothing reaches the client after the close frame in any case.
    fn end(&self, code: CloseCode) {
        self.outbox.close(code);
        let _ = self.actor.try_send(Wake);
    }

    /// Queues the packet; true where it is queued.
    fn queue(&self, frames: &mut WorkerFrames<'_>) -> bool {
        let delivery = frames.delivery();
        frames
            .frame(self.profile)
            .is_some_and(|frame| self.queue_frame(frame, delivery))
    }

    fn queue_frame(&self, frame: Bytes, delivery: Delivery) -> bool {
        let queued = self.outbox.queue(frame, delivery).is_ok();
        if !queued {
            let _ = self.actor.try_send(Wake);
        }
        queued
    }

    /// Has the packet written at once, as the answer to what the session calls its request.
    fn answer(
        &self,
        request_ref: Option<&RequestRef>,
        frames: &mut WorkerFrames<'_>,
        delivery: Delivery,
    ) {
        // An older state that waits would follow the newer one.
        if let Delivery::State(key) = frames.delivery() {
            self.outbox.forget_state(&key);
        }
        let frame = frames.answer(request_ref, self.profile);
        if frame.is_some_and(|frame| self.queue_frame(frame, delivery)) {
            self.outbox.flush();
        }
    }
}

/// Counts out users whose leave was not published before the thread ended: otherwise
/// [`Users::all_gone`](crate::users::Users::all_gone) never completes.
impl Drop for Inner {
    fn drop(&mut self) {
        for presence in self.presence.get_mut().take(usize::MAX) {
            if presence.joined < 0 {
                count(&self.engine, presence);
            }
        }
    }
}

impl Worker {
    pub(crate) fn start(engine: &Arc<Engine>) -> Self {
        let (id, inbox) = engine.hub.bus.join();
        let worker = Self(Rc::new(Inner {
            engine: Arc::clone(engine),
            id,
            registry: RefCell::default(),
            wheel: RefCell::new(Wheel::new(STEP, SLOTS, Instant::now())),
            typing: RefCell::default(),
            has_typing: Notify::new(),
            presence: RefCell::default(),
            has_presence: Notify::new(),
            deliveries: Cell::new(0),
            coalescer: RefCell::default(),
        }));
        actix_rt::spawn(worker.clone().take_in(inbox));
        actix_rt::spawn(worker.clone().tell_typing());
        actix_rt::spawn(worker.clone().tell_presence());
        actix_rt::spawn(worker.clone().keep_time());
        worker
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.0.engine
    }

    pub(crate) fn address_of(&self, key: SessionKey) -> SessionAddress {
        SessionAddress {
            worker: self.0.id,
            key,
        }
    }

    /// Says that the user is about to connect; see [`Registry::expect`].
    pub(crate) fn expect(&self, user: UserId) {
        self.0.registry.borrow_mut().expect(user);
    }

    /// Says that the user did not connect after all.
    pub(crate) fn give_up(&self, user: UserId) {
        self.0.registry.borrow_mut().give_up(user);
    }

    pub(crate) fn admit(
        &self,
        user: UserId,
        log_in: LoginSessionId,
        snapshot: &Snapshot,
        make: impl FnOnce(SessionKey) -> Handle,
    ) -> Result<SessionKey, EndedMeanwhile> {
        let mut registry = self.0.registry.borrow_mut();
        registry.admit(user, log_in, snapshot, make)
    }

    /// Takes a session out, if it is still in.
    pub(crate) fn unregister(&self, key: SessionKey) {
        let removed = self.0.registry.borrow_mut().remove(key);
        // Dropped here, after the borrow: the actor may end with its last address.
        drop(removed);
    }

    pub(crate) fn room_of(&self, user: UserId, room: RoomId) -> Option<RoomView> {
        self.0.registry.borrow().room_of(user, room)
    }

    /// Wakes the session at the deadline, or up to a step later.
    pub(crate) fn arm(&self, session: WeakAddr<ChatSession>, deadline: Instant) {
        self.0.wheel.borrow_mut().arm(session, deadline);
    }

    /// Broadcasts presence to co-members when the user's first session joins.
    pub(crate) fn joined(&self, user: UserId) {
        self.0.presence.borrow_mut().join(user);
        self.0.has_presence.notify_one();
    }

    /// Broadcasts presence to co-members when the user's last session leaves.
    pub(crate) fn left(&self, user: UserId) {
        self.0.presence.borrow_mut().leave(user);
        self.0.has_presence.notify_one();
    }

    /// Queues what a session said of its typing. The last state of each session and room stays, however long
    /// the queue grows.
    pub(crate) fn typing(&self, change: TypingNotice) {
        self.0.typing.borrow_mut().push(change);
        self.0.has_typing.notify_one();
    }

    async fn take_in(self, mut inbox: mpsc::Receiver<Batch>) {
        loop {
            let flush_at = self.0.coalescer.borrow().flush_at;
            let batch = match flush_at {
                None => inbox.recv().await,
                Some(at) => match tokio::time::timeout_at(at.into(), inbox.recv()).await {
                    Ok(batch) => batch,
                    Err(_elapsed) => {
                        self.write_gathered().await;
                        continue;
                    }
                },
            };
            let Some(batch) = batch else {
                return;
            };
            for instruction in batch.iter() {
                self.handle(instruction);
                if self.0.deliveries.get() >= DELIVERIES_A_TURN {
                    self.0.deliveries.set(0);
                    tokio::task::yield_now().await;
                }
            }
            if flush_at.is_some_and(|at| at <= Instant::now()) {
                self.write_gathered().await;
            }
        }
    }

    /// Writes the gathered frames, and measures the time.
    async fn write_gathered(&self) {
        let began = Instant::now();
        let mut outboxes = std::mem::take(&mut self.0.coalescer.borrow_mut().outboxes);
        for outbox in outboxes.drain(..) {
            outbox.flush();
        }
        // The connections' tasks were woken in this order, and run before this one does again.
        tokio::task::yield_now().await;
        let mut coalescer = self.0.coalescer.borrow_mut();
        coalescer.last_writing = began.elapsed();
        coalescer.flush_at = None;
        coalescer.outboxes = outboxes;
    }

    /// Has a session's frames written now, or soon if it hears much.
    fn flush_in_time(&self, outbox: &Outbox) {
        if outbox.is_busy() {
            self.flush_deferred(outbox);
        } else {
            outbox.flush();
        }
    }

    /// Has a session's frames written along with those that come until then.
    fn flush_deferred(&self, outbox: &Outbox) {
        if outbox.defer() {
            let mut coalescer = self.0.coalescer.borrow_mut();
            let gathering = coalescer
                .last_writing
                .clamp(LEAST_GATHERING, MOST_GATHERING);
            coalescer.outboxes.push(outbox.clone());
            coalescer
                .flush_at
                .get_or_insert_with(|| Instant::now() + gathering);
        }
    }

    /// Has a session's frames written with the next that others cause, or after some seconds.
    fn flush_lazily(&self, outbox: &Outbox) {
        if outbox.defer_lazily() {
            let mut coalescer = self.0.coalescer.borrow_mut();
            coalescer.lazy.push(outbox.clone());
            coalescer
                .flush_lazy_at
                .get_or_insert_with(|| Instant::now() + LAZY_GATHERING);
        }
    }

    fn write_lazy(&self, now: Instant) {
        let mut coalescer = self.0.coalescer.borrow_mut();
        if coalescer.flush_lazy_at.is_some_and(|at| at <= now) {
            coalescer.flush_lazy_at = None;
            for outbox in coalescer.lazy.drain(..) {
                if outbox.is_deferred_lazily() {
                    outbox.flush();
                }
            }
        }
    }

    async fn tell_typing(self) {
        loop {
            self.0.has_typing.notified().await;
            let waiting = self.0.typing.borrow_mut().take();
            let hub = &self.0.engine.hub;
            let now = Instant::now();
            let tell = |change| hub.typing(change, now);
            let instructions = || waiting.into_iter().filter_map(tell).collect();
            hub.bus.publish_with(instructions).await;
        }
    }

    /// Broadcasts presence in batches with backpressure. When thousands join at once, their millions of
    /// notices exceed what outboxes hold. So the next batch waits until every worker has handled the
    /// last one and most readers keep up. Stalled readers delay it by [`LONGEST_HOLD`] at most.
    async fn tell_presence(self) {
        loop {
            self.0.has_presence.notified().await;
            while !self.0.presence.borrow().is_empty() {
                let engine = &self.0.engine;
                let _turn = engine.presence_turn.lock().await;
                let some = self.0.presence.borrow_mut().take(PRESENCE_AT_ONCE);
                let (handled, all_handled) = Ack::pair();
                let decide = || tell_of(engine, some, handled);
                engine.hub.bus.publish_with(decide).await;
                // Fails as it should, by the other end being dropped.
                let _ = all_handled.await;
                engine.backpressure.wait_while_high(LONGEST_HOLD).await;
            }
        }
    }

    async fn keep_time(self) {
        let mut steps = tokio::time::interval(STEP);
        steps.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            steps.tick().await;
            let now = Instant::now();
            let due = self.0.wheel.borrow_mut().fire(now);
            for session in due {
                self.wake(&session, now);
            }
            self.write_lazy(now);
            let hub = &self.0.engine.hub;
            if hub.notices.has_due(now) {
                hub.bus.publish_with(|| hub.due(now)).await;
            }
            let expired = self.0.engine.messaging.expire(now);
            if !expired.is_empty() {
                let instructions = hub.instructions(expired);
                hub.bus.publish_with(|| instructions).await;
            }
        }
    }

    fn wake(&self, session: &WeakAddr<ChatSession>, now: Instant) {
        let Some(actor) = session.upgrade() else {
            return;
        };
        if let Err(actix::dev::SendError::Full(_)) = actor.try_send(Wake) {
            // It is waiting for a page of history, with wakes queued: it must not miss its deadline.
            self.arm(session.clone(), now + STEP);
        }
    }

    fn handle(&self, instruction: &Instruction) {
        match instruction {
            Instruction::InRoom {
                room,
                requester,
                packet,
            } => self.to_room(*room, requester.as_ref(), packet),
            Instruction::Message {
                room,
                sender,
                requester,
                own,
                packet,
            } => {
                let registry = self.0.registry.borrow();
                let others = registry.others_in_room(*room, *sender);
                self.tell(&registry, others, None, packet);
                let is_in = registry.room_of(*sender, *room).is_some();
                let own_sessions = registry.keyed_sessions_of(*sender).filter(|_| is_in);
                self.tell(&registry, own_sessions, requester.as_ref(), own);
            }
            Instruction::ToUser {
                user,
                requester,
                packet,
            } => {
                let registry = self.0.registry.borrow();
                let sessions = registry.keyed_sessions_of(*user);
                self.tell(&registry, sessions, requester.as_ref(), packet);
            }
            Instruction::InRoomExcept {
                room,
                except,
                packet,
            } => self.to_room_except(*room, *except, packet),
            Instruction::AroundUser {
                user,
                rooms,
                packet,
            } => self.around_user(*user, rooms, packet),
            Instruction::ToOthers { room, user, packet } => self.to_others(*room, *user, packet),
            Instruction::ToUsers { users, packet } => self.to_users(users, packet),
            Instruction::ShownIn { user, rooms } => {
                let mut registry = self.0.registry.borrow_mut();
                registry.show_in(*user, rooms.as_ref());
            }
            Instruction::Answer { requester, packet } => {
                let mut frames = WorkerFrames::of(packet);
                self.with_session(requester.session, |handle| {
                    let request_ref = requester.request_ref.as_ref();
                    handle.answer(request_ref, &mut frames, Delivery::Answer);
                });
            }
            Instruction::Disconnect { session } => {
                self.with_session(*session, |handle| handle.end(CloseCode::GoingAway));
            }
            Instruction::Memberships {
                room,
                members,
                added,
                removed,
                member_count,
                version,
            } => {
                let mut registry = self.0.registry.borrow_mut();
                for (user, state) in members {
                    let view = state.map(RoomView::from);
                    let packet = match registry.membership_changed(*user, *room, view, *version) {
                        Some(Moved::In) => added,
                        Some(Moved::Out) => removed,
                        None => continue,
                    };
                    let sessions = registry.keyed_sessions_of(*user);
                    self.tell(&registry, sessions, None, packet);
                }
                if let Some(member_count) = member_count {
                    registry.resized(*room, *member_count, *version);
                }
            }
            Instruction::RoomState {
                room,
                view,
                packet,
                version,
                handled: _,
            } => {
                let mut registry = self.0.registry.borrow_mut();
                let is_news = registry.room_changed(*room, *view, *version);
                drop(registry);
                if is_news {
                    self.to_room(*room, None, packet);
                }
            }
            Instruction::Standing {
                rooms,
                version,
                handled: _,
            } => {
                let mut registry = self.0.registry.borrow_mut();
                for (user, state) in rooms {
                    let view = RoomView::from(*state);
                    registry.standing_changed(*user, state.room_id, view, *version);
                }
            }
            Instruction::Suspended {
                user,
                version,
                handled: _,
            } => {
                let mut registry = self.0.registry.borrow_mut();
                registry.suspended(*user, *version);
                for session in registry.sessions_of(*user) {
                    session.end(CloseCode::AccountSuspended);
                }
            }
            Instruction::LoggedOut {
                user,
                log_ins,
                version,
                handled: _,
            } => {
                let mut registry = self.0.registry.borrow_mut();
                registry.logged_out(*user, log_ins, *version);
                for session in registry.sessions_of(*user) {
                    if log_ins.contains(&session.log_in) {
                        session.end(CloseCode::TokenExpired);
                    }
                }
            }
            Instruction::Mark { handled: _ } => {}
            Instruction::Close { slice, packet } => {
                let mut frames = WorkerFrames::of(packet);
                for session in self.0.registry.borrow().sessions_in(*slice) {
                    session.answer(None, &mut frames, Delivery::Answer);
                    session.end(CloseCode::GoingAway);
                }
            }
        }
    }

    fn to_room(&self, room: RoomId, requester: Option<&Requester>, packet: &SharedPacket) {
        let registry = self.0.registry.borrow();
        self.tell(&registry, registry.in_room(room), requester, packet);
    }

    /// Delivers to these sessions; the requester's frame is the answer.
    fn tell<'a>(
        &self,
        registry: &'a Registry<Handle>,
        sessions: impl Iterator<Item = (SessionKey, &'a Handle)>,
        requester: Option<&Requester>,
        packet: &SharedPacket,
    ) {
        let asking = requester.and_then(|requester| self.own_key(requester.session));
        let request_ref = requester.and_then(|requester| requester.request_ref.as_ref());
        let answer_delivery = match packet.is_firm() {
            true => Delivery::Firm,
            false => Delivery::Answer,
        };
        let is_lazy = self.is_lazy(packet);
        let mut frames = WorkerFrames::of(packet);
        let mut is_answered = false;
        let mut listeners = 0;
        for (key, session) in sessions {
            if Some(key) == asking {
                session.answer(request_ref, &mut frames, answer_delivery);
                is_answered = true;
            } else {
                self.deliver(session, &mut frames, is_lazy);
                listeners += 1;
            }
        }
        // Who was in the room when it was stored, and no longer is, still hears what became of it.
        if !is_answered && let Some(session) = asking.and_then(|key| registry.session(key)) {
            session.answer(request_ref, &mut frames, answer_delivery);
        }
        self.charge(packet, listeners);
    }

    fn to_room_except(&self, room: RoomId, except: Option<SessionAddress>, packet: &SharedPacket) {
        let except = except.and_then(|except| self.own_key(except));
        let mut frames = WorkerFrames::of(packet);
        let registry = self.0.registry.borrow();
        let mut listeners = 0;
        for (key, session) in registry.in_room(room) {
            if Some(key) != except {
                self.deliver(session, &mut frames, false);
                listeners += 1;
            }
        }
        self.charge(packet, listeners);
    }

    /// Whether the packet's author has used their listeners up, and no part of it may be lost.
    fn is_lazy(&self, packet: &SharedPacket) -> bool {
        let notices = &self.0.engine.hub.notices;
        packet.is_firm()
            && packet
                .author()
                .is_some_and(|author| notices.is_over(author, Instant::now()))
    }

    /// Counts the deliveries, and charges them to the packet's author.
    fn charge(&self, packet: &SharedPacket, listeners: usize) {
        metrics::counter!("abu_chat_deliveries_total").increment(listeners as u64);
        if let Some(author) = packet.author() {
            let notices = &self.0.engine.hub.notices;
            notices.charge(author, listeners, Instant::now());
        }
    }

    /// The session's key, if it is one of this worker's.
    fn own_key(&self, session: SessionAddress) -> Option<SessionKey> {
        (session.worker == self.0.id).then_some(session.key)
    }

    fn to_others(&self, room: RoomId, user: UserId, packet: &SharedPacket) {
        let registry = self.0.registry.borrow();
        self.tell(&registry, registry.others_in_room(room, user), None, packet);
    }

    fn around_user(&self, user: UserId, rooms: &[RoomId], packet: &SharedPacket) {
        let mut registry = self.0.registry.borrow_mut();
        let sharing = registry.sharing_a_room(user, rooms);
        let sessions = sharing.into_iter().filter_map(|key| registry.session(key));
        self.tell_presence_to(sessions, packet);
    }

    fn to_users(&self, users: &[UserId], packet: &SharedPacket) {
        let registry = self.0.registry.borrow();
        let sessions = users.iter().flat_map(|user| registry.sessions_of(*user));
        self.tell_presence_to(sessions, packet);
    }

    fn tell_presence_to<'a>(
        &self,
        sessions: impl Iterator<Item = &'a Handle>,
        packet: &SharedPacket,
    ) {
        let mut frames = WorkerFrames::of(packet);
        let mut listeners = 0;
        for session in sessions {
            listeners += 1;
            self.note_delivery();
            if session.queue(&mut frames) {
                // Few wait for it, and where one comes others often do.
                self.flush_deferred(&session.outbox);
            }
        }
        self.charge(packet, listeners);
    }

    fn with_session(&self, session: SessionAddress, act: impl FnOnce(&Handle)) {
        if let Some(key) = self.own_key(session)
            && let Some(handle) = self.0.registry.borrow().session(key)
        {
            act(handle);
        }
    }

    fn deliver(&self, session: &Handle, frames: &mut WorkerFrames<'_>, is_lazy: bool) {
        self.note_delivery();
        if session.queue(frames) {
            match is_lazy {
                true => self.flush_lazily(&session.outbox),
                false => self.flush_in_time(&session.outbox),
            }
        }
    }

    fn note_delivery(&self) {
        self.0.deliveries.set(self.0.deliveries.get() + 1);
    }
}

/// The instructions for these users, with an acknowledgement. It counts presence under the bus's
/// `order`, so that sessions hear a leave and a join on two workers in the order of the counts.
fn tell_of(engine: &Engine, users: Vec<Presence>, handled: Ack) -> Vec<Instruction> {
    let told = users
        .into_iter()
        .filter(|presence| count(engine, *presence))
        .flat_map(|Presence { user, .. }| {
            let visibility = &engine.hub.visibility;
            visibility.presence_changed(user, Instant::now())
        });
    told.chain([Instruction::Mark { handled }]).collect()
}

/// Counts the user's sessions in or out; whether that changes that the user is online.
fn count(engine: &Engine, Presence { user, joined }: Presence) -> bool {
    let users = &engine.hub.users;
    let sessions = 0..joined.unsigned_abs();
    let seen = || engine.last_seen.note(user, engine.context().clock.now());
    // Each is counted; one of them at most is the first to come or the last to go.
    match joined.cmp(&0) {
        Ordering::Greater => sessions.filter(|_| users.join(user)).count() > 0,
        Ordering::Less => {
            let went = sessions.filter(|_| users.leave(user)).count() > 0;
            if went {
                seen();
            }
            went
        }
        Ordering::Equal => {
            if users.online(&[user]) == [false] {
                seen();
            }
            false
        }
    }
}
