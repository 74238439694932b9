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

    /// Counts a message of the user's in, or a change to one.
    ///
    /// # Errors
    /// How long to wait until the next one is allowed.
    fn count_message(&self, now: Instant) -> Result<(), Duration>;
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
    /// Tell the room's other sessions.
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
    typing: BTreeMap<RoomId, TypingIn>,
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

/// What was last said about typing in a room.
#[derive(Clone, Copy, Debug)]
struct TypingIn {
    is_typing: bool,
    /// When the room last got it: repeats soon after are dropped.
    told_at: Instant,
    /// When the client last said so: silence ends it.
    said_at: Instant,
}

#[derive(Clone, Debug)]
struct Limits {
    ping_interval: Duration,
    idle_timeout: Duration,
    close_timeout: Duration,
    typing_repeat: Duration,
    typing_timeout: Duration,
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
                typing_repeat: settings.typing_repeat,
                typing_timeout: settings.typing_timeout,
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
        let typing = self
            .typing
            .values()
            .filter(|typing| typing.is_typing)
            .map(|typing| typing.said_at + self.limits.typing_timeout);
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
            .into_iter()
            .filter(|(_, typing)| typing.is_typing)
            .map(|(room, _)| Effect::Typing {
                room,
                is_typing: false,
            })
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
        let room = writable(&packet.room_id, Typing::NAME, lookup)?;
        let is_typing = packet.is_typing;
        let last = self.typing.insert(
            room,
            TypingIn {
                is_typing,
                told_at: now,
                said_at: now,
            },
        );
        if let Some(last) = last
            && last.is_typing == is_typing
            && now.saturating_duration_since(last.told_at) < self.limits.typing_repeat
        {
            // Dropped, but it still keeps the typing alive.
            self.typing.insert(
                room,
                TypingIn {
                    said_at: now,
                    ..last
                },
            );
            return Ok(None);
        }
        Ok(Some(Effect::Typing { room, is_typing }))
    }

    /// Ends what was not renewed, and forgets what can no longer be repeated.
    fn end_silent_typing(&mut self, now: Instant) -> Vec<Effect> {
        let Limits {
            typing_repeat,
            typing_timeout,
            ..
        } = self.limits;
        let mut ended = Vec::new();
        for (room, typing) in &mut self.typing {
            let silence = now.saturating_duration_since(typing.said_at);
            if typing.is_typing && silence >= typing_timeout {
                *typing = TypingIn {
                    is_typing: false,
                    told_at: now,
                    said_at: now,
                };
                ended.push(Effect::Typing {
                    room: *room,
                    is_typing: false,
                });
            }
        }
        self.typing.retain(|_, typing| {
            typing.is_typing || now.saturating_duration_since(typing.told_at) < typing_repeat
        });
        ended
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

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
