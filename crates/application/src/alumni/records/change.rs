//! The office adds and changes records. Each changed field's source is the office from then on.

use abu_domain::{
    AwardId, DegreeId, DepartmentId, ProgrammeId, RecordId, UserId,
    access::Permission,
    alumni::{
        reference::Catalogue,
        register::{
            Award, AwardDetails, ClassOfDegree, FieldSource, MAX_AWARDS, MatricNumber, Record,
            RecordDetails, RecordState, Source,
        },
    },
    identity::text::PhoneNumber,
    platform::text::{EmailAddress, PersonName},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};

use super::{
    RecordError, RecordView, Records,
    provenance::{Field, award_as_json, differences, fields_of, fields_of_award},
    view::{target, view},
};
use crate::{
    access::{self, Authority},
    alumni::{
        ports::{AwardCodes, NewRecordEvent},
        profiles,
    },
    platform::{
        audit::Action,
        versions::{Expected, Version},
    },
    store::Writes,
};

/// A new record.
#[derive(Clone, Debug)]
pub struct RecordDraft {
    pub details: RecordDetails,
    pub awards: Vec<AwardDraft>,
}

/// An award as the office writes it: reference data by code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AwardDraft {
    /// The award to be changed; none for a new one.
    pub id: Option<AwardId>,
    pub degree: String,
    pub department: Option<String>,
    pub programme: Option<String>,
    pub year: i16,
    pub class_of_degree: Option<ClassOfDegree>,
    pub matric: Option<MatricNumber>,
}

/// What changes in a record: a merge patch. The inner `None` removes a value.
#[derive(Clone, Debug, Default)]
pub struct RecordPatch {
    pub surname: Option<PersonName>,
    pub given_names: Option<PersonName>,
    pub previous_names: Option<Vec<PersonName>>,
    pub email: Option<Option<EmailAddress>>,
    pub phone: Option<Option<PhoneNumber>>,
    pub date_of_birth: Option<Option<NaiveDate>>,
    pub is_restricted: Option<bool>,
    /// All awards from now on.
    pub awards: Option<Vec<AwardDraft>>,
}

impl RecordPatch {
    fn apply(&self, details: &RecordDetails) -> RecordDetails {
        let RecordDetails {
            surname,
            given_names,
            previous_names,
            email,
            phone,
            date_of_birth,
        } = details.clone();
        RecordDetails {
            surname: self.surname.clone().unwrap_or(surname),
            given_names: self.given_names.clone().unwrap_or(given_names),
            previous_names: self.previous_names.clone().unwrap_or(previous_names),
            email: self.email.clone().unwrap_or(email),
            phone: self.phone.clone().unwrap_or(phone),
            date_of_birth: self.date_of_birth.unwrap_or(date_of_birth),
        }
    }

    fn state(&self, state: RecordState) -> RecordState {
        match self.is_restricted {
            Some(true) => RecordState::Restricted,
            Some(false) => RecordState::Active,
            None => state,
        }
    }
}

impl Records {
    /// Adds a record; takes `can_create_alumni_record`.
    pub async fn create(
        &self,
        caller: impl Authority,
        draft: RecordDraft,
    ) -> Result<RecordView, RecordError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let id = RecordId::new(self.context.ids.random());
        let award_ids = self.award_ids();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::CreateAlumniRecord)?;
                share_register(tx)?;
                let tokens = draft.details.name_tokens().map_err(RecordError::Name)?;
                let awards = resolve(&tx.catalogue()?, &draft.awards)?;
                tx.insert_record(id, &draft.details, &tokens, now)?;
                for ((_, details), award) in awards.iter().zip(award_ids) {
                    tx.insert_award(award, id, details, now)?;
                }
                let event = NewRecordEvent {
                    record: id,
                    kind: "created",
                    actor: caller.user(),
                    merge: None,
                    before: json!({}),
                };
                tx.add_record_event(&event, now)?;
                let view = view(tx, id)?.ok_or(RecordError::NotFound)?;
                caller
                    .entry(Action::RecordCreate)
                    .on(target(id))
                    .write(tx, entry_id, now)?;
                Ok(view)
            })
            .await
    }

    /// Changes a record; takes `can_modify_alumni_record`. A patch that changes nothing leaves no trace.
    pub async fn modify(
        &self,
        caller: impl Authority,
        id: RecordId,
        patch: RecordPatch,
        expected: Expected,
    ) -> Result<RecordView, RecordError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let award_ids = self.award_ids();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ModifyAlumniRecord)?;
                share_register(tx)?;
                let record = tx.lock_records(&[id])?.pop().ok_or(RecordError::NotFound)?;
                expected.check(Version::of(record.last_modified))?;
                if record.state == RecordState::Merged {
                    return Err(RecordError::WrongState(record.state));
                }
                let mut change = Change::new(&caller, &record, now);
                change.record(&patch);
                if let Some(awards) = &patch.awards {
                    change.awards(tx, awards, &award_ids)?;
                }
                if let Some(event) = change.event() {
                    tx.update_record(
                        id,
                        &change.details,
                        &change.details.name_tokens().map_err(RecordError::Name)?,
                        change.state,
                        now,
                    )?;
                    tx.note_sources(id, &change.sources)?;
                    tx.add_record_event(&event, now)?;
                    profiles::registered(tx, &[id], now)?;
                    let fields: Vec<&String> = change.before.keys().collect();
                    caller
                        .entry(Action::RecordUpdate)
                        .on(target(id))
                        .with_names("fields", &fields)
                        .write(tx, entry_id, now)?;
                }
                view(tx, id)?.ok_or(RecordError::NotFound)
            })
            .await
    }

    fn award_ids(&self) -> Vec<AwardId> {
        let ids = std::iter::repeat_with(|| AwardId::new(self.context.ids.random()));
        ids.take(MAX_AWARDS).collect()
    }
}

