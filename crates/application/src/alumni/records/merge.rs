//! Merges: one record replaces another of the same person.

use std::collections::BTreeSet;

use abu_domain::{
    AwardId, MergeId, RecordId, UserId,
    access::Permission,
    alumni::register::{
        Award, FieldSource, MAX_PREVIOUS_NAMES, Record, RecordDetails, RecordState, Source,
    },
    named_enum,
    platform::text::PersonName,
};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    RecordError, RecordView, Records,
    change::share_register,
    provenance::{differences, fields_of, fields_of_award},
    view::{target, view},
};
use crate::{
    access::{self, Authority},
    alumni::{
        ports::{AwardCodes, NewMerge, NewRecordEvent},
        profiles,
    },
    platform::audit::Action,
    store::Writes,
};

named_enum! {
    /// What the kept record can take from the dropped one. The names change together.
    #[derive(PartialOrd, Ord)]
    pub enum MergeField {
        /// Surname and given names.
        Names => "names",
        /// The e-mail address.
        Email => "email",
        /// The telephone number.
        Phone => "phone",
        /// The date of birth.
        DateOfBirth => "date_of_birth",
    }
}

/// Which record replaces which.
#[derive(Clone, Debug)]
pub struct MergeDraft {
    pub keep: RecordId,
    pub drop: RecordId,
    /// What the kept record takes from the other one though it has a value of its own.
    pub from_drop: BTreeSet<MergeField>,
}

/// A merge that was made.
#[derive(Clone, Debug)]
pub struct Merged {
    pub id: MergeId,
    pub kept: RecordView,
}

impl Records {
    /// Merges two records; takes `can_modify_alumni_record`. Awards, claims and invitations move to the kept record.
    /// What only the dropped one says is taken over; its name becomes a previous name where it differs.
    pub async fn merge(
        &self,
        caller: impl Authority,
        draft: MergeDraft,
    ) -> Result<Merged, RecordError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let id = MergeId::new(self.context.ids.random());
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ModifyAlumniRecord)?;
                share_register(tx)?;
                let (keep, drop) = lock_both(tx, &draft)?;
                let merge = Merge {
                    id,
                    keep: &keep,
                    drop: &drop,
                    draft: &draft,
                    actor: caller.user(),
                    now,
                };
                merge.make(tx)?;
                profiles::registered(tx, &[keep.id], now)?;
                let kept = view(tx, keep.id)?.ok_or(RecordError::NotFound)?;
                let taken: Vec<&str> = draft.from_drop.iter().map(|field| field.name()).collect();
                caller
                    .entry(Action::RecordMerge)
                    .on(target(keep.id))
                    .with("dropped", drop.id.to_string())
                    .with("merge", id.to_string())
                    .with_names("taken", &taken)
                    .write(tx, entry_id, now)?;
                Ok(Merged { id, kept })
            })
            .await
    }
}

/// Both records, which stand for people, and of which at most one is claimed.
fn lock_both(tx: &mut dyn Writes, draft: &MergeDraft) -> Result<(Record, Record), RecordError> {
    if draft.keep == draft.drop {
        return Err(RecordError::SameRecord);
    }
    let ids = [draft.keep, draft.drop];
    tx.lock_claims_on(&ids)?;
    let mut locked = tx.lock_records(&ids)?;
    let mut take = |id: RecordId| {
        let at = locked.iter().position(|record| record.id == id);
        at.map(|at| locked.swap_remove(at))
            .ok_or(RecordError::NotFound)
    };
    let (keep, drop) = (take(draft.keep)?, take(draft.drop)?);
    for record in [&keep, &drop] {
        if record.state != RecordState::Active {
            return Err(RecordError::WrongState(record.state));
        }
    }
    if tx.claimed_records(&ids)?.len() > 1 {
        return Err(RecordError::BothClaimed);
    }
    Ok((keep, drop))
}

struct Merge<'a> {
    id: MergeId,
    keep: &'a Record,
    drop: &'a Record,
    draft: &'a MergeDraft,
    actor: Option<UserId>,
    now: DateTime<Utc>,
}

