//! Log-ins.

use abu_application::ports::{EndReason, NewSession, SessionRows, StoreError, WhichSessions};
use abu_domain::{SessionId, UserId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::{schema::sessions, store::Session};

impl SessionRows for Session<'_> {
    fn insert_session(&mut self, session: &NewSession) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::insert_into(sessions::table)
                .values((
                    sessions::id.eq(session.id.uuid()),
                    sessions::user_id.eq(session.user_id.uuid()),
                    sessions::device_name.eq(session.device_name.as_deref()),
                    sessions::address.eq(session.network.as_deref()),
                    sessions::created_at.eq(session.created_at),
                    sessions::last_used_at.eq(session.created_at),
                    sessions::refreshed_at.eq(session.created_at),
                    sessions::expires_at.eq(session.expires_at),
                    sessions::totp_due.eq(session.totp_due),
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
    ) -> Result<Vec<SessionId>, StoreError> {
        self.run(|connection| {
            let mut ending = diesel::update(sessions::table)
                .set((
                    sessions::revoked_at.eq(now),
                    sessions::revoked_because.eq(because.name()),
                ))
                .filter(sessions::user_id.eq(user.uuid()))
                .filter(sessions::revoked_at.is_null())
                .into_boxed();
            match which {
                WhichSessions::All => {}
                WhichSessions::Only(id) => ending = ending.filter(sessions::id.eq(id.uuid())),
                WhichSessions::AllBut(id) => ending = ending.filter(sessions::id.ne(id.uuid())),
            }
            let ended: Vec<Uuid> = ending.returning(sessions::id).get_results(connection)?;
            Ok(ended.into_iter().map(SessionId::new).collect())
        })
    }

    fn live_sessions(&mut self, ids: &[SessionId]) -> Result<Vec<SessionId>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        self.run(|connection| {
            let live: Vec<Uuid> = sessions::table
                .filter(sessions::id.eq_any(ids))
                .filter(sessions::revoked_at.is_null())
                .select(sessions::id)
                .load(connection)?;
            Ok(live.into_iter().map(SessionId::new).collect())
        })
    }
}
