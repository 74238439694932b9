//! Work that follows an answer: codes to the address on record, and claims that wait for too long.

use std::time::Duration;

use abu_domain::ClaimId;
use serde::{Deserialize, Serialize};

use super::{ClaimError, Claims, holidays::EXPIRE_AT_ONCE, own::own_open_locked};
use crate::{
    access::Caller,
    platform::{
        jobs::{JobError, JobHandler, Lane, Next, Scheduled, Settled, Step},
        ports::{NewJob, RunAt, Schedule, StoreError},
        rate_limits::{Guard, Subject},
    },
};

const BETWEEN_RUNS: Duration = Duration::from_secs(3_600);

/// The job that mails a code, or none.
#[derive(Clone)]
pub struct MailboxJob(pub Claims);

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    claim: ClaimId,
}

/// The job that ends claims whose applicants did not answer.
#[derive(Clone)]
pub struct ExpiryJob(pub Claims);

impl Claims {
    /// Asks for a code to the address on record.
    pub async fn ask_mailbox(&self, caller: Caller, id: ClaimId) -> Result<(), ClaimError> {
        let now = self.context.clock.now();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                let record = own_open_locked(tx, &caller, id)?;
                if record.awards.is_empty() {
                    return Err(ClaimError::NoAward);
                }
                let limits = &this.context.limits;
                let bucket = limits.bucket(Guard::ClaimMailbox, &[Subject::User(caller.user)]);
                limits.count_or_refuse::<ClaimError>(tx, bucket, now)?;
                let payload = Payload { claim: id };
                tx.enqueue_job(&NewJob {
                    id: this.context.ids.time_ordered().into(),
                    lane: Lane::Interactive,
                    kind: MailboxJob::KIND,
                    key: Some(id.to_string()),
                    payload: serde_json::to_value(payload)
                        .map_err(|error| StoreError::Other(error.into()))?,
                    run_at: RunAt::Now,
                })?;
                Ok(())
            })
            .await
    }
}

impl MailboxJob {
    const KIND: &'static str = "claim_mailbox";
}

impl JobHandler for MailboxJob {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let Payload { claim } = step.payload()?;
        let now = self.0.context.clock.now();
        step.commit(|tx| {
            self.0.mail_code(tx, claim, now).map_err(job_error)?;
            Ok::<_, JobError>(Next::Done)
        })
    }
}

pub(in crate::alumni) fn job_error(error: ClaimError) -> JobError {
    match error {
        ClaimError::Store(error) => error.into(),
        other => JobError::Permanent(other.to_string()),
    }
}

impl JobHandler for ExpiryJob {
    fn kind(&self) -> &'static str {
        "claim_expiry"
    }

    fn schedule(&self) -> Option<Scheduled> {
        Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Every(BETWEEN_RUNS),
        })
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let now = self.0.context.clock.now();
        step.commit(|tx| {
            let ended = self.0.expire(tx, now).map_err(job_error)?;
            match ended < EXPIRE_AT_ONCE as usize {
                true => Ok::<_, JobError>(Next::Done),
                false => Next::go_on(&()),
            }
        })
    }
}
