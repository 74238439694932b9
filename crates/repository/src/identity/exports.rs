//! Copies of users' data: their records, and what identity and access hold.

use abu_application::{
    identity::ports::{
        DataExport, ExportPage, ExportReads, ExportState, ExportWrites, IdentityPart,
    },
    platform::ports::StoreError,
};
use abu_domain::{ExportId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{BigInt, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{export_rows::page, schema::data_exports, sql::sql, store::Session};

/// A failed export is shown as long as a file is kept.
const FAILED_KEPT: TimeDelta = TimeDelta::days(7);

#[derive(Queryable, Selectable)]
#[diesel(table_name = data_exports, check_for_backend(Pg))]
struct ExportRow {
    id: Uuid,
    user_id: Uuid,
    task_id: Uuid,
    requested_at: DateTime<Utc>,
    ready_at: Option<DateTime<Utc>>,
    failed_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    bytes: Option<i64>,
}

impl From<ExportRow> for DataExport {
    fn from(row: ExportRow) -> Self {
        let state = match (row.ready_at, row.expires_at, row.failed_at) {
            (Some(at), Some(until), _) => ExportState::Ready {
                at,
                until,
                bytes: row.bytes.unwrap_or_default().unsigned_abs(),
            },
            (_, _, Some(at)) => ExportState::Failed { at },
            _ => ExportState::Pending,
        };
        Self {
            id: row.id.into(),
            user_id: row.user_id.into(),
            task: row.task_id.into(),
            requested_at: row.requested_at,
            state,
        }
    }
}

impl ExportReads for Session<'_> {
    fn export(&mut self, id: ExportId) -> Result<Option<DataExport>, StoreError> {
        self.run(|connection| {
            let row = data_exports::table
                .find(id.uuid())
                .select(ExportRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(DataExport::from))
        })
    }

    fn exports_of(&mut self, user: UserId, limit: u32) -> Result<Vec<DataExport>, StoreError> {
        self.run(|connection| {
            let rows = data_exports::table
                .filter(data_exports::user_id.eq(user.uuid()))
                .order((data_exports::requested_at.desc(), data_exports::id))
                .limit(limit.into())
                .select(ExportRow::as_select())
                .load(connection)?;
            Ok(rows.into_iter().map(DataExport::from).collect())
        })
    }

    fn known_exports(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        self.run(|connection| {
            Ok(data_exports::table
                .filter(data_exports::id.eq_any(ids))
                .select(data_exports::id)
                .load(connection)?)
        })
    }

    fn expired_exports(
        &mut self,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<ExportId>, StoreError> {
        self.run(|connection| {
            // The condition begins with the expression of the index `data_exports_expires_at_idx`.
            let ids: Vec<Uuid> = sql::<SqlUuid>(
                "SELECT id FROM data_exports
                 WHERE coalesce(expires_at, failed_at) <= ?
                   AND (expires_at IS NOT NULL OR failed_at <= ?)
                 LIMIT ?",
            )
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(now - FAILED_KEPT)
            .bind::<BigInt, _>(i64::from(limit))
            .load(connection)?;
            Ok(ids.into_iter().map(ExportId::new).collect())
        })
    }

    fn identity_rows(
        &mut self,
        user: UserId,
        part: IdentityPart,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ExportPage, StoreError> {
        self.run(|connection| Ok(page(connection, query_of(part), user.uuid(), after, limit)?))
    }
}

/// Only what is listed is shown: no hashes, no secrets, and no names of the staff.
fn query_of(part: IdentityPart) -> &'static str {
    match part {
        IdentityPart::Account => {
            "SELECT id::text, jsonb_build_object(
                 'uuid', id, 'email', email, 'firstname', firstname, 'middlename', middlename,
                 'lastname', lastname, 'phone', phone, 'verification', verification,
                 'created_at', created_at, 'last_modified', last_modified,
                 'deactivated_at', deactivated_at,
                 'last_in_chat_at', (SELECT last_seen_at FROM user_presence WHERE user_id = id),
                 'one_time_passwords_since',
                     (SELECT confirmed_at FROM totp_secrets WHERE user_id = id),
                 'erasure_due_at', (SELECT runs_at FROM erasures WHERE user_id = id))
             FROM users WHERE id = ? AND id::text > ? LIMIT ?"
        }
        IdentityPart::EmailAddresses => {
            "SELECT id::text, jsonb_build_object(
                 'email', email, 'is_primary', is_primary, 'verified_at', verified_at,
                 'created_at', created_at)
             FROM user_emails WHERE user_id = ? AND id::text > ? ORDER BY id::text LIMIT ?"
        }
        IdentityPart::Consents => {
            "SELECT id::text, jsonb_build_object(
                 'purpose', purpose, 'version', version, 'granted', granted, 'source', source,
                 'at', created_at)
             FROM consents WHERE user_id = ? AND id::text > ? ORDER BY id::text LIMIT ?"
        }
        IdentityPart::Sessions => {
            "SELECT id::text, jsonb_build_object(
                 'device_name', device_name, 'network', address, 'created_at', created_at,
                 'last_used_at', last_used_at, 'ended_at', revoked_at,
                 'ended_because', revoked_because)
             FROM sessions WHERE user_id = ? AND id::text > ? ORDER BY id::text LIMIT ?"
        }
        IdentityPart::KnownNetworks => {
            "SELECT network, jsonb_build_object('network', network, 'last_used_at', last_used_at)
             FROM known_networks WHERE user_id = ? AND network > ? ORDER BY network LIMIT ?"
        }
        IdentityPart::Groups => {
            "SELECT name, jsonb_build_object('group', name, 'valid_until', valid_until)
             FROM user_group JOIN groups ON groups.id = group_id
             WHERE user_id = ? AND name > ? ORDER BY name LIMIT ?"
        }
        IdentityPart::Offices => {
            "SELECT role_assignments.id::text, jsonb_build_object(
                 'role', name, 'scope_type', scope_type, 'scope_uuid', scope_id,
                 'valid_from', valid_from, 'valid_until', valid_until,
                 'office_title', office_title)
             FROM role_assignments JOIN roles ON roles.id = role_id
             WHERE user_id = ? AND role_assignments.id::text > ?
             ORDER BY role_assignments.id::text LIMIT ?"
        }
        // An entry about the user shows who acted by their kind alone, and the reason they gave.
        IdentityPart::AccessLog => {
            "SELECT lpad(seq::text, 20, '0'), jsonb_build_object(
                 'at', created_at, 'action', action,
                 'by', CASE WHEN actor_id = asked.id THEN 'you' WHEN actor = 'user' THEN 'staff'
                            ELSE split_part(actor, ':', 1) END,
                 'address', CASE WHEN actor_id = asked.id THEN address END,
                 'about_you', target_id IS NOT DISTINCT FROM asked.id::text,
                 'reason', details::jsonb -> 'reason')
             FROM (VALUES (?, ?)) AS asked (id, after), audit_log
             WHERE (actor_id = asked.id OR target_id = asked.id::text)
               AND seq > coalesce(nullif(asked.after, ''), '0')::bigint
             ORDER BY seq LIMIT ?"
        }
    }
}

