//! Counts that plans and pages rely on, and that may be late: tokens hourly, facets every ten minutes, sets at night.
//! And the nightly proof of the rows.

use std::time::Duration;

use abu_domain::UserId;
use chrono::NaiveTime;

use super::{
    Directory,
    maintain::{add_missing_tokens, differing_among, differs},
    refresh_entries,
};
use crate::platform::{
    jobs::{JobError, JobHandler, Lane, Next, Scheduled, Settled, Step, time_of_day},
    ports::{Schedule, StoreError},
};

const HOURLY: Duration = Duration::from_secs(3_600);
const OFTEN: Duration = Duration::from_secs(600);
/// After the register has found its duplicates.
const NIGHT: [NaiveTime; 1] = [time_of_day(4, 45)];

/// After all counts.
const LATE_NIGHT: [NaiveTime; 1] = [time_of_day(5, 15)];
/// Members of one step of the check.
const CHECKED: u32 = 500;

/// Counts the rows of each token, and adds tokens that concurrent changes lost.
pub struct VocabularyJob;

/// Counts the rows of each facet term.
pub struct FacetsJob;

/// Counts the fixed sets.
pub struct SetsJob(pub Directory);

/// Compares every row with the projection of its profile and makes those anew that differ. There should be none: each
/// is a fault, which the log and a metric tell the operator of.
pub struct CheckJob(pub Directory);

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

impl JobHandler for CheckJob {
    fn kind(&self) -> &'static str {
        "check_directory"
    }

    fn schedule(&self) -> Option<Scheduled> {
        Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Daily(&LATE_NIGHT),
        })
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let now = self.0.context.clock.now();
        let after: Option<UserId> = step.cursor()?;
        let mut repaired = 0;
        let settled = step.commit(|tx| {
            let users = tx.members_after(after, CHECKED)?;
            for user in differing_among(tx, &users)? {
                if differs(tx, user, now)? {
                    refresh_entries(tx, user, now)?;
                    repaired += 1;
                }
            }
            match users.last() {
                Some(last) if users.len() == CHECKED as usize => Next::go_on(last),
                _ => Ok(Next::Done),
            }
        })?;
        if repaired > 0 {
            metrics::counter!("abu_directory_repairs_total").increment(repaired);
            log::error!(rows = repaired; "search rows of the directory differed from their profiles, and were made anew");
        }
        Ok(settled)
    }
}
