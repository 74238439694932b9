//! Administration of background jobs: states, retries of dead letters, cancellation.

use abu_domain::{JobId, access::Permission};

use crate::{
    Context,
    access::{self, AccessError, Authority},
    platform::{
        audit::{Action, Target},
        lists::{ListRequest, Listed, Total},
        ports::{JobCanceling, JobFilter, JobRecord, StoreError},
    },
};

#[derive(Clone)]
pub struct Jobs {
    pub context: Context,
}

#[derive(Debug, thiserror::Error)]
pub enum JobsError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("there is no such job")]
    NotFound,
    /// The job is pending.
    #[error("the job was not given up")]
    NotDead,
    /// A pending job has the key of the dead letter.
    #[error("another job with its key waits or runs: it does the same work")]
    KeyTaken,
    /// A worker has the job.
    #[error("a worker has the job: cancel it, or wait until its lease ends")]
    Leased,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Jobs {
    /// A page of jobs, newest first.
    pub async fn list(
        &self,
        by: impl Authority,
        filter: JobFilter,
        page: ListRequest<JobId>,
    ) -> Result<Listed<JobRecord>, JobsError> {
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &by, Permission::ManageSettings)?;
                // Jobs are few, and their number is a metric: it is not counted here.
                let page = ListRequest {
                    count: false,
                    ..page
                };
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_jobs(&filter, seek, limit),
                    |_tx| Ok(Total::Exactly(0)),
                )?)
            })
            .await
    }

    pub async fn get(&self, by: impl Authority, id: JobId) -> Result<JobRecord, JobsError> {
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &by, Permission::ManageSettings)?;
                tx.job(id)?.ok_or(JobsError::NotFound)
            })
            .await
    }

    /// Requeues a dead letter at its checkpoint, with its attempts at zero.
    pub async fn revive(&self, by: impl Authority, id: JobId) -> Result<JobRecord, JobsError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &by, Permission::ManageSettings)?;
                let revived = tx.revive_job(id).map_err(|error| match error {
                    StoreError::Conflict { .. } => JobsError::KeyTaken,
                    error => error.into(),
                })?;
                let job = tx.job(id)?.ok_or(JobsError::NotFound)?;
                if !revived {
                    return Err(JobsError::NotDead);
                }
                by.entry(Action::JobRevive)
                    .on(Target::job(id))
                    .with("kind", job.kind.clone())
                    .write(tx, entry_id, now)?;
                Ok(job)
            })
            .await
    }

    /// Asks a job to end between two steps, or deletes a dead letter.
    pub async fn cancel(&self, by: impl Authority, id: JobId) -> Result<JobCanceling, JobsError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &by, Permission::ManageSettings)?;
                let job = tx.job(id)?.ok_or(JobsError::NotFound)?;
                let canceling = tx.cancel_job(id)?.ok_or(JobsError::NotFound)?;
                by.entry(Action::JobCancel)
                    .on(Target::job(id))
                    .with("kind", job.kind)
                    .write(tx, entry_id, now)?;
                Ok(canceling)
            })
            .await
    }

    /// Deletes a job without its handler, which undoes nothing then: for kinds that no release has any
    /// more.
    pub async fn delete(&self, by: impl Authority, id: JobId) -> Result<(), JobsError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &by, Permission::ManageSettings)?;
                let job = tx.job(id)?.ok_or(JobsError::NotFound)?;
                if !tx.delete_job(id)? {
                    return Err(JobsError::Leased);
                }
                by.entry(Action::JobDelete)
                    .on(Target::job(id))
                    .with("kind", job.kind)
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }
}
