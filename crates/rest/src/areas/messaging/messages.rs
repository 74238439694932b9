//! What is said in rooms.

use abu_application::messaging::{
    budget::MessageLimit,
    messages::{MessageDraft, MessagingError},
    ports::SeqWindow,
};
use abu_domain::{
    MessageId, Violation,
    messaging::{message, text::MessageText},
};
use actix_web::{
    HttpResponse, delete, get, patch, post, put,
    web::{Json, Path},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::{
    areas::common::ByUuid,
    areas::messaging::dto::{Message, ReadState},
    caller::CurrentUser,
    input::{Body, IntoDraft, Violations},
    list::{List, ListBody, MAX_OTHERS, Page, PageParameters},
    middleware::rate_limit::Limits,
    problem::{Answer, Problem, problems},
    rate_limits::Policy,
    shared::State,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_messages)
        .service(send_message)
        .service(edit_message)
        .service(delete_message)
        .service(mark_read);
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
}

impl List for Messages {
    type Filter = WindowParameters;
    type Item = message::ShownMessage;
    type Entry = Message;
    type Position = i64;
    const MAX_LIMIT: u32 = MAX_OTHERS;

    fn position(shown: &message::ShownMessage) -> i64 {
        shown.message.seq
    }
}

impl IntoDraft for WindowParameters {
    type Draft = SeqWindow;

    fn into_draft(self, violations: &mut Violations) -> Option<SeqWindow> {
        Some(SeqWindow {
            after: violations.optional("after_seq", self.after_seq, place),
            before: violations.optional("before_seq", self.before_seq, place),
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

problems! {
    ListProblems: CursorMismatch, NotFound, ValidationFailed;
    SendProblems: NotFound, Conflict;
    ChangeProblems: PermissionDenied, NotFound, Conflict;
    ReadProblems: NotFound;
}

/// Read the messages of a room.
///
/// The newest first. A page of long messages ends early, at 256 KB: `next_cursor` says that there is more.
#[utoipa::path(
    tag = "messages",
    security(("bearer" = [])),
    params(ByUuid, PageParameters, WindowParameters),
    responses((status = 200, description = "A page of messages.", body = ListBody<Message>), ListProblems),
)]
#[get("/rooms/{uuid}/messages")]
async fn list_messages(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
    page: Page<Messages>,
) -> Answer {
    let messages = state
        .messaging
        .messages
        .list(caller.caller, path.uuid.into(), page.filter, page.request)
        .await?;
    page.reply.with(messages)
}

/// A message to send.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "message": "Sannu! How is everybody?",
    "client_message_id": "0f9d3a52-7d0d-4c58-a9d0-5f6f2a1f9f0e",
}))]
struct NewMessage {
    /// 1 to 4,000 characters after trimming.
    #[schema(min_length = 1, max_length = 4000)]
    message: String,
    /// Your own id for it: sending it again stores nothing twice.
    client_message_id: Uuid,
    /// The message of the same room that it answers.
    reply_to: Option<Uuid>,
}

impl IntoDraft for NewMessage {
    /// What the message says, its client's id, and which message it answers.
    type Draft = (MessageText, Uuid, Option<MessageId>);

    fn into_draft(self, violations: &mut Violations) -> Option<Self::Draft> {
        let text = violations.check("message", MessageText::parse(&self.message));
        let reply_to = self.reply_to.map(MessageId::new);
        Some((text?, self.client_message_id, reply_to))
    }
}

/// Send a message.
///
/// It takes the way of every message: it is stored, then delivered to the chat sessions of all members.
/// The answer comes once it is stored. Sending the same `client_message_id` again answers with the
/// message that is stored, for ever and whatever `Idempotency-Key` says: it needs none.
#[utoipa::path(
    tag = "messages",
    security(("bearer" = [])),
    params(ByUuid),
    request_body = NewMessage,
    responses((status = 201, description = "The message as it is stored.", body = Message), SendProblems),
)]
#[post("/rooms/{uuid}/messages")]
async fn send_message(
    state: State,
    limits: Limits,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<NewMessage>,
) -> Answer {
    let (text, client_message_id, reply_to) = body.0;
    let draft = MessageDraft {
        room_id: path.uuid.into(),
        text,
        client_message_id,
        reply_to,
    };
    let sent = state.messaging.messages.send(caller.caller, draft).await;
    let message = sent.map_err(|error| noted(&limits, error))?;
    Ok(HttpResponse::Created().json(Message::from(message)))
}

