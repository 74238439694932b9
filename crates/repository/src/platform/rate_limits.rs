//! Token buckets (GCRA) in an unlogged table.

use abu_application::platform::ports::{
    Bucket, BucketKey, BucketRule, RateLimitReads, RateLimitWrites, StoreError, WhenEmpty,
};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Integer, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{schema::rate_limits, sql::sql, store::Session};

#[derive(Queryable, Selectable)]
#[diesel(table_name = rate_limits, check_for_backend(Pg))]
struct BucketRow {
    key: Uuid,
    full_at: DateTime<Utc>,
    is_paused: bool,
    taken: i32,
}

impl BucketRow {
    fn bucket(self) -> (BucketKey, Bucket) {
        let bucket = Bucket {
            full_at: self.full_at,
            is_paused: self.is_paused,
            taken: self.taken.try_into().unwrap_or_default(),
        };
        (BucketKey(self.key), bucket)
    }
}

fn micros(time: TimeDelta) -> i64 {
    time.num_microseconds().unwrap_or(i64::MAX)
}

impl RateLimitReads for Session<'_> {
    fn buckets(&mut self, keys: &[BucketKey]) -> Result<Vec<(BucketKey, Bucket)>, StoreError> {
        let keys: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        self.run(|connection| {
            let rows = rate_limits::table
                .filter(rate_limits::key.eq_any(keys))
                .select(BucketRow::as_select())
                .load(connection)?;
            Ok(rows.into_iter().map(BucketRow::bucket).collect())
        })
    }
}

impl RateLimitWrites for Session<'_> {
    fn take_tokens(
        &mut self,
        asked: &[(BucketKey, BucketRule)],
        now: DateTime<Utc>,
    ) -> Result<Vec<(BucketKey, Bucket)>, StoreError> {
        let column = |value: fn(&BucketRule) -> i64| -> Vec<i64> {
            asked.iter().map(|(_, rule)| value(rule)).collect()
        };
        let flag = |value: fn(WhenEmpty) -> bool| -> Vec<bool> {
            asked
                .iter()
                .map(|(_, rule)| value(rule.when_empty))
                .collect()
        };
        let keys: Vec<Uuid> = asked.iter().map(|(key, _)| key.0).collect();
        let steps = column(|rule| micros(rule.interval));
        let windows = column(|rule| micros(rule.window));
        let pause = flag(|when_empty| when_empty != WhenEmpty::Refill);
        let longer = flag(|when_empty| when_empty == WhenEmpty::PauseLonger);
        self.run(|connection| {
            // Rows are locked in the order of their keys, so takers of several do not deadlock.
            // `SKIP LOCKED` gives concurrent sweeps different rows; `LIMIT` bounds each. The sweep
            // skips an expired row that this statement takes from.
            let rows: Vec<(Uuid, DateTime<Utc>, bool, i32)> = sql::<(
                SqlUuid,
                Timestamptz,
                Bool,
                Integer,
            )>(
                "WITH clock (now) AS (VALUES (?)),
                 swept AS (
                     DELETE FROM rate_limits WHERE key IN (
                         SELECT key FROM rate_limits WHERE expires_at < (SELECT now FROM clock)
                         ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED)),
                 asked AS (
                     SELECT key, now, step * interval '1 microsecond' AS step,
                            span * interval '1 microsecond' AS span, pauses, doubles
                     FROM unnest(?, ?, ?, ?, ?) AS a (key, step, span, pauses, doubles), clock)
                 INSERT INTO rate_limits AS known (key, full_at, is_paused, pauses, expires_at)
                 SELECT key, after.full_at, is_empty, is_empty::int,
                        after.full_at + CASE WHEN doubles THEN interval '1 day' ELSE interval '0' END
                 FROM asked,
                 LATERAL (SELECT asked.pauses AND step * 2 > span) AS emptied (is_empty),
                 LATERAL (SELECT now + CASE WHEN is_empty THEN span ELSE step END) AS after (full_at)
                 ORDER BY key
                 ON CONFLICT (key) DO UPDATE SET (full_at, is_paused, taken, pauses, expires_at) = (
                     SELECT after.full_at, is_empty, before.taken + 1, before.pauses + is_empty::int,
                            after.full_at + CASE WHEN doubles THEN interval '1 day' ELSE interval '0' END
                     FROM asked,
                     LATERAL (SELECT CASE WHEN known.expires_at < now THEN 0 ELSE known.taken END,
                                     CASE WHEN known.expires_at < now THEN 0 ELSE known.pauses END)
                         AS before (taken, pauses),
                     LATERAL (SELECT greatest(known.full_at, now) + step) AS next (full_at),
                     LATERAL (SELECT asked.pauses AND next.full_at + step > now + span) AS emptied (is_empty),
                     LATERAL (SELECT CASE WHEN is_empty
                         THEN now + span * 2 ^ (CASE WHEN doubles THEN least(before.pauses, 10) ELSE 0 END)
                         ELSE next.full_at END) AS after (full_at)
                     WHERE asked.key = known.key)
                 WHERE (SELECT CASE WHEN known.is_paused THEN known.full_at <= now
                                    ELSE greatest(known.full_at, now) + step <= now + span END
                        FROM asked WHERE asked.key = known.key)
                 RETURNING key, full_at, is_paused, taken",
            )
            .bind::<Timestamptz, _>(now)
            .bind::<Array<SqlUuid>, _>(keys)
            .bind::<Array<BigInt>, _>(steps)
            .bind::<Array<BigInt>, _>(windows)
            .bind::<Array<Bool>, _>(pause)
            .bind::<Array<Bool>, _>(longer)
            .get_results(connection)?;
            let rows = rows.into_iter().map(|(key, full_at, is_paused, taken)| BucketRow {
                key,
                full_at,
                is_paused,
                taken,
            });
            Ok(rows.map(BucketRow::bucket).collect())
        })
    }

    fn fill_bucket(&mut self, key: BucketKey) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::delete(rate_limits::table.find(key.0)).execute(connection)?;
            Ok(())
        })
    }
}
