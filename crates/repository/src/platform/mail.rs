//! The mail outbox.

use std::{slice, time::Duration};

use abu_application::platform::{
    lists::{Seek, Total},
    mail::{MailContent, MailKind, MailState},
    ports::{
        ClaimedMail, Mail, MailBacklog, MailFilter, MailReads, MailRecord, MailWrites, StoreError,
    },
};
use abu_domain::{MailId, platform::text::EmailAddress};
use chrono::{DateTime, Utc};
use diesel::{
    dsl::now,
    pg::Pg,
    prelude::*,
    sql_types::{
        Array, BigInt, Double, Integer, Interval, Jsonb, Text, Timestamptz, Uuid as SqlUuid,
    },
};
use serde_json::Value;
use uuid::Uuid;

use super::leases::{Claim, Queue, claim, interval, queue};
use crate::{
    error::BadRow,
    lists::{descending, in_list_order, total},
    schema::email_outbox,
    sql::sql,
    store::Session,
};

const OUTBOX: Queue = queue!("email_outbox");

/// `id, attempts, leased_until, recipient, kind, params, created_at`
type ClaimedRow = (
    Uuid,
    i32,
    DateTime<Utc>,
    String,
    String,
    Value,
    DateTime<Utc>,
);

/// Claims rows of unknown content too, so that the worker makes them dead letters.
fn claimed(row: ClaimedRow) -> ClaimedMail {
    let (id, attempts, leased_until, recipient, kind, params, created_at) = row;
    let id = MailId::new(id);
    let content = MailContent::from_columns(&kind, params);
    ClaimedMail {
        id,
        attempt: attempts.try_into().unwrap_or(u32::MAX),
        leased_until,
        mail: content.map(|content| Mail {
            id,
            recipient: EmailAddress::from_storage(recipient),
            content,
            created_at,
        }),
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = email_outbox, check_for_backend(Pg))]
struct RecordRow {
    id: Uuid,
    kind: String,
    state: String,
    recipient: String,
    attempts: i32,
    created_at: DateTime<Utc>,
    next_attempt_at: DateTime<Utc>,
    failed_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
    sent_at: Option<DateTime<Utc>>,
}

impl TryFrom<RecordRow> for MailRecord {
    type Error = BadRow;

    fn try_from(row: RecordRow) -> Result<Self, BadRow> {
        let bad = |column| BadRow { column, id: row.id };
        let state = MailState::from_name(&row.state).ok_or_else(|| bad("email_outbox.state"))?;
        let attempts = row
            .attempts
            .try_into()
            .map_err(|_| bad("email_outbox.attempts"))?;
        Ok(Self {
            id: row.id.into(),
            kind: row.kind,
            state,
            recipient: EmailAddress::from_storage(row.recipient).masked(),
            attempts,
            created_at: row.created_at,
            next_attempt_at: (state == MailState::Pending).then_some(row.next_attempt_at),
            failed_at: row.failed_at,
            last_error: row.last_error,
            sent_at: row.sent_at,
        })
    }
}

impl MailReads for Session<'_> {
    fn mail(&mut self, id: MailId) -> Result<Option<MailRecord>, StoreError> {
        self.run(|connection| {
            let row = email_outbox::table
                .find(id.uuid())
                .select(RecordRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(MailRecord::try_from).transpose()?)
        })
    }

    fn list_mails(
        &mut self,
        filter: &MailFilter,
        seek: Seek<MailId>,
        limit: u32,
    ) -> Result<Vec<MailRecord>, StoreError> {
        self.run(|connection| {
            let seek = seek.map(MailId::uuid);
            let rows = descending!(filtered(filter), seek, email_outbox::id)
                .limit(limit.into())
                .select(RecordRow::as_select())
                .load(connection)?;
            let mails = rows
                .into_iter()
                .map(MailRecord::try_from)
                .collect::<Result<_, BadRow>>()?;
            Ok(in_list_order(seek.is_backward(), mails))
        })
    }

    fn count_mails(&mut self, filter: &MailFilter) -> Result<Total, StoreError> {
        self.run(|connection| {
            let all = filtered(filter).select(email_outbox::id);
            Ok(total(connection, all)?)
        })
    }

    fn mail_backlog(&mut self) -> Result<MailBacklog, StoreError> {
        self.run(|connection| {
            let (pending, dead, seconds): (i64, i64, f64) = sql::<(BigInt, BigInt, Double)>(
                "SELECT count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'dead'),
                        greatest(0, coalesce(extract(epoch FROM now() - min(next_attempt_at)
                            FILTER (WHERE state = 'pending')), 0))::float8
                 FROM email_outbox WHERE state IN ('pending', 'dead')",
            )
            .get_result(connection)?;
            Ok(MailBacklog {
                pending: pending.try_into().unwrap_or(0),
                dead: dead.try_into().unwrap_or(0),
                oldest: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
            })
        })
    }
}