impl ExportWrites for Session<'_> {
    fn insert_export(&mut self, export: &DataExport) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::insert_into(data_exports::table)
                .values((
                    data_exports::id.eq(export.id.uuid()),
                    data_exports::user_id.eq(export.user_id.uuid()),
                    data_exports::task_id.eq(export.task.uuid()),
                    data_exports::requested_at.eq(export.requested_at),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn finish_export(
        &mut self,
        id: ExportId,
        bytes: u64,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let finished = diesel::update(data_exports::table.find(id.uuid()))
                .set((
                    data_exports::ready_at.eq(now),
                    data_exports::expires_at.eq(until),
                    data_exports::bytes.eq(i64::try_from(bytes).unwrap_or(i64::MAX)),
                    data_exports::failed_at.eq(None::<DateTime<Utc>>),
                ))
                .execute(connection)?;
            Ok(finished == 1)
        })
    }

    fn fail_export(&mut self, id: ExportId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(data_exports::table.find(id.uuid()))
                .filter(data_exports::ready_at.is_null())
                .set(data_exports::failed_at.eq(now))
                .execute(connection)?;
            Ok(())
        })
    }

    fn delete_exports(&mut self, ids: &[ExportId]) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        self.run(|connection| {
            diesel::delete(data_exports::table.filter(data_exports::id.eq_any(ids)))
                .execute(connection)?;
            Ok(())
        })
    }
}
