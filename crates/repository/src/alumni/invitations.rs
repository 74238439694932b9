//! Batches of invitations.

use abu_application::{
    alumni::ports::{
        Batch, BatchState, Channel, InvitationReads, InvitationWrites, Invitee, NewInvitation,
        PrintedInvitation, Segment,
    },
    platform::{
        lists::{Seek, TimePosition, Total},
        ports::StoreError,
    },
};
use abu_domain::{BatchId, RecordId, RecordInvitationId, UserId, platform::text::EmailAddress};
use chrono::{DateTime, Utc};
use diesel::{
    dsl::count_star,
    pg::Pg,
    prelude::*,
    sql_types::{
        Array, BigInt, Binary, Bool, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
    },
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    error::BadRow,
    lists::{in_list_order, newest_first, total},
    schema::{invitation_batches, invitations},
    sql::sql,
    store::Session,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = invitation_batches, check_for_backend(Pg))]
struct BatchRow {
    id: Uuid,
    channel: String,
    segment: Value,
    state: String,
    made: i64,
    skipped: i64,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    downloaded_at: Option<DateTime<Utc>>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

impl BatchRow {
    fn into_batch(self, counts: &[Count], accepted: &[Count]) -> Result<Batch, BadRow> {
        let bad = |column| BadRow {
            column,
            id: self.id,
        };
        let count = |counts: &[Count]| {
            let known = counts.iter().find(|(batch, _)| *batch == Some(self.id));
            known.map_or(0, |(_, count)| count.unsigned_abs())
        };
        Ok(Batch {
            id: self.id.into(),
            channel: Channel::from_name(&self.channel).ok_or(bad("invitation_batches.channel"))?,
            segment: serde_json::from_value(self.segment)
                .map_err(|_| bad("invitation_batches.segment"))?,
            state: BatchState::from_name(&self.state).ok_or(bad("invitation_batches.state"))?,
            made: self.made.unsigned_abs(),
            skipped: self.skipped.unsigned_abs(),
            opened: count(counts),
            accepted: count(accepted),
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            downloaded_at: self.downloaded_at,
            created_by: self.created_by.map(UserId::new),
            created_at: self.created_at,
            last_modified: self.last_modified,
        })
    }
}

type Count = (Option<Uuid>, i64);

/// The batches with their counters, by two queries.
fn with_counters(
    connection: &mut PgConnection,
    rows: Vec<BatchRow>,
) -> QueryResult<Vec<Result<Batch, BadRow>>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let opened: Vec<Count> = invitations::table
        .filter(invitations::batch_id.eq_any(&ids))
        .filter(invitations::opened_at.is_not_null())
        .group_by(invitations::batch_id)
        .select((invitations::batch_id, count_star()))
        .load(connection)?;
    let accepted: Vec<Count> = invitations::table
        .filter(invitations::batch_id.eq_any(&ids))
        .filter(invitations::accepted_at.is_not_null())
        .group_by(invitations::batch_id)
        .select((invitations::batch_id, count_star()))
        .load(connection)?;
    let batches = rows
        .into_iter()
        .map(|row| row.into_batch(&opened, &accepted));
    Ok(batches.collect())
}

