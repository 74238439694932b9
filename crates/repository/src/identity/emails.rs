//! E-mail addresses, their proofs, and changes of the primary address.

use abu_application::{
    identity::ports::{
        EmailChange, EmailConflict, EmailReads, EmailWrites, NewVerification, ProofLink, TokenHash,
        Verification,
    },
    platform::ports::StoreError,
};
use abu_domain::{EmailId, UserId, identity::user::UserEmail, platform::text::EmailAddress};
use chrono::{DateTime, Utc};
use diesel::{
    dsl::not,
    pg::Pg,
    prelude::*,
    sql_types::{Bool, Bytea, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    identity::users::lower,
    schema::{email_changes, email_conflicts, email_verifications, user_emails, users},
    sql::sql,
    store::Session,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = user_emails, check_for_backend(Pg))]
struct EmailRow {
    id: Uuid,
    user_id: Uuid,
    email: String,
    is_primary: bool,
    verified_at: Option<DateTime<Utc>>,
    awaits_proof: bool,
    created_at: DateTime<Utc>,
}

impl From<EmailRow> for UserEmail {
    fn from(row: EmailRow) -> Self {
        Self {
            id: row.id.into(),
            user_id: row.user_id.into(),
            email: EmailAddress::from_storage(row.email),
            is_primary: row.is_primary,
            verified_at: row.verified_at,
            awaits_proof: row.awaits_proof,
            created_at: row.created_at,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = email_verifications, check_for_backend(Pg))]
struct VerificationRow {
    id: Uuid,
    makes_primary: bool,
    approval_hash: Option<Vec<u8>>,
    opened_at: Option<DateTime<Utc>>,
    approved_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = email_changes, check_for_backend(Pg))]
struct ChangeRow {
    id: Uuid,
    user_id: Uuid,
    old_email: String,
    new_email: String,
    changed_at: DateTime<Utc>,
    undo_until: DateTime<Utc>,
    undone_at: Option<DateTime<Utc>>,
}

impl ChangeRow {
    fn into_change(self, undo_hash: TokenHash) -> EmailChange {
        EmailChange {
            id: self.id,
            user_id: self.user_id.into(),
            old_email: EmailAddress::from_storage(self.old_email),
            new_email: EmailAddress::from_storage(self.new_email),
            undo_hash,
            changed_at: self.changed_at,
            undo_until: self.undo_until,
            undone_at: self.undone_at,
        }
    }
}

#[derive(Queryable)]
struct ConflictRow {
    user_id: Uuid,
    spelling: String,
    address: String,
    holder_id: Option<Uuid>,
    found_at: DateTime<Utc>,
}

impl From<ConflictRow> for EmailConflict {
    fn from(row: ConflictRow) -> Self {
        Self {
            user_id: row.user_id.into(),
            spelling: EmailAddress::from_storage(row.spelling),
            address: EmailAddress::from_storage(row.address),
            holder_id: row.holder_id.map(UserId::new),
            found_at: row.found_at,
        }
    }
}

