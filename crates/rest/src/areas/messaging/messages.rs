//! What is said in rooms.

use abu_application::messaging::{
    messages::{MessageDraft, MessageFilter},
    ports::SeqWindow,
};
use abu_domain::{
    MessageId,
    messaging::{
        message::AuthoredMessage,
        text::{Emoji, MessageText},
    },
};

use crate::areas::{
    messaging::dto::{Message, ReadState},
    prelude::*,
};

routes! {
    list_messages, get_message, send_message, edit_message, delete_message, add_reaction,
    remove_reaction, mark_read,
}

struct Messages;

/// What narrows the list of messages.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct WindowParameters {
    /// Only messages after this place.
    #[param(value_type = Option<i64>, minimum = 0, example = 0)]
    after_seq: Option<String>,
    /// Only messages before this place.
    #[param(value_type = Option<i64>, minimum = 0, example = 100)]
    before_seq: Option<String>,
    /// The first page has this message in its middle; not together with the two above.
    #[param(value_type = Option<Uuid>, example = "0198c1a2-b3c4-7d5e-8f60-718293a4b5c6")]
    around: Option<String>,
}

impl List for Messages {
    type Filter = WindowParameters;
    type Item = AuthoredMessage;
    type Entry = Message;
    type Position = i64;
    const SORTS: [&'static str; 2] = ["-seq", "seq"];

    fn position(authored: &AuthoredMessage) -> i64 {
        authored.shown.message.seq
    }
}

impl IntoDraft for WindowParameters {
    type Draft = MessageFilter;

    fn into_draft(self, violations: &mut Violations) -> Option<MessageFilter> {
        let around = violations.optional("around", self.around, uuid);
        let window = SeqWindow {
            after: violations.optional("after_seq", self.after_seq, place),
            before: violations.optional("before_seq", self.before_seq, place),
        };
        if around.is_some() && window != SeqWindow::default() {
            let rule = "must be without after_seq and before_seq";
            violations.refuse("around", "around.window", rule);
        }
        Some(MessageFilter {
            window,
            around: around.map(MessageId::new),
        })
    }
}

fn place(text: &str) -> Result<i64, Violation> {
    match text.parse() {
        Ok(seq) if seq >= 0 => Ok(seq),
        _ => Err(Violation {
            code: "seq.invalid",
            rule: "must be a whole number from 0 on",
        }),
    }
}

/// Read the messages of a room.
///
/// The newest first. A page of long messages ends early, at 256 KB: `next_cursor` says that there is more. With
/// `around`, both cursors go on from the middle of the room.
#[utoipa::path(
    tag = "messages",
    params(ByUuid, Page::<Messages>),
    responses((status = 200, description = "A page of messages.", body = ListBody<Message>)),
)]
#[get("/rooms/{uuid}/messages")]
async fn list_messages(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<ByUuid>,
    page: Page<Messages>,
) -> Answer {
    let messages = messaging
        .messages
        .list(caller.0, path.id(), page.filter, page.request);
    page.reply.with(messages.await?)
}

request_body! {
    /// A message to send.
    #[schema(example = json!({
        "message": "Sannu! How is everybody?",
        "client_message_id": "0f9d3a52-7d0d-4c58-a9d0-5f6f2a1f9f0e",
    }))]
    struct NewMessage into (MessageText, Uuid, Option<MessageId>) {
        /// 1 to 4,000 characters after trimming.
        #[schema(min_length = 1, max_length = 4000)]
        message: String,
        /// Your own id for it in the room: sending it again stores nothing twice.
        client_message_id: Uuid,
        /// The message of the same room that it answers.
        reply_to: Option<Uuid>,
    }
    |body, violations| {
        let text = violations.check("message", MessageText::parse(&body.message));
        let reply_to = body.reply_to.map(MessageId::new);
        Some((text?, body.client_message_id, reply_to))
    }
}

/// Send a message.
///
/// It takes the way of every message: it is stored, then delivered to the chat sessions of all members.
/// The answer comes once it is stored. Sending the same text to the room under the same `client_message_id`
/// again answers with the message that is stored, for ever and whatever `Idempotency-Key` says: it needs none.
/// Another text under the same id is 409 `conflict`.
#[utoipa::path(
    tag = "messages",
    params(ByUuid),
    request_body = NewMessage,
    responses((status = 201, description = "The message as it is stored.", body = Message), Conflicts),
)]
#[post("/rooms/{uuid}/messages")]
async fn send_message(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<NewMessage>,
) -> Answer {
    let (text, client_message_id, reply_to) = body.0;
    let draft = MessageDraft {
        room_id: path.id(),
        text,
        client_message_id,
        reply_to,
    };
    let message = messaging.messages.send(caller.0, draft).await?;
    Ok(HttpResponse::Created().json(Message::from(message)))
}

/// The path of a message.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct MessagePath {
    /// Which room.
    #[param(example = "b6c1f0a2-0c57-4a8e-8a53-0f5c7d1e9a10")]
    uuid: Uuid,
    /// Which of its messages.
    #[param(example = "0198c1a2-b3c4-7d5e-8f60-718293a4b5c6")]
    message_id: Uuid,
}

request_body! {
    /// What a message says from now on.
    #[schema(example = json!({"message": "Sannu! How are you all?"}))]
    struct MessagePatch into MessageText {
        /// 1 to 4,000 characters after trimming.
        #[schema(min_length = 1, max_length = 4000)]
        message: String,
    }
    |body, violations| violations.check("message", MessageText::parse(&body.message))
}

