//! What the application asks of the chat.

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

/// What goes to the driver. It has no `Debug`: what people say has no place in a log.
pub(crate) enum Command {
    /// A packet that is answered.
    Request(Request),
    /// A hint that is not, and is worth nothing later.
    Typing(RoomId, bool),
}

/// A packet, and where its answer goes. Whoever waits no longer has dropped the other end.
pub(crate) struct Request {
    pub(crate) packet: ClientPacket,
    pub(crate) answer: oneshot::Sender<Result<ServerPacket, RequestError>>,
}

/// A chat that is connected, or comes back by itself. Cheap to clone. The chat ends when all clones
/// and the [`Events`](crate::Events) have been dropped, or by [`close`](Self::close).
///
/// Requests wait while the connection is away, and are sent again after it broke; each has a
/// [time-out](crate::ClientBuilder::request_timeout). Dropping a request's future takes it back if it
/// has not been sent yet; one that has been sent may be done, and is not sent again.
#[derive(Clone)]
pub struct Chat {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) closing: Arc<Notify>,
    pub(crate) ended: watch::Receiver<Option<EndReason>>,
    pub(crate) request_timeout: Duration,
}

/// A message about to be sent. Text alone becomes one by itself. `Debug` tells the length of the text
/// alone.
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct Outgoing {
    text: String,
    reply_to: Option<MessageId>,
    client_message_id: Uuid,
}

/// A stretch of a room's history.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// How many messages the room holds in all, which is the place of the newest.
    pub total: u64,
}

impl Outgoing {
    /// A message with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            reply_to: None,
            client_message_id: Uuid::new_v4(),
        }
    }

    /// As the answer to another message of the room.
    pub fn in_reply_to(mut self, message: &MessageId) -> Self {
        self.reply_to = Some(message.clone());
        self
    }

    /// Under an id of the application's own choice: sending the same one again, even from another
    /// process, stores nothing twice and gives the stored message back. Default: a random one.
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
    /// Says something in a room, and waits until it is stored for good. It is stored once, whatever
    /// becomes of connections meanwhile.
    ///
    /// # Errors
    /// [`RequestError`]. After [`TimedOut`](RequestError::TimedOut),
    /// [`OutcomeUnknown`](RequestError::OutcomeUnknown) and [`Ended`](RequestError::Ended) it may or
    /// may not have been stored; after all others it was not.
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

    /// Answers a message, in its room.
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

    /// Replaces the text of a message of the user's own.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn edit(
        &self,
        room: &RoomId,
        message: &MessageId,
        text: impl Into<String>,
    ) -> Result<MessageUpdated, RequestError> {
        self.change(MessageEdit::new(room.clone(), message.clone(), text))
            .await
    }

    /// Deletes a message; it keeps its place.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn delete(
        &self,
        room: &RoomId,
        message: &MessageId,
    ) -> Result<MessageUpdated, RequestError> {
        self.change(MessageDelete::new(room.clone(), message.clone()))
            .await
    }

    /// Reacts to a message. Reacting twice with the same emoji changes nothing.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn react(
        &self,
        room: &RoomId,
        message: &MessageId,
        emoji: Emoji,
    ) -> Result<ReactionNotify, RequestError> {
        self.reaction(ReactionAdd::new(room.clone(), message.clone(), emoji))
            .await
    }

    /// Takes a reaction back.
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

    /// Says that the user has read all messages up to the place `seq`, and tells where the mark
    /// stands: it never moves back. 0 marks nothing.
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

    /// Says that the user began or stopped typing, if the chat is connected. Say it again every few
    /// seconds while they go on.
    pub fn typing(&self, room: &RoomId, is_typing: bool) {
        // A hint: where the queue is full or the chat over, nobody misses it.
        let _ = self
            .commands
            .try_send(Command::Typing(room.clone(), is_typing));
    }

    /// The newest messages of a room, `limit` of them at most; 100 are the most there are at once.
    ///
    /// Messages that come meanwhile are also told as events: they are the same where the `id` is.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn history(&self, room: &RoomId, limit: u32) -> Result<Page, RequestError> {
        let request = history_request(room, limit, 0, Order::Desc);
        let mut page = self.page(request).await?;
        page.messages.reverse();
        Ok(page)
    }

    /// The messages that come right before the place `seq`.
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
        // Nothing comes before the first place; the page past the end is empty and has the total.
        let (skip, limit) = match u32::try_from(limit) {
            Ok(0) | Err(_) => (u64::from(u32::MAX), 1),
            Ok(some) => (before - limit, some),
        };
        self.page(history_request(room, limit, skip, Order::Asc))
            .await
    }

    /// Who of a room is online, and when the others last were: 100 members at most, from the one after
    /// `after` on.
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

    /// Says goodbye, and waits until the connection has ended. What was sent and is answered before the
    /// server says goodbye in its turn still gets its answer; all else that was asked ends with
    /// [`EndReason::Closed`]. To be sure of a message, wait for [`send`](Self::send) before.
    pub async fn close(&self) {
        self.closing.notify_one();
        self.ended().await;
    }

    /// Waits until the chat is over, and tells why.
    pub async fn ended(&self) -> EndReason {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or(EndReason::Closed),
            // The driver went without a word, with its runtime.
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
