//! Imports of the register: upload, verdicts, commit, roll-back.

mod dto;
mod problems;
mod receive;

use abu_application::{
    access::idempotency::Begun,
    alumni::{
        imports::PREVIEW_BYTES,
        ports::{Import as ImportState, JudgedLine},
    },
    platform::{lists::ListRequest, ports::StoredResponse},
};
use abu_domain::{ImportId, TaskId, alumni::import_state::Verdict};
use actix_web::{HttpRequest, http::StatusCode, http::header, web, web::Bytes};
use futures_util::stream;

use self::{
    dto::{Import, Line, Preview},
    receive::{Received, UploadParameters, beginning, receive},
};
use crate::{
    areas::{BASE, prelude::*},
    input::Query,
    middleware::idempotency,
    shared::Alumni,
};

routes! {
    list_imports, upload_import, preview_import, get_import, list_import_rows, download_import_errors,
    judge_import, commit_import, roll_back_import, discard_import,
}

struct Imports;

impl List for Imports {
    type Filter = NoParameters;
    type Item = ImportState;
    type Entry = Import;
    type Position = TimePosition<ImportId>;
    const SORTS: [&'static str; 2] = ["-created_at", "created_at"];

    fn position(import: &ImportState) -> TimePosition<ImportId> {
        TimePosition {
            at: import.created_at,
            id: import.id,
        }
    }
}

struct Rows;

/// What narrows the lines of an import.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct RowParameters {
    /// Their verdict: `malformed`, `unknown_value`, `duplicate_in_file`, `conflict`, `ready`, `will_update` or
    /// `unchanged`; repeated, any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["conflict"]))]
    state: Option<String>,
}

impl IntoDraft for RowParameters {
    type Draft = Vec<Verdict>;

    fn into_draft(self, violations: &mut Violations) -> Option<Vec<Verdict>> {
        Some(violations.any_of("state", self.state, verdict))
    }
}

fn verdict(text: &str) -> Result<Verdict, Violation> {
    Verdict::from_name(text).ok_or(Violation {
        code: "state.unknown",
        rule: "must be a verdict such as conflict",
    })
}

impl List for Rows {
    type Filter = RowParameters;
    type Item = JudgedLine;
    type Entry = Line;
    type Position = i64;
    const SORTS: [&'static str; 2] = ["line", "-line"];

    fn position(line: &JudgedLine) -> i64 {
        line.line.into()
    }
}

/// What to do with records that something depends on.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct RollBackParameters {
    /// Whether to leave such records as they are, instead of refusing.
    #[param(value_type = Option<bool>, default = false, example = false)]
    skip: Option<String>,
}

/// List imports.
///
/// The newest first. Takes `can_import_alumni`.
#[utoipa::path(
    tag = "register",
    params(Page::<Imports>),
    responses((status = 200, description = "A page of imports.", body = ListBody<Import>), StaffOnly),
)]
#[get("/admin/imports")]
async fn list_imports(alumni: Alumni, caller: CurrentUser, page: Page<Imports>) -> Answer {
    let imports = alumni.imports.list(caller.0, page.request);
    page.reply.with(imports.await?)
}

/// Upload a file of graduates.
///
/// As `text/csv` with the parameters in the address, or as `multipart/form-data` with parts of these names and the
/// file as `file`. The file is stored and judged in the background: the task shows how far it is. Nothing enters the
/// register before the commit, unless `dry_run` is false. A file that was uploaded before with the same mapping is
/// not stored again. A body may take long, but must come at 4 KB/s over each half minute. Takes `can_import_alumni`
/// and an `Idempotency-Key`.
#[utoipa::path(
    tag = "register",
    params(UploadParameters),
    request_body(
        content((String = "text/csv", example = json!("Surname,First Name,Matric No\nBello,Amina,U15CS1070\n"))),
        description = "The file, or a form with it.",
    ),
    responses(
        (status = 202, description = "The import, which is being judged. `Location` leads to its task.", body = Import),
        (status = 200, description = "The import that the file belongs to already.", body = Import),
        StaffOnly, Conflicts,
    ),
    extensions(("x-reads-own-body" = json!(true))),
)]
#[post("/admin/imports")]
async fn upload_import(
    alumni: Alumni,
    access: Access,
    caller: CurrentUser,
    request: HttpRequest,
    payload: web::Payload,
) -> Answer {
    let query = Query::parse(request.query_string());
    let parameters = UploadParameters::read(query)?;
    // Before a byte of the body is read.
    alumni.imports.authorize(caller.0.clone()).await?;
    let key = idempotency::required_key(&request)?;
    let Received { upload, draft } =
        receive(&alumni.imports, &request, payload, parameters).await?;
    let body = draft.fingerprint(&upload.hash());
    let keyed = idempotency::keyed_request(&request, &caller.0, key, &body);
    let claim = match access.idempotency.begin(keyed).await? {
        Begun::First(claim) => claim,
        Begun::Again(answer) => return Ok(idempotency::replay(&request, answer)),
    };
    let uploaded = alumni.imports.upload(caller.0, upload, draft.into()).await;
    let answer = match uploaded {
        Ok(uploaded) => answer(uploaded.is_new, &uploaded.import)?,
        Err(refused) => {
            access.idempotency.finish(claim, None).await?;
            return Err(refused.into());
        }
    };
    access
        .idempotency
        .finish(claim, Some(answer.clone()))
        .await?;
    Ok(idempotency::given(answer))
}

