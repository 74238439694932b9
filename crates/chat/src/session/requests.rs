//! What each packet asks for: a rule each, which keeps nothing. What a session remembers is in
//! [`state`](super::state).

use std::time::Instant;

use abu_application::messaging::messages::Position;
use abu_chat_protocol::{
    client::{
        ListMessageRequest, MessageDelete, MessageEdit, MessageSend, Order, PresenceRequest,
        ReactionAdd, ReactionRemove, ReadMark, SyncRequest,
    },
    server,
};
use abu_domain::{
    MessageId, RoomId, UserId,
    messaging::{
        message::{ChangeKind, HistoryOrder},
        text::{Emoji, MessageText},
    },
};

use super::state::{ChangeDraft, Draft, Effect, HistoryRequest, Lookup, PresenceQuery, SyncQuery};
use crate::registry::RoomView;

pub(super) fn on_message_send(
    packet: MessageSend,
    now: Instant,
    lookup: &dyn Lookup,
) -> Result<Effect, server::Error> {
    let text = text_of(&packet.message, MessageSend::NAME)?;
    let room = reachable(&packet.room_id, MessageSend::NAME, lookup)?;
    let reply_to = packet
        .reply_to
        .map(|id| message_of(&id, MessageSend::NAME, room))
        .transpose()?;
    let bytes = text.as_str().len();
    count_message(room, MessageSend::NAME, bytes, now, lookup)?;
    Ok(Effect::Store(Draft {
        room,
        text,
        client_message_id: packet.client_message_id,
        reply_to,
    }))
}

pub(super) fn on_edit(
    packet: &MessageEdit,
    now: Instant,
    lookup: &dyn Lookup,
) -> Result<Effect, server::Error> {
    let text = text_of(&packet.message, MessageEdit::NAME)?;
    let message = Named::new(MessageEdit::NAME, &packet.room_id, &packet.message_id);
    message.change(ChangeKind::Edit(text), now, lookup)
}

pub(super) fn on_delete(
    packet: &MessageDelete,
    now: Instant,
    lookup: &dyn Lookup,
) -> Result<Effect, server::Error> {
    let message = Named::new(MessageDelete::NAME, &packet.room_id, &packet.message_id);
    message.change(ChangeKind::Delete, now, lookup)
}

pub(super) fn on_reaction_add(
    packet: &ReactionAdd,
    now: Instant,
    lookup: &dyn Lookup,
) -> Result<Effect, server::Error> {
    let emoji = emoji_of(&packet.emoji, ReactionAdd::NAME)?;
    let message = Named::new(ReactionAdd::NAME, &packet.room_id, &packet.message_id);
    message.change(ChangeKind::React(emoji), now, lookup)
}

pub(super) fn on_reaction_remove(
    packet: &ReactionRemove,
    now: Instant,
    lookup: &dyn Lookup,
) -> Result<Effect, server::Error> {
    let emoji = emoji_of(&packet.emoji, ReactionRemove::NAME)?;
    let message = Named::new(ReactionRemove::NAME, &packet.room_id, &packet.message_id);
    message.change(ChangeKind::TakeBack(emoji), now, lookup)
}

/// A message that a packet of this name asks to change.
struct Named<'a> {
    request: &'static str,
    room: &'a abu_chat_protocol::RoomId,
    message: &'a abu_chat_protocol::MessageId,
}

impl<'a> Named<'a> {
    fn new(
        request: &'static str,
        room: &'a abu_chat_protocol::RoomId,
        message: &'a abu_chat_protocol::MessageId,
    ) -> Self {
        Self {
            request,
            room,
            message,
        }
    }

    /// A change counts as a message: the writer stores it, and the room gets it.
    fn change(
        &self,
        kind: ChangeKind,
        now: Instant,
        lookup: &dyn Lookup,
    ) -> Result<Effect, server::Error> {
        let room = match kind.brings_news() {
            true => reachable(self.room, self.request, lookup)?,
            false => writable(self.room, self.request, lookup)?.0,
        };
        let message = message_of(self.message, self.request, room)?;
        let bytes = kind.text().map_or(0, |text| text.as_str().len());
        count_message(room, self.request, bytes, now, lookup)?;
        Ok(Effect::Change(ChangeDraft {
            room,
            message,
            kind,
        }))
    }
}

pub(super) fn on_list(
    packet: &ListMessageRequest,
    lookup: &dyn Lookup,
) -> Result<Effect, server::Error> {
    let (room, _) = member_of(&packet.room_id, ListMessageRequest::NAME, lookup)?;
    Ok(Effect::History(HistoryRequest {
        room,
        skip: packet.effective_skip(),
        limit: packet.effective_limit(),
        order: match packet.effective_order() {
            Order::Asc => HistoryOrder::OldestFirst,
            _ => HistoryOrder::NewestFirst,
        },
    }))
}

