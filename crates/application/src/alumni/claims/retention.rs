//! Retention: codes, invitations, wishes to get no mail, and refused claims go when their time is over.

use abu_domain::named_enum;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Claims;
use crate::{
    platform::{
        jobs::{JobError, JobHandler, Lane, Next, Scheduled, Settled, Step, time_of_day},
        ports::{Schedule, StoreError},
    },
    store::Writes,
};

/// After the files of old imports.
const NIGHT: [NaiveTime; 1] = [time_of_day(4, 15)];
/// Rows of one step.
const AT_ONCE: u32 = 500;

/// As long as the owner of the mailbox can say that they asked for no code.
const ASKED_CODES: TimeDelta = TimeDelta::days(90);
/// After the end of the batch.
const INVITATIONS: TimeDelta = TimeDelta::days(365);
/// After the decision.
const REFUSED_CLAIMS: TimeDelta = TimeDelta::days(365);

named_enum! {
    /// What is deleted, in this order.
    enum Kept {
        AskedCodes => "asked_codes",
        Invitations => "invitations",
        Suppressions => "suppressions",
        RefusedClaims => "refused_claims",
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Position {
    /// How many kinds are done.
    done: usize,
}

/// The job that deletes what is kept for a time, each night.
#[derive(Clone)]
pub struct RetentionJob(pub Claims);

impl JobHandler for RetentionJob {
    fn kind(&self) -> &'static str {
        "claim_retention"
    }

    fn schedule(&self) -> Option<Scheduled> {
        Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Daily(&NIGHT),
        })
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let now = self.0.context.clock.now();
        let Position { done } = step.cursor()?.unwrap_or_default();
        step.commit(|tx| {
            let Some(kept) = Kept::ALL.get(done) else {
                return Ok(Next::Done);
            };
            let deleted = kept.delete(tx, now)?;
            let is_over = deleted < AT_ONCE as usize;
            Next::go_on(&Position {
                done: done + usize::from(is_over),
            })
        })
    }
}

impl Kept {
    fn delete(self, tx: &mut dyn Writes, now: DateTime<Utc>) -> Result<usize, StoreError> {
        match self {
            Self::AskedCodes => tx.delete_asked_codes(now - ASKED_CODES, AT_ONCE),
            Self::Invitations => tx.delete_expired_invitations(now - INVITATIONS, AT_ONCE),
            Self::Suppressions => tx.delete_suppressions(now, AT_ONCE),
            Self::RefusedClaims => tx.delete_refused_claims(now - REFUSED_CLAIMS, AT_ONCE),
        }
    }
}
