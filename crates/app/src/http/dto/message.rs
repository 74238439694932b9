use abu_domain::message;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What somebody said, with the names that the chat's packets use too.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "message_id": "0198c1a2-b3c4-7d5e-8f60-718293a4b5c6",
    "seq": 2,
    "room_id": "b6c1f0a2-0c57-4a8e-8a53-0f5c7d1e9a10",
    "sender_id": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
    "message": "Sannu! How is everybody?",
    "timestamp": "2026-01-05T08:31:12.345678Z",
    "client_message_id": "0f9d3a52-7d0d-4c58-a9d0-5f6f2a1f9f0e",
}))]
pub(crate) struct Message {
    message_id: Uuid,
    /// Its place in the room: 1, 2, 3 and so on, without gaps.
    seq: i64,
    room_id: Uuid,
    sender_id: Uuid,
    message: String,
    /// When it was accepted.
    timestamp: DateTime<Utc>,
    /// The id its sender gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_message_id: Option<Uuid>,
    /// The message it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Uuid>,
}

impl From<message::Message> for Message {
    fn from(message: message::Message) -> Self {
        Self {
            message_id: message.id.uuid(),
            seq: message.seq,
            room_id: message.room_id.uuid(),
            sender_id: message.sender_id.uuid(),
            message: message.text.as_str().to_owned(),
            timestamp: message.sent_at,
            client_message_id: message.client_message_id,
            reply_to: message.reply_to.map(Uuid::from),
        }
    }
}
