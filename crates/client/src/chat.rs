//! The application's handle to a chat: requests and their answers.

use std::{fmt, num::NonZeroU64, sync::Arc, time::Duration};

use abu_chat_protocol::{
    ClientPacket, Emoji, MessageId, RoomId, ServerPacket, UserId,
    client::{
        ListMessageRequest, MAX_HISTORY_LIMIT, MessageDelete, MessageEdit, MessageSend, Order,
        PresenceRequest, ReactionAdd, ReactionRemove, ReadMark,
    },
    server::{ListMessageResponse, MessageUpdated, PresenceResponse, ReactionNotify},
};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use uuid::Uuid;

use crate::{EndReason, Message, RequestError};

/// A command to the driver. It has no `Debug`, so that no message text reaches a log.
pub(crate) enum Command {
    /// A packet with an answer.
    Request(Request),
    /// A hint without an answer, of no use later.
    Typing(RoomId, bool),
}

/// A packet, and the channel for its answer. A cancelled request has a closed channel.
pub(crate) struct Request {
    pub(crate) packet: ClientPacket,
    pub(crate) answer: oneshot::Sender<Result<ServerPacket, RequestError>>,
}

/// A handle to a chat, which reconnects by itself. Cheap to clone. The chat ends when the application has
/// dropped all clones and the [`Events`](crate::Events), or by [`close`](Self::close).
///
/// Requests wait while the client is disconnected, and go out again after a lost connection; each has a
/// [timeout](crate::ClientBuilder::request_timeout). Dropping the future of a request cancels it. A request
/// that was sent before may still take effect; the client does not resend it.
///
/// Contract: `docs/chat-protocol.md`, "Correlate requests and answers".
#[derive(Clone)]
pub struct Chat {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) closing: Arc<Notify>,
    pub(crate) ended: watch::Receiver<Option<EndReason>>,
    pub(crate) request_timeout: Duration,
}

/// A message to send; `&str` and `String` convert into one. `Debug` shows the length of the text in bytes,
/// never the text.
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct Outgoing {
    text: String,
    reply_to: Option<MessageId>,
    client_message_id: Uuid,
}

/// A page of a room's history (`list-message-response`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// The number of messages in the room, which equals the `seq` of the newest.
    pub total: u64,
}

impl Outgoing {
    /// A message with this text. The server trims it, and accepts 1 to 4,000 Unicode characters by default.
    /// `limits` of [`Welcome`](crate::Welcome) has the server's limit.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            reply_to: None,
            client_message_id: Uuid::new_v4(),
        }
    }

    /// Makes it a reply to another message of the same room.
    pub fn in_reply_to(mut self, message: &MessageId) -> Self {
        self.reply_to = Some(message.clone());
        self
    }

    /// Sets the idempotency key. A second send under the same id, also from another process, stores nothing and
    /// returns the stored message. Default: a random id.
    ///
    /// Contract: `docs/chat-protocol.md`, "Send, edit and delete messages".
    pub fn client_message_id(mut self, id: Uuid) -> Self {
        self.client_message_id = id;
        self
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("text", &format_args!("{} bytes", self.text.len()))
            .field("reply_to", &self.reply_to)
            .field("client_message_id", &self.client_message_id)
            .finish()
    }
}

impl From<&str> for Outgoing {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Outgoing {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl Chat {
    /// Sends a message to a room, and waits until the server has committed it. A resend after a lost connection
    /// stores nothing twice. Returns the stored message.
    ///
    /// Contract: `docs/chat-protocol.md`, "Send, edit and delete messages".
    ///
    /// # Errors
    /// [`RequestError`]. After [`TimedOut`](RequestError::TimedOut),
    /// [`OutcomeUnknown`](RequestError::OutcomeUnknown) and [`Ended`](RequestError::Ended) the server may have
    /// stored the message; after all others it has not.
    pub async fn send(
        &self,
        room: &RoomId,
        message: impl Into<Outgoing>,
    ) -> Result<Message, RequestError> {
        let Outgoing {
            text,
            reply_to,
            client_message_id,
        } = message.into();
        let mut packet =
            MessageSend::new(room.clone(), text).with_client_message_id(client_message_id);
        packet.reply_to = reply_to;
        match self.request(packet).await? {
            ServerPacket::MessageReceive(message) => {
                Message::from_packet(message).ok_or_else(not_understood)
            }
            _ => Err(not_understood()),
        }
    }

