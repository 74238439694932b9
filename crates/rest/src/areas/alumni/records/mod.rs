//! Records of the register, for the alumni office.

mod dto;
mod problems;

use std::collections::BTreeSet;

use abu_application::alumni::records::{
    AwardDraft, Duplicate, MergeDraft, MergeField, RecordDraft, RecordPatch, RecordView, Search,
    SearchedRecord,
};
use abu_domain::{
    AwardId, ImportId, RecordId,
    alumni::register::{
        ClassOfDegree, MAX_AWARDS, MAX_PREVIOUS_NAMES, MatricNumber, RecordDetails, award_year,
        register_name,
    },
    identity::text::PhoneNumber,
    platform::text::{EmailAddress, PersonName},
};
use chrono::NaiveDate;

use self::dto::{DuplicateRecords, MergedRecords, Record, RecordHistory, WholeRecord, state};
use crate::{areas::prelude::*, shared::Alumni};

// The merge comes first, since its path is also one of a record.
routes! {
    merge_records, list_records, create_record, get_record_history, get_record, modify_record,
    list_duplicates, dismiss_duplicate,
}

struct Records;

/// What narrows the list of records.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct RecordParameters {
    /// Words of the name, in any order, spelled as written or as the lexicon knows them: `mohammed` finds Muhammad.
    #[param(example = "bello amina", min_length = 1, max_length = 100)]
    q: Option<String>,
    /// A matriculation number, however it is punctuated.
    #[param(example = "U15/CS/1070", min_length = 1, max_length = 40)]
    matric: Option<String>,
    /// The e-mail address on record.
    #[param(example = "amina@example.com")]
    email: Option<String>,
    /// The code of a department that gave an award; repeated, of any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["computer-science"]))]
    department: Option<String>,
    /// The year of an award.
    #[param(value_type = Option<i16>, minimum = 1962, maximum = 2100, example = 2015)]
    year: Option<String>,
    /// The import that created it.
    #[param(value_type = Option<Uuid>, example = "0b9c6d3e-1f0a-4c7e-9d57-6a1a5f0c2b43")]
    import: Option<String>,
    /// `active`, `restricted` or `merged`; repeated, any of several. Without it, all but merged ones.
    #[param(value_type = Option<Vec<String>>, example = json!(["active"]))]
    state: Option<String>,
}

impl IntoDraft for RecordParameters {
    type Draft = Search;

    fn into_draft(self, violations: &mut Violations) -> Option<Search> {
        let name = |text: &str| short_text(text).and_then(|text| Search::name(&text));
        Some(Search {
            name: violations.optional("q", self.q, name),
            matric: violations.optional("matric", self.matric, MatricNumber::parse),
            email: violations.optional("email", self.email, EmailAddress::parse),
            departments: violations.any_of("department", self.department, short_text),
            year: violations.optional("year", self.year, |text| {
                award_year(text.parse().unwrap_or_default())
            }),
            import: violations
                .optional("import", self.import, uuid)
                .map(ImportId::new),
            states: violations.any_of("state", self.state, state),
        })
    }
}

impl List for Records {
    type Filter = RecordParameters;
    type Item = SearchedRecord;
    type Entry = Record;
    type Position = RecordId;
    const MAX_LIMIT: u32 = MAX_PEOPLE;
    const SORTS: [&'static str; 2] = ["uuid", "-uuid"];

    fn position(found: &SearchedRecord) -> RecordId {
        found.record.id
    }
}

struct Duplicates;

impl List for Duplicates {
    type Filter = NoParameters;
    type Item = Duplicate;
    type Entry = DuplicateRecords;
    type Position = (RecordId, RecordId);
    const MAX_LIMIT: u32 = MAX_PEOPLE;
    const SORTS: [&'static str; 2] = ["uuid", "-uuid"];

    fn position(duplicate: &Duplicate) -> (RecordId, RecordId) {
        (duplicate.pair.left, duplicate.pair.right)
    }
}

/// An award as the office writes it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "degree": "bsc",
    "department": "computer-science",
    "year": 2015,
    "class_of_degree": "Second Class Upper",
    "matric": "U15/CS/1070",
}))]
struct AwardBody {
    /// The award to be changed; left out, it is a new one.
    #[schema(example = "5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b42")]
    uuid: Option<Uuid>,
    /// A code of the reference data, as the next two.
    degree: String,
    department: Option<String>,
    programme: Option<String>,
    #[schema(minimum = 1962, maximum = 2100)]
    year: i32,
    #[schema(min_length = 1, max_length = 60)]
    class_of_degree: Option<String>,
    #[schema(min_length = 1, max_length = 40)]
    matric: Option<String>,
}