fn with_version(message: AuthoredMessage) -> Answer {
    let version = Version::from_micros(message.shown.message.revision.unwrap_or(0));
    versioned(&Message::from(message), version)
}

/// See a message.
///
/// A deleted one too: it has no text.
#[utoipa::path(
    tag = "messages",
    params(MessagePath),
    responses((status = 200, description = "The message.", body = Message)),
)]
#[get("/rooms/{uuid}/messages/{message_id}")]
async fn get_message(messaging: Messaging, caller: CurrentUser, path: Path<MessagePath>) -> Answer {
    let (room, id) = (path.uuid.into(), path.message_id.into());
    with_version(messaging.messages.get(caller.0, room, id).await?)
}

/// Edit a message.
///
/// For its sender, for 15 minutes. The chat sessions of all members hear of it.
#[utoipa::path(
    tag = "messages",
    params(MessagePath, IfMatchParameter),
    request_body = MessagePatch,
    responses((status = 200, description = "The message as it is now.", body = Message), Forbidden, Conflicts),
)]
#[patch("/rooms/{uuid}/messages/{message_id}")]
async fn edit_message(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<MessagePath>,
    expected: IfMatch,
    body: Body<MessagePatch>,
) -> Answer {
    let (room, id) = (path.uuid.into(), path.message_id.into());
    let messages = &messaging.messages;
    let edited = messages
        .edit(caller.0, room, id, body.0, expected.0)
        .await?;
    with_version(edited)
}

/// Delete a message.
///
/// For its sender, for 15 minutes, and in a group for its owners and moderators at any time. It
/// keeps its place, without its text and its reactions. The chat sessions of all members hear of it.
#[utoipa::path(
    tag = "messages",
    params(MessagePath),
    responses((status = 204, description = "Deleted."), Forbidden, Conflicts),
)]
#[delete("/rooms/{uuid}/messages/{message_id}")]
async fn delete_message(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<MessagePath>,
) -> Answer {
    let (room, message) = (path.uuid.into(), path.message_id.into());
    messaging.messages.delete(caller.0, room, message).await?;
    Ok(no_content())
}

/// The path of a reaction of yours.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ReactionPath {
    /// Which room.
    #[param(example = "b6c1f0a2-0c57-4a8e-8a53-0f5c7d1e9a10")]
    uuid: Uuid,
    /// Which of its messages.
    #[param(example = "0198c1a2-b3c4-7d5e-8f60-718293a4b5c6")]
    message_id: Uuid,
    /// One emoji, percent-encoded.
    #[param(example = "\u{1f44d}")]
    emoji: String,
}

impl ReactionPath {
    fn emoji(&self) -> Result<Emoji, Problem> {
        Emoji::parse(&self.emoji)
            .map_err(|violation| Problem::in_field("emoji", violation.code, violation.rule))
    }
}

/// React to a message.
///
/// With one emoji as Unicode lists them, for every member. Doing it again changes nothing. A message has at most 20
/// emoji, of which one member adds at most 10. The chat sessions of all members hear of it.
#[utoipa::path(
    tag = "messages",
    params(ReactionPath, IfMatchParameter),
    responses((status = 200, description = "The message as it is now.", body = Message), Conflicts, ParameterInvalid),
)]
#[put("/rooms/{uuid}/messages/{message_id}/reactions/{emoji}")]
async fn add_reaction(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<ReactionPath>,
    expected: IfMatch,
) -> Answer {
    let (room, id) = (path.uuid.into(), path.message_id.into());
    let messages = &messaging.messages;
    let message = messages
        .react(caller.0, room, id, path.emoji()?, expected.0)
        .await?;
    with_version(message)
}

/// Take a reaction back.
///
/// Your own. Doing it again changes nothing. The chat sessions of all members hear of it.
#[utoipa::path(
    tag = "messages",
    params(ReactionPath),
    responses((status = 204, description = "It is gone."), Conflicts, ParameterInvalid),
)]
#[delete("/rooms/{uuid}/messages/{message_id}/reactions/{emoji}")]
async fn remove_reaction(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<ReactionPath>,
) -> Answer {
    let (room, id) = (path.uuid.into(), path.message_id.into());
    let messages = &messaging.messages;
    messages
        .take_back(caller.0, room, id, path.emoji()?)
        .await?;
    Ok(no_content())
}

request_body! {
    /// How far you have read.
    #[schema(example = json!({"seq": 42}))]
    struct NewReadMark into i64 {
        /// Place of the last message read; past the newest it counts as that of the newest.
        seq: u64,
    }
    |body, _violations| Some(i64::try_from(body.seq).unwrap_or(i64::MAX))
}

/// Mark messages as read.
///
/// All up to this place. The mark never moves back: the answer says where it stands. Where it moved, the
/// chat sessions of all members hear of it.
#[utoipa::path(
    tag = "messages",
    params(ByUuid, IfMatchParameter),
    request_body = NewReadMark,
    responses((status = 200, description = "Where the mark stands.", body = ReadState)),
)]
#[put("/rooms/{uuid}/read")]
async fn mark_read(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<NewReadMark>,
) -> Answer {
    let messages = &messaging.messages;
    let read = messages
        .mark_read(caller.0, path.id(), body.0, expected.0)
        .await?;
    let version = Version::from_micros(read.last_read_seq);
    versioned(&ReadState::from(read), version)
}
