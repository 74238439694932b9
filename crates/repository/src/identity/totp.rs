//! TOTP secrets and recovery codes.

use abu_application::{
    identity::ports::{RecoveryHash, TotpReads, TotpRecord, TotpWrites},
    platform::ports::StoreError,
};
use abu_domain::UserId;
use chrono::{DateTime, Utc};
use diesel::{
    dsl::exists,
    prelude::*,
    sql_types::{Array, BigInt, Binary, Nullable, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    error::{BadRow, Failure},
    schema::{totp_recovery_codes, totp_secrets},
    sql::sql,
    store::Session,
};

/// The encrypted secret, the time of its confirmation, the last used step, and the hashes of unused
/// recovery codes.
type TotpRow = (Vec<u8>, Option<DateTime<Utc>>, i64, Vec<Vec<u8>>);

fn totp_record(user: UserId, row: TotpRow) -> Result<TotpRecord, BadRow> {
    let (sealed_secret, confirmed_at, last_step, codes) = row;
    let hash = |code: Vec<u8>| {
        RecoveryHash::try_from(code).map_err(|_| BadRow {
            column: "totp_recovery_codes.code_hash",
            id: user.uuid(),
        })
    };
    Ok(TotpRecord {
        sealed_secret,
        confirmed_at,
        last_step,
        recovery_codes: codes.into_iter().map(hash).collect::<Result<_, _>>()?,
    })
}

impl TotpReads for Session<'_> {
    fn totp(&mut self, user: UserId) -> Result<Option<TotpRecord>, StoreError> {
        self.run(|connection| {
            let found: Option<TotpRow> =
                sql::<(Binary, Nullable<Timestamptz>, BigInt, Array<Binary>)>(
                    "SELECT sealed_secret, confirmed_at, last_step,
                            ARRAY(SELECT code_hash FROM totp_recovery_codes AS codes
                                  WHERE codes.user_id = totp_secrets.user_id AND used_at IS NULL)
                     FROM totp_secrets WHERE user_id = ?",
                )
                .bind::<SqlUuid, _>(user.uuid())
                .get_result(connection)
                .optional()?;
            let record = found.map(|row| totp_record(user, row)).transpose();
            record.map_err(Failure::Row)
        })
    }

    fn has_totp(&mut self, user: UserId) -> Result<bool, StoreError> {
        self.run(|connection| {
            let confirmed = totp_secrets::table
                .find(user.uuid())
                .filter(totp_secrets::confirmed_at.is_not_null());
            Ok(diesel::select(exists(confirmed)).get_result(connection)?)
        })
    }

    fn sealed_totp(
        &mut self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<(UserId, Vec<u8>)>, StoreError> {
        self.run(|connection| {
            let mut secrets = totp_secrets::table
                .order(totp_secrets::user_id)
                .limit(limit.into())
                .select((totp_secrets::user_id, totp_secrets::sealed_secret))
                .into_boxed();
            if let Some(after) = after {
                secrets = secrets.filter(totp_secrets::user_id.gt(after.uuid()));
            }
            let rows: Vec<(Uuid, Vec<u8>)> = secrets.load(connection)?;
            Ok(rows
                .into_iter()
                .map(|(user, sealed)| (UserId::new(user), sealed))
                .collect())
        })
    }
}

impl TotpWrites for Session<'_> {
    fn insert_totp(
        &mut self,
        user: UserId,
        sealed_secret: &[u8],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let kept = sql::<()>(
                "INSERT INTO totp_secrets (user_id, sealed_secret, created_at) VALUES (?, ?, ?)
                 ON CONFLICT (user_id) DO UPDATE
                 SET sealed_secret = excluded.sealed_secret, created_at = excluded.created_at
                 WHERE totp_secrets.confirmed_at IS NULL",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<Binary, _>(sealed_secret)
            .bind::<Timestamptz, _>(now)
            .execute(connection)?;
            Ok(kept == 1)
        })
    }

    fn replace_sealed_totp(
        &mut self,
        user: UserId,
        sealed: &[u8],
        by: &[u8],
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let replaced = diesel::update(totp_secrets::table.find(user.uuid()))
                .filter(totp_secrets::sealed_secret.eq(sealed))
                .set(totp_secrets::sealed_secret.eq(by))
                .execute(connection)?;
            Ok(replaced == 1)
        })
    }

    fn confirm_totp(
        &mut self,
        user: UserId,
        step: i64,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let confirmed = diesel::update(totp_secrets::table.find(user.uuid()))
                .filter(totp_secrets::confirmed_at.is_null())
                .set((
                    totp_secrets::confirmed_at.eq(now),
                    totp_secrets::last_step.eq(step),
                ))
                .execute(connection)?;
            Ok(confirmed == 1)
        })
    }

    fn use_totp_step(&mut self, user: UserId, step: i64) -> Result<bool, StoreError> {
        self.run(|connection| {
            let used = diesel::update(totp_secrets::table.find(user.uuid()))
                .filter(totp_secrets::last_step.lt(step))
                .set(totp_secrets::last_step.eq(step))
                .execute(connection)?;
            Ok(used == 1)
        })
    }

    fn use_recovery_code(
        &mut self,
        user: UserId,
        code: &RecoveryHash,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let code = totp_recovery_codes::table.find((user.uuid(), &code[..]));
            let used = diesel::update(code)
                .filter(totp_recovery_codes::used_at.is_null())
                .set(totp_recovery_codes::used_at.eq(now))
                .execute(connection)?;
            Ok(used == 1)
        })
    }

    fn replace_recovery_codes(
        &mut self,
        user: UserId,
        codes: &[RecoveryHash],
    ) -> Result<(), StoreError> {
        let codes: Vec<&[u8]> = codes.iter().map(|code| &code[..]).collect();
        self.run(|connection| {
            sql::<()>(
                "WITH dead AS (DELETE FROM totp_recovery_codes WHERE user_id = ?)
                 INSERT INTO totp_recovery_codes (user_id, code_hash) SELECT ?, unnest(?)",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<Array<Binary>, _>(codes)
            .execute(connection)?;
            Ok(())
        })
    }

    fn delete_totp(&mut self, user: UserId) -> Result<bool, StoreError> {
        self.run(|connection| {
            let deleted =
                diesel::delete(totp_secrets::table.find(user.uuid())).execute(connection)?;
            Ok(deleted == 1)
        })
    }
}