impl InvitationReads for Session<'_> {
    fn batch(&mut self, id: BatchId) -> Result<Option<Batch>, StoreError> {
        self.run(|connection| {
            let row: Option<BatchRow> = invitation_batches::table
                .find(id.uuid())
                .select(BatchRow::as_select())
                .first(connection)
                .optional()?;
            let batch = with_counters(connection, row.into_iter().collect())?.pop();
            Ok(batch.transpose()?)
        })
    }

    fn list_batches(
        &mut self,
        seek: Seek<TimePosition<BatchId>>,
        limit: u32,
    ) -> Result<Vec<Batch>, StoreError> {
        self.run(|connection| {
            let batches = invitation_batches::table.into_boxed();
            let rows: Vec<BatchRow> = newest_first!(
                batches,
                seek,
                invitation_batches::created_at,
                invitation_batches::id
            )
            .limit(limit.into())
            .select(BatchRow::as_select())
            .load(connection)?;
            let rows = in_list_order(seek.is_backward(), rows);
            let batches = with_counters(connection, rows)?.into_iter();
            Ok(batches.collect::<Result<_, _>>()?)
        })
    }

    fn count_batches(&mut self) -> Result<Total, StoreError> {
        self.run(|connection| {
            let batches = invitation_batches::table.select(invitation_batches::id);
            Ok(total(connection, batches)?)
        })
    }

    fn invitees(
        &mut self,
        segment: &Segment,
        after: Option<RecordId>,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<Invitee>, StoreError> {
        let records: Vec<Uuid> = segment.records.iter().map(|id| id.uuid()).collect();
        let is_of_awards = !segment.departments.is_empty()
            || !segment.faculties.is_empty()
            || segment.year_from.is_some()
            || segment.year_to.is_some();
        self.run(|connection| {
            let rows: Vec<(Uuid, String, Option<String>)> = sql::<(SqlUuid, Text, Nullable<Text>)>(
                "SELECT id, given_names,
                            CASE WHEN EXISTS (SELECT FROM mailbox_suppressions
                                              WHERE record_id = r.id AND until > ?)
                                 THEN NULL ELSE email END
                     FROM alumni_records r
                     WHERE state = 'active' AND (? IS NULL OR id > ?)
                       AND (cardinality(?) = 0 OR id = ANY (?))
                       AND (NOT ? OR EXISTS (
                            SELECT FROM awards a
                            LEFT JOIN departments d ON d.id = a.department_id
                            LEFT JOIN faculties f ON f.id = d.faculty_id
                            WHERE a.record_id = r.id
                              AND (cardinality(?) = 0 OR d.code = ANY (?))
                              AND (cardinality(?) = 0 OR f.code = ANY (?))
                              AND a.year BETWEEN ? AND ?))
                       AND NOT EXISTS (SELECT FROM claims
                                       WHERE record_id = r.id AND state = 'verified')
                     ORDER BY id LIMIT ?",
            )
            .bind::<Timestamptz, _>(now)
            .bind::<Nullable<SqlUuid>, _>(after.map(RecordId::uuid))
            .bind::<Nullable<SqlUuid>, _>(after.map(RecordId::uuid))
            .bind::<Array<SqlUuid>, _>(&records)
            .bind::<Array<SqlUuid>, _>(&records)
            .bind::<Bool, _>(is_of_awards)
            .bind::<Array<Text>, _>(&segment.departments)
            .bind::<Array<Text>, _>(&segment.departments)
            .bind::<Array<Text>, _>(&segment.faculties)
            .bind::<Array<Text>, _>(&segment.faculties)
            .bind::<SmallInt, _>(segment.year_from.unwrap_or(i16::MIN))
            .bind::<SmallInt, _>(segment.year_to.unwrap_or(i16::MAX))
            .bind::<BigInt, _>(i64::from(limit))
            .load(connection)?;
            let invitees = rows.into_iter().map(|(id, given_names, email)| Invitee {
                record: id.into(),
                given_names,
                // The register may hold what is no address.
                address: email.and_then(|text| EmailAddress::parse(&text).ok()),
            });
            Ok(invitees.collect())
        })
    }

    fn printed_invitations(
        &mut self,
        batch: BatchId,
        after: Option<RecordInvitationId>,
        limit: u32,
    ) -> Result<Vec<PrintedInvitation>, StoreError> {
        type Row = (
            Uuid,
            Vec<u8>,
            String,
            Option<String>,
            Option<i16>,
            DateTime<Utc>,
        );
        self.run(|connection| {
            let rows: Vec<Row> = sql::<(
                SqlUuid,
                Binary,
                Text,
                Nullable<Text>,
                Nullable<SmallInt>,
                Timestamptz,
            )>(
                "SELECT i.id, code_hash, surname || ' ' || given_names, newest.name, newest.year,
                        expires_at
                 FROM invitations i JOIN alumni_records r ON r.id = record_id
                 LEFT JOIN LATERAL (
                     SELECT d.name, a.year FROM awards a
                     LEFT JOIN departments d ON d.id = a.department_id
                     WHERE a.record_id = r.id ORDER BY a.year DESC, a.id LIMIT 1
                 ) newest ON true
                 WHERE batch_id = ? AND (? IS NULL OR i.id > ?) AND accepted_at IS NULL
                 ORDER BY i.id LIMIT ?",
            )
            .bind::<SqlUuid, _>(batch.uuid())
            .bind::<Nullable<SqlUuid>, _>(after.map(RecordInvitationId::uuid))
            .bind::<Nullable<SqlUuid>, _>(after.map(RecordInvitationId::uuid))
            .bind::<BigInt, _>(i64::from(limit))
            .load(connection)?;
            let printed =
                rows.into_iter()
                    .map(|(id, code_hash, name, department, year, expires_at)| {
                        Ok(PrintedInvitation {
                            id: id.into(),
                            code_hash: code_hash.try_into().map_err(|_| BadRow {
                                column: "invitations.code_hash",
                                id,
                            })?,
                            name,
                            department,
                            year,
                            expires_at,
                        })
                    });
            Ok(printed.collect::<Result<_, BadRow>>()?)
        })
    }
}

