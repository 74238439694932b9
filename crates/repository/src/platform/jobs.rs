//! Background jobs.

use std::time::Duration;

use abu_application::platform::{
    jobs::{JobState, Lane},
    lists::Seek,
    ports::{
        After, AfterCommit, Checkpoint, ClaimedJob, Due, JobBacklog, JobCanceling, JobFilter,
        JobReads, JobRecord, JobWrites, LaneBacklog, Lease, NewJob, RunAt, Schedule, StoreError,
    },
};
use abu_domain::JobId;
use chrono::{DateTime, NaiveTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{
        Array, BigInt, Bool, Double, Integer, Interval, Jsonb, Nullable, Text, Time, Timestamptz,
        Uuid as SqlUuid,
    },
};
use serde_json::Value;
use uuid::Uuid;

use super::leases::{Claim, Queue, claim, interval, queue};
use crate::{
    error::{BadRow, Failure},
    lists::{descending, in_list_order},
    schema::jobs,
    sql::sql,
    store::Session,
};

const JOBS: Queue = queue!("jobs");

/// `id, attempts, leased_until, kind, payload, cursor, task_id, is_canceled`
type ClaimedRow = (
    Uuid,
    i32,
    DateTime<Utc>,
    String,
    Value,
    Option<Value>,
    Option<Uuid>,
    bool,
);

fn claimed(row: ClaimedRow) -> ClaimedJob {
    let (id, attempts, until, kind, payload, cursor, task, is_canceled) = row;
    ClaimedJob {
        id: id.into(),
        lease: Lease {
            id,
            until,
            attempt: attempts.try_into().unwrap_or(u32::MAX),
        },
        kind,
        payload,
        cursor,
        task: task.map(Into::into),
        is_canceled,
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = jobs, check_for_backend(Pg))]
struct RecordRow {
    id: Uuid,
    lane: String,
    kind: String,
    key: Option<String>,
    payload: Value,
    cursor: Option<Value>,
    task_id: Option<Uuid>,
    state: String,
    attempts: i32,
    created_at: DateTime<Utc>,
    next_attempt_at: DateTime<Utc>,
    leased_until: Option<DateTime<Utc>>,
    canceled_at: Option<DateTime<Utc>>,
    failed_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
}

impl TryFrom<RecordRow> for JobRecord {
    type Error = BadRow;

    fn try_from(row: RecordRow) -> Result<Self, BadRow> {
        let bad = |column| BadRow { column, id: row.id };
        let state = JobState::from_name(&row.state).ok_or_else(|| bad("jobs.state"))?;
        let lane = Lane::from_name(&row.lane).ok_or_else(|| bad("jobs.lane"))?;
        let attempts = row.attempts.try_into().map_err(|_| bad("jobs.attempts"))?;
        Ok(Self {
            id: row.id.into(),
            lane,
            kind: row.kind,
            key: row.key,
            payload: row.payload,
            cursor: row.cursor,
            task: row.task_id.map(Into::into),
            state,
            attempts,
            created_at: row.created_at,
            next_attempt_at: (state == JobState::Pending).then_some(row.next_attempt_at),
            leased_until: row.leased_until,
            canceled_at: row.canceled_at,
            failed_at: row.failed_at,
            last_error: row.last_error,
        })
    }
}

