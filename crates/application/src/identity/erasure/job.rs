//! The job that carries out erasures whose time has come.

use std::{collections::BTreeSet, time::Duration};

use abu_domain::UserId;

use super::{CarriedOut, Erasures, Progress};
use crate::platform::{
    error_chain::error_chain,
    jobs::{JobError, JobHandler, Lane, Next, Scheduled, Settled, Step},
    ports::{Schedule, StoreError},
};

/// How often erasures that are due are looked for.
const BETWEEN_RUNS: Duration = Duration::from_secs(30);
/// Between two steps: connected members receive some hundreds of removals a second at most.
const BETWEEN_STEPS: Duration = Duration::from_millis(500);

/// Erases one account after the other, a step at a time. An erasure that waits or fails does not
/// hold up the others: the next run takes it up again.
pub struct EraseAccounts(pub Erasures);

impl JobHandler for EraseAccounts {
    fn kind(&self) -> &'static str {
        "erase_accounts"
    }

    fn schedule(&self) -> Option<Scheduled> {
        Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Every(BETWEEN_RUNS),
        })
    }

    /// The position of each erasure is in its own row; the checkpoint holds those that wait for the
    /// next run.
    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let mut parked: BTreeSet<UserId> = step.cursor()?.unwrap_or_default();
        let due = self.0.due(step.store())?;
        let Some(user) = due.into_iter().find(|user| !parked.contains(user)) else {
            return step.commit(|_tx| Ok::<_, StoreError>(Next::Done));
        };
        match self.0.step(step.store(), user, CarriedOut::ByServer) {
            Ok(Progress::Done | Progress::More) => {}
            Ok(Progress::Waits(_) | Progress::WaitsForMail) => {
                parked.insert(user);
            }
            Err(error) if error.is_transient() => return Err(error.into()),
            Err(error) => {
                let cause = error_chain(&error);
                log::error!(user:%; "a step of an erasure failed, and is tried again: {cause}");
                parked.insert(user);
            }
        }
        let next = match Next::go_on(&parked)? {
            Next::GoOn(cursor) => Next::Wait(cursor, BETWEEN_STEPS),
            other => other,
        };
        step.commit(|_tx| Ok::<_, StoreError>(next))
    }
}
