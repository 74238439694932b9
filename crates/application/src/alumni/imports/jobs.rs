//! Imports as background jobs, with a task that shows their progress.

use std::time::Duration;

use abu_domain::{
    ImportId, TaskId, UserId, access::Permission, alumni::import_state::ImportState,
    platform::task::Progress,
};
use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ImportError, Imports, Watch};
use crate::{
    Context,
    access::{Authority, ports::CallerRecord},
    platform::{
        audit::{Action, Actor, Entry},
        jobs::{JobError, JobHandler, Lane, Next, Scheduled, Settled, Step, time_of_day},
        ports::{NewJob, NewTask, RunAt, Schedule, StoreError, TaskEnd},
    },
    store::{Reads, Writes},
};

/// After the nightly backups.
const NIGHT: [NaiveTime; 1] = [time_of_day(3, 45)];
/// How long a job waits for another import to end.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// A kind of job about an import.
#[derive(Clone, Copy)]
pub(super) struct ImportJob {
    kind: &'static str,
    skip: bool,
}

pub(super) const JUDGE: ImportJob = ImportJob {
    kind: "import_judge",
    skip: false,
};
pub(super) const COMMIT: ImportJob = ImportJob {
    kind: "import_commit",
    skip: false,
};
pub(super) const ROLL_BACK: ImportJob = ImportJob {
    kind: "import_roll_back",
    skip: false,
};
/// Leaves the records alone that something depends on.
pub(super) const ROLL_BACK_REST: ImportJob = ImportJob {
    kind: "import_roll_back",
    skip: true,
};

#[derive(Serialize, Deserialize)]
struct Payload {
    import: ImportId,
    /// Who asked for it.
    user: Option<UserId>,
    skip: bool,
}

impl ImportJob {
    /// False if a pending job of the kind is about the import.
    pub(super) fn start(
        self,
        tx: &mut dyn Writes,
        context: &Context,
        task: TaskId,
        import: ImportId,
        user: Option<UserId>,
    ) -> Result<bool, StoreError> {
        let payload = Payload {
            import,
            user,
            skip: self.skip,
        };
        let payload =
            serde_json::to_value(payload).map_err(|no_json| StoreError::Other(no_json.into()))?;
        let new_task = NewTask {
            id: task,
            kind: self.kind,
            subject: Some(import.uuid()),
            permission: Some(Permission::ImportAlumni.name()),
            created_by: user,
            created_at: context.clock.now(),
        };
        let job = NewJob {
            id: context.ids.time_ordered().into(),
            lane: Lane::Bulk,
            kind: self.kind,
            key: Some(import.to_string()),
            payload,
            run_at: RunAt::Now,
        };
        tx.start_task(&new_task, &job)
    }
}

/// The user who asked for a job, whom its request authorized.
#[derive(Clone, Copy)]
struct Requester(Option<UserId>);

impl Requester {
    fn rights() -> CallerRecord {
        CallerRecord {
            is_active: true,
            is_superuser: true,
            ..CallerRecord::default()
        }
    }
}

impl Authority for Requester {
    fn record(&self, _tx: &mut dyn Reads) -> Result<Option<CallerRecord>, StoreError> {
        Ok(Some(Self::rights()))
    }

    fn held_until(
        &self,
        _tx: &mut dyn Reads,
        _until: Option<DateTime<Utc>>,
    ) -> Result<CallerRecord, StoreError> {
        Ok(Self::rights())
    }

    fn user(&self) -> Option<UserId> {
        self.0
    }

    fn entry(&self, action: Action) -> Entry {
        Entry::new(self.0.map_or(Actor::System, Actor::User), action)
    }
}

/// The task of a job follows the step.
struct Follow<'a, 'b>(&'a Step<'b>);

impl Watch for Follow<'_, '_> {
    fn progress(&self, progress: Progress) -> bool {
        !self.0.should_stop() && self.0.progress(progress).is_ok()
    }
}

/// Stages and judges an import; commits it too where it is no dry run.
pub struct JudgeJob(pub Imports);

/// Commits a judged import.
pub struct CommitJob(pub Imports);

/// Rolls a committed import back.
pub struct RollBackJob(pub Imports);