impl JobReads for Session<'_> {
    fn job(&mut self, id: JobId) -> Result<Option<JobRecord>, StoreError> {
        self.run(|connection| {
            let row = jobs::table
                .find(id.uuid())
                .select(RecordRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(JobRecord::try_from).transpose()?)
        })
    }

    fn list_jobs(
        &mut self,
        filter: &JobFilter,
        seek: Seek<JobId>,
        limit: u32,
    ) -> Result<Vec<JobRecord>, StoreError> {
        self.run(|connection| {
            let mut query = jobs::table.into_boxed();
            if let Some(state) = filter.state {
                query = query.filter(jobs::state.eq(state.name()));
            }
            if let Some(kind) = &filter.kind {
                query = query.filter(jobs::kind.eq(kind.clone()));
            }
            let seek = seek.map(JobId::uuid);
            let rows = descending!(query, seek, jobs::id)
                .limit(limit.into())
                .select(RecordRow::as_select())
                .load(connection)?;
            let records = rows
                .into_iter()
                .map(JobRecord::try_from)
                .collect::<Result<_, BadRow>>()?;
            Ok(in_list_order(seek.is_backward(), records))
        })
    }

    fn job_backlog(&mut self) -> Result<JobBacklog, StoreError> {
        self.run(|connection| {
            // A job under a lease is not late.
            let rows: Vec<(Option<String>, i64, f64)> = sql::<(Nullable<Text>, BigInt, Double)>(
                "SELECT lane, count(*),
                        greatest(0, coalesce(extract(epoch FROM now() - min(next_attempt_at)
                            FILTER (WHERE leased_until IS NULL OR leased_until <= now())), 0))::float8
                 FROM jobs WHERE state = 'pending' GROUP BY lane
                 UNION ALL
                 SELECT NULL, count(*), 0 FROM jobs WHERE state = 'dead'",
            )
            .load(connection)?;
            let pending = |lane: Lane| {
                let row = rows.iter().find(|row| row.0.as_deref() == Some(lane.name()));
                let (count, oldest) = row.map_or((0, 0.0), |row| (row.1, row.2));
                LaneBacklog {
                    lane,
                    pending: count.unsigned_abs(),
                    oldest: Duration::try_from_secs_f64(oldest).unwrap_or_default(),
                }
            };
            let dead = rows.iter().find(|row| row.0.is_none());
            Ok(JobBacklog {
                lanes: Lane::ALL.iter().copied().map(pending).collect(),
                dead: dead.map_or(0, |row| row.1.unsigned_abs()),
            })
        })
    }
}

