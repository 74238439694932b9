//! Scheduled erasures of accounts, their ledger, and what identity forgets.

use abu_application::{
    identity::{
        passwords::NO_PASSWORD,
        ports::{
            Erasure, ErasureBacklog, ErasurePosition, ErasureReads, ErasureRecord, ErasureWrites,
            LedgerEntry, UserHash,
        },
    },
    platform::ports::StoreError,
};
use abu_domain::{
    MailId, UserId,
    identity::user::{ERASED_FIRSTNAME, ERASED_LASTNAME},
    platform::text::Reason,
};
use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Binary, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    error::BadRow,
    schema::{erasure_ledger, erasures},
    sql::sql,
    store::Session,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = erasures, check_for_backend(Pg))]
struct ErasureRow {
    user_id: Uuid,
    requested_by: Option<Uuid>,
    requested_at: DateTime<Utc>,
    runs_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    stage: i16,
    position: Option<Uuid>,
    farewell_id: Option<Uuid>,
}

impl From<ErasureRow> for ErasureRecord {
    fn from(row: ErasureRow) -> Self {
        Self {
            user_id: row.user_id.into(),
            requested_by: row.requested_by.map(UserId::new),
            requested_at: row.requested_at,
            runs_at: row.runs_at,
            started_at: row.started_at,
            // A constraint of the table says so.
            stage: usize::try_from(row.stage).unwrap_or_default(),
            position: row.position,
            farewell: row.farewell_id.map(MailId::new),
        }
    }
}

impl ErasureReads for Session<'_> {
    fn erasure_due(&mut self, user: UserId) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.run(|connection| {
            Ok(erasures::table
                .find(user.uuid())
                .select(erasures::runs_at)
                .first(connection)
                .optional()?)
        })
    }

    fn erasure(&mut self, user: UserId) -> Result<Option<ErasureRecord>, StoreError> {
        self.run(|connection| {
            let row = erasures::table
                .find(user.uuid())
                .select(ErasureRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(ErasureRecord::from))
        })
    }

    fn list_erasures(
        &mut self,
        until: DateTime<Utc>,
        after: Option<ErasurePosition>,
        limit: u32,
    ) -> Result<Vec<ErasureRecord>, StoreError> {
        self.run(|connection| {
            let mut due = erasures::table
                .filter(erasures::runs_at.le(until))
                .order((erasures::runs_at, erasures::user_id))
                .limit(limit.into())
                .select(ErasureRow::as_select())
                .into_boxed::<Pg>();
            if let Some(ErasurePosition { runs_at, user }) = after {
                let is_later = erasures::runs_at.gt(runs_at);
                let is_next = erasures::runs_at
                    .eq(runs_at)
                    .and(erasures::user_id.gt(user.uuid()));
                due = due.filter(is_later.or(is_next));
            }
            let rows = due.load(connection)?;
            Ok(rows.into_iter().map(ErasureRecord::from).collect())
        })
    }

    fn erasure_backlog(
        &mut self,
        now: DateTime<Utc>,
        overdue_before: DateTime<Utc>,
    ) -> Result<ErasureBacklog, StoreError> {
        self.run(|connection| {
            let (scheduled, due, overdue): (i64, i64, i64) = sql::<(BigInt, BigInt, BigInt)>(
                "SELECT count(*) FILTER (WHERE runs_at > times.now),
                        count(*) FILTER (WHERE runs_at <= times.now),
                        count(*) FILTER (WHERE runs_at < times.overdue_before)
                 FROM erasures, (VALUES (?, ?)) AS times (now, overdue_before)",
            )
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(overdue_before)
            .get_result(connection)?;
            Ok(ErasureBacklog {
                scheduled: scheduled.unsigned_abs(),
                due: due.unsigned_abs(),
                overdue: overdue.unsigned_abs(),
            })
        })
    }

    fn erasure_ledger(
        &mut self,
        after: Option<UserHash>,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        self.run(|connection| {
            let after = after.map_or(Vec::new(), |hash| hash.to_vec());
            let rows: Vec<(Vec<u8>, DateTime<Utc>)> = erasure_ledger::table
                .filter(erasure_ledger::user_hash.gt(after))
                .order(erasure_ledger::user_hash)
                .limit(limit.into())
                .select((erasure_ledger::user_hash, erasure_ledger::erased_at))
                .load(connection)?;
            let entries = rows.into_iter().map(|(hash, erased_at)| {
                let user_hash = UserHash::try_from(hash).map_err(|_length| BadRow {
                    column: "erasure_ledger.user_hash",
                    id: Uuid::nil(),
                })?;
                Ok(LedgerEntry {
                    user_hash,
                    erased_at,
                })
            });
            Ok(entries.collect::<Result<_, BadRow>>()?)
        })
    }

    fn accounts_of_hashes(&mut self, hashes: &[UserHash]) -> Result<Vec<UserId>, StoreError> {
        let hashes: Vec<&[u8]> = hashes.iter().map(|hash| hash.as_slice()).collect();
        self.run(|connection| {
            let ids: Vec<Uuid> = sql::<SqlUuid>(
                "SELECT users.id FROM users
                 JOIN unnest(?) AS ledger (hash) ON ledger.hash = sha256(uuid_send(users.id))
                 WHERE erased_at IS NULL ORDER BY users.id",
            )
            .bind::<Array<Binary>, _>(hashes)
            .load(connection)?;
            Ok(ids.into_iter().map(UserId::new).collect())
        })
    }
}