impl EmailReads for Session<'_> {
    fn address_owner(
        &mut self,
        email: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<Option<UserId>, StoreError> {
        self.run(|connection| {
            let owner: Option<Uuid> = sql::<SqlUuid>(
                "SELECT user_id FROM user_emails
                 WHERE lower(email) = ? AND verified_at IS NOT NULL
                 UNION ALL
                 SELECT user_id FROM email_changes
                 WHERE lower(old_email) = ? AND undone_at IS NULL AND undo_until > ?
                 LIMIT 1",
            )
            .bind::<Text, _>(email.as_str())
            .bind::<Text, _>(email.as_str())
            .bind::<Timestamptz, _>(now)
            .get_result(connection)
            .optional()?;
            Ok(owner.map(UserId::new))
        })
    }

    fn unverified_account(&mut self, email: &EmailAddress) -> Result<Option<UserId>, StoreError> {
        self.run(|connection| {
            let account: Option<Uuid> = user_emails::table
                .filter(lower(user_emails::email).eq(email.as_str()))
                .filter(user_emails::is_primary)
                .filter(user_emails::verified_at.is_null())
                .select(user_emails::user_id)
                .first(connection)
                .optional()?;
            Ok(account.map(UserId::new))
        })
    }

    fn unproved_account(&mut self, email: &EmailAddress) -> Result<Option<UserId>, StoreError> {
        self.run(|connection| {
            let account: Option<Uuid> = user_emails::table
                .filter(lower(user_emails::email).eq(email.as_str()))
                .filter(user_emails::is_primary)
                .filter(
                    user_emails::verified_at
                        .is_null()
                        .or(user_emails::awaits_proof),
                )
                .select(user_emails::user_id)
                .first(connection)
                .optional()?;
            Ok(account.map(UserId::new))
        })
    }

    fn emails_of(&mut self, user: UserId) -> Result<Vec<UserEmail>, StoreError> {
        self.run(|connection| {
            let rows = user_emails::table
                .filter(user_emails::user_id.eq(user.uuid()))
                .order((
                    user_emails::is_primary.desc(),
                    user_emails::created_at,
                    user_emails::id,
                ))
                .select(EmailRow::as_select())
                .load(connection)?;
            Ok(rows.into_iter().map(UserEmail::from).collect())
        })
    }

    fn verification(&mut self, token_hash: &TokenHash) -> Result<Option<Verification>, StoreError> {
        self.run(|connection| {
            let found = email_verifications::table
                .inner_join(user_emails::table)
                .filter(
                    email_verifications::token_hash.eq(&token_hash[..]).or(
                        email_verifications::approval_hash
                            .eq(&token_hash[..])
                            .assume_not_null(),
                    ),
                )
                .select((VerificationRow::as_select(), EmailRow::as_select()))
                .first(connection)
                .optional()?;
            let Some((row, email)) = found else {
                return Ok(None);
            };
            let is_approval = row.approval_hash.as_deref() == Some(&token_hash[..]);
            Ok(Some(Verification {
                id: row.id,
                email: email.into(),
                makes_primary: row.makes_primary,
                link: match is_approval {
                    true => ProofLink::Approval,
                    false => ProofLink::Own,
                },
                has_approval: row.approval_hash.is_some(),
                opened_at: row.opened_at,
                approved_at: row.approved_at,
                expires_at: row.expires_at,
                used_at: row.used_at,
            }))
        })
    }

    fn email_change(&mut self, undo_hash: &TokenHash) -> Result<Option<EmailChange>, StoreError> {
        self.run(|connection| {
            let row = email_changes::table
                .filter(email_changes::undo_hash.eq(&undo_hash[..]))
                .select(ChangeRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(|row| row.into_change(*undo_hash)))
        })
    }

    fn email_conflicts(&mut self, limit: u32) -> Result<Vec<EmailConflict>, StoreError> {
        self.run(|connection| {
            let rows: Vec<ConflictRow> = email_conflicts::table
                .inner_join(user_emails::table)
                .order((email_conflicts::found_at, email_conflicts::email_id))
                .limit(limit.into())
                .select((
                    user_emails::user_id,
                    user_emails::email,
                    email_conflicts::address,
                    email_conflicts::holder_id,
                    email_conflicts::found_at,
                ))
                .load(connection)?;
            Ok(rows.into_iter().map(EmailConflict::from).collect())
        })
    }
}

