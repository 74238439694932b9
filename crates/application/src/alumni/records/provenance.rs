//! Provenance: where each field of a record came from.

use abu_domain::{
    AwardId, ImportId,
    alumni::register::{Award, AwardDetails, FieldSource, Record, RecordDetails, Source},
};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::alumni::ports::AwardCodes;

/// A field's name, and its value as history shows it; null for none.
pub(super) type Field = (&'static str, Value);

/// The fields of a record without its awards.
pub(super) fn fields_of(details: &RecordDetails) -> [Field; 6] {
    let previous: Vec<&str> = details
        .previous_names
        .iter()
        .map(|name| name.as_str())
        .collect();
    [
        ("surname", json!(details.surname.as_str())),
        ("given_names", json!(details.given_names.as_str())),
        ("previous_names", json!(previous)),
        (
            "email",
            json!(details.email.as_ref().map(|email| email.as_str())),
        ),
        (
            "phone",
            json!(details.phone.as_ref().map(|phone| phone.as_str())),
        ),
        ("date_of_birth", json!(details.date_of_birth)),
    ]
}

/// The fields of an award, its reference data by their numbers.
pub(super) fn fields_of_award(award: &AwardDetails) -> [Field; 6] {
    [
        ("degree", json!(award.degree.get())),
        ("department", json!(award.department.map(|id| id.get()))),
        ("programme", json!(award.programme.map(|id| id.get()))),
        ("year", json!(award.year)),
        (
            "class_of_degree",
            json!(award.class_of_degree.as_ref().map(|class| class.as_str())),
        ),
        (
            "matric",
            json!(award.matric.as_ref().map(|matric| matric.raw())),
        ),
    ]
}

/// The award as history shows it.
pub(super) fn award_as_json(award: &Award, codes: &AwardCodes) -> Value {
    let mut fields: Map<String, Value> = fields_of_award(&award.details)
        .into_iter()
        .map(|(field, value)| (field.to_owned(), value))
        .collect();
    fields.insert("uuid".to_owned(), json!(award.id));
    fields.insert("degree".to_owned(), json!(codes.degree));
    fields.insert("department".to_owned(), json!(codes.department));
    fields.insert("programme".to_owned(), json!(codes.programme));
    Value::Object(fields)
}

/// The fields that differ, with their values before.
pub(super) fn differences(before: &[Field], after: &[Field]) -> Vec<Field> {
    let pairs = before.iter().zip(after);
    let changed = pairs.filter(|(before, after)| before.1 != after.1);
    changed.map(|(before, _)| before.clone()).collect()
}

fn has_value(value: &Value) -> bool {
    !value.is_null() && *value != json!([])
}

/// Where each field came from that has a value: as noted, else from the import that created the record or the award,
/// else from the office.
pub(super) fn sources(
    record: &Record,
    awards: &[(Award, AwardCodes)],
    noted: &[FieldSource],
) -> Vec<FieldSource> {
    let of_record = fields_of(&record.details);
    let origin = record.created_by_import;
    let mut sources = resolved(None, &of_record, origin, record.created_at, noted);
    for (award, _) in awards {
        let fields = fields_of_award(&award.details);
        let origin = award.created_by_import;
        sources.extend(resolved(
            Some(award.id),
            &fields,
            origin,
            record.created_at,
            noted,
        ));
    }
    sources
}

fn resolved(
    award: Option<AwardId>,
    fields: &[Field],
    origin: Option<ImportId>,
    created_at: DateTime<Utc>,
    noted: &[FieldSource],
) -> Vec<FieldSource> {
    let source_of = |field: &str| {
        let found = noted
            .iter()
            .find(|source| source.award == award && source.field == field);
        found.cloned().unwrap_or_else(|| FieldSource {
            award,
            field: field.to_owned(),
            source: if origin.is_some() {
                Source::Import
            } else {
                Source::Office
            },
            import: origin,
            actor: None,
            at: created_at,
        })
    };
    fields
        .iter()
        .filter(|(_, value)| has_value(value))
        .map(|(field, _)| source_of(field))
        .collect()
}