    /// Sends a reply to a message, into its room.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn reply(
        &self,
        to: &Message,
        message: impl Into<Outgoing>,
    ) -> Result<Message, RequestError> {
        let message = message.into().in_reply_to(&to.id);
        self.send(&to.room_id, message).await
    }

    /// Replaces the text of one of the user's own messages, within the edit window of the server (15 minutes by
    /// default). A repeated edit with the same text changes nothing.
    ///
    /// Contract: `docs/chat-protocol.md`, "Send, edit and delete messages".
    ///
    /// # Errors
    /// [`RequestError`], in particular [`NotFound`](RequestError::NotFound),
    /// [`Forbidden`](RequestError::Forbidden) and [`TooLate`](RequestError::TooLate).
    pub async fn edit(
        &self,
        room: &RoomId,
        message: &MessageId,
        text: impl Into<String>,
    ) -> Result<MessageUpdated, RequestError> {
        self.change(MessageEdit::new(room.clone(), message.clone(), text))
            .await
    }

    /// Deletes a message (soft delete): it keeps its `seq` and loses its text and reactions. Authors have the
    /// edit window of the server; moderators of a group have no time limit.
    ///
    /// Contract: `docs/chat-protocol.md`, "Send, edit and delete messages".
    ///
    /// # Errors
    /// As [`edit`](Self::edit).
    pub async fn delete(
        &self,
        room: &RoomId,
        message: &MessageId,
    ) -> Result<MessageUpdated, RequestError> {
        self.change(MessageDelete::new(room.clone(), message.clone()))
            .await
    }

    /// Adds a reaction to a message. Idempotent for each emoji.
    ///
    /// Contract: `docs/chat-protocol.md`, "Reactions".
    ///
    /// # Errors
    /// [`RequestError`]: [`Invalid`](RequestError::Invalid) where the message has too many reactions.
    pub async fn react(
        &self,
        room: &RoomId,
        message: &MessageId,
        emoji: Emoji,
    ) -> Result<ReactionNotify, RequestError> {
        self.reaction(ReactionAdd::new(room.clone(), message.clone(), emoji))
            .await
    }

    /// Removes the user's own reaction from a message. Idempotent.
    ///
    /// Contract: `docs/chat-protocol.md`, "Reactions".
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn unreact(
        &self,
        room: &RoomId,
        message: &MessageId,
        emoji: Emoji,
    ) -> Result<ReactionNotify, RequestError> {
        self.reaction(ReactionRemove::new(room.clone(), message.clone(), emoji))
            .await
    }

    /// Moves the user's read mark to `seq`, and returns the resulting mark. The mark never moves back. 0 sends
    /// nothing and returns 0.
    ///
    /// Contract: `docs/chat-protocol.md`, "Read marks and presence".
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn mark_read(&self, room: &RoomId, seq: u64) -> Result<u64, RequestError> {
        let Some(seq) = NonZeroU64::new(seq) else {
            return Ok(0);
        };
        match self.request(ReadMark::new(room.clone(), seq)).await? {
            ServerPacket::ReadNotify(mark) => Ok(mark.seq),
            _ => Err(not_understood()),
        }
    }

    /// Sends a typing hint, if the chat is connected. Repeat it every few seconds while the user types: the
    /// server treats 10 seconds of silence as stopped.
    ///
    /// Contract: `docs/chat-protocol.md`, "`typing`".
    pub fn typing(&self, room: &RoomId, is_typing: bool) {
        // A hint: a full queue or an ended chat drops it.
        let _ = self
            .commands
            .try_send(Command::Typing(room.clone(), is_typing));
    }

    /// The newest messages of a room, oldest first. `limit` is clamped to 1 to 100.
    ///
    /// A message may also arrive as an event; deduplicate by `id`.
    ///
    /// Contract: `docs/chat-protocol.md`, "`list-message-request`".
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn history(&self, room: &RoomId, limit: u32) -> Result<Page, RequestError> {
        let request = history_request(room, limit, 0, Order::Desc);
        let mut page = self.page(request).await?;
        page.messages.reverse();
        Ok(page)
    }