/// Shows the limit of messages that refused one.
fn noted(limits: &Limits, error: MessagingError) -> Problem {
    if let MessagingError::RateLimited(over) = &error {
        let policy = match over.limit {
            MessageLimit::Second => Policy::MessagesInSecond,
            MessageLimit::Minute => Policy::MessagesInMinute,
            MessageLimit::Bytes => Policy::MessageBytes,
        };
        limits.note_refusal(policy, over.retry_after);
    }
    error.into()
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

/// What a message says from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"message": "Sannu! How are you all?"}))]
struct MessagePatch {
    /// 1 to 4,000 characters after trimming.
    #[schema(min_length = 1, max_length = 4000)]
    message: String,
}

impl IntoDraft for MessagePatch {
    type Draft = MessageText;

    fn into_draft(self, violations: &mut Violations) -> Option<MessageText> {
        violations.check("message", MessageText::parse(&self.message))
    }
}

/// Edit a message.
///
/// For its sender, for 15 minutes. The chat sessions of all members hear of it.
#[utoipa::path(
    tag = "messages",
    security(("bearer" = [])),
    params(MessagePath),
    request_body = MessagePatch,
    responses((status = 200, description = "The message as it is now.", body = Message), ChangeProblems),
)]
#[patch("/rooms/{uuid}/messages/{message_id}")]
async fn edit_message(
    state: State,
    limits: Limits,
    caller: CurrentUser,
    path: Path<MessagePath>,
    body: Body<MessagePatch>,
) -> Answer<Json<Message>> {
    let (room, message) = (path.uuid.into(), path.message_id.into());
    let edited = state
        .messaging
        .messages
        .edit(caller.caller, room, message, body.0)
        .await
        .map_err(|error| noted(&limits, error))?;
    Ok(Json(edited.into()))
}

/// Delete a message.
///
/// For its sender, for 15 minutes, and in a group for its owners and moderators at any time. It
/// keeps its place, without its text and its reactions. The chat sessions of all members hear of it.
#[utoipa::path(
    tag = "messages",
    security(("bearer" = [])),
    params(MessagePath),
    responses((status = 204, description = "Deleted."), ChangeProblems),
)]
#[delete("/rooms/{uuid}/messages/{message_id}")]
async fn delete_message(
    state: State,
    limits: Limits,
    caller: CurrentUser,
    path: Path<MessagePath>,
) -> Answer {
    let (room, message) = (path.uuid.into(), path.message_id.into());
    state
        .messaging
        .messages
        .delete(caller.caller, room, message)
        .await
        .map_err(|error| noted(&limits, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// How far you have read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"seq": 42}))]
struct NewReadMark {
    /// Place of the last message read; past the newest it counts as that of the newest.
    seq: u64,
}

impl IntoDraft for NewReadMark {
    type Draft = i64;

    fn into_draft(self, _violations: &mut Violations) -> Option<i64> {
        Some(i64::try_from(self.seq).unwrap_or(i64::MAX))
    }
}

/// Mark messages as read.
///
/// All up to this place. The mark never moves back: the answer says where it stands. Where it moved, the
/// chat sessions of all members hear of it.
#[utoipa::path(
    tag = "messages",
    security(("bearer" = [])),
    params(ByUuid),
    request_body = NewReadMark,
    responses((status = 200, description = "Where the mark stands.", body = ReadState), ReadProblems),
)]
#[put("/rooms/{uuid}/read")]
async fn mark_read(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<NewReadMark>,
) -> Answer<Json<ReadState>> {
    let read = state
        .messaging
        .messages
        .mark_read(caller.caller, path.uuid.into(), body.0)
        .await?;
    Ok(Json(read.into()))
}
