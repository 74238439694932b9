//! The actor of a connection: it owns the state machine, reads the socket, and runs the effects.
//! It alone writes the state, and it never waits for its socket.

use std::{sync::Arc, time::Instant};

use abu_application::{
    messaging::{
        messages::{self, CatchUp, HistoryPage},
        ports::ReadMark,
        rooms,
        submission::{QueueFull, Receipt},
        writer::Write,
    },
    platform::ports::StoreError,
};
use abu_chat_protocol::{
    CloseCode, Profile, RequestRef, ServerPacket,
    client::{self, ListMessageRequest, PresenceRequest, SyncRequest, TokenRenew},
    server::{self, PresenceResponse, TokenRenewed},
};
use abu_domain::{
    LoginSessionId, MessageId, RoomId, UserId,
    messaging::message::{MessageChange, NewMessage},
    platform::network::Network,
};
use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, StreamHandler,
    WeakAddr, WrapFuture,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    Outbox,
    decoder::{Received, Violation},
    socket::{self, Incoming},
    state::{
        ChangeDraft, Draft, Effect, HistoryRequest, Lookup, Outcome, PresenceQuery, SessionState,
        SyncQuery, TokenEnd,
    },
};
use crate::{
    Worker,
    bus::{Requester, SessionAddress},
    directory::LookupError,
    frame, packets,
    registry::{RoomView, SessionKey},
    submitted::{Asker, request_of},
    typing::TypingNotice,
    users::SessionPlace,
};

/// The target of the line at a session's end.
const TARGET: &str = "abu_chat::session";

/// A connection that broke has no close frame (RFC 6455, 7.4.1).
const NO_CLOSE_FRAME: u16 = 1006;

pub(crate) struct ChatSession {
    /// As the `welcome` has it.
    pub(crate) id: Uuid,
    pub(crate) network: Network,
    pub(crate) began: Instant,
    pub(crate) user: UserId,
    /// The login session of the token or ticket.
    pub(crate) log_in: LoginSessionId,
    pub(crate) key: SessionKey,
    pub(crate) profile: Profile,
    pub(crate) state: SessionState,
    pub(crate) outbox: Outbox,
    pub(crate) worker: Worker,
    /// Given back when the session ends.
    pub(crate) _place: SessionPlace,
    /// How the worker's wheel reaches this actor, without keeping it alive.
    pub(crate) own_address: WeakAddr<Self>,
    /// Until when the worker's wheel is set; earlier ticks are left over from other deadlines.
    pub(crate) armed_until: Option<Instant>,
}

/// Look at the time, and at whether the outbox was closed meanwhile. Sent by the worker.
pub(crate) struct Wake;

impl Message for Wake {
    type Result = ();
}

impl Actor for ChatSession {
    type Context = Context<Self>;

    fn started(&mut self, _ctx: &mut Self::Context) {
        metrics::gauge!("abu_chat_sessions").increment(1.0);
        self.arm();
    }
}

/// Whatever ends a session, a panic included, takes it out of the worker and tells its room-mates.
impl Drop for ChatSession {
    fn drop(&mut self) {
        metrics::gauge!("abu_chat_sessions").decrement(1.0);
        self.wind_up(Instant::now());
        self.log_end();
        self.outbox.finish();
    }
}

impl StreamHandler<Result<Received, Violation>> for ChatSession {
    fn handle(&mut self, received: Result<Received, Violation>, ctx: &mut Self::Context) {
        let now = Instant::now();
        match self.count_control(&received, now) {
            Ok(()) => self.take(received, now, ctx),
            Err(effects) => self.carry_out(effects.into(), ctx),
        }
        if self.outbox.is_closing() {
            self.wind_up(now);
        }
        self.arm();
    }
}

impl Handler<Wake> for ChatSession {
    type Result = ();

    fn handle(&mut self, _: Wake, ctx: &mut Self::Context) {
        let now = Instant::now();
        if self.outbox.is_closing() {
            self.wind_up(now);
        }
        if self.armed_until.is_none_or(|until| now >= until) {
            self.armed_until = None;
            if self.outbox.take_progress() {
                self.state.heard(now);
            }
            let effects = self.state.on_tick(now);
            self.carry_out(effects.into(), ctx);
        }
        self.arm();
    }
}

impl ChatSession {
    fn log_end(&self) {
        let traffic = self.outbox.traffic();
        let code = self.outbox.close_code().map_or(NO_CLOSE_FRAME, u16::from);
        let milliseconds = self.began.elapsed().as_millis();
        log::info!(
            target: TARGET,
            code = code,
            seconds = milliseconds as f64 / 1_000.0,
            packets_in = traffic.packets_in,
            packets_out = traffic.packets_out,
            bytes_in = traffic.bytes_in,
            bytes_out = traffic.bytes_out,
            session:% = self.id,
            user:% = self.user,
            network:% = self.network;
            "chat session ended"
        );
    }

