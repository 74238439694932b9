//! Copies of the caller's data.

use std::io::{self, Read};

use abu_application::{
    identity::ports::{DataExport, ExportState},
    platform::ports::StoredFile,
};
use actix_web::{
    body::SizedStream,
    http::header::{self, ContentDisposition, DispositionParam, DispositionType, ETag, EntityTag},
    web::{self, Bytes},
};
use futures_util::stream;

use crate::areas::{BASE, identity::credentials::OwnPassword, prelude::*};

routes! { request_export, list_exports, get_export, fetch_export }

problems! {
    FileGone: Conflict, Gone;
}

/// What is read from the file at once.
const CHUNK: usize = 64 * 1_024;

json_form! {
    /// A copy of your data.
    #[schema(as = DataExport)]
    struct Export from export: DataExport {
        #[schema(example = "3f8f06a6-248f-4ecf-a245-f852341f8c1f")]
        uuid: Uuid = export.id.uuid(),
        /// Its progress is at `/tasks/{uuid}`.
        #[schema(example = "7a1b0f3e-0b52-4c0c-9a39-0d1b8f1e6c55")]
        task_uuid: Uuid = export.task.uuid(),
        /// `pending` while it is written, `ready` until `expires_at`, or `failed`.
        #[schema(example = "ready")]
        state: &'static str = state(&export),
        #[schema(example = "2026-01-05T08:30:00Z")]
        created_at: DateTime<Utc> = export.requested_at,
        /// When the file is deleted; null until it is there.
        #[schema(example = "2026-01-12T08:30:05Z")]
        expires_at: Option<DateTime<Utc>> = until(&export),
        /// The size of the file; null until it is there.
        #[schema(example = 48_213)]
        bytes: Option<u64> = bytes(&export),
    }
}

fn state(export: &DataExport) -> &'static str {
    match export.state {
        ExportState::Pending => "pending",
        ExportState::Ready { .. } => "ready",
        ExportState::Failed { .. } => "failed",
    }
}

fn until(export: &DataExport) -> Option<DateTime<Utc>> {
    match export.state {
        ExportState::Ready { until, .. } => Some(until),
        ExportState::Pending | ExportState::Failed { .. } => None,
    }
}

fn bytes(export: &DataExport) -> Option<u64> {
    match export.state {
        ExportState::Ready { bytes, .. } => Some(bytes),
        ExportState::Pending | ExportState::Failed { .. } => None,
    }
}

/// Have a copy of your data made.
///
/// One JSON file: your account, addresses, consents, log-ins, rooms, messages, reactions and who looked
/// after your account. Once a day. `Location` is the task that writes it; a mail says when it is ready.
/// A wrong `password` is answered with `validation-failed` and the code `password.wrong`.
#[utoipa::path(
    tag = "me",
    request_body = OwnPassword,
    responses((status = 202, description = "It is being written.", body = Export)),
)]
#[post("/me/exports")]
async fn request_export(
    identity: Identity,
    caller: CurrentUser,
    body: Body<OwnPassword>,
) -> Answer {
    let export = identity.exports.request(caller.0, body.0).await?;
    let task = export.task.uuid();
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("{BASE}/tasks/{task}")))
        .json(Export::from(export)))
}

/// What the file holds, by kind. The other kinds stand beside the account.
#[derive(ToSchema)]
#[schema(example = json!({"account": [{"email": "amina@example.com"}]}))]
#[expect(
    dead_code,
    reason = "describes the file, which is streamed as it was stored"
)]
struct ExportedData {
    /// One: the account and its profile.
    #[schema(value_type = Vec<Object>)]
    account: Vec<serde_json::Value>,
}

/// The copies of your data: they are few, so there is one page.
#[derive(Serialize, ToSchema)]
struct DataExports {
    /// The newest first.
    items: Vec<Export>,
    /// Always null.
    #[schema(example = json!(null))]
    next_cursor: Option<String>,
    /// Always null.
    #[schema(example = json!(null))]
    prev_cursor: Option<String>,
}

/// List the copies of your data.
#[utoipa::path(
    tag = "me",
    responses((status = 200, description = "The copies that are kept.", body = DataExports)),
)]
#[get("/me/exports")]
async fn list_exports(identity: Identity, caller: CurrentUser) -> Answer<Json<DataExports>> {
    let exports = identity.exports.list(caller.0).await?;
    Ok(Json(DataExports {
        items: exports.into_iter().map(Export::from).collect(),
        next_cursor: None,
        prev_cursor: None,
    }))
}

/// See one copy of your data.
#[utoipa::path(
    tag = "me",
    params(ByUuid),
    responses((status = 200, description = "The copy.", body = Export)),
)]
#[get("/me/exports/{uuid}")]
async fn get_export(
    identity: Identity,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Answer<Json<Export>> {
    let export = identity.exports.get(caller.0, path.id()).await?;
    Ok(Json(Export::from(export)))
}

/// Fetch the file of a copy of your data.
///
/// For seven days after it was written; then it is deleted (410). A conflict `export-pending` says that
/// it is being written.
#[utoipa::path(
    tag = "me",
    params(ByUuid),
    responses(
        (status = 200, description = "The file.", content_type = "application/json", body = ExportedData),
        FileGone,
    ),
)]
#[get("/me/exports/{uuid}/file")]
async fn fetch_export(identity: Identity, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    let id: abu_domain::ExportId = path.id();
    let file = identity.exports.open(caller.0, id).await?;
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(format!(
            "abu-alumni-data-{id}.json"
        ))],
    };
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(disposition)
        .insert_header(ETag(EntityTag::new_strong(id.to_string())))
        .body(SizedStream::new(file.size, chunks(file))))
}

/// The file, a chunk at a time: the next one is read when the client took the last one.
fn chunks(file: StoredFile) -> impl futures_util::Stream<Item = Result<Bytes, actix_web::Error>> {
    stream::try_unfold(file.reader, |mut reader| async move {
        let (chunk, reader) = web::block(move || {
            let mut chunk = Vec::with_capacity(CHUNK);
            let limit = u64::try_from(CHUNK).unwrap_or(u64::MAX);
            reader.by_ref().take(limit).read_to_end(&mut chunk)?;
            Ok::<_, io::Error>((chunk, reader))
        })
        .await??;
        Ok((!chunk.is_empty()).then(|| (Bytes::from(chunk), reader)))
    })
}
