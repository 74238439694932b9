//! Password resets.

use abu_application::{
    identity::ports::{NewReset, PasswordReset, ResetReads, ResetWrites, TokenHash},
    platform::ports::StoreError,
};
use abu_domain::UserId;
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Bytea, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{schema::password_resets, sql::sql, store::Session};

impl ResetReads for Session<'_> {
    fn reset(&mut self, token_hash: &TokenHash) -> Result<Option<PasswordReset>, StoreError> {
        self.run(|connection| {
            let found: Option<(Uuid, DateTime<Utc>, Option<DateTime<Utc>>)> =
                password_resets::table
                    .filter(password_resets::token_hash.eq(&token_hash[..]))
                    .select((
                        password_resets::user_id,
                        password_resets::expires_at,
                        password_resets::used_at,
                    ))
                    .first(connection)
                    .optional()?;
            Ok(found.map(|(user_id, expires_at, used_at)| PasswordReset {
                user_id: user_id.into(),
                expires_at,
                used_at,
            }))
        })
    }
}

impl ResetWrites for Session<'_> {
    fn insert_reset(&mut self, reset: &NewReset) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<()>(
                "WITH replaced AS (DELETE FROM password_resets WHERE user_id = ?)
                 INSERT INTO password_resets (id, user_id, token_hash, created_at, expires_at)
                 VALUES (?, ?, ?, ?, ?)",
            )
            .bind::<SqlUuid, _>(reset.user_id.uuid())
            .bind::<SqlUuid, _>(reset.id)
            .bind::<SqlUuid, _>(reset.user_id.uuid())
            .bind::<Bytea, _>(&reset.token_hash[..])
            .bind::<Timestamptz, _>(reset.created_at)
            .bind::<Timestamptz, _>(reset.expires_at)
            .execute(connection)?;
            Ok(())
        })
    }

    fn kill_resets(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(password_resets::table)
                .filter(password_resets::user_id.eq(user.uuid()))
                .filter(password_resets::used_at.is_null())
                .set(password_resets::used_at.eq(now))
                .execute(connection)?;
            Ok(())
        })
    }
}
