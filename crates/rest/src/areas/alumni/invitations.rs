//! Invitations of the office to claim records.

use abu_application::alumni::{
    invitations::{InvitationError, Invitations, PrintedCode},
    ports::{Batch, Channel, Segment},
};
use abu_domain::{
    BatchId, RecordId, RecordInvitationId, alumni::claims::award_year, platform::text::Reason,
};
use actix_web::{
    http::header,
    web::{Bytes, Query as QueryString},
};
use futures_util::stream;

use crate::areas::{
    BASE,
    alumni::{csv::push_row, dto::BatchForm},
    prelude::*,
};

routes! { list_batches, create_batch, get_batch, revoke_batch, download_codes }

/// How many records a batch names one by one.
const MAX_RECORDS: usize = 1_000;

struct Batches;

impl List for Batches {
    type Filter = NoParameters;
    type Item = Batch;
    type Entry = BatchForm;
    type Position = TimePosition<BatchId>;
    const SORTS: [&'static str; 2] = ["-created_at", "created_at"];

    fn position(batch: &Batch) -> TimePosition<BatchId> {
        TimePosition {
            at: batch.created_at,
            id: batch.id,
        }
    }
}

/// List batches of invitations.
///
/// The newest first, with how many were opened and accepted; takes `can_create_invitation`.
#[utoipa::path(
    tag = "verification",
    params(Page::<Batches>),
    responses((status = 200, description = "A page of batches.", body = ListBody<BatchForm>), StaffOnly),
)]
#[get("/admin/invitations")]
async fn list_batches(alumni: Alumni, caller: CurrentUser, page: Page<Batches>) -> Answer {
    let batches = alumni.invitations.list(caller.0, page.request);
    page.reply.with(batches.await?)
}

/// A channel, and the records.
type NewBatch = (Channel, Segment);

request_body! {
    /// Which records to invite, and how. Without any narrowing, all that no account is linked to.
    #[schema(example = json!({
        "channel": "printed",
        "departments": ["computer-science"],
        "faculties": [],
        "year_from": 2010,
        "year_to": 2015,
        "records": [],
    }))]
    struct BatchBody into NewBatch {
        /// `printed`: a file of codes, good for a year. `email`: a mail to each address on record, good for 30 days.
        channel: String,
        /// Codes of departments.
        #[serde(default)]
        #[schema(max_items = 200)]
        departments: Vec<String>,
        /// Codes of faculties.
        #[serde(default)]
        #[schema(max_items = 50)]
        faculties: Vec<String>,
        /// The first year of graduation.
        year_from: Option<i32>,
        /// The last year of graduation.
        year_to: Option<i32>,
        /// Records one by one.
        #[serde(default)]
        #[schema(max_items = 1000)]
        records: Vec<Uuid>,
    }
    |body, violations| {
        let channel = violations.check("channel", channel(&body.channel));
        let departments = violations.list("departments", body.departments, 200, code);
        let faculties = violations.list("faculties", body.faculties, 50, code);
        let records = violations.list("records", body.records, MAX_RECORDS, |id| Ok(RecordId::new(id)));
        let year_from = body.year_from.map(|year| violations.check("year_from", award_year(year)));
        let year_to = body.year_to.map(|year| violations.check("year_to", award_year(year)));
        let segment = Segment {
            records: records?,
            departments: departments?,
            faculties: faculties?,
            year_from: year_from.flatten(),
            year_to: year_to.flatten(),
        };
        Some((channel?, segment))
    }
}

fn channel(text: &str) -> Result<Channel, Violation> {
    Channel::from_name(text).ok_or(Violation {
        code: "channel.unknown",
        rule: "must be printed or email",
    })
}

fn code(text: String) -> Result<String, Violation> {
    short_text(&text)
}

/// Invite graduates to claim their records.
///
/// A task makes the invitations; `Location` is its address. Records that an account is linked to are left out. A batch
/// by mail leaves out records without an address, too. Takes `can_create_invitation`.
#[utoipa::path(
    tag = "verification",
    request_body = BatchBody,
    responses((status = 202, description = "The batch, which a task fills.", body = BatchForm), StaffOnly),
)]
#[post("/admin/invitations")]
async fn create_batch(alumni: Alumni, caller: CurrentUser, body: Body<BatchBody>) -> Answer {
    let (channel, segment) = body.0;
    let (batch, task) = alumni
        .invitations
        .create(caller.0, channel, segment)
        .await?;
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("{BASE}/tasks/{task}")))
        .json(BatchForm::from(batch)))
}