impl EmailWrites for Session<'_> {
    fn lock_address(&mut self, email: &EmailAddress) -> Result<(), StoreError> {
        self.run(|connection| {
            // An advisory lock, because the row may not exist yet. A hash collision of two
            // addresses costs a wait only.
            sql::<()>("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))")
                .bind::<Text, _>(email.as_str())
                .execute(connection)?;
            Ok(())
        })
    }

    fn insert_email(&mut self, email: &UserEmail) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::insert_into(user_emails::table)
                .values((
                    user_emails::id.eq(email.id.uuid()),
                    user_emails::user_id.eq(email.user_id.uuid()),
                    user_emails::email.eq(email.email.as_str()),
                    user_emails::is_primary.eq(email.is_primary),
                    user_emails::verified_at.eq(email.verified_at),
                    user_emails::awaits_proof.eq(email.awaits_proof),
                    user_emails::created_at.eq(email.created_at),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn delete_email(&mut self, id: EmailId) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::delete(user_emails::table.find(id.uuid())).execute(connection)?;
            Ok(())
        })
    }

    fn mark_verified(&mut self, id: EmailId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(user_emails::table.find(id.uuid()))
                .filter(
                    user_emails::verified_at
                        .is_null()
                        .or(user_emails::awaits_proof),
                )
                .set((
                    user_emails::verified_at.eq(now),
                    user_emails::awaits_proof.eq(false),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn mark_vouched_for(&mut self, id: EmailId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(user_emails::table.find(id.uuid()))
                .filter(user_emails::verified_at.is_null())
                .set((
                    user_emails::verified_at.eq(now),
                    user_emails::awaits_proof.eq(true),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn make_primary(&mut self, email: &UserEmail, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(|connection| {
            // Clears the old one first: a unique index allows one primary address per account.
            diesel::update(user_emails::table)
                .filter(user_emails::user_id.eq(email.user_id.uuid()))
                .filter(user_emails::is_primary)
                .set(user_emails::is_primary.eq(false))
                .execute(connection)?;
            diesel::update(user_emails::table.find(email.id.uuid()))
                .set(user_emails::is_primary.eq(true))
                .execute(connection)?;
            diesel::update(users::table.find(email.user_id.uuid()))
                .set((
                    users::email.eq(email.email.as_str()),
                    users::last_modified.eq(now),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn delete_emails_since(
        &mut self,
        user: UserId,
        since: DateTime<Utc>,
        gone: &EmailAddress,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            // A claim from before `since` with a later proof is deleted too.
            let late = user_emails::created_at
                .gt(since)
                .or(user_emails::verified_at.gt(since).assume_not_null())
                .or(lower(user_emails::email).eq(gone.as_str()));
            diesel::delete(user_emails::table)
                .filter(user_emails::user_id.eq(user.uuid()))
                .filter(late)
                .execute(connection)?;
            Ok(())
        })
    }

    fn insert_verification(&mut self, verification: &NewVerification) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<()>(
                "WITH replaced AS (DELETE FROM email_verifications WHERE email_id = ?)
                 INSERT INTO email_verifications
                     (id, email_id, token_hash, approval_hash, makes_primary, created_at, expires_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind::<SqlUuid, _>(verification.email_id.uuid())
            .bind::<SqlUuid, _>(verification.id)
            .bind::<SqlUuid, _>(verification.email_id.uuid())
            .bind::<Bytea, _>(&verification.token_hash[..])
            .bind::<Nullable<Bytea>, _>(verification.approval_hash.as_ref().map(|hash| &hash[..]))
            .bind::<Bool, _>(verification.makes_primary)
            .bind::<Timestamptz, _>(verification.created_at)
            .bind::<Timestamptz, _>(verification.expires_at)
            .execute(connection)?;
            Ok(())
        })
    }

    fn mark_opened(
        &mut self,
        verification: Uuid,
        link: ProofLink,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            let row = email_verifications::table.find(verification);
            match link {
                ProofLink::Own => diesel::update(row)
                    .set(email_verifications::opened_at.eq(now))
                    .execute(connection)?,
                ProofLink::Approval => diesel::update(row)
                    .set(email_verifications::approved_at.eq(now))
                    .execute(connection)?,
            };
            Ok(())
        })
    }

    fn delete_claims(&mut self, user: UserId) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::delete(user_emails::table)
                .filter(user_emails::user_id.eq(user.uuid()))
                .filter(not(user_emails::is_primary))
                .filter(user_emails::verified_at.is_null())
                .execute(connection)?;
            Ok(())
        })
    }

    fn kill_verifications_of(
        &mut self,
        email: EmailId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(email_verifications::table)
                .filter(email_verifications::email_id.eq(email.uuid()))
                .filter(email_verifications::used_at.is_null())
                .set(email_verifications::used_at.eq(now))
                .execute(connection)?;
            Ok(())
        })
    }

    fn kill_verifications(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(|connection| {
            let own = user_emails::table
                .filter(user_emails::user_id.eq(user.uuid()))
                .select(user_emails::id);
            diesel::update(email_verifications::table)
                .filter(email_verifications::email_id.eq_any(own))
                .filter(email_verifications::used_at.is_null())
                .set(email_verifications::used_at.eq(now))
                .execute(connection)?;
            Ok(())
        })
    }

    fn insert_email_change(&mut self, change: &EmailChange) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::delete(email_changes::table)
                .filter(email_changes::user_id.eq(change.user_id.uuid()))
                .filter(email_changes::undo_until.le(change.changed_at))
                .execute(connection)?;
            diesel::insert_into(email_changes::table)
                .values((
                    email_changes::id.eq(change.id),
                    email_changes::user_id.eq(change.user_id.uuid()),
                    email_changes::old_email.eq(change.old_email.as_str()),
                    email_changes::new_email.eq(change.new_email.as_str()),
                    email_changes::undo_hash.eq(&change.undo_hash[..]),
                    email_changes::changed_at.eq(change.changed_at),
                    email_changes::undo_until.eq(change.undo_until),
                    email_changes::undone_at.eq(change.undone_at),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn mark_undone_since(
        &mut self,
        user: UserId,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(email_changes::table)
                .filter(email_changes::user_id.eq(user.uuid()))
                .filter(email_changes::changed_at.ge(since))
                .filter(email_changes::undone_at.is_null())
                .set(email_changes::undone_at.eq(now))
                .execute(connection)?;
            Ok(())
        })
    }
}
