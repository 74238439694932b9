//! What is stored, as the packets that show it.

use std::num::NonZeroU64;

use abu_application::messaging::HistoryPage;
use abu_chat_protocol::server::{
    Heartbeat, Limits, ListMessageResponse, MessageReceive, Welcome,
};
use abu_domain::{
    RoomId, UserId,
    message::{EDIT_WINDOW, Message},
    text::MessageText,
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
        EDIT_WINDOW,
    );
    let limits = match settings.rate_limits_enabled {
        true => limits.with_rates(
            settings.messages_per_second.into(),
            settings.messages_per_minute.into(),
            settings.packets_per_second.into(),
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

/// A stored message as sessions see it.
pub(crate) fn message_receive(message: &Message) -> MessageReceive {
    let shown = MessageReceive::new(
        message.room_id.uuid(),
        message.sender_id.uuid(),
        message.text.as_str(),
        message.sent_at,
    )
    .stored_as(message.id.uuid(), place(message.seq));
    match message.reply_to {
        Some(answered) => shown.in_reply_to(answered.uuid()),
        None => shown,
    }
}

/// A page of a room's history.
pub(crate) fn history_response(room: RoomId, page: &HistoryPage) -> ListMessageResponse {
    ListMessageResponse::new(
        room.uuid(),
        page.messages.iter().map(message_receive).collect(),
        page.total_count.unsigned_abs(),
    )
}

/// A place, which the database keeps above 0.
fn place(seq: i64) -> NonZeroU64 {
    NonZeroU64::new(seq.unsigned_abs()).unwrap_or(NonZeroU64::MIN)
}
