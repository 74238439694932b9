//! The nightly job that removes what is over: ended tasks, and files that were never finished.

use std::{sync::Arc, time::Duration};

use chrono::NaiveTime;
use serde_json::Value;

use crate::platform::{
    jobs::{JobError, JobHandler, Lane, Next, Scheduled, Settled, Step, time_of_day},
    ports::{FileStore, Schedule},
};

/// Few people are awake, and backups are done.
const NIGHT: [NaiveTime; 1] = [time_of_day(3, 30)];
/// How long an ended task can be looked up.
const KEEP_TASKS: Duration = Duration::from_secs(30 * 86_400);
/// Tasks per delete statement.
const ERASED_AT_ONCE: u32 = 500;

#[derive(Clone)]
pub struct Tidy {
    pub files: Arc<dyn FileStore>,
}

impl JobHandler for Tidy {
    fn kind(&self) -> &'static str {
        "tidy"
    }

    fn schedule(&self) -> Option<Scheduled> {
        Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Daily(&NIGHT),
        })
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let swept = self.files.sweep()?;
        if swept > 0 {
            log::info!(files = swept; "files that were never finished were removed");
        }
        step.commit(|tx| {
            let erased = tx.erase_tasks(KEEP_TASKS, ERASED_AT_ONCE)?;
            Ok::<_, JobError>(match erased == ERASED_AT_ONCE as usize {
                true => Next::GoOn(Value::Null),
                false => Next::Done,
            })
        })
    }
}