/// Forgets the files of old imports, each night.
pub struct TidyJob(pub Imports);

impl JobHandler for JudgeJob {
    fn kind(&self) -> &'static str {
        JUDGE.kind
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let Payload { import, user, .. } = step.payload()?;
        let Self(imports) = self;
        // The checkpoint of an import that is judged and goes on to its commit.
        if step
            .cursor::<Value>()?
            .is_some_and(|cursor| cursor["judged"] == true)
        {
            let committed = imports.write_to_register(&Requester(user), import, &Follow(&step));
            return settle(
                step,
                committed.map(|_counts| Next::Done),
                ImportState::Committed,
                true,
            );
        }
        let judged = imports.judge(import, &Follow(&step));
        let next = judged.map(|import| match import.commit_when_judged {
            true => Next::GoOn(json!({ "judged": true })),
            false => Next::Done,
        });
        settle(step, next, ImportState::Committed, false)
    }

    fn ended(
        &self,
        tx: &mut dyn Writes,
        payload: &Value,
        end: TaskEnd<'_>,
    ) -> Result<(), StoreError> {
        release_run(tx, payload, end)
    }
}

impl JobHandler for CommitJob {
    fn kind(&self) -> &'static str {
        COMMIT.kind
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let Payload { import, user, .. } = step.payload()?;
        let committed = self
            .0
            .write_to_register(&Requester(user), import, &Follow(&step));
        settle(
            step,
            committed.map(|_counts| Next::Done),
            ImportState::Committed,
            false,
        )
    }

    fn ended(
        &self,
        tx: &mut dyn Writes,
        payload: &Value,
        end: TaskEnd<'_>,
    ) -> Result<(), StoreError> {
        release_run(tx, payload, end)
    }
}

impl JobHandler for RollBackJob {
    fn kind(&self) -> &'static str {
        ROLL_BACK.kind
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let Payload { import, user, skip } = step.payload()?;
        let undone = self
            .0
            .take_from_register(&Requester(user), import, skip, &Follow(&step));
        settle(
            step,
            undone.map(|_counts| Next::Done),
            ImportState::RolledBack,
            false,
        )
    }

    fn ended(
        &self,
        tx: &mut dyn Writes,
        payload: &Value,
        end: TaskEnd<'_>,
    ) -> Result<(), StoreError> {
        release_run(tx, payload, end)
    }
}

impl JobHandler for TidyJob {
    fn kind(&self) -> &'static str {
        "import_tidy"
    }

    fn schedule(&self) -> Option<Scheduled> {
        Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Daily(&NIGHT),
        })
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let has_more = self.0.tidy().map_err(refusal)?;
        step.commit(|_tx| {
            Ok::<_, JobError>(match has_more {
                true => Next::GoOn(Value::Null),
                false => Next::Done,
            })
        })
    }
}

/// A process that died leaves its run, which no later step takes over once the job is given up or canceled.
fn release_run(tx: &mut dyn Writes, payload: &Value, end: TaskEnd<'_>) -> Result<(), StoreError> {
    match (Payload::deserialize(payload), end) {
        (Ok(Payload { import, .. }), TaskEnd::Failed(_) | TaskEnd::Canceled) => {
            tx.release_run(import)
        }
        _ => Ok(()),
    }
}

/// Ends a step. `end` is the state that an earlier attempt left, whose outcome was not stored.
fn settle(
    step: Step<'_>,
    result: Result<Next, ImportError>,
    end: ImportState,
    is_judged: bool,
) -> Result<Settled, JobError> {
    let next = match result {
        Ok(next) => next,
        Err(ImportError::WrongState(state)) if state == end => Next::Done,
        Err(ImportError::Busy | ImportError::Interrupted) => {
            Next::Wait(json!({ "judged": is_judged }), BUSY_WAIT)
        }
        Err(error) => return Err(refusal(error)),
    };
    step.commit(|_tx| Ok::<_, JobError>(next))
}

fn refusal(error: ImportError) -> JobError {
    match error {
        ImportError::Store(error) => JobError::Store(error),
        ImportError::Files(error) => JobError::File(error),
        ImportError::StagingLost => JobError::Retry(error.to_string()),
        error => JobError::Permanent(error.for_the_office()),
    }
}