impl JobWrites for Session<'_> {
    fn enqueue_job(&mut self, job: &NewJob) -> Result<JobId, StoreError> {
        let id = self.run(|connection| enqueue(connection, job, job.run_at))?;
        self.after_commit(Due::Jobs);
        Ok(id)
    }

    fn enqueue_scheduled(&mut self, job: &NewJob, schedule: Schedule) -> Result<JobId, StoreError> {
        self.run(|connection| {
            let run_at = match schedule {
                Schedule::Every(time) => RunAt::In(time),
                Schedule::Daily(times) => RunAt::At(next_time_of_day(connection, times)?),
            };
            enqueue(connection, job, run_at)
        })
    }

    fn claim_job(
        &mut self,
        lane: Lane,
        kinds: &[&str],
        lease: Duration,
    ) -> Result<Option<ClaimedJob>, StoreError> {
        self.run(|connection| {
            let row: Option<ClaimedRow> = sql::<(
                SqlUuid,
                Integer,
                Timestamptz,
                Text,
                Jsonb,
                Nullable<Jsonb>,
                Nullable<SqlUuid>,
                Bool,
            )>(claim!(
                "jobs",
                "lane = ? AND kind = ANY(?)",
                "id, attempts, leased_until, kind, payload, cursor, task_id, canceled_at IS NOT NULL"
            ))
            .bind::<Interval, _>(interval(lease))
            .bind::<Text, _>(lane.name())
            .bind::<Array<Text>, _>(kinds.to_vec())
            .get_result(connection)
            .optional()?;
            Ok(row.map(claimed))
        })
    }

    fn renew_job(&mut self, lease: &Lease, time: Duration) -> Result<Option<Lease>, StoreError> {
        self.run(|connection| {
            let until: Option<DateTime<Utc>> = sql::<Timestamptz>(
                "UPDATE jobs SET leased_until = clock_timestamp() + ?
                 WHERE id = ? AND leased_until = ? RETURNING leased_until",
            )
            .bind::<Interval, _>(interval(time))
            .bind::<SqlUuid, _>(lease.id)
            .bind::<Timestamptz, _>(lease.until)
            .get_result(connection)
            .optional()?;
            Ok(until.map(|until| Lease { until, ..*lease }))
        })
    }

    fn checkpoint_job(
        &mut self,
        lease: &Lease,
        cursor: &Value,
        after: After,
    ) -> Result<Option<Checkpoint>, StoreError> {
        self.run(|connection| {
            let (statement, time) = match after {
                After::Keep(time) => (
                    "UPDATE jobs SET cursor = ?, attempts = 1, leased_until = clock_timestamp() + ?
                     WHERE id = ? AND leased_until = ?
                     RETURNING leased_until, canceled_at IS NOT NULL",
                    time,
                ),
                // A canceled job does not wait.
                After::GiveBack(time) => (
                    "UPDATE jobs SET cursor = ?, attempts = 0, leased_until = NULL,
                         next_attempt_at = clock_timestamp()
                             + CASE WHEN canceled_at IS NULL THEN ? ELSE interval '0' END
                     WHERE id = ? AND leased_until = ?
                     RETURNING leased_until, canceled_at IS NOT NULL",
                    time,
                ),
            };
            let row: Option<(Option<DateTime<Utc>>, bool)> =
                sql::<(Nullable<Timestamptz>, Bool)>(statement)
                    .bind::<Jsonb, _>(cursor)
                    .bind::<Interval, _>(interval(time))
                    .bind::<SqlUuid, _>(lease.id)
                    .bind::<Timestamptz, _>(lease.until)
                    .get_result(connection)
                    .optional()?;
            Ok(row.map(|(until, is_canceled)| Checkpoint {
                lease: until.map(|until| Lease {
                    id: lease.id,
                    until,
                    attempt: 1,
                }),
                is_canceled,
            }))
        })
    }

    fn finish_job(&mut self, lease: &Lease) -> Result<bool, StoreError> {
        self.run(|connection| {
            // Locked: work with its key comes before this look, or after the commit.
            let goes_on: Option<bool> = sql::<Bool>(
                "SELECT next_run_at IS NOT NULL FROM jobs
                 WHERE id = ? AND leased_until = ? FOR UPDATE",
            )
            .bind::<SqlUuid, _>(lease.id)
            .bind::<Timestamptz, _>(lease.until)
            .get_result(connection)
            .optional()?;
            let end = match goes_on {
                None => return Ok(false),
                Some(false) => "DELETE FROM jobs WHERE id = ?",
                Some(true) => {
                    "UPDATE jobs
                     SET payload = next_payload, next_attempt_at = next_run_at, next_payload = NULL,
                         next_run_at = NULL, cursor = NULL, task_id = NULL, attempts = 0,
                         leased_until = NULL, canceled_at = NULL, last_error = NULL, failed_at = NULL,
                         created_at = now()
                     WHERE id = ?"
                }
            };
            sql::<()>(end)
                .bind::<SqlUuid, _>(lease.id)
                .execute(connection)?;
            Ok(true)
        })
    }

    fn postpone_job(
        &mut self,
        lease: &Lease,
        wait: Duration,
        reason: &str,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let held = JOBS.postpone(connection, claim_of(lease), wait, reason)?;
            if held {
                // A canceled job does not wait.
                sql::<()>(
                    "UPDATE jobs SET next_attempt_at = now() WHERE id = ? AND canceled_at IS NOT NULL",
                )
                .bind::<SqlUuid, _>(lease.id)
                .execute(connection)?;
            }
            Ok(held)
        })
    }

    fn release_job(&mut self, lease: &Lease, reason: &str) -> Result<bool, StoreError> {
        self.run(|connection| Ok(JOBS.release(connection, claim_of(lease), reason)?))
    }

    fn bury_job(
        &mut self,
        lease: &Lease,
        reason: &str,
        successor: JobId,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            if !JOBS.bury(connection, claim_of(lease), reason)? {
                return Ok(false);
            }
            // The dead letter gives its key to the work that came meanwhile.
            sql::<()>(
                "INSERT INTO jobs (id, lane, kind, key, payload, next_attempt_at)
                 SELECT ?, lane, kind, key, next_payload, next_run_at FROM jobs
                 WHERE id = ? AND next_run_at IS NOT NULL",
            )
            .bind::<SqlUuid, _>(successor.uuid())
            .bind::<SqlUuid, _>(lease.id)
            .execute(connection)?;
            sql::<()>("UPDATE jobs SET next_payload = NULL, next_run_at = NULL WHERE id = ?")
                .bind::<SqlUuid, _>(lease.id)
                .execute(connection)?;
            Ok(true)
        })
    }

    fn revive_job(&mut self, id: JobId) -> Result<bool, StoreError> {
        let revived = self.run(|connection| {
            let revived = JOBS.revive(connection, id.uuid())?;
            if revived {
                sql::<()>(
                    "WITH revived AS (
                         UPDATE jobs SET canceled_at = NULL WHERE id = ? RETURNING task_id)
                     UPDATE tasks SET state = 'queued', ended_at = NULL, failure = NULL, last_modified = now()
                     FROM revived WHERE tasks.id = revived.task_id",
                )
                .bind::<SqlUuid, _>(id.uuid())
                .execute(connection)?;
            }
            Ok(revived)
        })?;
        self.after_commit(Due::Jobs);
        Ok(revived)
    }

    fn cancel_job(&mut self, id: JobId) -> Result<Option<JobCanceling>, StoreError> {
        let asked = self.run(|connection| {
            let asked = sql::<()>(
                "WITH asked AS (
                     UPDATE jobs SET canceled_at = coalesce(canceled_at, now()),
                         next_attempt_at = least(next_attempt_at, now())
                     WHERE id = ? AND state = 'pending' RETURNING task_id),
                 shown AS (
                     UPDATE tasks SET state = 'canceling', last_modified = now()
                     FROM asked WHERE tasks.id = asked.task_id AND tasks.ended_at IS NULL)
                 SELECT FROM asked",
            )
            .bind::<SqlUuid, _>(id.uuid())
            .execute(connection)?;
            if asked > 0 {
                return Ok(Some(JobCanceling::Asked));
            }
            let deleted = sql::<()>("DELETE FROM jobs WHERE id = ? AND state = 'dead'")
                .bind::<SqlUuid, _>(id.uuid())
                .execute(connection)?;
            Ok((deleted > 0).then_some(JobCanceling::Deleted))
        })?;
        self.after_commit(Due::Jobs);
        Ok(asked)
    }

    fn delete_job(&mut self, id: JobId) -> Result<bool, StoreError> {
        self.run(|connection| {
            let deleted = sql::<()>(
                "WITH deleted AS (
                     DELETE FROM jobs WHERE id = ? AND (leased_until IS NULL OR leased_until <= now())
                     RETURNING task_id),
                 shown AS (
                     UPDATE tasks SET state = 'canceled', ended_at = now(), last_modified = now()
                     FROM deleted WHERE tasks.id = deleted.task_id AND tasks.ended_at IS NULL)
                 SELECT FROM deleted",
            )
            .bind::<SqlUuid, _>(id.uuid())
            .execute(connection)?;
            Ok(deleted > 0)
        })
    }
}

