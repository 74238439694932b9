//! What the suspension and the activation of an account change in rooms: succession of group owners, and direct
//! rooms that cannot be written in.

use std::{collections::BTreeMap, sync::Arc};

use abu_domain::{RoomId, UserId, messaging::room::RoomRole};
use chrono::{DateTime, Utc};

use crate::{
    identity::ports::{Publishing, StandingListener},
    messaging::{
        events::Event,
        ports::{EventBus, RoleChange},
    },
    platform::ports::{Applied, StoreError},
    store::Writes,
};

/// Passes on the groups of a suspended account. An account that is active again gets the groups that
/// have no other active member.
pub struct Succession {
    pub events: Arc<dyn EventBus>,
}

impl StandingListener for Succession {
    /// Locks all groups of the user, not just those that they own: a concurrent leave may be about to
    /// make them the owner of one.
    fn standing_changed(
        &self,
        tx: &mut dyn Writes,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Publishing, StoreError> {
        let groups = tx.lock_groups_of(user)?;
        let changes = tx.pass_ownership(&groups, now)?;
        let bus = Arc::clone(&self.events);
        Ok(Box::new(move || {
            let standing = Event::StandingChanged { user };
            let applied: Vec<Applied> = events(&changes, None)
                .chain([standing])
                .map(|event| bus.publish(event))
                .collect();
            Box::pin(async move {
                for applied in applied {
                    applied.await;
                }
            })
        }))
    }
}

/// One event for each room.
pub(in crate::messaging) fn events(
    changes: &[RoleChange],
    by: Option<UserId>,
) -> impl Iterator<Item = Event> + use<> {
    let mut rooms: BTreeMap<RoomId, Vec<(UserId, RoomRole)>> = BTreeMap::new();
    for change in changes {
        rooms
            .entry(change.room_id)
            .or_default()
            .push((change.user_id, change.role));
    }
    let event = move |(room, roles)| Event::RolesChanged { room, roles, by };
    rooms.into_iter().map(event)
}
