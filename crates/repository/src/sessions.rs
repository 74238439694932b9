//! Log-ins.

use abu_application::ports::{NewSession, SessionRows, StoreError};
use abu_domain::SessionId;
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
