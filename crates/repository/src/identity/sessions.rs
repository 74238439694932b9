//! Login sessions.

use abu_application::{
    identity::ports::{
        ENDED_SESSIONS_KEPT, EndReason, EndedSession, NETWORKS_KEPT, NewSession,
        RefreshableSession, SessionListing, SessionReads, SessionRefresh, SessionWrites,
        WhichSessions,
    },
    platform::{
        lists::{Seek, TimePosition, Total},
        ports::StoreError,
    },
};
use abu_domain::{LoginSessionId, UserId, platform::network::Network};
use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    error::{BadRow, Failure},
    lists::{in_list_order, newest_first, total},
    schema::{known_networks, sessions},
    sql::sql,
    store::Session,
};

/// User, device name, number and time of the newest refresh token, expiry, end reason, and whether
/// the account is active.
type RefreshableRow = (
    Uuid,
    Option<String>,
    i64,
    DateTime<Utc>,
    DateTime<Utc>,
    Option<String>,
    bool,
);

fn refreshable(id: Uuid, row: RefreshableRow) -> Result<RefreshableSession, BadRow> {
    let (user, device_name, count, refreshed_at, expires_at, because, is_active) = row;
    let bad = |column| BadRow { column, id };
    let ended = because
        .map(|name| EndReason::from_name(&name).ok_or(bad("sessions.revoked_because")))
        .transpose()?;
    Ok(RefreshableSession {
        user_id: user.into(),
        device_name,
        refresh_count: count
            .try_into()
            .map_err(|_| bad("sessions.refresh_count"))?,
        refreshed_at,
        expires_at,
        ended,
        is_active,
    })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(Pg))]
struct ListingRow {
    id: Uuid,
    device_name: Option<String>,
    address: Option<String>,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
}

impl From<ListingRow> for SessionListing {
    fn from(row: ListingRow) -> Self {
        Self {
            id: row.id.into(),
            device_name: row.device_name,
            network: row.address,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// The user's live sessions, without an order.
fn lasting(user: UserId, now: DateTime<Utc>) -> sessions::BoxedQuery<'static, Pg> {
    sessions::table
        .filter(sessions::user_id.eq(user.uuid()))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .into_boxed()
}

impl SessionReads for Session<'_> {
    fn list_sessions(
        &mut self,
        user: UserId,
        seek: Seek<TimePosition<LoginSessionId>>,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<SessionListing>, StoreError> {
        self.run(|connection| {
            let lasting = lasting(user, now);
            let rows = newest_first!(lasting, seek, sessions::last_used_at, sessions::id)
                .limit(limit.into())
                .select(ListingRow::as_select())
                .load(connection)?;
            Ok(in_list_order(seek.is_backward(), rows)
                .into_iter()
                .map(SessionListing::from)
                .collect())
        })
    }

    fn count_sessions(&mut self, user: UserId, now: DateTime<Utc>) -> Result<Total, StoreError> {
        self.run(|connection| {
            let lasting = lasting(user, now).select(sessions::id);
            Ok(total(connection, lasting)?)
        })
    }

    fn live_sessions(&mut self, ids: &[LoginSessionId]) -> Result<Vec<LoginSessionId>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        self.run(|connection| {
            let live: Vec<Uuid> = sessions::table
                .filter(sessions::id.eq_any(ids))
                .filter(sessions::revoked_at.is_null())
                .select(sessions::id)
                .load(connection)?;
            Ok(live.into_iter().map(LoginSessionId::new).collect())
        })
    }

    fn sessions_ended_after(
        &mut self,
        time: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<EndedSession>, StoreError> {
        self.run(|connection| {
            let by_suspension = sessions::revoked_because
                .assume_not_null()
                .eq(EndReason::Suspended.name());
            let ended: Vec<(Uuid, Uuid, bool)> = sessions::table
                .filter(sessions::revoked_at.gt(time))
                .order(sessions::revoked_at.desc())
                .limit(limit.into())
                .select((sessions::id, sessions::user_id, by_suspension))
                .load(connection)?;
            let ended = ended.into_iter();
            Ok(ended
                .map(|(id, user, by_suspension)| EndedSession {
                    id: id.into(),
                    user_id: user.into(),
                    by_suspension,
                })
                .collect())
        })
    }

    fn knows_network(
        &mut self,
        user: UserId,
        network: Network,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let known = known_networks::table
                .find((user.uuid(), network.to_string()))
                .filter(known_networks::last_used_at.gt(now - NETWORKS_KEPT));
            Ok(diesel::select(diesel::dsl::exists(known)).get_result(connection)?)
        })
    }
}

