//! Deletion of evidence: after its time, and with its account.

use std::{sync::Arc, time::Duration};

use abu_domain::{EvidenceId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Claims, file_key};
use crate::{
    identity::ports::{ErasureListener, ErasureStep},
    platform::{
        jobs::{JobError, JobHandler, Lane, Next, Scheduled, Settled, Step},
        ports::{FileStore, Schedule, StoreError},
    },
    store::Store,
};

/// Files of one step.
const AT_ONCE: u32 = 100;
const BETWEEN_RUNS: Duration = Duration::from_secs(3_600);

/// The job that deletes files of claims that are decided, and uploads that were given up.
#[derive(Clone)]
pub struct EvidenceJob(pub Claims);

impl JobHandler for EvidenceJob {
    fn kind(&self) -> &'static str {
        "claim_evidence"
    }

    fn schedule(&self) -> Option<Scheduled> {
        Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Every(BETWEEN_RUNS),
        })
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let context = &self.0.context;
        let now = context.clock.now();
        let expired = step
            .store()
            .read::<_, StoreError>(|tx| tx.expired_evidence(now, AT_ONCE))?;
        delete_files(&*context.files, &expired)?;
        step.commit(|tx| {
            tx.forget_evidence(&expired, now)?;
            match expired.len() < AT_ONCE as usize {
                true => Ok::<_, JobError>(Next::Done),
                false => Next::go_on(&()),
            }
        })
    }
}

/// Forgets the claims of an erased account with their files. Its record can be claimed again.
pub struct ForgottenClaims {
    pub files: Arc<dyn FileStore>,
}

impl ErasureListener for ForgottenClaims {
    fn erase(
        &self,
        store: &dyn Store,
        user: UserId,
        _position: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<ErasureStep, StoreError> {
        let evidence = store.read::<_, StoreError>(|tx| tx.evidence_of_user(user, AT_ONCE))?;
        if evidence.is_empty() {
            store.transaction(|tx| tx.unlink_user(user))?;
            return Ok(ErasureStep::Done);
        }
        delete_files(&*self.files, &evidence)?;
        store.transaction(|tx| tx.forget_evidence(&evidence, now))?;
        Ok(ErasureStep::GoOn(None))
    }
}

/// Rows go after their files.
fn delete_files(files: &dyn FileStore, ids: &[EvidenceId]) -> Result<(), StoreError> {
    for id in ids {
        files
            .delete(&file_key(*id)?)
            .map_err(|error| StoreError::Unavailable(error.into()))?;
    }
    Ok(())
}
