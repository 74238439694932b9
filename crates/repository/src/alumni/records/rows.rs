//! Rows of records, awards and field sources, and the domain's values in them.

use abu_application::alumni::ports::AwardCodes;
use abu_domain::{
    AwardId, DegreeId, DepartmentId, ImportId, ProgrammeId, RecordId, UserId,
    alumni::register::{
        Award, AwardDetails, ClassOfDegree, FieldSource, MatricNumber, Record, RecordDetails,
        RecordState, Source,
    },
    identity::text::PhoneNumber,
    platform::text::{EmailAddress, PersonName},
};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{BigInt, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    error::{BadRow, Failure},
    schema::{alumni_records, awards},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = alumni_records, check_for_backend(Pg))]
pub(super) struct RecordRow {
    id: Uuid,
    surname: String,
    given_names: String,
    previous_names: Vec<Option<String>>,
    email: Option<String>,
    phone: Option<String>,
    date_of_birth: Option<NaiveDate>,
    state: String,
    merged_into: Option<Uuid>,
    created_by_import: Option<Uuid>,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

impl TryFrom<RecordRow> for Record {
    type Error = BadRow;

    fn try_from(row: RecordRow) -> Result<Self, BadRow> {
        let state = RecordState::from_name(&row.state).ok_or(BadRow {
            column: "alumni_records.state",
            id: row.id,
        })?;
        let previous = row.previous_names.into_iter().flatten();
        Ok(Self {
            id: row.id.into(),
            details: RecordDetails {
                surname: PersonName::from_storage(row.surname),
                given_names: PersonName::from_storage(row.given_names),
                previous_names: previous.map(PersonName::from_storage).collect(),
                email: row.email.map(EmailAddress::from_storage),
                phone: row.phone.map(PhoneNumber::from_storage),
                date_of_birth: row.date_of_birth,
            },
            state,
            merged_into: row.merged_into.map(RecordId::new),
            created_by_import: row.created_by_import.map(ImportId::new),
            created_at: row.created_at,
            last_modified: row.last_modified,
        })
    }
}

pub(super) fn all(rows: Vec<RecordRow>) -> Result<Vec<Record>, Failure> {
    let records = rows.into_iter().map(Record::try_from);
    Ok(records.collect::<Result<_, BadRow>>()?)
}

pub(super) fn texts(names: &[PersonName]) -> Vec<&str> {
    names.iter().map(PersonName::as_str).collect()
}

/// Awards of records, with the codes of their reference data.
pub(super) const AWARDS: &str =
    "SELECT a.id, a.record_id, a.degree_id, a.department_id, a.programme_id, a.year, a.class_of_degree, a.matric_raw,
            a.created_by_import, g.code, d.code, p.code
     FROM awards a
     JOIN degrees g ON g.id = a.degree_id
     LEFT JOIN departments d ON d.id = a.department_id
     LEFT JOIN programmes p ON p.id = a.programme_id
     WHERE a.record_id = ANY (?)
     ORDER BY a.record_id, a.year, a.id";

pub(super) type AwardColumns = (
    SqlUuid,
    SqlUuid,
    SmallInt,
    Nullable<SmallInt>,
    Nullable<Integer>,
    SmallInt,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<SqlUuid>,
    Text,
    Nullable<Text>,
    Nullable<Text>,
);

#[derive(Queryable)]
pub(super) struct AwardRow {
    id: Uuid,
    record_id: Uuid,
    degree_id: i16,
    department_id: Option<i16>,
    programme_id: Option<i32>,
    year: i16,
    class_of_degree: Option<String>,
    matric_raw: Option<String>,
    created_by_import: Option<Uuid>,
    degree: String,
    department: Option<String>,
    programme: Option<String>,
}

impl TryFrom<AwardRow> for (Award, AwardCodes) {
    type Error = BadRow;

    fn try_from(row: AwardRow) -> Result<Self, BadRow> {
        let matric = row
            .matric_raw
            .map(|raw| MatricNumber::parse(&raw))
            .transpose();
        let award = Award {
            id: row.id.into(),
            record: row.record_id.into(),
            details: AwardDetails {
                degree: DegreeId::new(row.degree_id),
                department: row.department_id.map(DepartmentId::new),
                programme: row.programme_id.map(ProgrammeId::new),
                year: row.year,
                class_of_degree: row.class_of_degree.map(ClassOfDegree::from_storage),
                matric: matric.map_err(|_violation| BadRow {
                    column: "awards.matric_raw",
                    id: row.id,
                })?,
            },
            created_by_import: row.created_by_import.map(ImportId::new),
        };
        let codes = AwardCodes {
            degree: row.degree,
            department: row.department,
            programme: row.programme,
        };
        Ok((award, codes))
    }
}

/// The columns of an award that a change sets; none clears a column.
#[derive(AsChangeset, Insertable)]
#[diesel(table_name = awards, treat_none_as_null = true)]
pub(super) struct AwardValues {
    degree_id: i16,
    department_id: Option<i16>,
    programme_id: Option<i32>,
    year: i16,
    class_of_degree: Option<String>,
    matric_raw: Option<String>,
    matric_norm: Option<String>,
}

pub(super) fn award_values(details: &AwardDetails) -> AwardValues {
    let (matric_raw, matric_norm) = details.matric.clone().map(MatricNumber::into_parts).unzip();
    AwardValues {
        degree_id: details.degree.get(),
        department_id: details.department.map(|id| id.get()),
        programme_id: details.programme.map(ProgrammeId::get),
        year: details.year,
        class_of_degree: details
            .class_of_degree
            .as_ref()
            .map(|class| class.as_str().to_owned()),
        matric_raw,
        matric_norm,
    }
}

pub(super) type SourceColumns = (
    BigInt,
    Nullable<SqlUuid>,
    Text,
    Text,
    Nullable<SqlUuid>,
    Nullable<SqlUuid>,
    Timestamptz,
);

pub(super) type SourceRow = (
    i64,
    Option<Uuid>,
    String,
    String,
    Option<Uuid>,
    Option<Uuid>,
    DateTime<Utc>,
);

pub(super) fn source(record: RecordId, row: SourceRow) -> Result<FieldSource, BadRow> {
    let (_, award, field, source, import, actor, at) = row;
    Ok(FieldSource {
        award: award.map(AwardId::new),
        field,
        source: Source::from_name(&source).ok_or(BadRow {
            column: "record_field_sources.source",
            id: record.uuid(),
        })?,
        import: import.map(ImportId::new),
        actor: actor.map(UserId::new),
        at,
    })
}
