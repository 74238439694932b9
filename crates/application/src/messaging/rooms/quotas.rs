//! Daily quotas of rooms made and of people brought into rooms.
//!
//! The requests of one user are serialized by the lock of their account, which
//! [`lock_account`](crate::identity::ports::OwnAccountWrites::lock_account) takes first.

use abu_domain::UserId;
use chrono::{DateTime, TimeDelta, Utc};

use super::{RoomError, RoomLimits};
use crate::{platform::ports::StoreError, store::Writes};

const DAY: TimeDelta = TimeDelta::days(1);

/// What a user may do in any 24 hours.
#[derive(Clone, Copy, Debug)]
pub struct RoomQuotas {
    /// The most rooms that a user makes.
    pub rooms: u32,
    /// The most people whom a user brings into rooms.
    pub people: u32,
}

/// Locks the user's account, if anything is counted for it.
pub(super) fn begin(
    tx: &mut dyn Writes,
    user: UserId,
    limits: RoomLimits,
) -> Result<(), StoreError> {
    if limits.quotas.is_some() {
        tx.lock_account(user)?;
    }
    Ok(())
}

/// Counts the room that the user has just made.
pub(super) fn count_room(
    tx: &mut dyn Writes,
    user: UserId,
    limits: RoomLimits,
    now: DateTime<Utc>,
) -> Result<(), RoomError> {
    let Some(quotas) = limits.quotas else {
        return Ok(());
    };
    match tx.nth_newest_room_made(user, quotas.rooms.saturating_add(1), now - DAY)? {
        Some(made_at) => Err(refusal(made_at, now)),
        None => Ok(()),
    }
}

/// Counts people whom the user brings into a room.
pub(super) fn count_people(
    tx: &mut dyn Writes,
    user: UserId,
    people: usize,
    limits: RoomLimits,
    now: DateTime<Utc>,
) -> Result<(), RoomError> {
    let people = u32::try_from(people).unwrap_or(u32::MAX);
    let Some(quotas) = limits.quotas.filter(|_| people > 0) else {
        return Ok(());
    };
    let most = quotas.people;
    if people > most {
        return Err(RoomError::TooManyPeople { most });
    }
    match tx.bring_people(user, people, most, now - DAY, now)? {
        Some(counted_at) => Err(refusal(counted_at, now)),
        None => Ok(()),
    }
}

/// What was counted at that time must be a day old first.
fn refusal(counted_at: DateTime<Utc>, now: DateTime<Utc>) -> RoomError {
    RoomError::QuotaUsedUp {
        retry_after: counted_at + DAY - now,
    }
}
