//! Accounts of synthetic graduates: set-based, since there may be a million.

use abu_application::{
    alumni::ports::{Filling, SyntheticCounts, SyntheticShares, SyntheticWrites},
    platform::ports::StoreError,
};
use abu_domain::{
    ImportId,
    access::{APPLICANT_GROUP, VERIFIED_ALUMNI_GROUP},
    platform::text::EmailAddress,
};
use chrono::{DateTime, Utc};
use diesel::{
    connection::SimpleConnection,
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Bool, Integer, Text, Timestamptz, Uuid as SqlUuid},
};

use crate::{bare_tables::BareTables, sql::sql, store::Session};

/// Which account is for which record, until the end of the work.
const TABLE: &str = include_str!("synthetic/table.sql");
const CHOOSE: &str = include_str!("synthetic/choose.sql");
/// Of records with one address the first gets an account.
const SHARE: &str = include_str!("synthetic/share.sql");
const FIND: &str = include_str!("synthetic/find.sql");
const USERS: &str = include_str!("synthetic/users.sql");
/// Those whose address has an account.
const FORGET: &str = include_str!("synthetic/forget.sql");
const EMAILS: &str = include_str!("synthetic/emails.sql");
const GROUPS: &str = include_str!("synthetic/groups.sql");
const CLAIMS: &str = include_str!("synthetic/claims.sql");
const CLAIMS_ON_SEVERAL: &str = include_str!("synthetic/claims_on_several.sql");
const VERIFY: &str = include_str!("synthetic/verify.sql");
const LEAVE: &str = include_str!("synthetic/leave.sql");
const DROP: &str = include_str!("synthetic/drop.sql");
/// That are filled.
const TABLES: [&str; 4] = ["users", "user_emails", "user_group", "claims"];

impl SyntheticWrites for Session<'_> {
    fn insert_synthetic_members(
        &mut self,
        import: ImportId,
        shares: SyntheticShares,
        filling: Filling,
        now: DateTime<Utc>,
    ) -> Result<SyntheticCounts, StoreError> {
        self.run(|connection| {
            let bare = (filling == Filling::Alone && has_more_than_accounts(import, connection)?)
                .then(|| BareTables::strip(connection, &TABLES))
                .transpose()?;
            connection.batch_execute(TABLE)?;
            sql_query(CHOOSE)
                .bind::<SqlUuid, _>(import.uuid())
                .bind::<Integer, _>(i32::from(shares.verified))
                .bind::<Integer, _>(i32::from(shares.listed))
                .execute(connection)?;
            sql_query(SHARE).execute(connection)?;
            connection.batch_execute("ANALYZE synthetic_members")?;
            let members = at(USERS, now, connection)?;
            sql_query(FORGET).execute(connection)?;
            at(EMAILS, now, connection)?;
            let verified = join(now, connection)?;
            if let Some(bare) = bare {
                bare.restore(connection)?;
                connection.batch_execute(&format!("ANALYZE {}", TABLES.join(", ")))?;
            }
            connection.batch_execute(DROP)?;
            Ok(SyntheticCounts {
                members: members as u64,
                verified: verified as u64,
            })
        })
    }

    fn verify_synthetic_members(
        &mut self,
        import: ImportId,
        emails: &[EmailAddress],
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let emails: Vec<String> = emails
            .iter()
            .map(|email| email.as_str().to_lowercase())
            .collect();
        self.run(|connection| {
            connection.batch_execute(TABLE)?;
            sql_query(FIND)
                .bind::<SqlUuid, _>(import.uuid())
                .bind::<Array<Text>, _>(emails)
                .execute(connection)?;
            at(VERIFY, now, connection)?;
            sql_query(LEAVE)
                .bind::<Text, _>(APPLICANT_GROUP)
                .execute(connection)?;
            let verified = join(now, connection)?;
            connection.batch_execute(DROP)?;
            Ok(verified as u64)
        })
    }
}

fn at(statement: &str, now: DateTime<Utc>, connection: &mut PgConnection) -> QueryResult<usize> {
    sql_query(statement)
        .bind::<Timestamptz, _>(now)
        .execute(connection)
}

/// Puts everyone in their group, and verified ones on their claims; returns how many those are.
fn join(now: DateTime<Utc>, connection: &mut PgConnection) -> QueryResult<usize> {
    sql_query(GROUPS)
        .bind::<Text, _>(VERIFIED_ALUMNI_GROUP)
        .bind::<Text, _>(APPLICANT_GROUP)
        .execute(connection)?;
    let verified: i64 = sql::<BigInt>("SELECT count(*) FROM synthetic_members WHERE is_verified")
        .get_result(connection)?;
    let on_one = at(CLAIMS, now, connection)?;
    Ok(match on_one as i64 == verified {
        true => on_one,
        false => on_one + at(CLAIMS_ON_SEVERAL, now, connection)?,
    })
}

fn has_more_than_accounts(import: ImportId, connection: &mut PgConnection) -> QueryResult<bool> {
    sql::<Bool>(
        "SELECT (SELECT count(*) FROM alumni_records WHERE created_by_import = ?) > (SELECT count(*) FROM users)",
    )
    .bind::<SqlUuid, _>(import.uuid())
    .get_result(connection)
}