    /// Counts what is no packet.
    fn count_control(
        &mut self,
        received: &Result<Received, Violation>,
        now: Instant,
    ) -> Result<(), Vec<Effect>> {
        let name = match received {
            Ok(Received::Ping(_)) => "ping",
            Ok(Received::Pong) => "pong",
            Ok(Received::EmptyFragment) => "continuation",
            _ => return Ok(()),
        };
        self.state.on_control(name, now)
    }

    fn take(
        &mut self,
        received: Result<Received, Violation>,
        now: Instant,
        ctx: &mut Context<Self>,
    ) {
        match socket::answer(received, &self.outbox) {
            Incoming::Text(text) => {
                self.outbox.count_packet_in();
                let view = View {
                    worker: &self.worker,
                    user: self.user,
                };
                let outcome = self.state.on_text(&text, now, &view);
                self.carry_out(outcome, ctx);
            }
            Incoming::Binary(_) => self.outbox.close(CloseCode::UnsupportedData),
            Incoming::Control | Incoming::Closed => {}
        }
    }

    fn carry_out(&mut self, outcome: Outcome, ctx: &mut Context<Self>) {
        // At most one of the effects answers.
        let mut request_ref = outcome.request_ref;
        for effect in outcome.effects {
            match effect {
                Effect::Answer(packet) => self.send(&packet, request_ref.as_ref()),
                Effect::Change(edit) => self.change(edit, request_ref.take()),
                Effect::MarkRead { room, seq } => {
                    self.mark_read(room, seq, request_ref.take());
                }
                Effect::Store(draft) => self.store(draft, request_ref.take()),
                Effect::History(request) => self.send_history(request, request_ref.take(), ctx),
                Effect::Sync(asked) => self.send_missed(asked, request_ref.take(), ctx),
                Effect::Presence(asked) => self.send_presence(asked, request_ref.take(), ctx),
                Effect::Renew(packet) => self.renew(&packet, request_ref.take(), ctx),
                Effect::Ping => self.ping(),
                Effect::Close(code) => self.end(code, Instant::now()),
                Effect::Abort => {
                    self.outbox.cut();
                    ctx.stop();
                }
                effect @ (Effect::Join | Effect::Leave | Effect::Typing { .. }) => {
                    self.tell_others(effect);
                }
            }
        }
    }

    fn send(&mut self, packet: &ServerPacket, request_ref: Option<&RequestRef>) {
        let frame = frame::text_frame(packet, request_ref, self.profile);
        self.outbox.answer(frame);
    }

    fn ping(&mut self) {
        if self.outbox.push(frame::ping_frame()).is_err() {
            self.wind_up(Instant::now());
        }
    }

    fn store(&mut self, draft: Draft, request_ref: Option<RequestRef>) {
        let engine = self.worker.engine();
        let message = NewMessage {
            id: MessageId::new(engine.context().ids.time_ordered()),
            room_id: draft.room,
            sender_id: self.user,
            text: draft.text,
            client_message_id: draft.client_message_id,
            reply_to: draft.reply_to,
            sent_at: engine.context().clock.now(),
        };
        self.write(Write::Message(message), request_ref);
    }

    fn change(&mut self, draft: ChangeDraft, request_ref: Option<RequestRef>) {
        let change = MessageChange {
            room_id: draft.room,
            message_id: draft.message,
            user_id: self.user,
            kind: draft.kind,
            at: self.worker.engine().context().clock.now(),
            expected: None,
        };
        self.write(Write::Change(change), request_ref);
    }

    fn write(&mut self, write: Write, request_ref: Option<RequestRef>) {
        let receipt = self.receipt(write.room(), request_of(&write), request_ref);
        let writer = &self.worker.engine().messaging.writer;
        if let Err(QueueFull(receipt)) = writer.submit_for(receipt, write) {
            self.refuse(receipt);
        }
    }

    fn mark_read(&mut self, room_id: RoomId, seq: i64, request_ref: Option<RequestRef>) {
        let mark = ReadMark {
            room_id,
            user_id: self.user,
            seq,
            wrote: false,
        };
        let receipt = self.receipt(room_id, client::ReadMark::NAME, request_ref);
        let read_marks = &self.worker.engine().messaging.read_marks;
        if let Err(QueueFull(receipt)) = read_marks.submit_for(receipt, mark) {
            self.refuse(receipt);
        }
    }

