//! Claims under a lease: the statements that the outbox and the jobs share.
//!
//! A queue's table has the columns `id, state, attempts, next_attempt_at, leased_until, last_error, failed_at`.
//! A pending row is due at `next_attempt_at` unless a lease holds it. `leased_until` is the fencing token: it
//! comes from `clock_timestamp()`, so a later claim or renewal has a later one.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::{
    PgConnection, QueryResult, RunQueryDsl,
    data_types::PgInterval,
    sql_types::{Interval, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::sql::sql;

/// The statement that claims the row that has been due for longest. Binds the time of the lease, then those of
/// the condition. A concurrent claim skips the locked row, and later sees its lease.
macro_rules! claim {
    ($table:literal, $condition:literal, $returned:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET attempts = attempts + 1, leased_until = clock_timestamp() + ?
             WHERE id = (
                 SELECT id FROM ",
            $table,
            "
                 WHERE state = 'pending' AND next_attempt_at <= now()
                   AND (leased_until IS NULL OR leased_until <= now())
                   AND ",
            $condition,
            "
                 ORDER BY next_attempt_at, id LIMIT 1
                 FOR UPDATE SKIP LOCKED)
             RETURNING ",
            $returned
        )
    };
}
pub(super) use claim;

/// The other statements on a queue's table. Those with a [`Claim`] change nothing if it is lost.
pub(super) struct Queue {
    pub(super) postpone: &'static str,
    pub(super) bury: &'static str,
    pub(super) release: &'static str,
    pub(super) revive: &'static str,
}

macro_rules! queue {
    ($table:literal) => {
        $crate::platform::leases::Queue {
            postpone: concat!(
                "UPDATE ",
                $table,
                " SET next_attempt_at = now() + ?, leased_until = NULL, last_error = ?, failed_at = now()
                 WHERE id = ? AND leased_until = ?"
            ),
            bury: concat!(
                "UPDATE ",
                $table,
                " SET state = 'dead', leased_until = NULL, last_error = ?, failed_at = now()
                 WHERE id = ? AND leased_until = ?"
            ),
            release: concat!(
                "UPDATE ",
                $table,
                " SET attempts = attempts - 1, next_attempt_at = now(), leased_until = NULL,
                     last_error = ?, failed_at = now()
                 WHERE id = ? AND leased_until = ?"
            ),
            revive: concat!(
                "UPDATE ",
                $table,
                " SET state = 'pending', attempts = 0, next_attempt_at = now()
                 WHERE id = ? AND state = 'dead'"
            ),
        }
    };
}
pub(super) use queue;

/// A row, and the fencing token of its claim.
#[derive(Clone, Copy)]
pub(super) struct Claim {
    pub(super) id: Uuid,
    pub(super) until: DateTime<Utc>,
}

impl Queue {
    /// Schedules the next attempt after `wait`; false if the claim is lost, as in the other methods.
    pub(super) fn postpone(
        &self,
        connection: &mut PgConnection,
        claim: Claim,
        wait: Duration,
        reason: &str,
    ) -> QueryResult<bool> {
        let changed = sql::<()>(self.postpone)
            .bind::<Interval, _>(interval(wait))
            .bind::<Text, _>(reason)
            .bind::<SqlUuid, _>(claim.id)
            .bind::<Timestamptz, _>(claim.until)
            .execute(connection)?;
        Ok(changed == 1)
    }

    /// Makes the row a dead letter.
    pub(super) fn bury(
        &self,
        connection: &mut PgConnection,
        claim: Claim,
        reason: &str,
    ) -> QueryResult<bool> {
        ended(self.bury, connection, claim, reason)
    }

    /// Gives the row back without counting the attempt; it is due at once.
    pub(super) fn release(
        &self,
        connection: &mut PgConnection,
        claim: Claim,
        reason: &str,
    ) -> QueryResult<bool> {
        ended(self.release, connection, claim, reason)
    }

    /// Restarts the attempts of a dead letter; false if the row is not one.
    pub(super) fn revive(&self, connection: &mut PgConnection, id: Uuid) -> QueryResult<bool> {
        let changed = sql::<()>(self.revive)
            .bind::<SqlUuid, _>(id)
            .execute(connection)?;
        Ok(changed == 1)
    }
}

fn ended(
    statement: &'static str,
    connection: &mut PgConnection,
    claim: Claim,
    reason: &str,
) -> QueryResult<bool> {
    let changed = sql::<()>(statement)
        .bind::<Text, _>(reason)
        .bind::<SqlUuid, _>(claim.id)
        .bind::<Timestamptz, _>(claim.until)
        .execute(connection)?;
    Ok(changed == 1)
}

/// Microseconds in an `i64` reach for 292,000 years.
pub(super) fn interval(duration: Duration) -> PgInterval {
    PgInterval::from_microseconds(duration.as_micros().try_into().unwrap_or(i64::MAX))
}
