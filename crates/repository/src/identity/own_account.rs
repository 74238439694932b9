//! Owners' changes to their accounts, and the deletion of unproved accounts.

use abu_application::{
    identity::ports::{OwnAccountReads, OwnAccountWrites, OwnDetails},
    platform::ports::StoreError,
};
use abu_domain::{UserId, identity::text::PhoneNumber, platform::text::PersonName};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Timestamptz},
};
use uuid::Uuid;

use crate::{
    schema::{totp_secrets, user_emails, users},
    sql::sql,
    store::Session,
};

impl OwnAccountReads for Session<'_> {
    fn password_hash(&mut self, id: UserId) -> Result<Option<String>, StoreError> {
        self.run(|connection| {
            Ok(users::table
                .find(id.uuid())
                .select(users::password_hash)
                .first(connection)
                .optional()?)
        })
    }
}

impl OwnAccountWrites for Session<'_> {
    fn lock_account(&mut self, id: UserId) -> Result<bool, StoreError> {
        self.run(|connection| {
            let locked: Option<Uuid> = users::table
                .find(id.uuid())
                .select(users::id)
                .for_no_key_update()
                .first(connection)
                .optional()?;
            Ok(locked.is_some())
        })
    }

    fn set_own_details(
        &mut self,
        id: UserId,
        details: &OwnDetails,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(users::table.find(id.uuid()))
                .set((
                    users::firstname.eq(details.firstname.as_str()),
                    users::middlename.eq(details.middlename.as_ref().map(PersonName::as_str)),
                    users::lastname.eq(details.lastname.as_str()),
                    users::phone.eq(details.phone.as_ref().map(PhoneNumber::as_str)),
                    users::last_modified.eq(now),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn set_deactivated(
        &mut self,
        id: UserId,
        deactivated_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(users::table.find(id.uuid()))
                .set((
                    users::deactivated_at.eq(deactivated_at),
                    users::last_modified.eq(now),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn forget_totp_since(&mut self, id: UserId, since: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::delete(totp_secrets::table.find(id.uuid()))
                .filter(
                    totp_secrets::created_at
                        .gt(since)
                        .or(totp_secrets::confirmed_at.gt(since).assume_not_null()),
                )
                .execute(connection)?;
            Ok(())
        })
    }

    fn remove_unverified(&mut self, id: UserId) -> Result<(), StoreError> {
        self.run(|connection| {
            let unproved = user_emails::table
                .filter(user_emails::is_primary)
                .filter(user_emails::verified_at.is_null())
                .select(user_emails::user_id);
            diesel::delete(users::table.find(id.uuid()))
                .filter(users::id.eq_any(unproved))
                .execute(connection)?;
            Ok(())
        })
    }

    fn sweep_unverified(
        &mut self,
        made_before: DateTime<Utc>,
        limit: u32,
    ) -> Result<usize, StoreError> {
        self.run(|connection| {
            // Locks both rows, so a concurrent proof of the address is seen. An account in a room
            // is kept, although use cases add no unproved account to a room.
            let swept = sql::<()>(
                "DELETE FROM users WHERE id IN (
                     SELECT users.id
                     FROM user_emails JOIN users ON users.id = user_emails.user_id
                     WHERE is_primary AND verified_at IS NULL AND user_emails.created_at < ?
                       AND NOT EXISTS (SELECT FROM room_members WHERE room_members.user_id = users.id)
                     ORDER BY user_emails.created_at LIMIT ?
                     FOR UPDATE OF users, user_emails SKIP LOCKED)",
            )
            .bind::<Timestamptz, _>(made_before)
            .bind::<BigInt, _>(i64::from(limit))
            .execute(connection)?;
            Ok(swept)
        })
    }
}