/// As it is given now, and kept for retries.
fn answer(is_new: bool, import: &ImportState) -> Answer<StoredResponse> {
    let body = serde_json::to_vec(&Import::from(import.clone())).map_err(Problem::internal)?;
    let status = match is_new {
        true => StatusCode::ACCEPTED,
        false => StatusCode::OK,
    };
    Ok(StoredResponse {
        status: status.as_u16(),
        content_type: Some("application/json".to_owned()),
        location: import.task.filter(|_| is_new).map(task_address),
        etag: None,
        body,
    })
}

fn task_address(task: TaskId) -> String {
    format!("{BASE}/tasks/{task}")
}

fn started(task: TaskId) -> HttpResponse {
    HttpResponse::Accepted()
        .insert_header((header::LOCATION, task_address(task)))
        .json(dto::Started {
            task_uuid: task.uuid(),
        })
}

/// Show what a file of graduates holds.
///
/// Reads the first 64 KB of the body, stores nothing, and proposes a mapping. Takes `can_import_alumni`.
#[utoipa::path(
    tag = "register",
    request_body(
        content((String = "text/csv", example = json!("Surname,First Name,Matric No\nBello,Amina,U15CS1070\n"))),
        description = "The beginning of the file, or all of it.",
    ),
    responses((status = 200, description = "The first rows, and a mapping.", body = Preview), StaffOnly),
)]
#[post("/admin/imports/preview")]
async fn preview_import(
    alumni: Alumni,
    caller: CurrentUser,
    request: HttpRequest,
    payload: web::Payload,
) -> Answer<Json<Preview>> {
    alumni.imports.authorize(caller.0.clone()).await?;
    let (bytes, is_whole) = beginning(&request, payload, PREVIEW_BYTES).await?;
    let preview = alumni.imports.preview(caller.0, bytes, is_whole).await?;
    Ok(Json(preview.into()))
}

/// See an import.
///
/// With the numbers of its lines by verdict. Takes `can_import_alumni`.
#[utoipa::path(
    tag = "register",
    params(ByUuid),
    responses((status = 200, description = "The import.", body = Import), StaffOnly),
)]
#[get("/admin/imports/{uuid}")]
async fn get_import(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Answer<Json<Import>> {
    let import = alumni.imports.get(caller.0, path.id()).await?;
    Ok(Json(import.into()))
}

/// List the judged lines of an import.
///
/// In the order of the file. After a commit those are left that stayed out of the register. Takes
/// `can_import_alumni`.
#[utoipa::path(
    tag = "register",
    params(ByUuid, Page::<Rows>),
    responses((status = 200, description = "A page of lines.", body = ListBody<Line>), StaffOnly),
)]
#[get("/admin/imports/{uuid}/rows")]
async fn list_import_rows(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    page: Page<Rows>,
) -> Answer {
    let ListRequest { seek, limit, count } = page.request;
    let request = ListRequest {
        seek: seek.map(to_line),
        limit,
        count,
    };
    let lines = alumni
        .imports
        .lines(caller.0, path.id(), page.filter, request);
    page.reply.with(lines.await?)
}

/// Cursors are signed, so a line is one that an answer named.
fn to_line(line: i64) -> u32 {
    line.try_into().unwrap_or(0)
}

