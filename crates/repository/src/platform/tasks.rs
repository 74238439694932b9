//! Tasks: what people see of background jobs.

use std::time::Duration;

use abu_application::platform::ports::{
    AfterCommit, Due, NewJob, NewTask, RunAt, StoreError, TaskEnd, TaskReads, TaskWrites,
};
use abu_domain::{
    TaskId,
    platform::task::{Progress, Task, TaskState},
};
use chrono::{DateTime, Utc};
use diesel::{
    dsl::now,
    pg::Pg,
    prelude::*,
    sql_types::{
        BigInt, Bool, Integer, Interval, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
    },
};
use uuid::Uuid;

use super::leases::interval;
use crate::{error::BadRow, schema::tasks, sql::sql, store::Session};

#[derive(Queryable, Selectable)]
#[diesel(table_name = tasks, check_for_backend(Pg))]
struct TaskRow {
    id: Uuid,
    kind: String,
    subject_id: Option<Uuid>,
    state: String,
    phase: Option<String>,
    done: i64,
    total: Option<i64>,
    unit: Option<String>,
    permission: Option<String>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
    phase_began_at: Option<DateTime<Utc>>,
    failure: Option<String>,
}

impl TryFrom<TaskRow> for Task {
    type Error = BadRow;

    fn try_from(row: TaskRow) -> Result<Self, BadRow> {
        let bad = |column| BadRow { column, id: row.id };
        let state = TaskState::from_name(&row.state).ok_or_else(|| bad("tasks.state"))?;
        let (done, total) = (row.done.unsigned_abs(), row.total.map(i64::unsigned_abs));
        let progress = row.phase.map(|phase| Progress {
            phase,
            done,
            total,
            unit: row.unit.unwrap_or_default(),
        });
        Ok(Self {
            id: row.id.into(),
            kind: row.kind,
            subject: row.subject_id,
            state,
            progress,
            permission: row.permission,
            created_by: row.created_by.map(Into::into),
            created_at: row.created_at,
            last_modified: row.last_modified,
            phase_began_at: row.phase_began_at,
            failure: row.failure,
        })
    }
}

impl TaskReads for Session<'_> {
    fn task(&mut self, id: TaskId) -> Result<Option<Task>, StoreError> {
        self.run(|connection| {
            let row = tasks::table
                .find(id.uuid())
                .select(TaskRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(Task::try_from).transpose()?)
        })
    }
}

