//! The session loop over one connection: requests, live packets, sync, token renewal, liveness.

use std::{collections::HashMap, mem, sync::Arc, time::Duration};

use abu_chat_protocol::{
    ClientPacket, RequestRef, RoomId, ServerPacket,
    client::{ChatJoin, TokenRenew, Typing},
    server::{self, Limits, ReactionNotify, RoomChange, RoomNotify},
};
use futures_util::FutureExt;
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    Driver, Outcome,
    application::Wish,
    attempt::Opened,
    link::{CLOSE_TIMEOUT, Heard, Link},
};
use crate::{
    AccessToken, ApiError, BoxFuture, EndReason, Event, Message, Room, RoomPosition, TokenError,
    backoff::asked_wait,
    event::{Delivery, Interruption},
    resume::{Live, UnknownRoom},
};

/// How long the answer to a `sync-request` may take before the connection counts as lost.
const SYNC_TIMEOUT: Duration = Duration::from_secs(30);

/// The delay before a retry of a sync, a token renewal or a reading of the room list.
const PAUSE: Duration = Duration::from_secs(5);

/// The minimum interval between two readings of the room list, two token renewals, and two syncs without
/// progress.
const BREATH: Duration = Duration::from_secs(1);

/// Bounds the notices of new rooms that wait for the room list; a further room gets a notice made from the list.
const MAX_NEW_ROOMS: usize = 256;

/// The state of one connection.
pub(super) struct Conversation {
    link: Link,
    token: AccessToken,
    limits: Limits,
    /// The idle timeout of `welcome`: longer silence counts as a lost connection.
    longest_silence: Duration,
    heard_at: Instant,
    /// The `sync-request` in flight, and the deadline of its answer.
    sync: Option<(RequestRef, Instant)>,
    syncs: u64,
    sync_after: Instant,
    renewal: Option<BoxFuture<'static, Result<AccessToken, TokenError>>>,
    renew_at: Option<Instant>,
    /// Prevents a renewal loop where tokens live shorter than the server's notice period.
    renewals_after: Instant,
    list: RoomList,
}

/// Readings of the room list, which give the start position of a new room.
struct RoomList {
    is_wanted: bool,
    not_before: Instant,
    reading: Option<BoxFuture<'static, Result<Vec<Room>, ApiError>>>,
    /// Notices of new rooms, which the next reading will contain.
    added: HashMap<RoomId, RoomNotify>,
    /// Notices of new rooms, which the reading in flight will contain.
    awaited: HashMap<RoomId, RoomNotify>,
}

impl Conversation {
    fn new(opened: Opened) -> (Self, Box<server::Welcome>) {
        let now = Instant::now();
        let Opened {
            link,
            welcome,
            token,
            rooms,
        } = opened;
        let conversation = Self {
            link,
            token,
            limits: welcome.limits.clone(),
            longest_silence: asked_wait(welcome.heartbeat.idle_timeout_ms),
            heard_at: now,
            sync: None,
            syncs: 0,
            sync_after: now,
            renewal: None,
            renew_at: None,
            renewals_after: now,
            list: RoomList {
                // Rooms may have added the user before a reconnect.
                is_wanted: rooms.is_none(),
                not_before: now,
                reading: None,
                added: HashMap::new(),
                awaited: HashMap::new(),
            },
        };
        (conversation, Box::new(welcome))
    }

    /// The next timer of this connection: idle timeout, sync deadline, room list, token renewal.
    fn next_due(&self) -> Instant {
        let mut due = self.heard_at + self.longest_silence;
        let sync = match &self.sync {
            Some((_, overdue)) => Some(*overdue),
            None => (self.sync_after > Instant::now()).then_some(self.sync_after),
        };
        let list =
            (self.list.is_wanted && self.list.reading.is_none()).then_some(self.list.not_before);
        for time in [sync, list, self.renew_at].into_iter().flatten() {
            due = due.min(time);
        }
        due
    }
}

