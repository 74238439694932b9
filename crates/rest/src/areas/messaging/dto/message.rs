use abu_domain::messaging::message;

use super::room::Person;
use crate::areas::prelude::*;

json_form! {
    /// A message, with the field names of the chat's packets.
    #[schema(example = json!({
        "message_id": "0198c1a2-b3c4-7d5e-8f60-718293a4b5c6",
        "seq": 2,
        "room_id": "b6c1f0a2-0c57-4a8e-8a53-0f5c7d1e9a10",
        "sender_id": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "sender": {
            "user_uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
            "firstname": "Amina",
            "lastname": "Bello",
        },
        "message": "Sannu! How is everybody?",
        "timestamp": "2026-01-05T08:31:12.345678Z",
        "client_message_id": "0f9d3a52-7d0d-4c58-a9d0-5f6f2a1f9f0e",
    }))]
    pub(crate) struct Message from authored: message::AuthoredMessage {
        message_id: Uuid = authored.shown.message.id.uuid(),
        /// Its place in the room: 1, 2, 3 and so on, without gaps.
        seq: i64 = authored.shown.message.seq,
        room_id: Uuid = authored.shown.message.room_id.uuid(),
        sender_id: Uuid = authored.shown.message.sender_id.uuid(),
        /// Who sent it, also if they left the room.
        sender: Person = authored.sender.into(),
        /// What was said; empty where it was deleted.
        message: String = authored.shown.message.text.as_str().to_owned(),
        /// When it was accepted.
        timestamp: DateTime<Utc> = authored.shown.message.sent_at,
        /// The id its sender gave it; the sender alone sees it.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_message_id: Option<Uuid> = authored.shown.message.client_message_id,
        /// The message it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_to: Option<Uuid> = authored.shown.message.reply_to.map(Uuid::from),
        /// When its text was last changed, if ever.
        #[serde(skip_serializing_if = "Option::is_none")]
        edited_at: Option<DateTime<Utc>> = authored.shown.message.edited_at,
        /// `true` where it was deleted, and left out otherwise: it keeps its place and has no text.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        #[schema(required = false)]
        deleted: bool = authored.shown.message.is_deleted(),
        /// The reactions, the oldest emoji first; left out without any.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        #[schema(required = false, max_items = 20)]
        reactions: Vec<Reaction> = authored.shown.reactions.into_iter().map(Reaction::from).collect(),
        /// Which change of the room last touched the message: an edit, the deletion or a reaction.
        #[serde(skip_serializing_if = "Option::is_none")]
        revision: Option<i64> = authored.shown.message.revision,
    }
}

json_form! {
    /// One emoji that people reacted to a message with.
    #[schema(example = json!({
        "emoji": "\u{1f44d}",
        "count": 1,
        "user_ids": ["3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41"],
    }))]
    pub(crate) struct Reaction from reaction: message::Reaction {
        emoji: String = reaction.emoji.as_str().to_owned(),
        /// How many people.
        count: i64 = reaction.count,
        /// Some of them: you first, if you are among them, then those who reacted first.
        #[schema(max_items = 10)]
        user_ids: Vec<Uuid> = reaction.user_ids.into_iter().map(Uuid::from).collect(),
    }
}