impl InvitationWrites for Session<'_> {
    fn insert_batch(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let segment = serde_json::to_value(&batch.segment)
            .map_err(|error| StoreError::Other(error.into()))?;
        self.run(|connection| {
            diesel::insert_into(invitation_batches::table)
                .values((
                    invitation_batches::id.eq(batch.id.uuid()),
                    invitation_batches::channel.eq(batch.channel.name()),
                    invitation_batches::segment.eq(segment),
                    invitation_batches::state.eq(batch.state.name()),
                    invitation_batches::expires_at.eq(batch.expires_at),
                    invitation_batches::created_by.eq(batch.created_by.map(UserId::uuid)),
                    invitation_batches::created_at.eq(batch.created_at),
                    invitation_batches::last_modified.eq(batch.last_modified),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn lock_batch(&mut self, id: BatchId) -> Result<Option<Batch>, StoreError> {
        let locked = self.run(|connection| {
            Ok(invitation_batches::table
                .find(id.uuid())
                .select(invitation_batches::id)
                .for_update()
                .first::<Uuid>(connection)
                .optional()?)
        })?;
        match locked {
            Some(_) => self.batch(id),
            None => Ok(None),
        }
    }

    fn insert_invitations(
        &mut self,
        batch: &Batch,
        new: &[NewInvitation],
        skipped: u64,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let rows: Vec<_> = new
            .iter()
            .map(|new| {
                (
                    invitations::id.eq(new.id.uuid()),
                    invitations::batch_id.eq(batch.id.uuid()),
                    invitations::record_id.eq(new.record.uuid()),
                    invitations::code_hash.eq(&new.code_hash[..]),
                    invitations::disown_hash.eq(new.disown_hash.as_ref().map(|hash| &hash[..])),
                    invitations::expires_at.eq(batch.expires_at),
                    invitations::created_at.eq(now),
                )
            })
            .collect();
        let made = i64::try_from(new.len()).unwrap_or(i64::MAX);
        let skipped = i64::try_from(skipped).unwrap_or(i64::MAX);
        self.run(|connection| {
            diesel::insert_into(invitations::table)
                .values(&rows)
                .execute(connection)?;
            diesel::update(invitation_batches::table.find(batch.id.uuid()))
                .set((
                    invitation_batches::made.eq(invitation_batches::made + made),
                    invitation_batches::skipped.eq(invitation_batches::skipped + skipped),
                    invitation_batches::last_modified.eq(now),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn set_batch_state(
        &mut self,
        id: BatchId,
        state: BatchState,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(invitation_batches::table.find(id.uuid()))
                .set((
                    invitation_batches::state.eq(state.name()),
                    invitation_batches::last_modified.eq(now),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn revoke_batch(&mut self, id: BatchId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(invitation_batches::table.find(id.uuid()))
                .set((
                    invitation_batches::revoked_at.eq(now),
                    invitation_batches::last_modified.eq(now),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn mark_batch_downloaded(&mut self, id: BatchId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(invitation_batches::table.find(id.uuid()))
                .filter(invitation_batches::downloaded_at.is_null())
                .set((
                    invitation_batches::downloaded_at.eq(now),
                    invitation_batches::last_modified.eq(now),
                ))
                .execute(connection)?;
            Ok(())
        })
    }
}
