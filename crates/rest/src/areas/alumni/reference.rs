//! Reference data: versioned lists for everyone, and their entries for the office.

mod body;
mod dto;
mod problems;

use abu_domain::alumni::reference::{Code, Entry, Kind};
use actix_web::http::{
    StatusCode,
    header::{CACHE_CONTROL, HeaderValue, LOCATION},
};

use self::{
    body::{NewReferenceEntry, ReferenceChange},
    dto::{OfficeEntry, ReferenceIndex, ReferenceKind, ReferenceList},
    problems::no_such_entry,
};
use crate::{
    areas::{BASE, prelude::*},
    shared::Alumni,
};

routes! {
    list_reference, get_reference_list, get_reference_version, get_reference_entry,
    create_reference_entry, update_reference_entry,
}

/// Which version is the newest may change at any time.
const FOR_MINUTES: HeaderValue = HeaderValue::from_static("public, max-age=300");
const FOR_A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The path of a list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByKind {
    /// Which list.
    #[param(value_type = ReferenceKind, example = "departments")]
    kind: String,
}

/// The path of a version of a list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByVersion {
    /// Which list.
    #[param(value_type = ReferenceKind, example = "departments")]
    kind: String,
    /// Which version.
    #[param(value_type = u64, example = 1)]
    version: String,
}

/// The path of an entry.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByCode {
    /// Which list.
    #[param(value_type = ReferenceKind, example = "departments")]
    kind: String,
    /// Which entry.
    #[param(example = "computer-science")]
    code: String,
}

impl ByCode {
    fn entry(&self) -> Result<(Kind, Code), Problem> {
        let kind = kind(&self.kind)?;
        let code = Code::parse(kind, &self.code).map_err(|_no_code| no_such_entry())?;
        Ok((kind, code))
    }
}

fn kind(name: &str) -> Result<Kind, Problem> {
    Kind::from_name(name)
        .ok_or_else(|| Problem::new(ProblemKind::NotFound, "There is no list of this name."))
}

fn for_office(entry: Entry) -> Answer {
    let version = Version::of(entry.last_modified);
    versioned(&OfficeEntry::from(entry), version)
}

/// A list under its version. The tag begins with the version.
fn kept(list: ReferenceList, how_long: HeaderValue) -> Answer {
    let version = Version::from_micros(list.version());
    let mut answer = versioned(&list, version)?;
    answer.headers_mut().insert(CACHE_CONTROL, how_long);
    Ok(answer)
}

/// List the lists of reference data.
///
/// With their versions: a client reads a list again when its version has risen. Takes no access token.
#[utoipa::path(
    tag = "reference",
    security(()),
    responses((status = 200, description = "All lists.", body = ReferenceIndex), Overload),
)]
#[get("/reference")]
async fn list_reference(alumni: Alumni) -> Answer {
    let heads = alumni.reference.lists().await?;
    let index = ReferenceIndex::from(heads);
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, FOR_MINUTES))
        .json(index))
}

/// Get a list of reference data.
///
/// The whole list as one document, by name, with entries that are no longer in use; there are no pages
/// and no `fields`. The `ETag` begins with the version. Caches may keep it for a day. Takes no access
/// token.
#[utoipa::path(
    tag = "reference",
    security(()),
    params(ByKind),
    responses((status = 200, description = "The list.", body = ReferenceList), Overload),
)]
#[get("/reference/{kind}")]
async fn get_reference_list(alumni: Alumni, path: Path<ByKind>) -> Answer {
    let kind = kind(&path.kind)?;
    let list = alumni.reference.list(kind).await?;
    kept(list.into(), FOR_A_DAY)
}

/// Get a version of a list of reference data.
///
/// The newest version alone, whose content never changes: caches may keep it for good. An older one is
/// not found: read which is the newest. Takes no access token.
#[utoipa::path(
    tag = "reference",
    security(()),
    params(ByVersion),
    responses(
        (status = 200, description = "The list in this version.", body = ReferenceList),
        Overload,
    ),
)]
#[get("/reference/{kind}/v/{version}")]
async fn get_reference_version(alumni: Alumni, path: Path<ByVersion>) -> Answer {
    let kind = kind(&path.kind)?;
    let version = path.version.parse().map_err(|_no_number| no_such_entry())?;
    let list = alumni.reference.list_version(kind, version).await?;
    kept(list.into(), FOR_GOOD)
}

/// See an entry of reference data as the office edits it.
///
/// Takes `can_manage_settings`.
#[utoipa::path(
    tag = "reference",
    params(ByCode),
    responses((status = 200, description = "The entry.", body = OfficeEntry), StaffOnly),
)]
#[get("/admin/reference/{kind}/{code}")]
async fn get_reference_entry(alumni: Alumni, caller: CurrentUser, path: Path<ByCode>) -> Answer {
    let (kind, code) = path.entry()?;
    for_office(alumni.reference.entry(caller.0, kind, code).await?)
}

/// Add an entry to a list of reference data.
///
/// Each list has fields of its own: a department its `faculty`, a programme its `department` and
/// `degree`, a degree its `level` and `abbreviation`, a state its `zone` and `iso_code`, an industry its
/// `section`. Makes the next version of the list. Takes `can_manage_settings`.
#[utoipa::path(
    tag = "reference",
    params(ByKind),
    request_body = NewReferenceEntry,
    responses(
        (status = 201, description = "The entry; `Location` is its address.", body = OfficeEntry),
        StaffOnly, ConflictsAndDuplicates,
    ),
)]
#[post("/admin/reference/{kind}")]
async fn create_reference_entry(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByKind>,
    body: Body<NewReferenceEntry>,
) -> Answer {
    let content = body.0.content(kind(&path.kind)?)?;
    let created = alumni.reference.create(caller.0, content).await?;
    let address = format!("/admin/reference/{}/{}", path.kind, created.content.code);
    let version = Version::of(created.last_modified);
    let mut answer = versioned(&OfficeEntry::from(created), version)?;
    *answer.status_mut() = StatusCode::CREATED;
    let location = HeaderValue::try_from(format!("{BASE}{address}")).map_err(Problem::internal)?;
    answer.headers_mut().insert(LOCATION, location);
    Ok(answer)
}

/// Change an entry of reference data.
///
/// A merge patch: what is left out stays. An entry is never deleted: it ends with `valid_until`, and
/// names its `successor`. Its code stays. Makes the next version of the list, and data files of later
/// releases leave the entry alone. Takes `can_manage_settings`.
#[utoipa::path(
    tag = "reference",
    params(ByCode, RequiredIfMatchParameter),
    request_body = ReferenceChange,
    responses(
        (status = 200, description = "The entry.", body = OfficeEntry),
        StaffOnly, ConflictsAndDuplicates,
    ),
)]
#[patch("/admin/reference/{kind}/{code}")]
async fn update_reference_entry(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByCode>,
    expected: RequiredIfMatch,
    body: Body<ReferenceChange>,
) -> Answer {
    let (kind, code) = path.entry()?;
    let change = body.0.change(kind)?;
    let updated = alumni
        .reference
        .update(caller.0, kind, code, change, expected.0);
    for_office(updated.await?)
}
