//! The job that carries out erasures whose time has come.

use std::time::Duration;

use abu_domain::UserId;
use serde::Deserialize;
use serde_json::Value;

use super::{CarriedOut, Erasures, Progress};
use crate::{
    identity::ports::ErasurePosition,
    platform::{
        error_chain::error_chain,
        jobs::{JobError, JobHandler, Lane, Next, Scheduled, Settled, Step},
        ports::{Schedule, StoreError},
    },
    store::Store,
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

    /// The position of each erasure is in its own row; the checkpoint is the last one that this run has passed.
    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let cursor: Option<Value> = step.cursor()?;
        // What another release left there begins the run anew, which is harmless.
        let passed = cursor.and_then(|cursor| ErasurePosition::deserialize(cursor).ok());
        let Some(next) = self.0.next_due(step.store(), passed)? else {
            return step.commit(|_tx| Ok::<_, StoreError>(Next::Done));
        };
        let next = match self.is_under_way(step.store(), next.user)? {
            true => Next::wait(&passed, BETWEEN_STEPS)?,
            // Its step sent no removal to members, so the next erasure need not wait.
            false => Next::go_on(&next)?,
        };
        step.commit(|_tx| Ok::<_, StoreError>(next))
    }
}

impl EraseAccounts {
    /// Does a step of the erasure; false where it has to wait or failed.
    fn is_under_way(&self, store: &dyn Store, user: UserId) -> Result<bool, JobError> {
        match self.0.step(store, user, CarriedOut::ByServer) {
            Ok(progress) => Ok(matches!(progress, Progress::Done | Progress::More)),
            Err(error) if error.is_transient() => Err(error.into()),
            Err(error) => {
                let cause = error_chain(&error);
                log::error!(user:%; "a step of an erasure failed, and is tried again: {cause}");
                Ok(false)
            }
        }
    }
}
