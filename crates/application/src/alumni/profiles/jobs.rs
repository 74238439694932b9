//! Work that follows changes of many profiles at once: of a name of a vocabulary, and of the register.

use std::time::Duration;

use abu_domain::{ImportId, UserId, alumni::profiles::Vocabulary};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Profiles;
use crate::{
    alumni::directory::refresh_entries,
    platform::{
        jobs::{JobError, JobHandler, Lane, Next, Scheduled, Settled, Step},
        ports::{Ids, NewJob, RunAt, Schedule, StoreError},
    },
    store::Writes,
};

/// How many profiles one step changes: each has search rows of its own to renew.
const A_STEP: u32 = 50;
/// How many names one step counts.
const COUNTED: u32 = 500;
const BETWEEN_COUNTS: Duration = Duration::from_secs(3_600);
/// How long a proposed name that no profile uses stays.
const UNUSED_FOR: TimeDelta = TimeDelta::days(1);

/// The job that renews the profiles which use a name: after it was confirmed, renamed or merged.
#[derive(Clone)]
pub struct FollowTermJob(pub Profiles);

#[derive(Debug, Serialize, Deserialize)]
struct TermPayload {
    vocabulary: String,
    id: i32,
    /// What the name stands for from now on.
    into: Option<i32>,
}

/// Has the profiles renewed that use a name, and rewritten if it stands for another.
pub(super) fn follow_term(
    tx: &mut dyn Writes,
    ids: &dyn Ids,
    vocabulary: Vocabulary,
    id: i32,
    into: Option<i32>,
) -> Result<(), StoreError> {
    let payload = TermPayload {
        vocabulary: vocabulary.name().to_owned(),
        id,
        into,
    };
    // A key of each moment: news of a name must not be lost while a job about older news runs.
    let job = ids.time_ordered();
    tx.enqueue_job(&NewJob {
        id: job.into(),
        lane: Lane::Bulk,
        kind: FollowTermJob::KIND,
        key: Some(job.to_string()),
        payload: serde_json::to_value(payload).map_err(|error| StoreError::Other(error.into()))?,
        run_at: RunAt::Now,
    })
    .map(drop)
}

impl FollowTermJob {
    const KIND: &'static str = "profile_follow_term";
}

impl JobHandler for FollowTermJob {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let TermPayload {
            vocabulary,
            id,
            into,
        } = step.payload()?;
        let vocabulary = Vocabulary::from_name(&vocabulary)
            .ok_or_else(|| JobError::Permanent("there is no such vocabulary".to_owned()))?;
        let after: Option<UserId> = step.cursor()?;
        let now = self.0.context.clock.now();
        step.commit(|tx| {
            let users = tx.users_of_term(vocabulary, id, after, A_STEP)?;
            for user in &users {
                if tx.lock_member(*user, now)?.is_none() {
                    continue;
                }
                if let Some(into) = into {
                    tx.replace_term(vocabulary, *user, id, into)?;
                }
                tx.touch_profile(*user, now)?;
                refresh_entries(tx, *user, now)?;
            }
            next(&users)
        })
    }
}

fn next(users: &[UserId]) -> Result<Next, JobError> {
    match users.last() {
        Some(last) if users.len() == A_STEP as usize => Next::go_on(last),
        _ => Ok(Next::Done),
    }
}

/// The job that renews the profiles whose records an import changed.
#[derive(Clone)]
pub struct FollowImportJob(pub Profiles);

#[derive(Debug, Serialize, Deserialize)]
struct ImportPayload {
    import: ImportId,
}

impl FollowImportJob {
    const KIND: &'static str = "profile_follow_import";
}

/// Has the profiles renewed whose records the import changed.
pub(in crate::alumni) fn follow_import(
    tx: &mut dyn Writes,
    ids: &dyn Ids,
    import: ImportId,
) -> Result<(), StoreError> {
    let payload = ImportPayload { import };
    let job = ids.time_ordered();
    tx.enqueue_job(&NewJob {
        id: job.into(),
        lane: Lane::Bulk,
        kind: FollowImportJob::KIND,
        key: Some(job.to_string()),
        payload: serde_json::to_value(payload).map_err(|error| StoreError::Other(error.into()))?,
        run_at: RunAt::Now,
    })
    .map(drop)
}

impl JobHandler for FollowImportJob {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let ImportPayload { import } = step.payload()?;
        let after: Option<UserId> = step.cursor()?;
        let now = self.0.context.clock.now();
        step.commit(|tx| {
            let users = tx.users_of_import(import, after, A_STEP)?;
            for user in &users {
                if tx.lock_member(*user, now)?.is_some() {
                    tx.touch_profile(*user, now)?;
                    refresh_entries(tx, *user, now)?;
                }
            }
            next(&users)
        })
    }
}

/// The job that counts how many members use each name, for the order of suggestions, and deletes names of no use.
#[derive(Clone)]
pub struct CountUsesJob(pub Profiles);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Counted {
    /// The number of the vocabulary that is being counted.
    vocabulary: usize,
    after: i32,
}

impl JobHandler for CountUsesJob {
    fn kind(&self) -> &'static str {
        "vocabulary_count_uses"
    }

    fn schedule(&self) -> Option<Scheduled> {
        Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Every(BETWEEN_COUNTS),
        })
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let at: Counted = step.cursor()?.unwrap_or_default();
        let unchanged_since = self.0.context.clock.now() - UNUSED_FOR;
        step.commit(|tx| {
            let Some(vocabulary) = Vocabulary::ALL.get(at.vocabulary) else {
                return Ok(Next::Done);
            };
            if at.after == 0 {
                tx.delete_unused_terms(*vocabulary, unchanged_since)?;
            }
            match tx.count_uses(*vocabulary, at.after, COUNTED)? {
                Some(after) => Next::go_on(&Counted { after, ..at }),
                None => Next::go_on(&Counted {
                    vocabulary: at.vocabulary + 1,
                    after: 0,
                }),
            }
        })
    }
}