/// See a batch of invitations.
///
/// Takes `can_create_invitation`.
#[utoipa::path(
    tag = "verification",
    params(ByUuid),
    responses((status = 200, description = "The batch.", body = BatchForm), StaffOnly),
)]
#[get("/admin/invitations/{uuid}")]
async fn get_batch(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Answer<Json<BatchForm>> {
    let batch = alumni.invitations.get(caller.0, path.id()).await?;
    Ok(Json(batch.into()))
}

/// Revoke a batch of invitations.
///
/// None of its codes is good any more; those that were used stay used. Takes `can_create_invitation`.
#[utoipa::path(
    tag = "verification",
    params(ByUuid),
    responses((status = 204, description = "Revoked."), StaffOnly),
)]
#[delete("/admin/invitations/{uuid}")]
async fn revoke_batch(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    alumni.invitations.revoke(caller.0, path.id()).await?;
    Ok(no_content())
}

/// Why codes are downloaded.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct DownloadParameters {
    /// Required from the second download on.
    #[param(
        example = "The printer lost the file.",
        min_length = 1,
        max_length = 300
    )]
    reason: Option<String>,
}

/// Download the codes of a printed batch.
///
/// A CSV file with name, department, year, code and expiry of each unused invitation. The server does not store codes.
/// Each download is in the audit log. Takes `can_create_invitation`.
#[utoipa::path(
    tag = "verification",
    params(ByUuid, DownloadParameters),
    responses(
        (status = 200, description = "The codes.", content_type = "text/csv", body = String,
            example = "\"name\",\"department\",\"year\",\"code\",\"expires\"\r\n"),
        StaffOnly,
        Conflicts,
        ParameterInvalid,
    ),
)]
#[get("/admin/invitations/{uuid}/codes.csv")]
async fn download_codes(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    query: QueryString<DownloadParameters>,
) -> Answer {
    let reason = query.into_inner().reason.map(|text| {
        Reason::parse(&text).map_err(|Violation { code, rule }| {
            Problem::validation(vec![crate::input::FieldError::in_query(
                "reason", code, rule,
            )])
        })
    });
    let invitations = alumni.invitations.clone();
    let batch = invitations
        .begin_download(caller.0, path.id(), reason.transpose()?)
        .await?;
    let file = format!("attachment; filename=\"invitations-{}.csv\"", batch.id);
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((header::CONTENT_DISPOSITION, file))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(stream::try_unfold(Download::Head, move |part| {
            next_part(invitations.clone(), batch.id, part)
        })))
}

/// What of a download comes next.
enum Download {
    Head,
    After(Option<RecordInvitationId>),
    End,
}

async fn next_part(
    invitations: Invitations,
    batch: BatchId,
    part: Download,
) -> Result<Option<(Bytes, Download)>, InvitationError> {
    let after = match part {
        Download::Head => {
            // The byte order mark makes spreadsheet programs read UTF-8.
            let mut head = "\u{feff}".to_owned();
            push_row(
                &mut head,
                &["name", "department", "year", "code", "expires"],
            );
            return Ok(Some((head.into(), Download::After(None))));
        }
        Download::After(after) => after,
        Download::End => return Ok(None),
    };
    let (codes, next) = invitations.next_codes(batch, after).await?;
    let mut rows = String::with_capacity(codes.len() * 96);
    for code in &codes {
        push_code(&mut rows, code);
    }
    let next = match next {
        Some(next) => Download::After(Some(next)),
        None => Download::End,
    };
    Ok(Some((rows.into(), next)))
}

fn push_code(rows: &mut String, code: &PrintedCode) {
    let year = code.year.map(|year| year.to_string()).unwrap_or_default();
    let expires = code.expires_at.format("%Y-%m-%d").to_string();
    let department = code.department.as_deref().unwrap_or_default();
    push_row(
        rows,
        &[&code.name, department, &year, &code.code.text(), &expires],
    );
}
