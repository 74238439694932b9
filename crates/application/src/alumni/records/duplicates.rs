//! Pairs of records that may be one person: found every night, dismissed for good by the office.

use std::collections::{BTreeMap, BTreeSet};

use abu_domain::{
    DepartmentId, RecordId,
    access::Permission,
    alumni::{
        names::Lexicon,
        register::{Classmate, namesakes},
    },
};
use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    RecordError, Records, SearchedRecord,
    view::{target, with_awards},
};
use crate::{
    access::{self, Authority},
    alumni::ports::{ClassKey, Classmates, DuplicatePair},
    platform::{
        audit::Action,
        jobs::{JobError, JobHandler, Lane, Next, Scheduled, Settled, Step, time_of_day},
        lists::{ListRequest, Listed},
        ports::Schedule,
    },
    store::{Reads, Writes},
};

/// After the nightly imports' files are tidied.
const NIGHT: [NaiveTime; 1] = [time_of_day(4, 15)];
/// Awards of one step.
const AT_ONCE: u32 = 5_000;

/// A pair, with both records.
#[derive(Clone, Debug)]
pub struct Duplicate {
    pub pair: DuplicatePair,
    pub records: Vec<SearchedRecord>,
}

impl Records {
    /// A page of pairs; takes `can_modify_alumni_record`.
    pub async fn duplicates(
        &self,
        caller: impl Authority,
        page: ListRequest<(RecordId, RecordId)>,
    ) -> Result<Listed<Duplicate>, RecordError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ModifyAlumniRecord)?;
                let pairs = page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_duplicates(seek, limit),
                    |tx| tx.count_duplicates(),
                )?;
                let records = records_of(tx, &pairs.items)?;
                caller
                    .entry(Action::RecordSearch)
                    .with("list", "duplicates")
                    .with("shown", records.len().to_string())
                    .write(tx, entry_id, now)?;
                let of = |id: RecordId| records.get(&id).cloned();
                Ok(pairs.map(|pair| Duplicate {
                    records: [pair.left, pair.right].into_iter().filter_map(of).collect(),
                    pair,
                }))
            })
            .await
    }

    /// Remembers that two records are two people; takes `can_modify_alumni_record`.
    pub async fn dismiss_duplicate(
        &self,
        caller: impl Authority,
        one: RecordId,
        other: RecordId,
    ) -> Result<(), RecordError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ModifyAlumniRecord)?;
                if one == other {
                    return Err(RecordError::SameRecord);
                }
                let (left, right) = (one.min(other), one.max(other));
                if tx.lock_records(&[left, right])?.len() < 2 {
                    return Err(RecordError::NotFound);
                }
                tx.dismiss_duplicate(left, right, caller.user(), now)?;
                caller
                    .entry(Action::RecordDismissDuplicate)
                    .on(target(left))
                    .with("other", right.to_string())
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }
}

fn records_of(
    tx: &mut dyn Reads,
    pairs: &[DuplicatePair],
) -> Result<BTreeMap<RecordId, SearchedRecord>, RecordError> {
    let ids: BTreeSet<RecordId> = pairs
        .iter()
        .flat_map(|pair| [pair.left, pair.right])
        .collect();
    let ids: Vec<RecordId> = ids.into_iter().collect();
    let records = tx.records(&ids)?;
    let mut awards = tx.awards_of(&ids)?;
    let found = records
        .into_iter()
        .map(|record| (record.id, with_awards(record, &mut awards)));
    Ok(found.collect())
}

/// Finds pairs of records that may be one person.
pub struct DuplicatesJob(pub Records);

/// How far the job is.
#[derive(Default, Serialize, Deserialize)]
struct Cursor {
    began: Option<DateTime<Utc>>,
    /// The last matriculation number; none at the beginning.
    matric: Option<String>,
    are_matrics_done: bool,
    /// The last department and year.
    class: Option<(i16, i16)>,
}

impl JobHandler for DuplicatesJob {
    fn kind(&self) -> &'static str {
        "find_duplicates"
    }

    fn schedule(&self) -> Option<Scheduled> {
        Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Daily(&NIGHT),
        })
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let mut cursor: Cursor = step.cursor()?.unwrap_or_default();
        let now = self.0.context.clock.now();
        step.commit(|tx| match find(tx, &mut cursor, now)? {
            true => Ok(Next::Done),
            false => Next::go_on(&cursor),
        })
    }
}

impl Records {
    /// Finds all pairs at once, for the operator and for tests. It blocks.
    pub fn find_duplicates(&self) -> Result<(), RecordError> {
        let store = self.context.database.store();
        let mut cursor = Cursor::default();
        loop {
            let now = self.context.clock.now();
            if store.transaction(|tx| find(tx, &mut cursor, now))? {
                return Ok(());
            }
        }
    }
}

/// Goes on with the search, and returns whether it is done.
fn find(
    tx: &mut dyn Writes,
    cursor: &mut Cursor,
    now: DateTime<Utc>,
) -> Result<bool, crate::platform::ports::StoreError> {
    let began = *cursor.began.get_or_insert(now);
    if !cursor.are_matrics_done {
        cursor.matric = tx.find_shared_matrics(cursor.matric.as_deref(), AT_ONCE, now)?;
        cursor.are_matrics_done = cursor.matric.is_none();
        return Ok(false);
    }
    let after = cursor.class.map(|(department, year)| ClassKey {
        department: DepartmentId::new(department),
        year,
    });
    let Classmates { graduates, last } = tx.classmates_after(after, AT_ONCE)?;
    let mut classes: BTreeMap<ClassKey, Vec<Classmate>> = BTreeMap::new();
    for (class, classmate) in graduates {
        classes.entry(class).or_default().push(classmate);
    }
    let lexicon = Lexicon::built_in();
    let pairs: BTreeSet<(RecordId, RecordId)> = classes
        .values()
        .flat_map(|class| namesakes(class, lexicon))
        .collect();
    let pairs: Vec<(RecordId, RecordId)> = pairs.into_iter().collect();
    tx.note_namesakes(&pairs, now)?;
    cursor.class = last.map(|class| (class.department.get(), class.year));
    if last.is_none() {
        tx.forget_duplicates(began)?;
    }
    Ok(last.is_none())
}