impl Driver {
    /// Runs the session loop until the connection or the chat ends.
    pub(super) async fn converse(&mut self, opened: Opened) -> Outcome {
        let (mut conversation, welcome) = Conversation::new(opened);
        log::debug!("connected as session {}", welcome.session_id);
        self.application.tell_state(Event::Connected(welcome));
        self.rooms.connected();
        let outcome = self.all_turns(&mut conversation).await;
        if let Outcome::Over(EndReason::Closed) = outcome {
            let farewell = self.farewell(conversation.link);
            // The connection ends even if the close handshake times out.
            let _ = timeout(CLOSE_TIMEOUT, farewell).await;
        }
        outcome
    }

    /// Close handshake (RFC 6455, section 7): resolves the requests whose answers still arrive. It discards other
    /// packets without moving a room's position, so that the next session syncs them.
    async fn farewell(&mut self, mut link: Link) {
        link.say_goodbye().await;
        while let Ok(heard) = link.hear().await {
            if let Some((packet, Some(name))) = heard {
                self.requests.answered(&name, packet, Instant::now());
            }
        }
    }

    async fn all_turns(&mut self, conversation: &mut Conversation) -> Outcome {
        if self.session.shared.settings.announces_presence {
            let join = ChatJoin::new().into();
            if let Err(cause) = conversation.link.say(&join, None).await {
                return cause.into();
            }
        }
        loop {
            if let Err(outcome) = self.turn(conversation).await {
                return outcome;
            }
        }
    }

    /// Sends all due packets, and waits for the next event.
    async fn turn(&mut self, conversation: &mut Conversation) -> Result<(), Outcome> {
        self.say_what_is_due(conversation).await?;
        let mut due = conversation.next_due();
        if let Some(time) = self.requests.next_due() {
            due = due.min(time);
        }
        tokio::select! {
            heard = conversation.link.hear() => self.take_in(conversation, heard),
            wish = self.application.next(self.requests.have_place()) => {
                self.follow(conversation, wish).await
            }
            token = finished(&mut conversation.renewal) => {
                renewed(conversation, token).await.map_err(Outcome::from)
            }
            rooms = finished(&mut conversation.list.reading) => {
                self.rooms_listed(conversation, rooms);
                Ok(())
            }
            () = sleep_until(due) => self.check_silence(conversation),
        }
    }

    async fn say_what_is_due(&mut self, conversation: &mut Conversation) -> Result<(), Outcome> {
        let now = Instant::now();
        self.start_sync(conversation, now).await?;
        while let Some(frame) = self.requests.next_frame(now, &conversation.limits) {
            conversation.link.say_text(frame).await?;
        }
        let list = &mut conversation.list;
        if list.is_wanted && list.reading.is_none() && list.not_before <= now {
            list.is_wanted = false;
            list.awaited.extend(mem::take(&mut list.added));
            let session = self.session.clone();
            list.reading = Some(Box::pin(async move { session.rooms().await }));
        }
        if conversation.renew_at.is_some_and(|time| time <= now) {
            conversation.renew_at = None;
            let tokens = Arc::clone(&self.session.tokens);
            let token = conversation.token.clone();
            conversation.renewal = Some(Box::pin(async move { tokens.other_than(&token).await }));
        }
        Ok(())
    }

    /// Sends at most one `sync-request` at a time, and only while the event queue has room for the answer
    /// (backpressure).
    async fn start_sync(
        &mut self,
        conversation: &mut Conversation,
        now: Instant,
    ) -> Result<(), Interruption> {
        match &conversation.sync {
            Some((_, overdue)) if *overdue <= now => return Err(Interruption::Silent),
            Some(_) => return Ok(()),
            None if conversation.sync_after > now => return Ok(()),
            None => {}
        }
        if self.application.lags() || !self.application.listens() {
            return Ok(());
        }
        let Some(request) = self.rooms.next_request() else {
            return Ok(());
        };
        conversation.syncs += 1;
        // The application's requests have plain numbers as `ref`.
        let Ok(name) = RequestRef::new(format!("sync-{}", conversation.syncs)) else {
            return Ok(());
        };
        let packet = ClientPacket::from(request);
        conversation.link.say(&packet, Some(&name)).await?;
        conversation.sync = Some((name, now + SYNC_TIMEOUT));
        Ok(())
    }

