//! How a member arranges a room in their own list: muted, pinned, hidden.

use abu_domain::{RoomId, messaging::room::RoomSettings};

use super::{RoomError, Rooms};
use crate::{
    access::{self, Caller},
    platform::versions::{Expected, Version},
};

impl Rooms {
    /// Replaces the caller's settings of a room. Other members learn nothing of it.
    pub async fn arrange(
        &self,
        caller: Caller,
        id: RoomId,
        settings: RoomSettings,
        expected: Expected,
    ) -> Result<RoomSettings, RoomError> {
        let now = self.context.clock.now();
        self.context
            .database
            .transaction(move |tx| {
                access::require_active(tx, &caller)?;
                let before = tx.lock_settings(id, caller.user)?;
                let before = before.ok_or(RoomError::RoomNotFound)?.at(now);
                expected.check(settings_version(before))?;
                let after = settings.at(now);
                tx.set_settings(id, caller.user, after)?;
                Ok(after)
            })
            .await
    }
}

/// The version of settings is their state: the end of the mute, and both flags in the lowest two bits.
pub fn settings_version(settings: RoomSettings) -> Version {
    let until = settings.muted_until;
    let muted = until.map_or(0, |until| Version::of(until).micros());
    let flags = i64::from(settings.pinned) << 1 | i64::from(settings.hidden);
    Version::from_micros((muted << 2) | flags)
}