impl AwardBody {
    fn parse(self) -> Result<AwardDraft, Violation> {
        let code = |text: Option<String>| text.as_deref().map(short_text).transpose();
        Ok(AwardDraft {
            id: self.uuid.map(AwardId::new),
            degree: short_text(&self.degree)?,
            department: code(self.department)?,
            programme: code(self.programme)?,
            year: award_year(self.year)?,
            class_of_degree: self
                .class_of_degree
                .as_deref()
                .map(ClassOfDegree::parse)
                .transpose()?,
            matric: self
                .matric
                .as_deref()
                .map(MatricNumber::parse)
                .transpose()?,
        })
    }
}

fn awards(violations: &mut Violations, awards: Vec<AwardBody>) -> Option<Vec<AwardDraft>> {
    violations.list("awards", awards, MAX_AWARDS, AwardBody::parse)
}

fn previous_names(violations: &mut Violations, names: Vec<String>) -> Option<Vec<PersonName>> {
    let parse = |name: String| register_name(&name).map(|name| name.as_str().to_owned());
    let names = violations.list("previous_names", names, MAX_PREVIOUS_NAMES, parse)?;
    Some(names.into_iter().map(PersonName::from_storage).collect())
}

fn date(text: &str) -> Result<NaiveDate, Violation> {
    text.parse().map_err(|_| Violation {
        code: "date.invalid",
        rule: "must be a date such as 1993-03-07",
    })
}

request_body! {
    /// A new record of the register.
    #[schema(example = json!({
        "surname": "Bello",
        "given_names": "Amina Sani",
        "previous_names": [],
        "email": "amina@example.com",
        "phone": "0803 123 4567",
        "date_of_birth": "1993-03-07",
        "awards": [{"degree": "bsc", "department": "computer-science", "year": 2015, "matric": "U15CS1070"}],
    }))]
    struct NewRecord into RecordDraft {
        #[schema(min_length = 1, max_length = 100)]
        surname: String,
        #[schema(min_length = 1, max_length = 100)]
        given_names: String,
        /// Whole names that the person had before.
        #[schema(max_items = 10)]
        previous_names: Option<Vec<String>>,
        email: Option<String>,
        /// With its country code, or in Nigeria's national form.
        phone: Option<String>,
        #[schema(value_type = Option<String>, format = Date)]
        date_of_birth: Option<String>,
        #[schema(min_items = 1, max_items = 20)]
        awards: Vec<AwardBody>,
    }
    |body, violations| {
        let surname = violations.check("surname", register_name(&body.surname));
        let given_names = violations.check("given_names", register_name(&body.given_names));
        let previous = previous_names(violations, body.previous_names.unwrap_or_default());
        let email = violations.optional("email", body.email, EmailAddress::parse);
        let phone = violations.optional("phone", body.phone, PhoneNumber::parse);
        let date_of_birth = violations.optional("date_of_birth", body.date_of_birth, date);
        if body.awards.is_empty() {
            violations.refuse("awards", "required", "must have an award");
        }
        let awards = awards(violations, body.awards);
        Some(RecordDraft {
            details: RecordDetails {
                surname: surname?,
                given_names: given_names?,
                previous_names: previous?,
                email,
                phone,
                date_of_birth,
            },
            awards: awards?,
        })
    }
}