impl ErasureWrites for Session<'_> {
    fn insert_erasure(&mut self, erasure: &Erasure) -> Result<bool, StoreError> {
        self.run(|connection| {
            let inserted = diesel::insert_into(erasures::table)
                .values((
                    erasures::user_id.eq(erasure.user_id.uuid()),
                    erasures::requested_by.eq(erasure.requested_by.uuid()),
                    erasures::reason.eq(erasure.reason.as_str()),
                    erasures::requested_at.eq(erasure.requested_at),
                    erasures::runs_at.eq(erasure.runs_at),
                ))
                .on_conflict_do_nothing()
                .execute(connection)?;
            Ok(inserted == 1)
        })
    }

    fn hurry_erasure(
        &mut self,
        user: UserId,
        reason: &Reason,
        runs_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<()>(
                "INSERT INTO erasures (user_id, reason, requested_at, runs_at)
                 VALUES (?, ?, ?, ?)
                 ON CONFLICT (user_id) DO UPDATE
                     SET runs_at = least(erasures.runs_at, excluded.runs_at)",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<Text, _>(reason.as_str())
            .bind::<Timestamptz, _>(runs_at)
            .bind::<Timestamptz, _>(runs_at)
            .execute(connection)?;
            Ok(())
        })
    }

    fn call_off_staffs_erasure(&mut self, user: UserId) -> Result<bool, StoreError> {
        self.run(|connection| {
            let called_off = diesel::delete(erasures::table.find(user.uuid()))
                .filter(erasures::requested_by.is_distinct_from(user.uuid()))
                .filter(erasures::started_at.is_null())
                .execute(connection)?;
            Ok(called_off == 1)
        })
    }

    fn call_off_own_erasure(&mut self, user: UserId) -> Result<bool, StoreError> {
        self.run(|connection| {
            let called_off = diesel::delete(erasures::table.find(user.uuid()))
                .filter(erasures::requested_by.eq(user.uuid()))
                .filter(erasures::started_at.is_null())
                .execute(connection)?;
            Ok(called_off == 1)
        })
    }

    fn lock_erasure(&mut self, user: UserId) -> Result<Option<ErasureRecord>, StoreError> {
        self.run(|connection| {
            let row = erasures::table
                .find(user.uuid())
                .select(ErasureRow::as_select())
                .for_update()
                .first(connection)
                .optional()?;
            Ok(row.map(ErasureRecord::from))
        })
    }

    fn begin_erasure(
        &mut self,
        user: UserId,
        farewell: Option<MailId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(erasures::table.find(user.uuid()))
                .set((
                    erasures::started_at.eq(now),
                    erasures::farewell_id.eq(farewell.map(MailId::uuid)),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn note_erasure(
        &mut self,
        user: UserId,
        stage: usize,
        position: Option<Uuid>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(erasures::table.find(user.uuid()))
                .set((
                    // There are as many stages as areas.
                    erasures::stage.eq(i16::try_from(stage).unwrap_or(i16::MAX)),
                    erasures::position.eq(position),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn forget_account(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(|connection| {
            forget_mails(connection, user)?;
            forget_rows(connection, user)?;
            make_tombstone(connection, user, now)?;
            Ok(())
        })
    }
}

/// Deletes mails to the account. An address that the account claims and never proved may be another
/// person's, so only mails about the claim go.
fn forget_mails(connection: &mut PgConnection, user: UserId) -> QueryResult<()> {
    sql::<()>(
        "WITH account (id) AS (VALUES (?)),
         addresses AS (
             SELECT user_emails.email, user_emails.verified_at IS NOT NULL AS is_proved,
                    email_verifications.id AS link
             FROM account JOIN user_emails ON user_id = account.id
             LEFT JOIN email_verifications ON email_id = user_emails.id
             UNION
             SELECT old_email, false, email_changes.id
             FROM account JOIN email_changes ON user_id = account.id)
         DELETE FROM email_outbox USING addresses
         WHERE recipient = addresses.email
           AND (is_proved OR coalesce(params ->> 'verification_id', params ->> 'change_id')
                             = addresses.link::text)",
    )
    .bind::<SqlUuid, _>(user.uuid())
    .execute(connection)?;
    Ok(())
}

/// Deletes the rows of the account but for the proof of its consents. Links of its addresses, chat
/// tickets of its sessions and recovery codes go with them.
fn forget_rows(connection: &mut PgConnection, user: UserId) -> QueryResult<()> {
    sql::<()>(
        "WITH account (id) AS (VALUES (?)),
         conflicts AS (
             UPDATE email_conflicts SET holder_id = NULL FROM account WHERE holder_id = account.id),
         emails AS (DELETE FROM user_emails USING account WHERE user_id = account.id),
         changes AS (DELETE FROM email_changes USING account WHERE user_id = account.id),
         resets AS (DELETE FROM password_resets USING account WHERE user_id = account.id),
         logins AS (DELETE FROM sessions USING account WHERE user_id = account.id),
         tickets AS (DELETE FROM chat_tickets USING account WHERE user_id = account.id),
         networks AS (DELETE FROM known_networks USING account WHERE user_id = account.id),
         totp AS (DELETE FROM totp_secrets USING account WHERE user_id = account.id),
         presence AS (DELETE FROM user_presence USING account WHERE user_id = account.id),
         memberships AS (DELETE FROM user_group USING account WHERE user_id = account.id),
         terms AS (DELETE FROM role_assignments USING account WHERE user_id = account.id),
         requests AS (
             DELETE FROM idempotency_keys USING account WHERE scope = account.id::text)
         DELETE FROM erasures USING account WHERE user_id = account.id",
    )
    .bind::<SqlUuid, _>(user.uuid())
    .execute(connection)?;
    Ok(())
}

fn make_tombstone(
    connection: &mut PgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    sql::<()>(
        "WITH erased AS (
             UPDATE users
             SET email = id || '@erased.invalid', password_hash = ?, firstname = ?,
                 middlename = NULL, lastname = ?, phone = NULL, is_active = false,
                 is_superuser = false, verification = 'unverified', deactivated_at = NULL,
                 erased_at = ?, last_modified = ?
             WHERE id = ?
             RETURNING id, erased_at)
         INSERT INTO erasure_ledger (user_hash, erased_at)
         SELECT sha256(uuid_send(id)), erased_at FROM erased
         ON CONFLICT (user_hash) DO UPDATE SET erased_at = excluded.erased_at",
    )
    .bind::<Text, _>(NO_PASSWORD)
    .bind::<Text, _>(ERASED_FIRSTNAME)
    .bind::<Text, _>(ERASED_LASTNAME)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now)
    .bind::<SqlUuid, _>(user.uuid())
    .execute(connection)?;
    Ok(())
}
