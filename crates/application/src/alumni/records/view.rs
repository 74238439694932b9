//! Search and views. The audit log records both.

use abu_domain::{
    ImportId, RecordId, Violation,
    access::Permission,
    alumni::{
        names::{Lexicon, Query},
        register::{Award, FieldSource, MatricNumber, Record, RecordState},
    },
    platform::text::EmailAddress,
};

use super::{MAX_EVENTS, RecordError, Records, provenance};
use crate::{
    access::{self, Authority},
    alumni::ports::{AwardCodes, RecordEvent, RecordFilter},
    platform::{
        audit::{Action, Target},
        lists::{ListRequest, Listed},
        ports::StoreError,
    },
    store::Reads,
};

/// What the office searches for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub name: Option<Query>,
    pub matric: Option<MatricNumber>,
    pub email: Option<EmailAddress>,
    /// Codes.
    pub departments: Vec<String>,
    pub year: Option<i16>,
    pub import: Option<ImportId>,
    pub states: Vec<RecordState>,
}

impl Search {
    /// Parses the words of a name.
    pub fn name(text: &str) -> Result<Query, Violation> {
        Query::parse(text)
    }

    /// A word matches its spellings by the lexicon too.
    fn filter(&self) -> RecordFilter {
        let lexicon = Lexicon::built_in();
        let words = self.name.iter().flat_map(Query::words);
        let spellings = words.map(|word| {
            let variants = lexicon.variants(word).into_iter();
            let texts = variants.map(|token| token.as_str().to_owned());
            std::iter::once(word.as_str().to_owned())
                .chain(texts)
                .collect()
        });
        RecordFilter {
            words: spellings.collect(),
            matric: self.matric.as_ref().map(|matric| matric.norm().to_owned()),
            email: self.email.as_ref().map(|email| email.as_str().to_owned()),
            departments: self.departments.clone(),
            year: self.year,
            import: self.import,
            states: self.states.clone(),
        }
    }

    /// The names of the conditions, for the audit log: their values may be personal data.
    fn conditions(&self) -> Vec<&'static str> {
        [
            ("q", self.name.is_some()),
            ("matric", self.matric.is_some()),
            ("email", self.email.is_some()),
            ("department", !self.departments.is_empty()),
            ("year", self.year.is_some()),
            ("import", self.import.is_some()),
            ("state", !self.states.is_empty()),
        ]
        .into_iter()
        .filter_map(|(name, is_set)| is_set.then_some(name))
        .collect()
    }
}

/// A record in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchedRecord {
    pub record: Record,
    pub awards: Vec<(Award, AwardCodes)>,
}

/// A record with everything that is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordView {
    pub record: Record,
    pub awards: Vec<(Award, AwardCodes)>,
    /// Where each field came from that has a value.
    pub sources: Vec<FieldSource>,
    /// Whether a verified claim links an account to it.
    pub is_claimed: bool,
}

impl Records {
    /// A page of records, in the order of their ids; takes `can_view_alumni_record`.
    pub async fn list(
        &self,
        caller: impl Authority,
        search: Search,
        page: ListRequest<RecordId>,
    ) -> Result<Listed<SearchedRecord>, RecordError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ViewAlumniRecord)?;
                let filter = search.filter();
                let records = page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_records(&filter, seek, limit),
                    |tx| tx.count_records(&filter),
                )?;
                let ids: Vec<RecordId> = records.items.iter().map(|record| record.id).collect();
                let mut awards = tx.awards_of(&ids)?;
                caller
                    .entry(Action::RecordSearch)
                    .with_names("conditions", &search.conditions())
                    .with("shown", ids.len().to_string())
                    .write(tx, entry_id, now)?;
                Ok(records.map(|record| with_awards(record, &mut awards)))
            })
            .await
    }

    /// A record; takes `can_view_alumni_record`.
    pub async fn get(
        &self,
        caller: impl Authority,
        id: RecordId,
    ) -> Result<RecordView, RecordError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ViewAlumniRecord)?;
                let view = view(tx, id)?.ok_or(RecordError::NotFound)?;
                caller
                    .entry(Action::RecordView)
                    .on(target(id))
                    .write(tx, entry_id, now)?;
                Ok(view)
            })
            .await
    }

    /// What happened to a record, the newest first, 100 events at most; takes `can_view_alumni_record`.
    pub async fn history(
        &self,
        caller: impl Authority,
        id: RecordId,
    ) -> Result<Vec<RecordEvent>, RecordError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ViewAlumniRecord)?;
                tx.record(id)?.ok_or(RecordError::NotFound)?;
                let events = tx.record_history(id, MAX_EVENTS)?;
                caller
                    .entry(Action::RecordView)
                    .on(target(id))
                    .with("part", "history")
                    .write(tx, entry_id, now)?;
                Ok(events)
            })
            .await
    }
}

pub(super) fn target(id: RecordId) -> Target {
    Target {
        kind: "alumni_record",
        id: id.to_string(),
    }
}

pub(super) fn view(tx: &mut dyn Reads, id: RecordId) -> Result<Option<RecordView>, StoreError> {
    let Some(record) = tx.record(id)? else {
        return Ok(None);
    };
    let awards = tx.awards_of(&[id])?;
    let noted = tx.field_sources(id)?;
    Ok(Some(RecordView {
        sources: provenance::sources(&record, &awards, &noted),
        is_claimed: !tx.claimed_records(&[id])?.is_empty(),
        record,
        awards,
    }))
}

/// Takes the record's awards out of those of a page.
pub(super) fn with_awards(record: Record, awards: &mut Vec<(Award, AwardCodes)>) -> SearchedRecord {
    let of_record = awards.extract_if(.., |(award, _)| award.record == record.id);
    SearchedRecord {
        awards: of_record.collect(),
        record,
    }
}