request_body! {
    /// What changes in a record: a merge patch (RFC 7396).
    #[schema(example = json!({"surname": "Bello", "phone": null}))]
    struct PatchedRecord into RecordPatch {
        #[serde(default, deserialize_with = "present")]
        #[schema(min_length = 1, max_length = 100, nullable = false)]
        surname: Option<String>,
        #[serde(default, deserialize_with = "present")]
        #[schema(min_length = 1, max_length = 100, nullable = false)]
        given_names: Option<String>,
        /// All of them from now on.
        #[serde(default, deserialize_with = "present")]
        #[schema(max_items = 10, nullable = false)]
        previous_names: Option<Vec<String>>,
        /// Null removes it.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>)]
        email: Option<Option<String>>,
        /// Null removes it.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>)]
        phone: Option<Option<String>>,
        /// Null removes it.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>, format = Date)]
        date_of_birth: Option<Option<String>>,
        /// Whether it is kept and used for nothing.
        #[serde(default, deserialize_with = "present")]
        #[schema(nullable = false)]
        is_restricted: Option<bool>,
        /// All of them from now on: those with a `uuid` change, those without are new, and others go.
        #[serde(default, deserialize_with = "present")]
        #[schema(max_items = 20, nullable = false)]
        awards: Option<Vec<AwardBody>>,
    }
    |body, violations| {
        Some(RecordPatch {
            surname: violations.optional("surname", body.surname, register_name),
            given_names: violations.optional("given_names", body.given_names, register_name),
            previous_names: body
                .previous_names
                .and_then(|names| previous_names(violations, names)),
            email: body
                .email
                .map(|email| violations.optional("email", email, EmailAddress::parse)),
            phone: body
                .phone
                .map(|phone| violations.optional("phone", phone, PhoneNumber::parse)),
            date_of_birth: body
                .date_of_birth
                .map(|text| violations.optional("date_of_birth", text, date)),
            is_restricted: body.is_restricted,
            awards: body.awards.and_then(|list| awards(violations, list)),
        })
    }
}

request_body! {
    /// Which record replaces which.
    #[schema(example = json!({
        "keep_uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "drop_uuid": "5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b42",
        "from_drop": ["email"],
    }))]
    struct MergeBody into MergeDraft {
        /// The record that stays.
        keep_uuid: Uuid,
        /// The record that it replaces.
        drop_uuid: Uuid,
        /// What the kept record takes from the other one though it has its own: `names`, `email`, `phone` or
        /// `date_of_birth`.
        #[schema(max_items = 4)]
        from_drop: Option<Vec<String>>,
    }
    |body, violations| {
        let parse = |name: String| {
            MergeField::from_name(&name).ok_or(Violation {
                code: "field.unknown",
                rule: "must be names, email, phone or date_of_birth",
            })
        };
        let fields = violations.list("from_drop", body.from_drop.unwrap_or_default(), 10, parse);
        Some(MergeDraft {
            keep: body.keep_uuid.into(),
            drop: body.drop_uuid.into(),
            from_drop: fields?.into_iter().collect::<BTreeSet<MergeField>>(),
        })
    }
}

request_body! {
    /// Two records that are two people.
    #[schema(example = json!({
        "uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "other_uuid": "5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b42",
    }))]
    struct TwoPeople into (RecordId, RecordId) {
        /// One.
        uuid: Uuid,
        /// The other one.
        other_uuid: Uuid,
    }
    |body, _violations| Some((body.uuid.into(), body.other_uuid.into()))
}

fn with_version(view: RecordView) -> Answer {
    let version = Version::of(view.record.last_modified);
    versioned(&WholeRecord::from(view), version)
}

/// Search the register.
///
/// In the order of the ids, which says nothing: narrow the search instead of turning pages. The audit log records
/// each search with the names of its conditions. Takes `can_view_alumni_record`.
#[utoipa::path(
    tag = "register",
    params(Page::<Records>),
    responses((status = 200, description = "A page of records.", body = ListBody<Record>), StaffOnly),
)]
#[get("/admin/alumni-records")]
async fn list_records(alumni: Alumni, caller: CurrentUser, page: Page<Records>) -> Answer {
    let records = alumni.records.list(caller.0, page.filter, page.request);
    page.reply.with(records.await?)
}