impl Merge<'_> {
    fn make(&self, tx: &mut dyn Writes) -> Result<(), RecordError> {
        let (keep, drop) = (self.keep.id, self.drop.id);
        let before = tx.snapshot_records(&[keep, drop])?;
        let details = merged_details(self.keep, self.drop, &self.draft.from_drop);
        let changed = differences(&fields_of(&self.keep.details), &fields_of(&details));
        let mut sources: Vec<FieldSource> = changed
            .iter()
            .map(|(field, _)| self.source(None, field))
            .collect();

        let (moved, completed) = self.merge_awards(tx, &mut sources)?;
        let tokens = details.name_tokens().map_err(RecordError::Name)?;
        tx.update_record(keep, &details, &tokens, RecordState::Active, self.now)?;
        tx.note_sources(keep, &sources)?;
        let links = tx.move_links(drop, keep)?;
        let earlier = tx.mark_merged(drop, keep, self.now)?;

        let choices: Vec<&str> = self
            .draft
            .from_drop
            .iter()
            .map(|field| field.name())
            .collect();
        tx.insert_merge(&NewMerge {
            id: self.id,
            keep,
            drop,
            choices: json!(choices),
            before,
            moved: json!({
                "awards": moved,
                "completed_awards": completed,
                "claims": links.claims,
                "invitations": links.invitations,
                "records": earlier,
            }),
            actor: self.actor,
            at: self.now,
        })?;
        let fields = changed
            .into_iter()
            .map(|(field, value)| (field.to_owned(), value));
        self.note_events(tx, fields.collect())
    }

    /// Moves the dropped record's awards. One that the kept record has too completes that one, and stays behind.
    fn merge_awards(
        &self,
        tx: &mut dyn Writes,
        sources: &mut Vec<FieldSource>,
    ) -> Result<(Vec<AwardId>, Vec<AwardId>), RecordError> {
        let awards = tx.awards_of(&[self.keep.id, self.drop.id])?;
        let (ours, theirs): (Vec<_>, Vec<_>) = awards
            .into_iter()
            .partition(|(award, _)| award.record == self.keep.id);
        let mut ours: Vec<Award> = ours
            .into_iter()
            .map(|(award, _): (Award, AwardCodes)| award)
            .collect();
        let (mut moved, mut completed) = (Vec::new(), Vec::new());
        let mut repeated = Vec::new();
        for (award, _) in theirs {
            let same = ours
                .iter_mut()
                .find(|our| our.details.is_same_as(&award.details));
            let Some(same) = same else {
                moved.push(award.id);
                continue;
            };
            let whole = same.details.completed_by(&award.details);
            let fields = differences(&fields_of_award(&same.details), &fields_of_award(&whole));
            if !fields.is_empty() {
                tx.update_award(same.id, &whole, self.now)?;
                sources.extend(
                    fields
                        .iter()
                        .map(|(field, _)| self.source(Some(same.id), field)),
                );
                completed.push(same.id);
                same.details = whole;
            }
            repeated.push(award.id);
        }
        tx.move_awards(&moved, self.keep.id, self.now)?;
        tx.delete_awards(&repeated)?;
        Ok((moved, completed))
    }

    fn source(&self, award: Option<AwardId>, field: &str) -> FieldSource {
        FieldSource {
            award,
            field: field.to_owned(),
            source: Source::Merge,
            import: None,
            actor: self.actor,
            at: self.now,
        }
    }

    fn note_events(
        &self,
        tx: &mut dyn Writes,
        before: Map<String, Value>,
    ) -> Result<(), RecordError> {
        for (record, kind, before) in [
            (self.keep.id, "absorbed", Value::Object(before)),
            (self.drop.id, "merged", json!({})),
        ] {
            let event = NewRecordEvent {
                record,
                kind,
                actor: self.actor,
                merge: Some(self.id),
                before,
            };
            tx.add_record_event(&event, self.now)?;
        }
        Ok(())
    }
}

/// What the kept record says after the merge.
fn merged_details(keep: &Record, drop: &Record, from_drop: &BTreeSet<MergeField>) -> RecordDetails {
    let (ours, theirs) = (&keep.details, &drop.details);
    let takes = |field: MergeField| from_drop.contains(&field);
    let (names, other) = match takes(MergeField::Names) {
        true => (theirs, ours),
        false => (ours, theirs),
    };
    let email = match takes(MergeField::Email) {
        true => theirs.email.clone().or_else(|| ours.email.clone()),
        false => ours.email.clone().or_else(|| theirs.email.clone()),
    };
    let phone = match takes(MergeField::Phone) {
        true => theirs.phone.clone().or_else(|| ours.phone.clone()),
        false => ours.phone.clone().or_else(|| theirs.phone.clone()),
    };
    let date_of_birth = match takes(MergeField::DateOfBirth) {
        true => theirs.date_of_birth.or(ours.date_of_birth),
        false => ours.date_of_birth.or(theirs.date_of_birth),
    };
    RecordDetails {
        surname: names.surname.clone(),
        given_names: names.given_names.clone(),
        previous_names: previous_names(names, ours, theirs, other),
        email,
        phone,
        date_of_birth,
    }
}

/// The previous names of both, and the name that is not kept, each once.
fn previous_names(
    names: &RecordDetails,
    ours: &RecordDetails,
    theirs: &RecordDetails,
    other: &RecordDetails,
) -> Vec<PersonName> {
    let mut previous = ours.previous_names.clone();
    let whole = format!("{} {}", other.surname.as_str(), other.given_names.as_str());
    let other_name = PersonName::parse(&whole).ok();
    let is_other = names.name_tokens().ok() != other.name_tokens().ok();
    let candidates = theirs
        .previous_names
        .iter()
        .cloned()
        .chain(other_name.filter(|_| is_other));
    for name in candidates {
        if !previous.contains(&name) && previous.len() < MAX_PREVIOUS_NAMES {
            previous.push(name);
        }
    }
    previous
}
