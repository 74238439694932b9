//! State machine of a session, without I/O: maps packets and ticks to [`Effect`]s. It touches no
//! socket, no clock and no database.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use abu_application::{messaging::messages::Position, platform::token_bucket::TokenBucket};
use abu_chat_protocol::{
    ClientPacket, CloseCode, Decoded, Profile, RequestRef, ServerPacket,
    client::{ChatJoin, TokenRenew, Typing},
    server::{self, TokenExpiring},
};
use abu_domain::{
    MessageId, RoomId, UserId,
    messaging::{
        message::{ChangeKind, HistoryOrder},
        text::MessageText,
    },
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::requests::{
    on_delete, on_edit, on_list, on_message_send, on_presence, on_reaction_add, on_reaction_remove,
    on_read_mark, on_sync, writable,
};
use crate::{ChatSettings, rate_limit::rate, registry::RoomView};

/// How long before a token expires the session notifies its client.
const NOTICE: Duration = Duration::from_secs(60);

/// What a session looks up while it decides.
pub(crate) trait Lookup {
    /// The room as the session's user sees it; `None` where they are not a member.
    fn room(&self, room: RoomId) -> Option<RoomView>;

    /// Counts a message of the user's in, or a change to one, with so many bytes of text.
    ///
    /// # Errors
    /// How long to wait until it is allowed.
    fn count_message(&self, bytes: usize, now: Instant) -> Result<(), Duration>;
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Send a packet to this session.
    Answer(ServerPacket),
    /// Have a message stored.
    Store(Draft),
    /// Have a message changed.
    Change(ChangeDraft),
    /// The session joined: tell those who share a room.
    Join,
    /// The session left, having joined: tell those who share a room.
    Leave,
    /// The session began to type in the room, types on, or stopped.
    Typing { room: RoomId, is_typing: bool },
    /// Read a page of a room's history and send it to this session.
    History(HistoryRequest),
    /// Note how far the user has read.
    MarkRead { room: RoomId, seq: i64 },
    /// Read what was missed and send it to this session.
    Sync(SyncQuery),
    /// Read who is in a room and send that to this session.
    Presence(PresenceQuery),
    /// See whether the session may go on with this token.
    Renew(TokenRenew),
    /// Send a ping frame.
    Ping,
    /// End the session.
    Close(CloseCode),
    /// The client did not answer the close in time: end the connection.
    Abort,
}

/// What a packet leads to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// To be done, in this order.
    pub(crate) effects: Vec<Effect>,
    /// What the session calls its request: it goes with whatever answers the packet.
    pub(crate) request_ref: Option<RequestRef>,
}