/// An import checks the register before it writes to it: nothing may change in between.
pub(super) fn share_register(tx: &mut dyn Writes) -> Result<(), RecordError> {
    match tx.share_register()? {
        true => Ok(()),
        false => Err(RecordError::ImportRunning),
    }
}

/// A change of a record while it is being made.
struct Change<'a> {
    record: &'a Record,
    details: RecordDetails,
    state: RecordState,
    actor: Option<UserId>,
    now: DateTime<Utc>,
    sources: Vec<FieldSource>,
    before: Map<String, Value>,
}

impl<'a> Change<'a> {
    fn new(caller: &impl Authority, record: &'a Record, now: DateTime<Utc>) -> Self {
        Self {
            record,
            details: record.details.clone(),
            state: record.state,
            actor: caller.user(),
            now,
            sources: Vec::new(),
            before: Map::new(),
        }
    }

    fn record(&mut self, patch: &RecordPatch) {
        self.details = patch.apply(&self.record.details);
        self.state = patch.state(self.record.state);
        let changed = differences(&fields_of(&self.record.details), &fields_of(&self.details));
        for (field, before) in changed {
            self.note(None, field);
            self.before.insert(field.to_owned(), before);
        }
        if self.state != self.record.state {
            let was = self.record.state == RecordState::Restricted;
            self.before.insert("is_restricted".to_owned(), json!(was));
        }
    }

    /// Makes the record's awards those of the drafts.
    fn awards(
        &mut self,
        tx: &mut dyn Writes,
        drafts: &[AwardDraft],
        new_ids: &[AwardId],
    ) -> Result<(), RecordError> {
        let catalogue = tx.catalogue()?;
        let current = tx.awards_of(&[self.record.id])?;
        let resolved = resolve(&catalogue, drafts)?;
        let is_kept = |id: AwardId| resolved.iter().any(|(kept, _)| *kept == Some(id));
        let gone: Vec<AwardId> = current
            .iter()
            .map(|(award, _)| award.id)
            .filter(|id| !is_kept(*id))
            .collect();
        let mut changed = !gone.is_empty();
        for ((id, details), new_id) in resolved.iter().zip(new_ids) {
            match id {
                None => {
                    tx.insert_award(*new_id, self.record.id, details, self.now)?;
                    changed = true;
                }
                Some(id) => changed |= self.award(tx, &current, *id, details)?,
            }
        }
        tx.delete_awards(&gone)?;
        if changed {
            let before = current
                .iter()
                .map(|(award, codes)| award_as_json(award, codes));
            self.before.insert("awards".to_owned(), before.collect());
        }
        Ok(())
    }

    fn award(
        &mut self,
        tx: &mut dyn Writes,
        current: &[(Award, AwardCodes)],
        id: AwardId,
        details: &AwardDetails,
    ) -> Result<bool, RecordError> {
        let found = current.iter().find(|(award, _)| award.id == id);
        let (award, _) = found.ok_or(RecordError::UnknownAward)?;
        let fields: Vec<Field> =
            differences(&fields_of_award(&award.details), &fields_of_award(details));
        if fields.is_empty() {
            return Ok(false);
        }
        for (field, _) in &fields {
            self.note(Some(id), field);
        }
        tx.update_award(id, details, self.now)?;
        Ok(true)
    }

    fn note(&mut self, award: Option<AwardId>, field: &str) {
        self.sources.push(FieldSource {
            award,
            field: field.to_owned(),
            source: Source::Office,
            import: None,
            actor: self.actor,
            at: self.now,
        });
    }

    fn event(&self) -> Option<NewRecordEvent> {
        (!self.before.is_empty()).then(|| NewRecordEvent {
            record: self.record.id,
            kind: "changed",
            actor: self.actor,
            merge: None,
            before: Value::Object(self.before.clone()),
        })
    }
}

type Resolved = (Option<AwardId>, AwardDetails);

/// Finds the reference data of the awards.
fn resolve(catalogue: &Catalogue, drafts: &[AwardDraft]) -> Result<Vec<Resolved>, RecordError> {
    if drafts.len() > MAX_AWARDS {
        return Err(RecordError::TooManyAwards);
    }
    drafts
        .iter()
        .map(|draft| resolve_one(catalogue, draft))
        .collect()
}

fn resolve_one(catalogue: &Catalogue, draft: &AwardDraft) -> Result<Resolved, RecordError> {
    let unknown = RecordError::UnknownReference;
    let degree: DegreeId = catalogue
        .degree_of_code(&draft.degree)
        .ok_or(unknown("degree"))?;
    let department: Option<DepartmentId> = draft
        .department
        .as_ref()
        .map(|code| {
            catalogue
                .department_of_code(code)
                .ok_or(unknown("department"))
        })
        .transpose()?;
    let programme: Option<ProgrammeId> = draft
        .programme
        .as_ref()
        .map(|code| {
            catalogue
                .programme_of_code(code)
                .ok_or(unknown("programme"))
        })
        .transpose()?;
    let of_programme = programme
        .and_then(|id| catalogue.programme(id))
        .and_then(|entry| catalogue.department_of_programme(entry));
    let details = AwardDetails {
        degree,
        department: department.or(of_programme),
        programme,
        year: draft.year,
        class_of_degree: draft.class_of_degree.clone(),
        matric: draft.matric.clone(),
    };
    Ok((draft.id, details))
}