    fn check_silence(&mut self, conversation: &mut Conversation) -> Result<(), Outcome> {
        if conversation.heard_at.elapsed() < conversation.longest_silence {
            return Ok(());
        }
        // After a suspend of the machine, frames may wait in the socket.
        match conversation.link.hear().now_or_never() {
            Some(heard) => self.take_in(conversation, heard),
            None => Err(Interruption::Silent.into()),
        }
    }

    async fn follow(&mut self, conversation: &mut Conversation, wish: Wish) -> Result<(), Outcome> {
        match wish {
            Wish::Request(request) => self.requests.add(request),
            Wish::Typing(room, is_typing) => {
                let typing = Typing::new(room, is_typing).into();
                conversation.link.say(&typing, None).await?;
            }
            Wish::Close => return Err(EndReason::Closed.into()),
            Wish::Told => {}
        }
        Ok(())
    }

    fn take_in(
        &mut self,
        conversation: &mut Conversation,
        heard: Result<Heard, Interruption>,
    ) -> Result<(), Outcome> {
        let heard = heard?;
        conversation.heard_at = Instant::now();
        let Some((packet, name)) = heard else {
            return Ok(());
        };
        match name {
            None => self.take_in_packet(conversation, packet),
            Some(name) => {
                if conversation
                    .sync
                    .as_ref()
                    .is_some_and(|(sync, _)| *sync == name)
                {
                    self.sync_answered(conversation, packet);
                } else {
                    // The answer is also the live packet: the server sends it to this session only once.
                    self.take_in_packet(conversation, packet.clone());
                    self.requests.answered(&name, packet, conversation.heard_at);
                }
            }
        }
        Ok(())
    }

    fn take_in_packet(&mut self, conversation: &mut Conversation, packet: ServerPacket) {
        match packet {
            ServerPacket::MessageReceive(packet) => {
                if let Some(message) = Message::from_packet(packet) {
                    let room_id = message.room_id.clone();
                    self.place(conversation, &room_id, Live::Message(message));
                }
            }
            ServerPacket::MessageUpdated(updated) => {
                let room_id = updated.room_id.clone();
                self.place(conversation, &room_id, Live::Updated(updated));
            }
            ServerPacket::ReactionNotify(reaction) => self.reaction(conversation, reaction),
            ServerPacket::ListMessageResponse(page) => {
                if let Some(revision) = page.last_revision {
                    let mut told = Vec::new();
                    self.rooms.page(&page.room_id, revision, &mut told);
                    self.tell_all(told);
                }
            }
            ServerPacket::RoomNotify(notice) => self.room_changed(conversation, notice),
            ServerPacket::MemberNotify(notice) => self.application.notice(Event::Member(notice)),
            ServerPacket::ReadNotify(mark) => self.application.hint(Event::Read(mark)),
            ServerPacket::TypingNotify(typing) => self.application.hint(Event::Typing(typing)),
            ServerPacket::ChatJoinNotify(joined) => self.application.hint(Event::Presence {
                user_id: joined.participant_id,
                is_online: true,
            }),
            ServerPacket::ChatLeave(left) => self.application.hint(Event::Presence {
                user_id: left.participant_id,
                is_online: false,
            }),
            ServerPacket::Notification(notification) => {
                self.application.notice(Event::Notification(notification));
            }
            ServerPacket::TokenExpiring(_) if conversation.renewal.is_none() => {
                conversation.renew_at =
                    Some(conversation.renewals_after.max(conversation.heard_at));
            }
            ServerPacket::ServerClosing(closing) => {
                self.reconnect_after = Some(asked_wait(closing.reconnect_after_ms));
            }
            ServerPacket::Error(error) => log::debug!("the server says {}", error.code.as_str()),
            _ => {}
        }
    }

    fn reaction(&mut self, conversation: &mut Conversation, reaction: ReactionNotify) {
        // Without a revision nothing changed; only the request gets this answer.
        if let Some(revision) = reaction.revision {
            let room_id = reaction.room_id.clone();
            let packet = Live::Reaction(reaction, revision.get());
            self.place(conversation, &room_id, packet);
        }
    }

