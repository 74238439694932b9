//! What is stored, as the packets that show it.

use std::num::NonZeroU64;

use abu_application::messaging::{
    messages::{CatchUp, Changed, ChangedPart, HistoryPage},
    ports::MemberListing,
};
use abu_chat_protocol::{
    Emoji, ServerPacket,
    server::{
        self, Heartbeat, Limits, ListMessageResponse, MemberChange, MemberNotify, MemberRole,
        MessageReceive, MessageUpdated, ParticipantPresence, PresenceResponse, ReactionNotify,
        ReadNotify, RoomCatchUp, RoomChange, RoomNotify, SyncResponse, Welcome,
    },
};
use abu_domain::{
    RoomId, UserId,
    messaging::{
        message::{EDIT_WINDOW, Message, Reaction, ShownMessage},
        room::{Room, RoomRole},
        text::MessageText,
    },
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::ChatSettings;

/// The first packet of a session.
pub(crate) fn welcome(
    session: Uuid,
    user: UserId,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    settings: &ChatSettings,
) -> Welcome {
    let limits = Limits::new(
        settings.max_frame_bytes as u64,
        MessageText::MAX_CHARS as u64,
        EDIT_WINDOW.to_std().unwrap_or_default(),
    );
    let limits = match settings.rate_limits_enabled {
        true => limits
            .with_rates(
                settings.messages_per_second.into(),
                settings.messages_per_minute.into(),
                settings.packets_per_second.into(),
            )
            .with_message_bytes(
                settings.message_bytes_at_once.into(),
                settings.message_bytes_per_minute.into(),
            ),
        false => limits,
    };
    Welcome::new(
        session,
        user.uuid(),
        now,
        expires_at,
        Heartbeat::new(settings.ping_interval, settings.idle_timeout),
        limits,
    )
}

/// A stored message with these reactions, as a session of its sender sees it.
pub(crate) fn message_receive(message: &Message, reactions: &[Reaction]) -> MessageReceive {
    let mut shown = MessageReceive::new(
        message.room_id.uuid(),
        message.sender_id.uuid(),
        message.text.as_str(),
        message.sent_at,
    )
    .stored_as(message.id.uuid(), above_0(message.seq));
    shown.client_message_id = message.client_message_id;
    shown.reply_to = message.reply_to.map(|answered| answered.uuid().into());
    shown.edited_at = message.edited_at;
    shown.deleted = message.is_deleted();
    shown.reactions = reactions.iter().filter_map(reaction).collect();
    shown.revision = message.revision.map(above_0);
    shown
}

/// An emoji comes from a packet; one that is none after all is left out.
fn reaction(reaction: &Reaction) -> Option<server::Reaction> {
    let count = NonZeroU64::new(reaction.count.unsigned_abs())?;
    let users = reaction.user_ids.iter().map(|user| user.uuid().into());
    Some(server::Reaction::new(
        Emoji::new(reaction.emoji.as_str()).ok()?,
        count,
        users.collect(),
    ))
}

pub(crate) fn history_response(room: RoomId, page: &HistoryPage) -> ListMessageResponse {
    ListMessageResponse::new(
        room.uuid(),
        page.messages.iter().map(shown_message).collect(),
        page.total_count.unsigned_abs(),
    )
    .at_revision(page.last_revision.unsigned_abs())
}

fn shown_message(shown: &ShownMessage) -> MessageReceive {
    message_receive(&shown.message, &shown.reactions)
}

/// For all members of the room.
pub(crate) fn changed(changed: &Changed) -> ServerPacket {
    let message = &changed.message;
    match reaction_notify(changed) {
        Some(notify) => notify.at_revision(revision_of(message)).into(),
        None => message_updated(message).into(),
    }
}

/// The current state, for the requester of a change that changed nothing.
pub(crate) fn as_it_is(changed: &Changed) -> ServerPacket {
    match reaction_notify(changed) {
        Some(notify) => notify.into(),
        None => message_updated(&changed.message).into(),
    }
}

/// Without a number of its own; `None` where no reaction changed.
fn reaction_notify(changed: &Changed) -> Option<ReactionNotify> {
    let ChangedPart::Reactions {
        user_id,
        emoji,
        is_added,
        count,
    } = &changed.part
    else {
        return None;
    };
    let message = &changed.message;
    let mut notify = ReactionNotify::added(
        message.room_id.uuid(),
        message.id.uuid(),
        user_id.uuid(),
        // It came in a packet.
        Emoji::new(emoji.as_str()).ok()?,
        count.unsigned_abs(),
    );
    notify.is_added = *is_added;
    Some(notify)
}

fn message_updated(message: &Message) -> MessageUpdated {
    let (room, id) = (message.room_id.uuid(), message.id.uuid());
    let (seq, revision) = (above_0(message.seq), revision_of(message));
    if message.is_deleted() {
        return MessageUpdated::deleted(room, id, seq, revision);
    }
    let edited_at = message.edited_at.unwrap_or(message.sent_at);
    let mut updated =
        MessageUpdated::edited(room, id, seq, message.text.as_str(), edited_at, revision);
    updated.edited_at = message.edited_at;
    updated
}

pub(crate) fn read_mark(room: RoomId, user: UserId, last_read_seq: i64) -> ReadNotify {
    ReadNotify::new(room.uuid(), user.uuid(), last_read_seq.unsigned_abs())
}

/// What was missed in some rooms; in the others the user is not.
pub(crate) fn sync_response(
    rooms: Vec<CatchUp>,
    not_a_member: Vec<abu_chat_protocol::RoomId>,
) -> SyncResponse {
    let rooms = rooms.into_iter().map(|room| {
        let mut told = RoomCatchUp::new(
            room.room_id.uuid(),
            room.last_seq.unsigned_abs(),
            room.last_revision.unsigned_abs(),
        );
        told.messages = room.messages.iter().map(shown_message).collect();
        told.updated = room.updated.iter().map(shown_message).collect();
        told.has_more = room.has_more;
        told
    });
    SyncResponse::new(rooms.collect()).without(not_a_member)
}

/// Some members of a room, with whether each is online.
pub(crate) fn presence_response(
    room: RoomId,
    members: &[MemberListing],
    online: &[bool],
    has_more: bool,
) -> PresenceResponse {
    let participants = members.iter().zip(online).map(|(member, is_online)| {
        let user = member.membership.user_id.uuid();
        match is_online {
            true => ParticipantPresence::online(user),
            false => ParticipantPresence::offline(user, member.last_seen_at),
        }
    });
    PresenceResponse::new(room.uuid(), participants.collect(), has_more)
}

/// For a user who became a member.
pub(crate) fn added(id: RoomId, room: Option<&Room>, by: Option<UserId>) -> RoomNotify {
    let mut notify = room_notify(id, RoomChange::Added, by);
    notify.name = room.and_then(name_of);
    notify
}

/// For a user who is no longer a member.
pub(crate) fn removed(id: RoomId, by: Option<UserId>) -> RoomNotify {
    room_notify(id, RoomChange::Removed, by)
}

/// For a user who left the room before, and can come back.
pub(crate) fn invited(id: RoomId, room: Option<&Room>, by: UserId) -> RoomNotify {
    let mut notify = room_notify(id, RoomChange::Invited, by);
    notify.name = room.and_then(name_of);
    notify
}

/// For the other members of a room that the user entered in this role, or that they are no longer in.
pub(crate) fn member_moved(
    room: RoomId,
    user: UserId,
    role: Option<RoomRole>,
    by: UserId,
) -> MemberNotify {
    let change = match role {
        Some(_) => MemberChange::Added,
        None if user == by => MemberChange::Left,
        None => MemberChange::Removed,
    };
    let mut notify = MemberNotify::new(room.uuid(), user.uuid(), change).done_by(by.uuid());
    notify.role = role.map(member_role);
    notify
}

/// For all members of the room.
pub(crate) fn role_changed(
    room: RoomId,
    user: UserId,
    role: RoomRole,
    by: Option<UserId>,
) -> MemberNotify {
    let mut notify = MemberNotify::new(room.uuid(), user.uuid(), MemberChange::RoleChanged)
        .in_role(member_role(role));
    notify.changed_by = by.map(|by| by.uuid().into());
    notify
}

fn member_role(role: RoomRole) -> MemberRole {
    match role {
        RoomRole::Member => MemberRole::Member,
        RoomRole::Moderator => MemberRole::Moderator,
        RoomRole::Owner => MemberRole::Owner,
    }
}

/// For the members of a room that was archived or reopened.
pub(crate) fn state_changed(id: RoomId, read_only: bool, by: UserId) -> RoomNotify {
    let change = match read_only {
        true => RoomChange::Archived,
        false => RoomChange::Reopened,
    };
    room_notify(id, change, by)
}

pub(crate) fn renamed(room: &Room, by: UserId) -> RoomNotify {
    let mut notify = room_notify(room.id, RoomChange::Renamed, by);
    notify.name = name_of(room);
    notify
}

fn room_notify(room: RoomId, change: RoomChange, by: impl Into<Option<UserId>>) -> RoomNotify {
    let notify = RoomNotify::new(room.uuid(), change);
    match by.into() {
        Some(by) => notify.done_by(by.uuid()),
        None => notify,
    }
}

fn name_of(room: &Room) -> Option<String> {
    Some(room.name.as_ref()?.as_str().to_owned())
}

/// Of a message that changed, which therefore has one.
fn revision_of(message: &Message) -> NonZeroU64 {
    above_0(message.revision.unwrap_or_default())
}

/// A place or a revision, which the database keeps above 0.
fn above_0(number: i64) -> NonZeroU64 {
    NonZeroU64::new(number.unsigned_abs()).unwrap_or(NonZeroU64::MIN)
}

#[cfg(test)]
mod tests {
    use abu_application::messaging::messages::encoded_len;
    use abu_chat_protocol::Profile;
    use abu_domain::{
        MessageId, UserId,
        messaging::{message::NewMessage, text},
    };
    use proptest::prelude::*;

    use std::iter;

    use super::*;

    proptest! {
        #[test]
        fn no_message_is_larger_than_the_size_by_which_answers_end(
            text in "\\PC{0,300}|[\"\\\\\n\t]{1,300}",
            users in 0_u128..11,
            emoji in 0_usize..21,
            has_all: bool,
        ) {
            let id = Uuid::max();
            let time = DateTime::from_timestamp_micros(1_900_000_000_123_456).unwrap();
            let message = Message {
                edited_at: has_all.then_some(time),
                revision: has_all.then_some(i64::MAX),
                ..NewMessage {
                    id: MessageId::new(id),
                    room_id: RoomId::new(id),
                    sender_id: UserId::new(id),
                    text: MessageText::from_storage(text),
                    client_message_id: Some(id),
                    reply_to: has_all.then_some(MessageId::new(id)),
                    sent_at: time,
                }
                .at(i64::MAX)
            };
            let reaction = Reaction {
                emoji: text::Emoji::from_storage("\u{1f44d}".to_owned()),
                count: i64::MAX,
                user_ids: (0..users).map(|n| UserId::new(Uuid::from_u128(n))).collect(),
            };
            let shown = ShownMessage {
                message,
                reactions: vec![reaction; emoji],
            };
            let mut json = Vec::new();
            let packet = ServerPacket::from(shown_message(&shown));
            packet.write_json_with_ref(None, Profile::V2, &mut json);
            prop_assert!(json.len() <= encoded_len(&shown), "{} bytes", json.len());
        }
    }

    /// Else a reaction that the server stores would be left out of packets.
    #[test]
    fn the_packets_take_every_emoji_that_the_domain_takes() {
        for emoji in emojis::iter() {
            let tones = emoji.skin_tones().into_iter().flatten();
            for emoji in iter::once(emoji).chain(tones) {
                let emoji = emoji.as_str();
                assert!(text::Emoji::parse(emoji).is_ok());
                assert!(Emoji::new(emoji).is_ok(), "{emoji}");
            }
        }
    }
}