fn claim_of(lease: &Lease) -> Claim {
    Claim {
        id: lease.id,
        until: lease.until,
    }
}

/// Inserts the job, or gives its work to the pending one with its key. That one is under way where it has a
/// lease or a checkpoint, or was asked to end; then the work waits behind it.
fn enqueue(connection: &mut PgConnection, job: &NewJob, run_at: RunAt) -> Result<JobId, Failure> {
    let (at, wait) = match run_at {
        RunAt::Now => (None, Duration::ZERO),
        RunAt::In(wait) => (None, wait),
        RunAt::At(time) => (Some(time), Duration::ZERO),
    };
    let id: Uuid = sql::<SqlUuid>(
        "INSERT INTO jobs (id, lane, kind, key, payload, next_attempt_at)
         VALUES (?, ?, ?, ?, ?, coalesce(?, now() + ?))
         ON CONFLICT (kind, key) WHERE key IS NOT NULL AND state = 'pending' DO UPDATE SET
             (payload, attempts, next_attempt_at, next_payload, next_run_at) = (
                 SELECT CASE WHEN waits THEN excluded.payload ELSE jobs.payload END,
                        CASE WHEN waits THEN 0 ELSE jobs.attempts END,
                        CASE WHEN waits THEN least(jobs.next_attempt_at, excluded.next_attempt_at)
                             ELSE jobs.next_attempt_at END,
                        CASE WHEN waits THEN NULL ELSE excluded.payload END,
                        CASE WHEN waits THEN NULL
                             ELSE least(jobs.next_run_at, excluded.next_attempt_at) END
                 FROM (SELECT jobs.leased_until IS NULL AND jobs.cursor IS NULL
                              AND jobs.canceled_at IS NULL) AS its (waits))
         RETURNING id",
    )
    .bind::<SqlUuid, _>(job.id.uuid())
    .bind::<Text, _>(job.lane.name())
    .bind::<Text, _>(job.kind)
    .bind::<Nullable<Text>, _>(job.key.as_deref())
    .bind::<Jsonb, _>(&job.payload)
    .bind::<Nullable<Timestamptz>, _>(at)
    .bind::<Interval, _>(interval(wait))
    .get_result(connection)?;
    Ok(id.into())
}

/// The next of these times of day in Nigeria.
fn next_time_of_day(
    connection: &mut PgConnection,
    times: &[NaiveTime],
) -> QueryResult<DateTime<Utc>> {
    sql::<Timestamptz>(
        "SELECT moment FROM (
             SELECT ((now() AT TIME ZONE 'Africa/Lagos')::date + days + time) AT TIME ZONE 'Africa/Lagos'
             FROM unnest(?::time[]) AS time, generate_series(0, 1) AS days
         ) AS next (moment)
         WHERE moment > now() ORDER BY moment LIMIT 1",
    )
    .bind::<Array<Time>, _>(times)
    .get_result(connection)
}