    /// Processes a packet with a `seq` or a `revision`.
    fn place(&mut self, conversation: &mut Conversation, room_id: &RoomId, packet: Live) {
        if !self.application.listens() {
            return;
        }
        let mut told = Vec::new();
        let placed = match self.application.lags() {
            // Dropped: a sync fetches it again once the application has read the queue.
            true => self.rooms.missed(room_id),
            false => self.rooms.live(packet, &mut told),
        };
        self.tell_all(told);
        if placed == Err(UnknownRoom) {
            conversation.list.is_wanted = true;
        }
    }

    fn room_changed(&mut self, conversation: &mut Conversation, notice: RoomNotify) {
        let list = &mut conversation.list;
        match &notice.change {
            RoomChange::Removed => {
                self.rooms.forget(&notice.room_id);
                list.added.remove(&notice.room_id);
                list.awaited.remove(&notice.room_id);
            }
            RoomChange::Added if !self.rooms.knows(&notice.room_id) => {
                list.is_wanted = true;
                if list.added.len() < MAX_NEW_ROOMS {
                    list.added.insert(notice.room_id.clone(), notice);
                }
                return;
            }
            RoomChange::Invited => {}
            // The room list omits archived rooms, so a reopened one may be new here.
            _ if !self.rooms.knows(&notice.room_id) => list.is_wanted = true,
            _ => {}
        }
        self.application.notice(Event::Room(notice));
    }

    /// A new room starts at the list's `last_seq`; earlier messages are in its history.
    fn rooms_listed(
        &mut self,
        conversation: &mut Conversation,
        listed: Result<Vec<Room>, ApiError>,
    ) {
        let now = Instant::now();
        let list = &mut conversation.list;
        list.reading = None;
        let rooms = match listed {
            Ok(rooms) => rooms,
            Err(error) => {
                log::debug!("the list of rooms could not be read: {error}");
                list.is_wanted = true;
                list.not_before = now + PAUSE;
                return;
            }
        };
        list.not_before = now + BREATH;
        let mut awaited = mem::take(&mut list.awaited);
        for room in rooms {
            let position = RoomPosition::new(room.id.clone(), room.last_seq);
            if self.rooms.adopt(&position) {
                let notice = awaited.remove(&room.id).unwrap_or_else(|| {
                    let notice = RoomNotify::new(room.id, RoomChange::Added);
                    match room.name {
                        Some(name) => notice.named(name),
                        None => notice,
                    }
                });
                self.application.notice(Event::Room(notice));
            }
        }
        // The list lacks these rooms, for instance because they are archived already.
        for notice in awaited.into_values() {
            self.application.notice(Event::Room(notice));
        }
    }

    fn sync_answered(&mut self, conversation: &mut Conversation, packet: ServerPacket) {
        conversation.sync = None;
        let now = conversation.heard_at;
        match packet {
            ServerPacket::SyncResponse(answer) => {
                let mut told = Vec::new();
                if !self.rooms.answered(answer, &mut told) {
                    conversation.sync_after = now + BREATH;
                }
                self.tell_all(told);
            }
            ServerPacket::Error(error) => {
                self.rooms.refused();
                let pause = error.retry_after_ms.map_or(PAUSE, asked_wait);
                conversation.sync_after = now + pause;
            }
            _ => {
                self.rooms.refused();
                conversation.sync_after = now + PAUSE;
            }
        }
    }

    fn tell_all(&mut self, told: Vec<Delivery>) {
        for delivery in told {
            self.application.tell(delivery);
        }
    }
}

/// Sends `token-renew`. After a permanent failure the server closes the connection at the token's expiry, and the
/// reconnect attempt yields the reason.
async fn renewed(
    conversation: &mut Conversation,
    token: Result<AccessToken, TokenError>,
) -> Result<(), Interruption> {
    conversation.renewal = None;
    conversation.renewals_after = Instant::now() + BREATH;
    match token {
        Ok(token) => {
            let packet = TokenRenew::new(token.expose()).into();
            conversation.token = token;
            conversation.link.say(&packet, None).await
        }
        Err(error) => {
            log::debug!("the token could not be renewed: {error}");
            if let TokenError::NotNow(_) = error {
                conversation.renew_at = Some(Instant::now() + PAUSE);
            }
            Ok(())
        }
    }
}

/// The result of the work; pending forever without any.
async fn finished<T>(work: &mut Option<BoxFuture<'static, T>>) -> T {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}
