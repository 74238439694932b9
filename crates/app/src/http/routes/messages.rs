//! What is said in rooms.

use abu_application::{messaging::MessageDraft, ports::SeqWindow};
use abu_domain::{MessageId, Violation, message, text::MessageText};
use actix_web::{
    HttpResponse, get, post, put,
    web::{Json, Path},
};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::{ByUuid, State};
use crate::{
    http::{
        caller::CurrentUser,
        dto::{Message, ReadState},
        input::{Body, BodyFields, FromBody, FromQuery, QueryFields},
        list::{List, ListBody, MAX_OTHERS, Page, PageParameters},
        problem::{Problem, problems},
        rate_limit::Limits,
    },
    rate_limits::Policy,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_messages)
        .service(send_message)
        .service(mark_read);
}

/// The messages of a room, the newest first.
struct Messages;

/// What narrows the list of messages.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `SeqWindow` is read from")]
struct WindowParameters {
    /// Only messages after this place.
    #[param(minimum = 0, example = 0)]
    after_seq: Option<i64>,
    /// Only messages before this place.
    #[param(minimum = 0, example = 100)]
    before_seq: Option<i64>,
}

impl List for Messages {
    type Filter = SeqWindow;
    type Item = message::Message;
    type Entry = Message;
    type Position = i64;
    const MAX_LIMIT: u32 = MAX_OTHERS;

    fn position(message: &message::Message) -> i64 {
        message.seq
    }
}

impl FromQuery for SeqWindow {
    fn from_query(query: &mut QueryFields) -> Option<Self> {
        Some(Self {
            after: query.optional("after_seq", place),
            before: query.optional("before_seq", place),
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
    ReadProblems: NotFound;
}

/// Read the messages of a room.
///
/// The newest first.
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
) -> Result<HttpResponse, Problem> {
    let messages = state
        .messaging
        .list(caller.caller, path.uuid.into(), page.filter, page.request)
        .await?;
    page.reply.with(messages)
}

/// A message to send.
#[derive(ToSchema)]
#[schema(as = NewMessage, example = json!({
    "message": "Sannu! How is everybody?",
    "client_message_id": "0f9d3a52-7d0d-4c58-a9d0-5f6f2a1f9f0e",
}))]
#[expect(dead_code, reason = "it describes what `NewMessage` is read from")]
struct NewMessageSchema {
    /// 1 to 4,000 characters after trimming.
    #[schema(min_length = 1, max_length = 4000)]
    message: String,
    /// Your own id for it: sending it again stores nothing twice.
    client_message_id: Uuid,
    /// The message of the same room that it answers.
    reply_to: Option<Uuid>,
}

struct NewMessage {
    text: MessageText,
    client_message_id: Uuid,
    reply_to: Option<Uuid>,
}

impl FromBody for NewMessage {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        let text = body.text("message", MessageText::parse);
        let client_message_id = body.uuid("client_message_id");
        let reply_to = body.optional_uuid("reply_to");
        Some(Self {
            text: text?,
            client_message_id: client_message_id?,
            reply_to,
        })
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
    request_body = NewMessageSchema,
    responses((status = 201, description = "The message as it is stored.", body = Message), SendProblems),
)]
#[post("/rooms/{uuid}/messages")]
async fn send_message(
    state: State,
    limits: Limits,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<NewMessage>,
) -> Result<HttpResponse, Problem> {
    limits.by_user(Policy::MessagesInSecond, caller.caller.user)?;
    limits.by_user(Policy::MessagesInMinute, caller.caller.user)?;
    let NewMessage {
        text,
        client_message_id,
        reply_to,
    } = body.0;
    let draft = MessageDraft {
        room_id: path.uuid.into(),
        text,
        client_message_id,
        reply_to: reply_to.map(MessageId::new),
    };
    let message = state.messaging.send(caller.caller, draft).await?;
    Ok(HttpResponse::Created().json(Message::from(message)))
}

/// How far somebody has read.
#[derive(ToSchema)]
#[schema(as = NewReadMark, example = json!({"seq": 42}))]
#[expect(dead_code, reason = "it describes what `NewReadMark` is read from")]
struct NewReadMarkSchema {
    /// Place of the last message read; past the newest it counts as that of the newest.
    seq: u64,
}

struct NewReadMark {
    seq: i64,
}

impl FromBody for NewReadMark {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        let seq = body.whole("seq")?;
        Some(Self {
            seq: i64::try_from(seq).unwrap_or(i64::MAX),
        })
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
    request_body = NewReadMarkSchema,
    responses((status = 200, description = "Where the mark stands.", body = ReadState), ReadProblems),
)]
#[put("/rooms/{uuid}/read")]
async fn mark_read(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<NewReadMark>,
) -> Result<Json<ReadState>, Problem> {
    let read = state
        .messaging
        .mark_read(caller.caller, path.uuid.into(), body.0.seq)
        .await?;
    Ok(Json(read.into()))
}
