//! Scheduled erasures of accounts.

use abu_application::{
    identity::ports::{Erasure, ErasureReads, ErasureWrites},
    platform::ports::StoreError,
};
use abu_domain::UserId;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{schema::erasures, store::Session};

impl ErasureReads for Session<'_> {
    fn erasure_due(&mut self, user: UserId) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.run(|connection| {
            Ok(erasures::table
                .find(user.uuid())
                .select(erasures::runs_at)
                .first(connection)
                .optional()?)
        })
    }
}

impl ErasureWrites for Session<'_> {
    fn insert_erasure(&mut self, erasure: &Erasure) -> Result<bool, StoreError> {
        self.run(|connection| {
            let inserted = diesel::insert_into(erasures::table)
                .values((
                    erasures::user_id.eq(erasure.user_id.uuid()),
                    erasures::requested_by.eq(erasure.requested_by.uuid()),
                    erasures::reason.eq(erasure.reason.as_str()),
                    erasures::requested_at.eq(erasure.requested_at),
                    erasures::runs_at.eq(erasure.runs_at),
                ))
                .on_conflict_do_nothing()
                .execute(connection)?;
            Ok(inserted == 1)
        })
    }

    fn call_off_staffs_erasure(&mut self, user: UserId) -> Result<bool, StoreError> {
        self.run(|connection| {
            let called_off = diesel::delete(erasures::table.find(user.uuid()))
                .filter(erasures::requested_by.is_distinct_from(user.uuid()))
                .execute(connection)?;
            Ok(called_off == 1)
        })
    }
}