    fn receipt(
        &self,
        room: RoomId,
        request: &'static str,
        request_ref: Option<RequestRef>,
    ) -> Receipt {
        Receipt::new(Asker {
            requester: Requester {
                session: self.address(),
                request_ref,
            },
            room,
            request,
        })
    }

    /// Answers what was not submitted, as too much waits.
    fn refuse(&mut self, receipt: Receipt) {
        if let Some(asker) = receipt.redeem::<Asker>() {
            let request_ref = asker.requester.request_ref.as_ref();
            self.send(&asker.unavailable().into(), request_ref);
        }
    }

    fn send_history(
        &mut self,
        request: HistoryRequest,
        request_ref: Option<RequestRef>,
        ctx: &mut Context<Self>,
    ) {
        let engine = Arc::clone(self.worker.engine());
        let viewer = (self.profile >= Profile::V2).then_some(self.user);
        let HistoryRequest {
            room,
            skip,
            limit,
            order,
        } = request;
        let read = async move {
            messages::history(&engine.context().database, room, skip, limit, order, viewer).await
        };
        let show = move |session: &Self, page: HistoryPage| {
            session.if_in(room, ListMessageRequest::NAME, || {
                packets::history_response(room, &page).into()
            })
        };
        let asked = Asked {
            request: ListMessageRequest::NAME,
            room: Some(room),
            request_ref,
        };
        self.send_read(read, show, asked, ctx);
    }

    fn send_missed(
        &mut self,
        asked: SyncQuery,
        request_ref: Option<RequestRef>,
        ctx: &mut Context<Self>,
    ) {
        let engine = Arc::clone(self.worker.engine());
        let viewer = self.user;
        let SyncQuery {
            positions,
            mut not_a_member,
        } = asked;
        let read =
            async move { messages::catch_up(&engine.context().database, viewer, positions).await };
        let show = move |session: &Self, rooms: Vec<CatchUp>| {
            let (rooms, left): (Vec<CatchUp>, Vec<CatchUp>) = rooms
                .into_iter()
                .partition(|room| session.is_in(room.room_id));
            let left = left.into_iter().map(|room| room.room_id.uuid());
            not_a_member.extend(left.map(abu_chat_protocol::RoomId::from));
            packets::sync_response(rooms, not_a_member).into()
        };
        let asked = Asked {
            request: SyncRequest::NAME,
            room: None,
            request_ref,
        };
        self.send_read(read, show, asked, ctx);
    }

    fn send_presence(
        &mut self,
        asked: PresenceQuery,
        request_ref: Option<RequestRef>,
        ctx: &mut Context<Self>,
    ) {
        let engine = Arc::clone(self.worker.engine());
        let PresenceQuery { room, after, limit } = asked;
        let read = async move {
            // One row more than the page shows whether there are more.
            let members = rooms::members_after(&engine.context().database, room, after, limit + 1);
            let mut members = members.await?;
            let has_more = members.len() > limit as usize;
            members.truncate(limit as usize);
            let users: Vec<UserId> = members
                .iter()
                .map(|member| member.membership.user_id)
                .collect();
            let online = engine.hub.users.online(&users);
            let present = packets::presence_response(room, &members, &online, has_more);
            Ok::<_, StoreError>(present)
        };
        let show = move |session: &Self, present: PresenceResponse| {
            session.if_in(room, PresenceRequest::NAME, || present.into())
        };
        let asked = Asked {
            request: PresenceRequest::NAME,
            room: Some(room),
            request_ref,
        };
        self.send_read(read, show, asked, ctx);
    }

