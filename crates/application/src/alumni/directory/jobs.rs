//! Counts that plans and pages rely on, and that may be late: tokens hourly, facets every ten minutes, sets at night.

use std::time::Duration;

use chrono::NaiveTime;

use super::{Directory, maintain::add_missing_tokens};
use crate::platform::{
    jobs::{JobError, JobHandler, Lane, Next, Scheduled, Settled, Step, time_of_day},
    ports::{Schedule, StoreError},
};

const HOURLY: Duration = Duration::from_secs(3_600);
const OFTEN: Duration = Duration::from_secs(600);
/// After the register has found its duplicates.
const NIGHT: [NaiveTime; 1] = [time_of_day(4, 45)];

/// Counts the rows of each token, and adds tokens that concurrent changes lost.
pub struct VocabularyJob;

/// Counts the rows of each facet term.
pub struct FacetsJob;

/// Counts the fixed sets.
pub struct SetsJob(pub Directory);

impl JobHandler for VocabularyJob {
    fn kind(&self) -> &'static str {
        "count_name_tokens"
    }

    fn schedule(&self) -> Option<Scheduled> {
        Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Every(HOURLY),
        })
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        step.commit(|tx| {
            add_missing_tokens(tx)?;
            tx.recount_tokens()?;
            Ok::<_, StoreError>(Next::Done)
        })
    }
}

impl JobHandler for FacetsJob {
    fn kind(&self) -> &'static str {
        "count_facets"
    }

    fn schedule(&self) -> Option<Scheduled> {
        Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Every(OFTEN),
        })
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        step.commit(|tx| {
            tx.recount_facets()?;
            Ok::<_, StoreError>(Next::Done)
        })
    }
}

impl JobHandler for SetsJob {
    fn kind(&self) -> &'static str {
        "count_sets"
    }

    fn schedule(&self) -> Option<Scheduled> {
        Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Daily(&NIGHT),
        })
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let now = self.0.context.clock.now();
        step.commit(|tx| {
            tx.recount_facets()?;
            tx.recount_sets(now)?;
            Ok::<_, StoreError>(Next::Done)
        })
    }
}