/// The answer does not distinguish rooms without the user from malformed room ids.
pub(super) fn on_sync(packet: SyncRequest, lookup: &dyn Lookup) -> Effect {
    let mut asked = SyncQuery {
        positions: Vec::with_capacity(packet.rooms.len()),
        not_a_member: Vec::new(),
    };
    for room in packet.rooms {
        match member_of(&room.room_id, SyncRequest::NAME, lookup) {
            Ok((room_id, _)) => asked.positions.push(Position {
                room_id,
                last_seq: clamped(room.last_seq),
                last_revision: room.last_revision.map(clamped),
            }),
            Err(_stranger) => asked.not_a_member.push(room.room_id),
        }
    }
    Effect::Sync(asked)
}

pub(super) fn on_presence(
    packet: &PresenceRequest,
    lookup: &dyn Lookup,
) -> Result<Effect, server::Error> {
    let (room, _) = member_of(&packet.room_id, PresenceRequest::NAME, lookup)?;
    let user = |id: &abu_chat_protocol::UserId| {
        id.to_uuid().map(UserId::new).ok_or_else(|| {
            let rule = "must be a `participant_id` of the answer before";
            server::Error::invalid_payload(PresenceRequest::NAME, "after", rule)
                .in_room(room.uuid())
        })
    };
    Ok(Effect::Presence(PresenceQuery {
        room,
        after: packet.after.as_ref().map(user).transpose()?,
        limit: packet.effective_limit(),
    }))
}

/// A place or a number of a change; none is as large as the largest there could be.
fn clamped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn on_read_mark(
    packet: &ReadMark,
    lookup: &dyn Lookup,
) -> Result<Effect, server::Error> {
    let (room, _) = member_of(&packet.room_id, ReadMark::NAME, lookup)?;
    // A place past the newest message counts as that.
    let seq = clamped(packet.seq.get());
    Ok(Effect::MarkRead { room, seq })
}

/// The room, if the session's user is in it. An id that is no UUID names no room, and is answered as
/// such.
fn member_of(
    id: &abu_chat_protocol::RoomId,
    request: &str,
    lookup: &dyn Lookup,
) -> Result<(RoomId, RoomView), server::Error> {
    id.to_uuid()
        .map(RoomId::new)
        .and_then(|room| Some((room, lookup.room(room)?)))
        .ok_or_else(|| server::Error::not_a_member(request, id.clone()))
}

/// The room, if the session's user is in it and it can be written in.
pub(super) fn writable(
    id: &abu_chat_protocol::RoomId,
    request: &str,
    lookup: &dyn Lookup,
) -> Result<(RoomId, RoomView), server::Error> {
    let (room, view) = member_of(id, request, lookup)?;
    match view.read_only {
        true => Err(server::Error::read_only_room(request, room.uuid())),
        false => Ok((room, view)),
    }
}

/// The room, if something new in it can reach the other person of a direct room.
fn reachable(
    id: &abu_chat_protocol::RoomId,
    request: &str,
    lookup: &dyn Lookup,
) -> Result<RoomId, server::Error> {
    let (room, view) = writable(id, request, lookup)?;
    match view.blocked {
        true => Err(server::Error::blocked(request, room.uuid())),
        false => Ok(room),
    }
}

fn count_message(
    room: RoomId,
    request: &str,
    bytes: usize,
    now: Instant,
    lookup: &dyn Lookup,
) -> Result<(), server::Error> {
    lookup
        .count_message(bytes, now)
        .map_err(|wait| server::Error::rate_limited(request, wait).in_room(room.uuid()))
}

fn text_of(text: &str, request: &str) -> Result<MessageText, server::Error> {
    MessageText::parse(text)
        .map_err(|violation| server::Error::invalid_payload(request, "message", violation.rule))
}

fn emoji_of(emoji: &abu_chat_protocol::Emoji, request: &str) -> Result<Emoji, server::Error> {
    Emoji::parse(emoji.as_str())
        .map_err(|violation| server::Error::invalid_payload(request, "emoji", violation.rule))
}

/// The message. An id that is no UUID names none.
fn message_of(
    id: &abu_chat_protocol::MessageId,
    request: &str,
    room: RoomId,
) -> Result<MessageId, server::Error> {
    id.to_uuid()
        .map(MessageId::new)
        .ok_or_else(|| server::Error::not_found(request, room.uuid()))
}