impl From<Vec<Effect>> for Outcome {
    fn from(effects: Vec<Effect>) -> Self {
        Self {
            effects,
            request_ref: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    pub(crate) room: RoomId,
    pub(crate) text: MessageText,
    pub(crate) client_message_id: Option<Uuid>,
    pub(crate) reply_to: Option<MessageId>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChangeDraft {
    pub(crate) room: RoomId,
    pub(crate) message: MessageId,
    pub(crate) kind: ChangeKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SyncQuery {
    pub(crate) positions: Vec<Position>,
    /// The rooms that the user is not in.
    pub(crate) not_a_member: Vec<abu_chat_protocol::RoomId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PresenceQuery {
    pub(crate) room: RoomId,
    pub(crate) after: Option<UserId>,
    pub(crate) limit: u32,
}

/// When a session's token ends: for timers, and for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenEnd {
    pub(crate) at: Instant,
    pub(crate) time: DateTime<Utc>,
}

impl TokenEnd {
    fn notice(&self) -> Instant {
        self.at.checked_sub(NOTICE).unwrap_or(self.at)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HistoryRequest {
    pub(crate) room: RoomId,
    pub(crate) skip: u64,
    pub(crate) limit: u32,
    pub(crate) order: HistoryOrder,
}

#[derive(Debug)]
pub(crate) struct SessionState {
    profile: Profile,
    limits: Limits,
    phase: Phase,
    joined: bool,
    /// The rooms in which the session types, and when the client last said so: silence ends it.
    typing: BTreeMap<RoomId, Instant>,
    last_heard: Instant,
    pinged_at: Option<Instant>,
    token_end: TokenEnd,
    /// Whether the client has the notice that its token expires.
    noticed: bool,
    packets: Option<TokenBucket>,
    errors: TokenBucket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    Closing { until: Instant },
}

#[derive(Clone, Debug)]
struct Limits {
    ping_interval: Duration,
    idle_timeout: Duration,
    close_timeout: Duration,
    typing_timeout: Duration,
    typing_room_limit: u32,
}

impl SessionState {
    pub(crate) fn new(
        settings: &ChatSettings,
        profile: Profile,
        now: Instant,
        token_end: TokenEnd,
    ) -> Self {
        Self {
            profile,
            limits: Limits {
                ping_interval: settings.ping_interval,
                idle_timeout: settings.idle_timeout,
                close_timeout: settings.close_timeout,
                typing_timeout: settings.typing_timeout,
                typing_room_limit: settings.typing_room_limit,
            },
            phase: Phase::Open,
            joined: false,
            typing: BTreeMap::new(),
            last_heard: now,
            pinged_at: None,
            token_end,
            // The first profile has no packet for the notice.
            noticed: profile < Profile::V2,
            packets: settings.rate_limits_enabled.then(|| {
                let rate = rate(settings.packets_per_second, Duration::from_secs(1));
                TokenBucket::full(rate, now)
            }),
            errors: TokenBucket::full(
                rate(settings.errors_per_minute, Duration::from_secs(60)),
                now,
            ),
        }
    }

    /// A frame of any kind arrived: the client lives.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.last_heard = now;
        self.pinged_at = None;
    }

    /// A frame of this name came that is no packet: a ping, a pong, an empty fragment. It counts as one.
    ///
    /// # Errors
    /// What to do instead of answering it.
    pub(crate) fn on_control(&mut self, name: &str, now: Instant) -> Result<(), Vec<Effect>> {
        self.heard(now);
        if self.phase != Phase::Open {
            return Ok(());
        }
        let counted = self.count_packet(name, now);
        counted.map_err(|error| self.on_error(error, now))
    }

    /// The session goes on with another token.
    pub(crate) fn renewed(&mut self, token_end: TokenEnd) {
        self.token_end = token_end;
        self.noticed = self.profile < Profile::V2;
    }

    /// A text frame arrived.
    pub(crate) fn on_text(&mut self, text: &str, now: Instant, lookup: &dyn Lookup) -> Outcome {
        self.heard(now);
        if self.phase != Phase::Open {
            return Outcome::default();
        }
        let (request_ref, result) = match ClientPacket::decode_as(self.profile, text) {
            Err(error) => {
                let answer = server::Error::from(&error);
                (error.request_ref, Err(answer))
            }
            Ok(Decoded::Unknown(unknown)) => {
                let answer = server::Error::unknown_type(&unknown.name);
                (unknown.request_ref, Err(answer))
            }
            Ok(Decoded::Known {
                packet,
                request_ref,
                ..
            }) => {
                let counted = self.count_packet(packet.name(), now);
                let result = counted.and_then(|()| self.on_packet(packet, now, lookup));
                (request_ref, result)
            }
        };
        let effects = match result {
            Ok(effect) => effect.into_iter().collect(),
            Err(error) => self.on_error(error, now),
        };
        Outcome {
            effects,
            request_ref,
        }
    }

    /// Time went by.
    pub(crate) fn on_tick(&mut self, now: Instant) -> Vec<Effect> {
        match self.phase {
            Phase::Closing { until } if now >= until => return vec![Effect::Abort],
            Phase::Closing { .. } => return Vec::new(),
            Phase::Open => {}
        }
        if now >= self.token_end.at {
            return vec![Effect::Close(CloseCode::TokenExpired)];
        }
        let silence = now.saturating_duration_since(self.last_heard);
        if silence >= self.limits.idle_timeout {
            return vec![Effect::Close(CloseCode::GoingAway)];
        }
        let mut effects = self.end_silent_typing(now);
        if !self.noticed && now >= self.token_end.notice() {
            self.noticed = true;
            let notice = TokenExpiring::new(self.token_end.time);
            effects.push(Effect::Answer(notice.into()));
        }
        if silence >= self.limits.ping_interval && self.pinged_at.is_none() {
            self.pinged_at = Some(now);
            effects.push(Effect::Ping);
        }
        effects
    }

    /// When [`on_tick`](Self::on_tick) next has something to do, if nothing arrives before.
    pub(crate) fn next_deadline(&self) -> Instant {
        if let Phase::Closing { until } = self.phase {
            return until;
        }
        let ping = match self.pinged_at {
            None => self.last_heard + self.limits.ping_interval,
            Some(_) => self.last_heard + self.limits.idle_timeout,
        };
        let said_at = self.typing.values();
        let typing = said_at.map(|said_at| *said_at + self.limits.typing_timeout);
        let token = match self.noticed {
            true => self.token_end.at,
            false => self.token_end.notice(),
        };
        typing.fold(ping.min(token), Instant::min)
    }

    /// The session ends, for whatever reason: no packet counts from now on. The client has some time
    /// to answer the close. Calling it again does nothing.
    pub(crate) fn wind_up(&mut self, now: Instant) -> Vec<Effect> {
        if self.phase != Phase::Open {
            return Vec::new();
        }
        self.phase = Phase::Closing {
            until: now + self.limits.close_timeout,
        };
        let mut effects: Vec<Effect> = std::mem::take(&mut self.typing)
            .into_keys()
            .map(stopped_typing)
            .collect();
        if std::mem::take(&mut self.joined) {
            effects.push(Effect::Leave);
        }
        effects
    }

    fn on_packet(
        &mut self,
        packet: ClientPacket,
        now: Instant,
        lookup: &dyn Lookup,
    ) -> Result<Option<Effect>, server::Error> {
        match packet {
            ClientPacket::MessageSend(packet) => on_message_send(packet, now, lookup).map(Some),
            ClientPacket::ChatJoin(packet) => Ok(self.on_join(&packet)),
            ClientPacket::Typing(packet) => self.on_typing(&packet, now, lookup),
            ClientPacket::ListMessageRequest(packet) => on_list(&packet, lookup).map(Some),
            ClientPacket::MessageEdit(packet) => on_edit(&packet, now, lookup).map(Some),
            ClientPacket::MessageDelete(packet) => on_delete(&packet, now, lookup).map(Some),
            ClientPacket::ReactionAdd(packet) => on_reaction_add(&packet, now, lookup).map(Some),
            ClientPacket::ReactionRemove(packet) => {
                on_reaction_remove(&packet, now, lookup).map(Some)
            }
            ClientPacket::ReadMark(packet) => on_read_mark(&packet, lookup).map(Some),
            ClientPacket::SyncRequest(packet) => Ok(Some(on_sync(packet, lookup))),
            ClientPacket::PresenceRequest(packet) => on_presence(&packet, lookup).map(Some),
            ClientPacket::TokenRenew(packet) => Ok(Some(Effect::Renew(packet))),
            // A packet of a newer protocol crate that this server was not taught yet.
            other => Err(server::Error::unknown_type(other.name())),
        }
    }

    fn on_join(&mut self, _packet: &ChatJoin) -> Option<Effect> {
        (!std::mem::replace(&mut self.joined, true)).then_some(Effect::Join)
    }

    fn on_typing(
        &mut self,
        packet: &Typing,
        now: Instant,
        lookup: &dyn Lookup,
    ) -> Result<Option<Effect>, server::Error> {
        let (room, view) = writable(&packet.room_id, Typing::NAME, lookup)?;
        if !packet.is_typing {
            return Ok(self.typing.remove(&room).map(|_| stopped_typing(room)));
        }
        let limit = self.limits.typing_room_limit;
        if limit > 0 && view.member_count > limit {
            return Ok(None);
        }
        self.typing.insert(room, now);
        Ok(Some(Effect::Typing {
            room,
            is_typing: true,
        }))
    }

    /// Ends what was not renewed.
    fn end_silent_typing(&mut self, now: Instant) -> Vec<Effect> {
        let timeout = self.limits.typing_timeout;
        let silent = self.typing.extract_if(.., |_, said_at| {
            now.saturating_duration_since(*said_at) >= timeout
        });
        silent.map(|(room, _)| stopped_typing(room)).collect()
    }

    fn count_packet(&mut self, name: &str, now: Instant) -> Result<(), server::Error> {
        match &mut self.packets {
            Some(packets) => packets
                .take(now)
                .map_err(|wait| server::Error::rate_limited(name, wait)),
            None => Ok(()),
        }
    }

    /// Answers an error, and ends a session that keeps causing them.
    fn on_error(&mut self, error: server::Error, now: Instant) -> Vec<Effect> {
        let answer = Effect::Answer(error.into());
        match self.errors.take(now) {
            Ok(()) => vec![answer],
            Err(_) => vec![answer, Effect::Close(CloseCode::PolicyViolation)],
        }
    }
}

fn stopped_typing(room: RoomId) -> Effect {
    Effect::Typing {
        room,
        is_typing: false,
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
