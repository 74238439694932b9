use std::collections::{BTreeMap, BTreeSet};

use abu_domain::{
    LoginSessionId, UserId,
    access::{GroupName, Permission, PermissionName, RoleName, Scope},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::ports::StoreError;

/// What is known of who asks, or of somebody else, as far as it says what they may do.
#[derive(Clone, Debug, Default)]
pub struct CallerRecord {
    /// False while suspended.
    pub is_active: bool,
    /// Its owner has it hidden.
    pub is_deactivated: bool,
    /// Holds every permission.
    pub is_superuser: bool,
    /// They must set up one-time passwords before any permission counts.
    pub totp_due: bool,
    /// Names of the permissions they hold everywhere: by their groups' roles, and by roles assigned to
    /// them for a term that runs.
    pub permissions: BTreeSet<String>,
    /// Names of the permissions they hold inside a chapter and all below it, by the chapter.
    pub in_chapters: BTreeMap<Uuid, BTreeSet<String>>,
}

impl CallerRecord {
    /// Names of all permissions they hold everywhere; of a superuser, all there are.
    pub fn into_permissions(self) -> BTreeSet<String> {
        let mut held = self.permissions;
        if self.is_superuser {
            held.extend(Permission::ALL.iter().map(|all| all.name().to_owned()));
        }
        held
    }

    /// Whether they hold `permission` everywhere.
    pub fn holds(&self, permission: Permission) -> bool {
        self.holds_named(permission.name())
    }

    /// Whether they hold the permission of that name everywhere.
    pub fn holds_named(&self, permission: &str) -> bool {
        self.is_superuser || self.permissions.contains(permission)
    }

    /// Whether they hold the permission of that name in `scope`: everywhere, or in that very chapter.
    pub fn holds_named_in(&self, permission: &str, scope: Scope) -> bool {
        let there = scope
            .chapter()
            .and_then(|chapter| self.in_chapters.get(&chapter));
        self.holds_named(permission) || there.is_some_and(|held| held.contains(permission))
    }

    /// Whether they hold `permission` in a chapter: everywhere, there, or in a chapter above it.
    /// `chapter_and_ancestors` is the chapter with all those above it.
    pub fn holds_in(&self, permission: Permission, chapter_and_ancestors: &[Uuid]) -> bool {
        self.holds(permission)
            || chapter_and_ancestors.iter().any(|chapter| {
                self.in_chapters
                    .get(chapter)
                    .is_some_and(|held| held.contains(permission.name()))
            })
    }
}

/// A permission that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPermission {
    /// Its name.
    pub permission: PermissionName,
    /// Where it counts.
    pub scope: Scope,
    /// Until when, where it ends by itself.
    pub until: Option<DateTime<Utc>>,
}

/// What people may do, in the store. Whoever is in the group of super admins holds every permission
/// there is, whatever the roles of the group say.
pub trait AccessReads {
    /// What is known of `user`, who comes with a token of `session`; `None` where there is no such
    /// account or the session has ended. Of a suspended account, whose sessions have all ended, that
    /// much is told nevertheless. Assigned roles count while their term runs.
    fn caller(
        &mut self,
        user: UserId,
        session: LoginSessionId,
    ) -> Result<Option<CallerRecord>, StoreError>;

    /// What `user` holds, whether or not they are logged in; what they were given for a time to come is
    /// part of it. `None` where there is no such account.
    fn holder(&mut self, user: UserId) -> Result<Option<CallerRecord>, StoreError>;

    /// What `user` holds from now on, until that time at least; without one, for good. `None` where there
    /// is no such account.
    fn held_until(
        &mut self,
        user: UserId,
        until: Option<DateTime<Utc>>,
    ) -> Result<Option<CallerRecord>, StoreError>;

    /// At most `limit` of the permissions that `user` holds now, those that count everywhere first.
    fn held_permissions(
        &mut self,
        user: UserId,
        limit: u32,
    ) -> Result<Vec<HeldPermission>, StoreError>;

    /// Names of the permissions that these roles give.
    fn permissions_of_roles(&mut self, roles: &[RoleName]) -> Result<BTreeSet<String>, StoreError>;

    /// Names of the permissions that these groups give.
    fn permissions_of_groups(
        &mut self,
        groups: &[GroupName],
    ) -> Result<BTreeSet<String>, StoreError>;

    /// Names of the permissions that anybody who holds the role, in whatever way and scope, holds and
    /// that are not in `held`. Super admins are left out.
    fn excess_of_holders(
        &mut self,
        role: &RoleName,
        held: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, StoreError>;

    /// Names of the permissions that anybody in the group holds and that are not in `held`. Super
    /// admins are left out.
    fn excess_of_members(
        &mut self,
        group: &GroupName,
        held: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, StoreError>;

    /// How many accounts besides `user` are in the group of super admins, not suspended, and have proved
    /// their primary address, so that they can log in.
    fn other_active_super_admins(&mut self, user: UserId) -> Result<u64, StoreError>;

    /// Names of the permissions of [`abu_domain::access`] that seeding would make: those that are
    /// missing, or that the office has made.
    fn unseeded_permissions(&mut self) -> Result<BTreeSet<String>, StoreError>;
}

/// Writes beside [`AccessReads`].
pub trait AccessWrites {
    /// Waits for every other transaction that has called this to end, and has those wait that call it
    /// later. Comes before any other lock.
    ///
    /// # Errors
    /// [`StoreError::Other`] where nothing is seeded.
    fn lock_rights(&mut self) -> Result<(), StoreError>;

    /// Makes every permission, role and group of [`abu_domain::access`] that is missing, and gives what
    /// it makes to the seeded roles and groups it belongs to. What is there already keeps what the
    /// office made of it; only a permission that the office had made by the name of a seeded one is
    /// made anew, because it meant something else. Returns how many rows were added.
    fn seed_access(&mut self, now: DateTime<Utc>) -> Result<usize, StoreError>;

    /// Puts the user in the group of that name; false where they are in it already.
    ///
    /// # Errors
    /// A conflict where there is no such user; [`StoreError::Other`] where there is no such group.
    fn add_to_group(&mut self, user: UserId, group: &str) -> Result<bool, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn editor_of(chapter: Uuid) -> CallerRecord {
        let held = [Permission::CreateAnnouncement.name().to_owned()].into();
        CallerRecord {
            in_chapters: [(chapter, held)].into(),
            ..CallerRecord::default()
        }
    }

    #[test]
    fn a_permission_in_a_chapter_counts_there_and_below_and_nowhere_else() {
        let [zone, branch, other] = [1, 2, 3].map(Uuid::from_u128);
        let editor = editor_of(zone);
        assert!(editor.holds_in(Permission::CreateAnnouncement, &[zone]));
        assert!(editor.holds_in(Permission::CreateAnnouncement, &[branch, zone]));
        assert!(!editor.holds_in(Permission::CreateAnnouncement, &[other]));
        assert!(!editor.holds_in(Permission::CreateEvent, &[zone]));
        assert!(!editor.holds(Permission::CreateAnnouncement));
        // The other way round: an office in a branch says nothing about its zone.
        assert!(!editor_of(branch).holds_in(Permission::CreateAnnouncement, &[zone]));
    }

    #[test]
    fn a_permission_that_is_held_everywhere_is_held_in_every_chapter() {
        let everywhere = CallerRecord {
            permissions: [Permission::CreateEvent.name().to_owned()].into(),
            ..CallerRecord::default()
        };
        assert!(everywhere.holds_in(Permission::CreateEvent, &[Uuid::from_u128(1)]));
    }
}