    /// The messages directly before `seq`, oldest first. `limit` is clamped to 1 to 100.
    ///
    /// Contract: `docs/chat-protocol.md`, "`list-message-request`".
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn history_before(
        &self,
        room: &RoomId,
        seq: u64,
        limit: u32,
    ) -> Result<Page, RequestError> {
        let before = seq.saturating_sub(1);
        let limit = u64::from(limit.clamp(1, MAX_HISTORY_LIMIT)).min(before);
        // No message precedes the first. A page past the end is empty, and still has the total.
        let (skip, limit) = match u32::try_from(limit) {
            Ok(0) | Err(_) => (u64::from(u32::MAX), 1),
            Ok(some) => (before - limit, some),
        };
        self.page(history_request(room, limit, skip, Order::Asc))
            .await
    }

    /// The presence of a room's members, and when each offline member was last seen. A page has at most 100
    /// members; `after` is the last `participant_id` of the previous page.
    ///
    /// Contract: `docs/chat-protocol.md`, "Read marks and presence".
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn presence(
        &self,
        room: &RoomId,
        after: Option<&UserId>,
    ) -> Result<PresenceResponse, RequestError> {
        let mut request = PresenceRequest::new(room.clone());
        request.after = after.cloned();
        match self.request(request).await? {
            ServerPacket::PresenceResponse(presence) => Ok(presence),
            _ => Err(not_understood()),
        }
    }

    /// Closes the connection with code 1000, and waits for its end. Answers that arrive before the server's close
    /// frame still resolve their requests. All other requests fail with [`EndReason::Closed`], so await
    /// [`send`](Self::send) first to be sure of a message.
    ///
    /// Contract: `docs/chat-protocol.md`, "Handle close codes".
    pub async fn close(&self) {
        self.closing.notify_one();
        self.ended().await;
    }

    /// Waits until the chat has ended, and returns the reason.
    pub async fn ended(&self) -> EndReason {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or(EndReason::Closed),
            // The runtime dropped the driver.
            Err(_) => EndReason::Closed,
        }
    }

    async fn change(
        &self,
        packet: impl Into<ClientPacket>,
    ) -> Result<MessageUpdated, RequestError> {
        match self.request(packet).await? {
            ServerPacket::MessageUpdated(updated) => Ok(updated),
            _ => Err(not_understood()),
        }
    }

    async fn reaction(
        &self,
        packet: impl Into<ClientPacket>,
    ) -> Result<ReactionNotify, RequestError> {
        match self.request(packet).await? {
            ServerPacket::ReactionNotify(reaction) => Ok(reaction),
            _ => Err(not_understood()),
        }
    }

    async fn page(&self, request: ListMessageRequest) -> Result<Page, RequestError> {
        match self.request(request).await? {
            ServerPacket::ListMessageResponse(ListMessageResponse {
                messages,
                total_count,
                ..
            }) => Ok(Page {
                messages: messages
                    .into_iter()
                    .filter_map(Message::from_packet)
                    .collect(),
                total: total_count,
            }),
            _ => Err(not_understood()),
        }
    }

    async fn request(&self, packet: impl Into<ClientPacket>) -> Result<ServerPacket, RequestError> {
        let (answer, answered) = oneshot::channel();
        let command = Command::Request(Request {
            packet: packet.into(),
            answer,
        });
        let work = async {
            if self.commands.send(command).await.is_err() {
                return Err(self.ended().await.into());
            }
            match answered.await {
                Ok(answer) => answer,
                Err(_) => Err(self.ended().await.into()),
            }
        };
        tokio::time::timeout(self.request_timeout, work)
            .await
            .unwrap_or(Err(RequestError::TimedOut))
    }
}

impl fmt::Debug for Chat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chat")
            .field("ended", &*self.ended.borrow())
            .finish_non_exhaustive()
    }
}

fn history_request(room: &RoomId, limit: u32, skip: u64, order: Order) -> ListMessageRequest {
    let mut request = ListMessageRequest::new(room.clone());
    request.limit = NonZeroU64::new(limit.clamp(1, MAX_HISTORY_LIMIT).into());
    request.skip = Some(skip);
    request.order = Some(order);
    request
}

fn not_understood() -> RequestError {
    RequestError::Server {
        code: "internal".to_owned(),
        message: "The server's answer is not one to this request.".to_owned(),
        reference: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_of_an_outgoing_message_omits_its_text() {
        let message = Outgoing::new("Salaam").client_message_id(Uuid::nil());
        let shown = format!("{message:?}");
        assert!(
            !shown.contains("Salaam") && shown.contains("6 bytes"),
            "{shown}"
        );
        let packet = ClientPacket::from(MessageSend::new("room", "Salaam"));
        assert!(!format!("{packet:?}").contains("Salaam"));
    }
}