/// Add a record to the register.
///
/// For graduates whom no file has. Imports never overwrite what the office wrote. Takes `can_create_alumni_record`.
#[utoipa::path(
    tag = "register",
    request_body = NewRecord,
    responses(
        (status = 201, description = "The record; `Location` is its address.", body = WholeRecord),
        StaffOnly,
    ),
)]
#[post("/admin/alumni-records")]
async fn create_record(alumni: Alumni, caller: CurrentUser, body: Body<NewRecord>) -> Answer {
    let view = alumni.records.create(caller.0, body.0).await?;
    let path = format!("/admin/alumni-records/{}", view.record.id);
    Ok(created(&path, &WholeRecord::from(view)))
}

/// See a record.
///
/// With the source of each field. The audit log records each view. Takes `can_view_alumni_record`.
#[utoipa::path(
    tag = "register",
    params(ByUuid),
    responses((status = 200, description = "The record.", body = WholeRecord), StaffOnly),
)]
#[get("/admin/alumni-records/{uuid}")]
async fn get_record(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    with_version(alumni.records.get(caller.0, path.id()).await?)
}

/// Change a record.
///
/// The source of each changed field is the office from then on, and imports keep it. A merged record cannot be
/// changed. Takes `can_modify_alumni_record`.
#[utoipa::path(
    tag = "register",
    params(ByUuid, RequiredIfMatchParameter),
    request_body = PatchedRecord,
    responses((status = 200, description = "The record.", body = WholeRecord), StaffOnly, Conflicts),
)]
#[patch("/admin/alumni-records/{uuid}")]
async fn modify_record(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: RequiredIfMatch,
    body: Body<PatchedRecord>,
) -> Answer {
    let view = alumni
        .records
        .modify(caller.0, path.id(), body.0, expected.0)
        .await?;
    with_version(view)
}

/// See what happened to a record.
///
/// Changes of the office, of imports and of merges, with what the fields said before. Takes
/// `can_view_alumni_record`.
#[utoipa::path(
    tag = "register",
    params(ByUuid),
    responses((status = 200, description = "The newest events.", body = RecordHistory), StaffOnly),
)]
#[get("/admin/alumni-records/{uuid}/history")]
async fn get_record_history(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Answer<Json<RecordHistory>> {
    let events = alumni.records.history(caller.0, path.id()).await?;
    Ok(Json(events.into()))
}

/// Merge two records of one person.
///
/// Awards, claims and invitations move to the kept record, and what only the dropped one says is taken over. Its name
/// becomes a previous name where it differs. A merge cannot be undone yet. Takes `can_modify_alumni_record`.
#[utoipa::path(
    tag = "register",
    request_body = MergeBody,
    responses((status = 200, description = "The kept record.", body = MergedRecords), StaffOnly, Conflicts, NothingThere),
)]
#[post("/admin/alumni-records/merge")]
async fn merge_records(
    alumni: Alumni,
    caller: CurrentUser,
    body: Body<MergeBody>,
) -> Answer<Json<MergedRecords>> {
    let merged = alumni.records.merge(caller.0, body.0).await?;
    Ok(Json(merged.into()))
}

/// List records that may be one person.
///
/// Found every night: one matriculation number and degree, or one department and year and names that are equal up to
/// spelling. Takes `can_modify_alumni_record`.
#[utoipa::path(
    tag = "register",
    params(Page::<Duplicates>),
    responses((status = 200, description = "A page of pairs.", body = ListBody<DuplicateRecords>), StaffOnly),
)]
#[get("/admin/duplicates")]
async fn list_duplicates(alumni: Alumni, caller: CurrentUser, page: Page<Duplicates>) -> Answer {
    let duplicates = alumni.records.duplicates(caller.0, page.request);
    page.reply.with(duplicates.await?)
}

/// Say that two records are two people.
///
/// The pair is not listed again. Takes `can_modify_alumni_record`.
#[utoipa::path(
    tag = "register",
    request_body = TwoPeople,
    responses((status = 204, description = "It is remembered."), StaffOnly, NothingThere),
)]
#[post("/admin/duplicates/dismiss")]
async fn dismiss_duplicate(alumni: Alumni, caller: CurrentUser, body: Body<TwoPeople>) -> Answer {
    let (one, other) = body.0;
    alumni
        .records
        .dismiss_duplicate(caller.0, one, other)
        .await?;
    Ok(no_content())
}