impl SessionWrites for Session<'_> {
    fn insert_session(&mut self, session: &NewSession) -> Result<(), StoreError> {
        self.run(|connection| {
            // `SKIP LOCKED` gives concurrent sweeps different rows; `LIMIT` bounds each.
            sql::<()>(
                "WITH swept AS (
                     DELETE FROM sessions WHERE id IN (
                         SELECT id FROM sessions WHERE least(revoked_at, expires_at) < ?
                         ORDER BY least(revoked_at, expires_at) LIMIT 100 FOR UPDATE SKIP LOCKED))
                 INSERT INTO sessions (id, user_id, device_name, address, created_at, last_used_at,
                                       refreshed_at, expires_at, totp_due)
                 SELECT ?, ?, ?, ?, now, now, now, ?, ? FROM (VALUES (?)) AS clock (now)",
            )
            .bind::<Timestamptz, _>(session.created_at - ENDED_SESSIONS_KEPT)
            .bind::<SqlUuid, _>(session.id.uuid())
            .bind::<SqlUuid, _>(session.user_id.uuid())
            .bind::<Nullable<Text>, _>(session.device_name.as_deref())
            .bind::<Nullable<Text>, _>(session.network.map(|network| network.to_string()))
            .bind::<Timestamptz, _>(session.expires_at)
            .bind::<Bool, _>(session.totp_due)
            .bind::<Timestamptz, _>(session.created_at)
            .execute(connection)?;
            Ok(())
        })
    }

    fn lock_session(
        &mut self,
        id: LoginSessionId,
    ) -> Result<Option<RefreshableSession>, StoreError> {
        self.run(|connection| {
            // Locks the session row alone. Lock order: the account before its sessions.
            let found: Option<RefreshableRow> = sql::<(
                SqlUuid,
                Nullable<Text>,
                BigInt,
                Timestamptz,
                Timestamptz,
                Nullable<Text>,
                Bool,
            )>(
                "SELECT user_id, device_name, refresh_count, refreshed_at, expires_at,
                        revoked_because, is_active
                 FROM sessions JOIN users ON users.id = user_id
                 WHERE sessions.id = ? FOR NO KEY UPDATE OF sessions",
            )
            .bind::<SqlUuid, _>(id.uuid())
            .get_result(connection)
            .optional()?;
            let session = found.map(|row| refreshable(id.uuid(), row)).transpose();
            session.map_err(Failure::Row)
        })
    }

    fn refresh_session(
        &mut self,
        id: LoginSessionId,
        refresh: &SessionRefresh,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(sessions::table.find(id.uuid()))
                .set((
                    sessions::refresh_count.eq(i64::from(refresh.refresh_count)),
                    sessions::refreshed_at.eq(refresh.refreshed_at),
                    sessions::last_used_at.eq(refresh.used_at),
                    sessions::address.eq(refresh.network.map(|network| network.to_string())),
                    sessions::expires_at.eq(refresh.expires_at),
                    sessions::totp_due.eq(refresh.totp_due),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn end_sessions(
        &mut self,
        user: UserId,
        which: WhichSessions,
        because: EndReason,
        now: DateTime<Utc>,
    ) -> Result<Vec<LoginSessionId>, StoreError> {
        self.run(|connection| {
            let mut ending = diesel::update(sessions::table)
                .set((
                    sessions::revoked_at.eq(now),
                    sessions::revoked_because.eq(because.name()),
                ))
                .filter(sessions::user_id.eq(user.uuid()))
                .filter(sessions::revoked_at.is_null())
                .filter(sessions::expires_at.gt(now))
                .into_boxed();
            match which {
                WhichSessions::All => {}
                WhichSessions::Only(id) => ending = ending.filter(sessions::id.eq(id.uuid())),
                WhichSessions::AllBut(id) => ending = ending.filter(sessions::id.ne(id.uuid())),
            }
            let ended: Vec<Uuid> = ending.returning(sessions::id).get_results(connection)?;
            Ok(ended.into_iter().map(LoginSessionId::new).collect())
        })
    }

    fn end_longest_unused(
        &mut self,
        user: UserId,
        keep: u32,
        because: EndReason,
        now: DateTime<Utc>,
    ) -> Result<Vec<LoginSessionId>, StoreError> {
        self.run(|connection| {
            let ended: Vec<Uuid> = sql::<SqlUuid>(
                "UPDATE sessions SET revoked_at = ?, revoked_because = ?
                 WHERE id IN (
                     SELECT id FROM sessions
                     WHERE user_id = ? AND revoked_at IS NULL AND expires_at > ?
                     ORDER BY last_used_at DESC, id DESC OFFSET ?)
                 RETURNING id",
            )
            .bind::<Timestamptz, _>(now)
            .bind::<Text, _>(because.name())
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<Timestamptz, _>(now)
            .bind::<BigInt, _>(i64::from(keep))
            .get_results(connection)?;
            Ok(ended.into_iter().map(LoginSessionId::new).collect())
        })
    }

    fn note_network(
        &mut self,
        user: UserId,
        network: Network,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            // `SKIP LOCKED` gives concurrent sweeps different rows; `LIMIT` bounds each. The sweep
            // skips an expired row that this statement updates. A use within a day of the last one
            // writes nothing: `ON CONFLICT` alone would lock the row, which is a write as well.
            sql::<()>(
                "WITH swept AS (
                     DELETE FROM known_networks WHERE (user_id, network) IN (
                         SELECT user_id, network FROM known_networks WHERE last_used_at < ?
                         ORDER BY last_used_at LIMIT 100 FOR UPDATE SKIP LOCKED))
                 INSERT INTO known_networks AS known (user_id, network, last_used_at)
                 SELECT used.* FROM (VALUES (?, ?, ?)) AS used (user_id, network, at)
                 WHERE NOT EXISTS (
                     SELECT FROM known_networks AS recent
                     WHERE recent.user_id = used.user_id AND recent.network = used.network
                       AND recent.last_used_at >= used.at - interval '1 day')
                 ON CONFLICT (user_id, network) DO UPDATE SET last_used_at = EXCLUDED.last_used_at
                 WHERE known.last_used_at < EXCLUDED.last_used_at - interval '1 day'",
            )
            .bind::<Timestamptz, _>(now - NETWORKS_KEPT)
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<Text, _>(network.to_string())
            .bind::<Timestamptz, _>(now)
            .execute(connection)?;
            Ok(())
        })
    }

    fn set_totp_due(&mut self, user: UserId, totp_due: bool) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(sessions::table)
                .filter(sessions::user_id.eq(user.uuid()))
                .filter(sessions::revoked_at.is_null())
                .set(sessions::totp_due.eq(totp_due))
                .execute(connection)?;
            Ok(())
        })
    }
}