    /// Reads no further packet of this session until the answer is sent: answers come in the order they
    /// were asked for, and one session has one read under way at a time. What was read is shown as the
    /// session stands then: it may have been taken out of a room meanwhile.
    fn send_read<T: 'static>(
        &mut self,
        read: impl Future<Output = Result<T, StoreError>> + 'static,
        show: impl FnOnce(&Self, T) -> ServerPacket + 'static,
        asked: Asked,
        ctx: &mut Context<Self>,
    ) {
        ctx.wait(read.into_actor(self).map(move |read, session, _ctx| {
            let packet = match read {
                Ok(found) => show(session, found),
                Err(error) => session.read_error(&asked, &error).into(),
            };
            session.send(&packet, asked.request_ref.as_ref());
        }));
    }

    /// The packet for a member of the room; an error for any other user.
    fn if_in(
        &self,
        room: RoomId,
        request: &str,
        packet: impl FnOnce() -> ServerPacket,
    ) -> ServerPacket {
        match self.is_in(room) {
            true => packet(),
            false => server::Error::not_a_member(request, room.uuid()).into(),
        }
    }

    fn is_in(&self, room: RoomId) -> bool {
        self.worker.room_of(self.user, room).is_some()
    }

    fn read_error(&self, asked: &Asked, error: &StoreError) -> server::Error {
        let answer = match error {
            error if error.is_transient() => server::Error::unavailable(asked.request, None),
            error => {
                let reference = self.worker.engine().context().ids.random().to_string();
                log::error!(
                    reference = reference.as_str();
                    "{} could not be answered: {error}: {:?}",
                    asked.request,
                    std::error::Error::source(error)
                );
                server::Error::internal(asked.request, reference)
            }
        };
        match asked.room {
            Some(room) => answer.in_room(room.uuid()),
            None => answer,
        }
    }

    /// Lets the session go on with another token of the same log-in, which must still last.
    fn renew(
        &mut self,
        packet: &TokenRenew,
        request_ref: Option<RequestRef>,
        ctx: &mut Context<Self>,
    ) {
        let engine = Arc::clone(self.worker.engine());
        let claims = engine
            .tokens
            .verify(&packet.token, engine.context().clock.now());
        let own = claims
            .ok()
            .filter(|claims| claims.user_id == self.user && claims.session_id == self.log_in);
        let Some(claims) = own else {
            self.send(&refused_token().into(), request_ref.as_ref());
            return;
        };
        let look_up = async move {
            engine
                .hub
                .directory
                .look_up(claims.user_id, claims.session_id)
                .await
        };
        ctx.wait(look_up.into_actor(self).map(move |found, session, _ctx| {
            let packet = match found {
                Ok(_snapshot) => {
                    session.go_on_until(claims.expires_at);
                    TokenRenewed::new(claims.expires_at).into()
                }
                Err(
                    LookupError::SessionEnded | LookupError::Suspended | LookupError::Deactivated,
                ) => refused_token().into(),
                Err(LookupError::Unavailable) => {
                    server::Error::unavailable(TokenRenew::NAME, None).into()
                }
            };
            session.send(&packet, request_ref.as_ref());
        }));
    }

    fn go_on_until(&mut self, time: DateTime<Utc>) {
        let lifetime = (time - self.worker.engine().context().clock.now()).to_std();
        self.state.renewed(TokenEnd {
            at: Instant::now() + lifetime.unwrap_or_default(),
            time,
        });
        self.arm();
    }

    /// Closes the connection and stops taking part at once.
    fn end(&mut self, code: CloseCode, now: Instant) {
        self.outbox.close(code);
        self.wind_up(now);
    }

    /// Takes the session out of the worker. It notifies co-members first, while its rooms are still known.
    fn wind_up(&mut self, now: Instant) {
        for effect in self.state.wind_up(now) {
            self.tell_others(effect);
        }
        self.worker.unregister(self.key);
    }

    fn tell_others(&self, effect: Effect) {
        match effect {
            Effect::Join => self.worker.joined(self.user),
            Effect::Leave => self.worker.left(self.user),
            Effect::Typing { room, is_typing } => self.worker.typing(TypingNotice {
                user: self.user,
                room,
                is_typing,
                from: self.address(),
            }),
            _ => {}
        }
    }

    fn address(&self) -> SessionAddress {
        self.worker.address_of(self.key)
    }

    /// Has the worker wake this session at its next deadline.
    fn arm(&mut self) {
        let deadline = self.state.next_deadline();
        if self.armed_until.is_none_or(|until| deadline < until) {
            self.armed_until = Some(deadline);
            self.worker.arm(self.own_address.clone(), deadline);
        }
    }
}

struct Asked {
    request: &'static str,
    room: Option<RoomId>,
    request_ref: Option<RequestRef>,
}

/// One error for all reasons, so the client learns nothing about the token.
fn refused_token() -> server::Error {
    server::Error::invalid_payload(
        TokenRenew::NAME,
        "token",
        "must be a good access token of this session's own log-in",
    )
}

/// What the state looks up.
struct View<'a> {
    worker: &'a Worker,
    user: UserId,
}

impl Lookup for View<'_> {
    fn room(&self, room: RoomId) -> Option<RoomView> {
        self.worker.room_of(self.user, room)
    }

    fn count_message(&self, bytes: usize, now: Instant) -> Result<(), std::time::Duration> {
        let budget = &self.worker.engine().messaging.budget;
        let counted = budget.take(self.user, bytes, now);
        counted.map_err(|over| over.retry_after)
    }
}