impl TaskWrites for Session<'_> {
    fn start_task(&mut self, task: &NewTask, job: &NewJob) -> Result<bool, StoreError> {
        let started = self.run(|connection| {
            diesel::insert_into(tasks::table)
                .values((
                    tasks::id.eq(task.id.uuid()),
                    tasks::kind.eq(task.kind),
                    tasks::subject_id.eq(task.subject),
                    tasks::permission.eq(task.permission),
                    tasks::created_by.eq(task.created_by.map(|user| user.uuid())),
                    tasks::created_at.eq(task.created_at),
                    tasks::last_modified.eq(now),
                ))
                .execute(connection)?;
            let (at, wait) = match job.run_at {
                RunAt::Now => (None, Duration::ZERO),
                RunAt::In(wait) => (None, wait),
                RunAt::At(time) => (Some(time), Duration::ZERO),
            };
            let inserted = sql::<()>(
                "INSERT INTO jobs (id, lane, kind, key, payload, task_id, next_attempt_at)
                 VALUES (?, ?, ?, ?, ?, ?, coalesce(?, now() + ?))
                 ON CONFLICT (kind, key) WHERE key IS NOT NULL AND state = 'pending' DO NOTHING",
            )
            .bind::<SqlUuid, _>(job.id.uuid())
            .bind::<Text, _>(job.lane.name())
            .bind::<Text, _>(job.kind)
            .bind::<Nullable<Text>, _>(job.key.as_deref())
            .bind::<Jsonb, _>(&job.payload)
            .bind::<SqlUuid, _>(task.id.uuid())
            .bind::<Nullable<Timestamptz>, _>(at)
            .bind::<Interval, _>(interval(wait))
            .execute(connection)?;
            if inserted == 0 {
                diesel::delete(tasks::table.find(task.id.uuid())).execute(connection)?;
            }
            Ok(inserted == 1)
        })?;
        self.after_commit(Due::Jobs);
        Ok(started)
    }

    fn cancel_task(&mut self, id: TaskId) -> Result<bool, StoreError> {
        let canceled = self.run(|connection| {
            // The job first: workers lock in this order too.
            sql::<()>(
                "UPDATE jobs SET canceled_at = coalesce(canceled_at, now()),
                     next_attempt_at = least(next_attempt_at, now())
                 WHERE task_id = ? AND state = 'pending'",
            )
            .bind::<SqlUuid, _>(id.uuid())
            .execute(connection)?;
            let changed = sql::<()>(
                "UPDATE tasks SET state = 'canceling', last_modified = now()
                 WHERE id = ? AND ended_at IS NULL",
            )
            .bind::<SqlUuid, _>(id.uuid())
            .execute(connection)?;
            Ok(changed == 1)
        })?;
        self.after_commit(Due::Jobs);
        Ok(canceled)
    }

    fn run_task(&mut self, id: TaskId) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<()>(
                "UPDATE tasks SET state = 'running', heartbeat_at = now(), last_modified = now()
                 WHERE id = ? AND state = 'queued'",
            )
            .bind::<SqlUuid, _>(id.uuid())
            .execute(connection)?;
            Ok(())
        })
    }

    fn requeue_task(&mut self, id: TaskId) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<()>(
                "UPDATE tasks SET state = 'queued', last_modified = now()
                 WHERE id = ? AND state = 'running'",
            )
            .bind::<SqlUuid, _>(id.uuid())
            .execute(connection)?;
            Ok(())
        })
    }

    fn note_progress(&mut self, id: TaskId, progress: &Progress) -> Result<bool, StoreError> {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.run(|connection| {
            let is_canceling: Option<bool> = sql::<Bool>(
                "UPDATE tasks
                 SET phase_began_at = CASE WHEN tasks.phase = new.phase THEN tasks.phase_began_at ELSE now() END,
                     phase = new.phase, done = ?, total = ?, unit = ?,
                     heartbeat_at = now(), last_modified = now()
                 FROM (SELECT ? AS phase) AS new
                 WHERE id = ? AND state IN ('running', 'canceling')
                 RETURNING state = 'canceling'",
            )
            .bind::<BigInt, _>(number(progress.done))
            .bind::<Nullable<BigInt>, _>(progress.total.map(number))
            .bind::<Text, _>(&*progress.unit)
            .bind::<Text, _>(&*progress.phase)
            .bind::<SqlUuid, _>(id.uuid())
            .get_result(connection)
            .optional()?;
            Ok(is_canceling.unwrap_or(false))
        })
    }

    fn end_task(&mut self, id: TaskId, end: TaskEnd<'_>) -> Result<(), StoreError> {
        let (state, failure) = match end {
            TaskEnd::Done => (TaskState::Done, None),
            TaskEnd::Failed(reason) => (TaskState::Failed, Some(reason)),
            TaskEnd::Canceled => (TaskState::Canceled, None),
        };
        self.run(|connection| {
            sql::<()>(
                "UPDATE tasks SET state = ?, failure = ?, ended_at = now(), last_modified = now()
                 WHERE id = ? AND ended_at IS NULL",
            )
            .bind::<Text, _>(state.name())
            .bind::<Nullable<Text>, _>(failure)
            .bind::<SqlUuid, _>(id.uuid())
            .execute(connection)?;
            Ok(())
        })
    }

    fn erase_tasks(&mut self, keep: Duration, limit: u32) -> Result<usize, StoreError> {
        self.run(|connection| {
            let erased = sql::<()>(
                "DELETE FROM tasks WHERE id IN (
                     SELECT id FROM tasks WHERE ended_at < now() - ?
                     LIMIT ? FOR UPDATE SKIP LOCKED)",
            )
            .bind::<Interval, _>(interval(keep))
            .bind::<Integer, _>(limit.try_into().unwrap_or(i32::MAX))
            .execute(connection)?;
            Ok(erased)
        })
    }
}