impl MailWrites for Session<'_> {
    fn insert_mail(&mut self, mail: &Mail) -> Result<(), StoreError> {
        self.insert_mails(slice::from_ref(mail))
    }

    fn insert_mails(&mut self, mails: &[Mail]) -> Result<(), StoreError> {
        let row = |mail: &Mail| {
            let params = mail.content.params();
            let params = params.map_err(|error| StoreError::Other(error.into()))?;
            Ok((
                email_outbox::id.eq(mail.id.uuid()),
                email_outbox::recipient.eq(mail.recipient.as_str().to_owned()),
                email_outbox::kind.eq(mail.content.kind().name()),
                email_outbox::params.eq(params),
                email_outbox::created_at.eq(mail.created_at),
                // The time at which the transaction began, by the database's clock.
                email_outbox::next_attempt_at.eq(now),
            ))
        };
        let rows: Vec<_> = mails.iter().map(row).collect::<Result<_, StoreError>>()?;
        self.run(|connection| {
            diesel::insert_into(email_outbox::table)
                .values(rows)
                .execute(connection)?;
            Ok(())
        })
    }

    fn claim_mail(
        &mut self,
        kinds: &[MailKind],
        lease: Duration,
    ) -> Result<Option<ClaimedMail>, StoreError> {
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        self.run(|connection| {
            let row: Option<ClaimedRow> = sql::<(
                SqlUuid,
                Integer,
                Timestamptz,
                Text,
                Text,
                Jsonb,
                Timestamptz,
            )>(claim!(
                "email_outbox",
                "kind = ANY(?)",
                "id, attempts, leased_until, recipient, kind, params, created_at"
            ))
            .bind::<Interval, _>(interval(lease))
            .bind::<Array<Text>, _>(kinds)
            .get_result(connection)
            .optional()?;
            Ok(row.map(claimed))
        })
    }

    fn mail_sent(&mut self, id: MailId) -> Result<(), StoreError> {
        self.run(|connection| {
            // Ignores the lease: the mail was sent, whichever claim sent it.
            sql::<()>(
                "UPDATE email_outbox
                 SET state = 'sent', sent_at = now(), leased_until = NULL
                 WHERE id = ? AND state <> 'sent'",
            )
            .bind::<SqlUuid, _>(id.uuid())
            .execute(connection)?;
            Ok(())
        })
    }

    fn postpone_mail(
        &mut self,
        claim: &ClaimedMail,
        wait: Duration,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            OUTBOX.postpone(connection, claim_of(claim), wait, reason)?;
            Ok(())
        })
    }

    fn mark_dead(&mut self, claim: &ClaimedMail, reason: &str) -> Result<(), StoreError> {
        self.run(|connection| {
            OUTBOX.bury(connection, claim_of(claim), reason)?;
            Ok(())
        })
    }

    fn release_mail(&mut self, claim: &ClaimedMail, reason: &str) -> Result<(), StoreError> {
        self.run(|connection| {
            OUTBOX.release(connection, claim_of(claim), reason)?;
            Ok(())
        })
    }

    fn erase_mails(&mut self, keep: Duration, limit: u32) -> Result<usize, StoreError> {
        self.run(|connection| {
            // `SKIP LOCKED` gives concurrent servers different rows.
            let erased = sql::<()>(
                "WITH oldest (time) AS (SELECT now() - ?)
                 DELETE FROM email_outbox WHERE id IN (
                     SELECT id FROM email_outbox
                     WHERE (state = 'sent' AND sent_at < (SELECT time FROM oldest))
                        OR (state = 'dead' AND failed_at < (SELECT time FROM oldest))
                     LIMIT ? FOR UPDATE SKIP LOCKED)",
            )
            .bind::<Interval, _>(interval(keep))
            .bind::<Integer, _>(limit.try_into().unwrap_or(i32::MAX))
            .execute(connection)?;
            Ok(erased)
        })
    }

    fn requeue(&mut self, id: MailId) -> Result<bool, StoreError> {
        self.run(|connection| Ok(OUTBOX.revive(connection, id.uuid())?))
    }
}

fn claim_of(mail: &ClaimedMail) -> Claim {
    Claim {
        id: mail.id.uuid(),
        until: mail.leased_until,
    }
}

/// The filtered query, without an order.
fn filtered(filter: &MailFilter) -> email_outbox::BoxedQuery<'static, Pg> {
    let mut query = email_outbox::table.into_boxed();
    if !filter.states.is_empty() {
        let names: Vec<_> = filter.states.iter().map(|state| state.name()).collect();
        query = query.filter(email_outbox::state.eq_any(names));
    }
    if !filter.kinds.is_empty() {
        let names: Vec<_> = filter.kinds.iter().map(|kind| kind.name()).collect();
        query = query.filter(email_outbox::kind.eq_any(names));
    }
    query
}
