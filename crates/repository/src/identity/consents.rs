//! Consent records.

use abu_application::{
    identity::ports::{ConsentWrites, Consents},
    platform::ports::StoreError,
};
use abu_domain::{UserId, identity::consent::ConsentPurpose};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::{schema::consents, store::Session};

/// The purpose that stands for the terms.
const TERMS: &str = "terms";

impl ConsentWrites for Session<'_> {
    fn insert_consents(
        &mut self,
        user: UserId,
        answered: &Consents,
        source: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let purposes = answered.granted.iter();
        let rows: Vec<_> = purposes
            .map(|(purpose, granted)| (purpose.name(), *granted))
            .chain([(TERMS, true)])
            .map(|(purpose, granted)| {
                (
                    consents::id.eq(Uuid::new_v4()),
                    consents::user_id.eq(user.uuid()),
                    consents::purpose.eq(purpose),
                    consents::version.eq(answered.version.as_str()),
                    consents::granted.eq(granted),
                    consents::source.eq(source),
                    consents::created_at.eq(now),
                )
            })
            .collect();
        self.run(|connection| {
            diesel::insert_into(consents::table)
                .values(&rows)
                .execute(connection)?;
            Ok(())
        })
    }

    fn insert_answer(
        &mut self,
        user: UserId,
        purpose: ConsentPurpose,
        granted: bool,
        version: &str,
        source: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::insert_into(consents::table)
                .values((
                    consents::id.eq(Uuid::new_v4()),
                    consents::user_id.eq(user.uuid()),
                    consents::purpose.eq(purpose.name()),
                    consents::version.eq(version),
                    consents::granted.eq(granted),
                    consents::source.eq(source),
                    consents::created_at.eq(now),
                ))
                .execute(connection)?;
            Ok(())
        })
    }
}
