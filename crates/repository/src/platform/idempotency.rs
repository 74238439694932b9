//! Idempotency keys with their stored responses.

use abu_application::platform::ports::{
    IdempotencyReads, IdempotencyWrites, KnownRequest, RequestKey, StoreError, StoredResponse,
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Binary, Text, Timestamptz, Uuid as SqlUuid},
};

use crate::{
    error::{BadRow, Failure},
    schema::idempotency_keys,
    sql::sql,
    store::Session,
};

/// The scope of clients that are not logged in.
const ANONYMOUS: &str = "anonymous";

fn scope(key: &RequestKey) -> String {
    key.user
        .map_or_else(|| ANONYMOUS.to_owned(), |user| user.to_string())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct KeyRow {
    request_hash: Vec<u8>,
    status: Option<i16>,
    content_type: Option<String>,
    location: Option<String>,
    etag: Option<String>,
    body: Option<Vec<u8>>,
}

impl KeyRow {
    fn known_request(self, key: &RequestKey) -> Result<KnownRequest, BadRow> {
        let bad = BadRow {
            column: "idempotency_keys.status",
            id: key.key,
        };
        let answer = match (self.status, self.body) {
            (Some(status), Some(body)) => Some(StoredResponse {
                status: u16::try_from(status).map_err(|_negative| bad)?,
                content_type: self.content_type,
                location: self.location,
                etag: self.etag,
                body,
            }),
            _ => None,
        };
        Ok(KnownRequest {
            fingerprint: self.request_hash,
            answer,
        })
    }
}

#[derive(AsChangeset)]
#[diesel(table_name = idempotency_keys)]
struct AnswerRow<'a> {
    status: i16,
    content_type: Option<&'a str>,
    location: Option<&'a str>,
    etag: Option<&'a str>,
    body: &'a [u8],
}

impl IdempotencyReads for Session<'_> {
    fn known_request(&mut self, key: &RequestKey) -> Result<Option<KnownRequest>, StoreError> {
        self.run(|connection| {
            let row = idempotency_keys::table
                .find((scope(key), &key.route, key.key))
                .select(KeyRow::as_select())
                .first(connection)
                .optional()?;
            row.map(|row| row.known_request(key))
                .transpose()
                .map_err(Failure::from)
        })
    }
}

impl IdempotencyWrites for Session<'_> {
    fn claim_key(
        &mut self,
        key: &RequestKey,
        fingerprint: &[u8],
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
        abandoned_before: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            // `SKIP LOCKED` gives concurrent sweeps different rows; `LIMIT` bounds each. The sweep
            // skips an expired row that this statement claims.
            let claimed = sql::<()>(
                "WITH swept AS (
                     DELETE FROM idempotency_keys WHERE (scope, route, key) IN (
                         SELECT scope, route, key FROM idempotency_keys WHERE expires_at < ?
                         ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED))
                 INSERT INTO idempotency_keys AS known
                     (scope, route, key, request_hash, created_at, expires_at)
                 VALUES (?, ?, ?, ?, ?, ?)
                 ON CONFLICT (scope, route, key) DO UPDATE SET
                     request_hash = EXCLUDED.request_hash, status = NULL, content_type = NULL,
                     location = NULL, etag = NULL, body = NULL,
                     created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at
                 WHERE known.expires_at < EXCLUDED.created_at
                    OR known.status IS NULL AND known.created_at < ?
                       AND known.request_hash = EXCLUDED.request_hash",
            )
            .bind::<Timestamptz, _>(now)
            .bind::<Text, _>(scope(key))
            .bind::<Text, _>(&key.route)
            .bind::<SqlUuid, _>(key.key)
            .bind::<Binary, _>(fingerprint)
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(expires_at)
            .bind::<Timestamptz, _>(abandoned_before)
            .execute(connection)?;
            Ok(claimed == 1)
        })
    }

    fn keep_answer(
        &mut self,
        key: &RequestKey,
        claimed_at: DateTime<Utc>,
        answer: &StoredResponse,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            let row = AnswerRow {
                // HTTP status codes have three digits.
                status: answer.status.try_into().unwrap_or(i16::MAX),
                content_type: answer.content_type.as_deref(),
                location: answer.location.as_deref(),
                etag: answer.etag.as_deref(),
                body: &answer.body,
            };
            diesel::update(idempotency_keys::table.find((scope(key), &key.route, key.key)))
                .filter(idempotency_keys::created_at.eq(claimed_at))
                .filter(idempotency_keys::status.is_null())
                .set(row)
                .execute(connection)?;
            Ok(())
        })
    }

    fn release_key(
        &mut self,
        key: &RequestKey,
        claimed_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::delete(idempotency_keys::table.find((scope(key), &key.route, key.key)))
                .filter(idempotency_keys::created_at.eq(claimed_at))
                .filter(idempotency_keys::status.is_null())
                .execute(connection)?;
            Ok(())
        })
    }
}
