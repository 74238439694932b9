//! E-mail addresses of accounts. Where two accounts meet in one address, the one that verified it
//! first keeps it; the other keeps the older spelling, and is listed for the office.

use abu_domain::platform::text::EmailAddress;
use chrono::{DateTime, Utc};
use diesel::{
    PgConnection,
    prelude::*,
    result::{DatabaseErrorKind, Error},
    sql_types::{Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use super::{BATCH, Batch, Position};
use crate::sql::sql;

#[derive(Clone, Queryable)]
struct Claim {
    id: Uuid,
    user_id: Uuid,
    email: String,
    is_primary: bool,
    verified_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

type ClaimColumns = (
    SqlUuid,
    SqlUuid,
    Text,
    Bool,
    Nullable<Timestamptz>,
    Timestamptz,
);

impl Claim {
    /// The lesser one keeps the address.
    fn rank(&self) -> impl Ord + use<> {
        (
            self.verified_at.is_none(),
            self.verified_at,
            self.created_at,
            self.id,
        )
    }

    /// Whether the two cannot have one spelling: see the unique indexes on verified and on primary
    /// addresses.
    fn excludes(&self, other: &Self) -> bool {
        self.verified_at.is_some() && other.verified_at.is_some()
            || self.is_primary && other.is_primary
    }
}

pub(super) fn batch(connection: &mut PgConnection, position: Position) -> QueryResult<Batch> {
    let rows: Vec<(Uuid, String)> = sql::<(SqlUuid, Text)>(
        "SELECT id, email FROM user_emails WHERE ? IS NULL OR id > ? ORDER BY id LIMIT ?",
    )
    .bind::<Nullable<SqlUuid>, _>(position)
    .bind::<Nullable<SqlUuid>, _>(position)
    .bind::<Integer, _>(BATCH)
    .load(connection)?;
    let last = rows.last().map(|(id, _)| *id);
    let mut changed = 0;
    for (id, email) in rows {
        match EmailAddress::parse(&email) {
            Ok(address) if address.as_str() != email => {
                settle(connection, id, &address)?;
                changed += 1;
            }
            _ => {}
        }
    }
    Ok(Batch { last, changed })
}

/// Gives the claim its canonical address, or lists it. A constraint that a concurrent change or a
/// third claim violates leaves the claim as it is.
fn settle(connection: &mut PgConnection, id: Uuid, address: &EmailAddress) -> QueryResult<()> {
    let settled = connection.transaction(|connection| {
        lock(connection, address)?;
        let Some(claim) = claim(connection, id)? else {
            return Ok(());
        };
        match EmailAddress::parse(&claim.email) {
            Ok(now) if now == *address => meet(connection, &claim, address),
            _ => Ok(()),
        }
    });
    match settled {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            list(connection, id, address, None)
        }
        settled => settled,
    }
}

fn meet(connection: &mut PgConnection, claim: &Claim, address: &EmailAddress) -> QueryResult<()> {
    let others = claims_on(connection, address, claim.id)?;
    let (own, foreign): (Vec<_>, Vec<_>) = others
        .into_iter()
        .partition(|other| other.user_id == claim.user_id);
    // An account that has both spellings has one claim.
    let claim = match own.first() {
        Some(twin) => merge(connection, claim, twin)?,
        None => claim.clone(),
    };
    let rivals: Vec<_> = foreign
        .into_iter()
        .filter(|other| other.excludes(&claim))
        .collect();
    let Some(first) = rivals.iter().min_by_key(|rival| rival.rank()) else {
        return spell(connection, &claim, address.as_str());
    };
    if first.rank() < claim.rank() {
        // The account's own address may have been the twin's.
        spell(connection, &claim, &claim.email)?;
        return list(connection, claim.id, address, Some(first.user_id));
    }
    // The rivals take over the older spelling. The claim stands aside meanwhile: no two rows have
    // one spelling at any time.
    spell(
        connection,
        &claim,
        &format!("{}#{}", address.as_str(), claim.id),
    )?;
    for rival in rivals {
        spell(connection, &rival, &claim.email)?;
        list(connection, rival.id, address, Some(claim.user_id))?;
    }
    spell(connection, &claim, address.as_str())
}

/// Deletes the twin, and gives the claim what the twin had.
fn merge(connection: &mut PgConnection, claim: &Claim, twin: &Claim) -> QueryResult<Claim> {
    sql::<()>(
        "UPDATE user_emails SET awaits_proof = coalesce(
             (SELECT bool_and(awaits_proof) FROM user_emails
              WHERE id IN (?, ?) AND verified_at IS NOT NULL), false)
         WHERE id = ?",
    )
    .bind::<SqlUuid, _>(claim.id)
    .bind::<SqlUuid, _>(twin.id)
    .bind::<SqlUuid, _>(claim.id)
    .execute(connection)?;
    sql::<()>("DELETE FROM user_emails WHERE id = ?")
        .bind::<SqlUuid, _>(twin.id)
        .execute(connection)?;
    let verified = [claim.verified_at, twin.verified_at].into_iter().flatten();
    let merged = Claim {
        is_primary: claim.is_primary || twin.is_primary,
        verified_at: verified.min(),
        created_at: claim.created_at.min(twin.created_at),
        ..claim.clone()
    };
    sql::<()>(
        "UPDATE user_emails SET is_primary = ?, verified_at = ?, created_at = ? WHERE id = ?",
    )
    .bind::<Bool, _>(merged.is_primary)
    .bind::<Nullable<Timestamptz>, _>(merged.verified_at)
    .bind::<Timestamptz, _>(merged.created_at)
    .bind::<SqlUuid, _>(merged.id)
    .execute(connection)?;
    Ok(merged)
}

/// Changes the spelling of a claim, and of the account whose primary address it is.
fn spell(connection: &mut PgConnection, claim: &Claim, email: &str) -> QueryResult<()> {
    sql::<()>("UPDATE user_emails SET email = ? WHERE id = ?")
        .bind::<Text, _>(email)
        .bind::<SqlUuid, _>(claim.id)
        .execute(connection)?;
    if claim.is_primary {
        sql::<()>("UPDATE users SET email = ? WHERE id = ?")
            .bind::<Text, _>(email)
            .bind::<SqlUuid, _>(claim.user_id)
            .execute(connection)?;
    }
    Ok(())
}

/// Lists the claim for the office.
fn list(
    connection: &mut PgConnection,
    id: Uuid,
    address: &EmailAddress,
    holder: Option<Uuid>,
) -> QueryResult<()> {
    sql::<()>(
        "INSERT INTO email_conflicts (email_id, address, holder_id, found_at)
         SELECT id, ?, ?, now() FROM user_emails WHERE id = ?
         ON CONFLICT (email_id) DO NOTHING",
    )
    .bind::<Text, _>(address.as_str())
    .bind::<Nullable<SqlUuid>, _>(holder)
    .bind::<SqlUuid, _>(id)
    .execute(connection)?;
    Ok(())
}

/// The lock that use cases take before they change who has an address.
fn lock(connection: &mut PgConnection, address: &EmailAddress) -> QueryResult<()> {
    sql::<()>("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))")
        .bind::<Text, _>(address.as_str())
        .execute(connection)?;
    Ok(())
}

fn claim(connection: &mut PgConnection, id: Uuid) -> QueryResult<Option<Claim>> {
    sql::<ClaimColumns>(
        "SELECT id, user_id, email, is_primary, verified_at, created_at
         FROM user_emails WHERE id = ? FOR UPDATE",
    )
    .bind::<SqlUuid, _>(id)
    .get_result(connection)
    .optional()
}

fn claims_on(
    connection: &mut PgConnection,
    address: &EmailAddress,
    but: Uuid,
) -> QueryResult<Vec<Claim>> {
    sql::<ClaimColumns>(
        "SELECT id, user_id, email, is_primary, verified_at, created_at
         FROM user_emails WHERE lower(email) = ? AND id <> ? ORDER BY id FOR UPDATE",
    )
    .bind::<Text, _>(address.as_str())
    .bind::<SqlUuid, _>(but)
    .load(connection)
}
