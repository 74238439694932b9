//! Public holidays, on which the clock of claims stands still; and claims that wait for an answer for too long.

use abu_domain::{
    access::Permission,
    alumni::claims::{Command, NEEDS_INFO_LIFETIME},
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{ClaimError, Claims, transition};
use crate::{
    access::{self, Authority, Server},
    platform::audit::{Action, Target},
    store::Writes,
};

/// How many claims end at once.
pub(super) const EXPIRE_AT_ONCE: u32 = 100;

impl Claims {
    /// The holidays of the last year and to come; takes `can_verify_alumni`.
    pub async fn list_holidays(
        &self,
        caller: impl Authority,
    ) -> Result<Vec<NaiveDate>, ClaimError> {
        let from = (self.context.clock.now() - TimeDelta::days(365)).date_naive();
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &caller, Permission::VerifyAlumni)?;
                Ok(tx.holidays(from)?)
            })
            .await
    }

    /// Enters a holiday, or renames it; takes `can_verify_alumni`. Claims that are under way keep their times.
    pub async fn add_holiday(
        &self,
        caller: impl Authority,
        day: NaiveDate,
        name: String,
    ) -> Result<(), ClaimError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::VerifyAlumni)?;
                tx.insert_holiday(day, &name, caller.user(), now)?;
                caller
                    .entry(Action::HolidayCreate)
                    .on(holiday(day))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    /// Takes `can_verify_alumni`.
    pub async fn remove_holiday(
        &self,
        caller: impl Authority,
        day: NaiveDate,
    ) -> Result<(), ClaimError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::VerifyAlumni)?;
                if !tx.delete_holiday(day)? {
                    return Err(ClaimError::HolidayNotFound);
                }
                caller
                    .entry(Action::HolidayDelete)
                    .on(holiday(day))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    /// Withdraws claims whose applicants did not answer for 30 days; returns their number.
    pub(super) fn expire(
        &self,
        tx: &mut dyn Writes,
        now: DateTime<Utc>,
    ) -> Result<usize, ClaimError> {
        let due = tx.unanswered_claims(now - NEEDS_INFO_LIFETIME, EXPIRE_AT_ONCE)?;
        for id in &due {
            let claim = transition::locked(tx, *id)?;
            match self.apply(tx, claim, &Command::Expire, &Server, now) {
                // The applicant answered meanwhile.
                Ok(_) | Err(ClaimError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(due.len())
    }
}

fn holiday(day: NaiveDate) -> Target {
    Target {
        kind: "holiday",
        id: day.to_string(),
    }
}
