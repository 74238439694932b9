use abu_application::alumni::{
    ports::{AwardCodes, RecordEvent},
    records::{self, RecordView, SearchedRecord},
};
use abu_domain::alumni::register::{self, FieldSource, RecordState};
use chrono::NaiveDate;
use serde_json::Value;

use crate::areas::prelude::*;

json_form! {
    /// An award of a record.
    #[schema(as = RecordAward, example = json!({
        "uuid": "5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b42",
        "degree": "bsc",
        "department": "computer-science",
        "programme": null,
        "year": 2015,
        "class_of_degree": "Second Class Upper",
        "matric": "U15/CS/1070",
    }))]
    pub(super) struct Award from award: (register::Award, AwardCodes) {
        uuid: Uuid = award.0.id.uuid(),
        /// A code of the reference data, as the next two.
        degree: String = award.1.degree,
        department: Option<String> = award.1.department,
        programme: Option<String> = award.1.programme,
        year: i16 = award.0.details.year,
        class_of_degree: Option<String> = award.0.details.class_of_degree.as_ref().map(|class| class.as_str().to_owned()),
        /// As it is written.
        matric: Option<String> = award.0.details.matric.as_ref().map(|matric| matric.raw().to_owned()),
    }
}

json_form! {
    /// Where a field came from.
    #[schema(example = json!({
        "award_uuid": null,
        "field": "surname",
        "source": "import",
        "import_uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "actor_uuid": null,
        "at": "2026-01-05T08:30:00Z",
    }))]
    pub(super) struct RecordSource from source: FieldSource {
        /// The award that has the field; null for a field of the record itself.
        award_uuid: Option<Uuid> = source.award.map(Into::into),
        field: String = source.field,
        /// `import`, `office`, `self` or `merge`.
        source: &'static str = source.source.name(),
        /// The import that brought it.
        import_uuid: Option<Uuid> = source.import.map(Into::into),
        /// The account that changed it.
        actor_uuid: Option<Uuid> = source.actor.map(Into::into),
        at: DateTime<Utc> = source.at,
    }
}

json_form! {
    /// A record of the register in a list.
    #[schema(example = json!({
        "uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "surname": "Bello",
        "given_names": "Amina Sani",
        "previous_names": ["Amina Yusuf"],
        "email": "amina@example.com",
        "phone": "+2348031234567",
        "date_of_birth": "1993-03-07",
        "state": "active",
        "merged_into": null,
        "import_uuid": "0b9c6d3e-1f0a-4c7e-9d57-6a1a5f0c2b43",
        "awards": [{
            "uuid": "5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b42",
            "degree": "bsc",
            "department": "computer-science",
            "programme": null,
            "year": 2015,
            "class_of_degree": null,
            "matric": "U15CS1070",
        }],
        "created_at": "2026-01-05T08:30:00Z",
        "last_modified": "2026-01-05T08:30:00Z",
    }))]
    pub(super) struct Record from found: SearchedRecord {
        uuid: Uuid = found.record.id.uuid(),
        surname: String = found.record.details.surname.as_str().to_owned(),
        given_names: String = found.record.details.given_names.as_str().to_owned(),
        /// Whole names that the person had before.
        previous_names: Vec<String> = found.record.details.previous_names.iter().map(|name| name.as_str().to_owned()).collect(),
        email: Option<String> = found.record.details.email.as_ref().map(|email| email.as_str().to_owned()),
        phone: Option<String> = found.record.details.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        #[schema(value_type = Option<String>, format = Date)]
        date_of_birth: Option<NaiveDate> = found.record.details.date_of_birth,
        /// `active`, `restricted`, or `merged`: another record replaced it.
        state: &'static str = found.record.state.name(),
        /// The record that replaced it.
        merged_into: Option<Uuid> = found.record.merged_into.map(Into::into),
        /// The import that created it; null if the office did.
        import_uuid: Option<Uuid> = found.record.created_by_import.map(Into::into),
        awards: Vec<Award> = found.awards.into_iter().map(Into::into).collect(),
        created_at: DateTime<Utc> = found.record.created_at,
        last_modified: DateTime<Utc> = found.record.last_modified,
    }
}

json_form! {
    /// A record of the register, with the source of each field.
    pub(super) struct WholeRecord from view: RecordView {
        #[serde(flatten)]
        record: Record = SearchedRecord { record: view.record, awards: view.awards }.into(),
        /// Whether a verified claim links an account to it.
        #[schema(example = false)]
        is_claimed: bool = view.is_claimed,
        /// Where each field came from that has a value.
        sources: Vec<RecordSource> = view.sources.into_iter().map(Into::into).collect(),
    }
}

json_form! {
    /// Something that happened to a record.
    #[schema(as = RecordEvent, example = json!({
        "at": "2026-01-05T08:30:00Z",
        "kind": "changed",
        "actor_uuid": "0b9c6d3e-1f0a-4c7e-9d57-6a1a5f0c2b43",
        "import_uuid": null,
        "merge_uuid": null,
        "before": {"surname": "Belo"},
    }))]
    pub(super) struct Event from event: RecordEvent {
        at: DateTime<Utc> = event.at,
        /// `created`, `changed`, `merged` into another record, or `absorbed` another record.
        kind: String = event.kind,
        /// Who did it; null for the operator at the machine.
        actor_uuid: Option<Uuid> = event.actor.map(Into::into),
        /// The import that did it.
        import_uuid: Option<Uuid> = event.import.map(Into::into),
        /// The merge that did it.
        merge_uuid: Option<Uuid> = event.merge.map(Into::into),
        /// Fields as they were before.
        #[schema(value_type = Object)]
        before: Value = event.before,
    }
}

json_form! {
    /// What happened to a record.
    pub(super) struct RecordHistory from events: Vec<RecordEvent> {
        /// The newest first, 100 at most.
        events: Vec<Event> = events.into_iter().map(Into::into).collect(),
    }
}

json_form! {
    /// Two records that may be one person.
    pub(super) struct DuplicateRecords from duplicate: records::Duplicate {
        /// `matric`: one matriculation number and degree; `names`: equal names up to spelling, one department and year.
        #[schema(example = "matric")]
        reason: String = duplicate.pair.reason,
        /// The last night that found them.
        #[schema(example = "2026-01-05T03:15:00Z")]
        found_at: DateTime<Utc> = duplicate.pair.found_at,
        /// Both.
        records: Vec<Record> = duplicate.records.into_iter().map(Into::into).collect(),
    }
}

json_form! {
    /// A merge, and the record that it left.
    pub(super) struct MergedRecords from merged: records::Merged {
        /// The merge.
        #[schema(example = "7c0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b44")]
        merge_uuid: Uuid = merged.id.uuid(),
        record: WholeRecord = merged.kept.into(),
    }
}

pub(super) fn state(text: &str) -> Result<RecordState, Violation> {
    RecordState::from_name(text).ok_or(Violation {
        code: "state.unknown",
        rule: "must be active, merged or restricted",
    })
}