/// Download the lines that stay out of the register.
///
/// A CSV file for spreadsheets: UTF-8 with a byte order mark, and no cell that a spreadsheet evaluates. Takes
/// `can_import_alumni`.
#[utoipa::path(
    tag = "register",
    params(ByUuid),
    responses(
        (status = 200, description = "The lines with their verdicts and reasons.", content_type = "text/csv", body = String),
        StaffOnly,
    ),
)]
#[get("/admin/imports/{uuid}/errors.csv")]
async fn download_import_errors(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    let id = path.id();
    let import = alumni.imports.get(caller.0.clone(), id).await?;
    let first = alumni.imports.left_out(caller.0.clone(), id, None).await?;
    let head = alumni.imports.report_part(&first, true);
    let head = Bytes::from(head.map_err(Problem::internal)?);
    let rest = stream::try_unfold(last(&first), move |after| {
        let (imports, caller) = (alumni.imports.clone(), caller.0.clone());
        async move {
            let Some(after) = after else { return Ok(None) };
            let lines = imports
                .left_out(caller, id, Some(after))
                .await
                .map_err(|refused| actix_web::Error::from(Problem::from(refused)))?;
            let part = imports
                .report_part(&lines, false)
                .map_err(|broken| actix_web::Error::from(Problem::internal(broken)))?;
            Ok::<_, actix_web::Error>(Some((Bytes::from(part), last(&lines))))
        }
    });
    let whole = futures_util::StreamExt::chain(stream::once(async { Ok(head) }), rest);
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        // The lines change with each judgment and commit.
        .insert_header(header::ETag(header::EntityTag::new_weak(format!(
            "{}",
            Version::of(import.last_modified).micros()
        ))))
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"errors-{id}.csv\""),
        ))
        .streaming(Box::pin(whole)))
}

/// The last line of a page; none where there are no more.
fn last(lines: &[JudgedLine]) -> Option<u32> {
    lines.last().map(|line| line.line)
}

/// Judge an import again.
///
/// After the reference data or the register have changed. Takes `can_import_alumni`.
#[utoipa::path(
    tag = "register",
    params(ByUuid),
    responses((status = 202, description = "`Location` leads to the task.", body = dto::Started), StaffOnly, Conflicts),
)]
#[post("/admin/imports/{uuid}/judge")]
async fn judge_import(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    Ok(started(
        alumni.imports.judge_again(caller.0, path.id()).await?,
    ))
}

/// Commit an import.
///
/// Ready lines become records, and changed fields are written, all in one transaction. Refused where the register
/// has changed since the judgment; `errors` then names the lines. Takes `can_import_alumni`.
#[utoipa::path(
    tag = "register",
    params(ByUuid),
    responses((status = 202, description = "`Location` leads to the task.", body = dto::Started), StaffOnly, Conflicts),
)]
#[post("/admin/imports/{uuid}/commit")]
async fn commit_import(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    Ok(started(alumni.imports.commit(caller.0, path.id()).await?))
}

/// Roll an import back.
///
/// Within 30 days of its commit. Refused where something depends on its records, such as a later edit or a claim;
/// `errors` then names them. Takes `can_import_alumni`.
#[utoipa::path(
    tag = "register",
    params(ByUuid, RollBackParameters),
    responses((status = 202, description = "`Location` leads to the task.", body = dto::Started), StaffOnly, Conflicts),
)]
#[post("/admin/imports/{uuid}/rollback")]
async fn roll_back_import(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    request: HttpRequest,
) -> Answer {
    let mut query = Query::parse(request.query_string());
    let parameters: RollBackParameters = query.read()?;
    let skip = query.violations.optional("skip", parameters.skip, flag);
    let skip = query.violations.finish(Some(skip.unwrap_or(false)))?;
    Ok(started(
        alumni.imports.roll_back(caller.0, path.id(), skip).await?,
    ))
}

/// Give an import up.
///
/// Before its commit. Its file and its lines are deleted. Takes `can_import_alumni`.
#[utoipa::path(
    tag = "register",
    params(ByUuid),
    responses((status = 204, description = "It is given up."), StaffOnly, Conflicts),
)]
#[delete("/admin/imports/{uuid}")]
async fn discard_import(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    alumni.imports.discard(caller.0, path.id()).await?;
    Ok(no_content())
}
