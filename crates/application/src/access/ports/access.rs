use std::collections::{BTreeMap, BTreeSet};

use abu_domain::{
    LoginSessionId, UserId,
    access::{GroupName, Permission, PermissionName, RoleName, Scope},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::ports::StoreError;

/// The rights of a user, as authorization reads them.
#[derive(Clone, Debug, Default)]
pub struct CallerRecord {
    /// False while suspended.
    pub is_active: bool,
    /// The owner deactivated the account.
    pub is_deactivated: bool,
    /// Holds every permission.
    pub is_superuser: bool,
    /// No permission counts until the user enrolls in TOTP.
    pub totp_due: bool,
    /// Names of the globally held permissions: from the groups' roles, and from assigned roles
    /// whose term runs.
    pub permissions: BTreeSet<String>,
    /// Names of the permissions held in a chapter and below it, by chapter.
    pub in_chapters: BTreeMap<Uuid, BTreeSet<String>>,
}

impl CallerRecord {
    /// Names of all globally held permissions; for a superuser, also every permission that the code
    /// checks.
    pub fn into_permissions(self) -> BTreeSet<String> {
        let mut held = self.permissions;
        if self.is_superuser {
            held.extend(Permission::ALL.iter().map(|all| all.name().to_owned()));
        }
        held
    }

    pub fn holds(&self, permission: Permission) -> bool {
        self.holds_named(permission.name())
    }

    pub fn holds_named(&self, permission: &str) -> bool {
        self.is_superuser || self.permissions.contains(permission)
    }

    /// Whether a permission that the code checks is held globally, and counts.
    pub fn is_staff(&self) -> bool {
        !self.totp_due && Permission::ALL.iter().any(|all| self.holds(*all))
    }

    /// Whether the permission is held globally, or in exactly the chapter of `scope`.
    pub fn holds_named_in(&self, permission: &str, scope: Scope) -> bool {
        let there = scope
            .chapter()
            .and_then(|chapter| self.in_chapters.get(&chapter));
        self.holds_named(permission) || there.is_some_and(|held| held.contains(permission))
    }

    /// Whether the permission is held globally, in the chapter, or in a chapter above it.
    /// `chapter_and_ancestors` is the chapter and all above it.
    pub fn holds_in(&self, permission: Permission, chapter_and_ancestors: &[Uuid]) -> bool {
        self.holds(permission)
            || chapter_and_ancestors.iter().any(|chapter| {
                self.in_chapters
                    .get(chapter)
                    .is_some_and(|held| held.contains(permission.name()))
            })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPermission {
    pub permission: PermissionName,
    pub scope: Scope,
    /// `None` for no end.
    pub until: Option<DateTime<Utc>>,
}

/// Rights in the store. Members of the super-admin group hold every permission, whatever the
/// group's roles.
pub trait AccessReads {
    /// The rights of `user` if `session` lasts; else `None`. A suspended account has no session
    /// left, but is reported with `is_active` false. Memberships and assigned roles count while their
    /// term runs.
    fn caller(
        &mut self,
        user: UserId,
        session: LoginSessionId,
    ) -> Result<Option<CallerRecord>, StoreError>;

    /// The rights of `user` without regard to sessions. Includes assignments whose term has yet to
    /// begin. `None` for an unknown account.
    fn holder(&mut self, user: UserId) -> Result<Option<CallerRecord>, StoreError>;

    /// The rights that `user` holds from now until at least `until`; `None` means for good. Returns
    /// `None` for an unknown account.
    fn held_until(
        &mut self,
        user: UserId,
        until: Option<DateTime<Utc>>,
    ) -> Result<Option<CallerRecord>, StoreError>;

    /// At most `limit` permissions that `user` holds now, global ones first.
    fn held_permissions(
        &mut self,
        user: UserId,
        limit: u32,
    ) -> Result<Vec<HeldPermission>, StoreError>;

    fn permissions_of_roles(&mut self, roles: &[RoleName]) -> Result<BTreeSet<String>, StoreError>;

    fn permissions_of_groups(
        &mut self,
        groups: &[GroupName],
    ) -> Result<BTreeSet<String>, StoreError>;

    /// Names of the permissions outside `held` that any holder of the role has, in whatever way and
    /// scope. Leaves super admins out.
    fn excess_of_holders(
        &mut self,
        role: &RoleName,
        held: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, StoreError>;

    /// Names of the permissions outside `held` that any member of the group has. Leaves super
    /// admins out.
    fn excess_of_members(
        &mut self,
        group: &GroupName,
        held: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, StoreError>;

    /// Counts permanent members of the super-admin group other than `user` that can log in. They are
    /// not suspended and have a verified primary address.
    fn other_active_super_admins(&mut self, user: UserId) -> Result<u64, StoreError>;

    /// Names of the permissions that [`AccessWrites::seed_access`] would create: missing ones, and
    /// ones that an administrator created under a seeded name.
    fn unseeded_permissions(&mut self) -> Result<BTreeSet<String>, StoreError>;
}

pub trait AccessWrites {
    /// Takes the global lock of rights changes until the transaction ends. Lock order: before any
    /// other lock. Fails with [`StoreError::Other`] before the database is seeded.
    fn lock_rights(&mut self) -> Result<(), StoreError>;

    /// Creates missing permissions, roles and groups of [`abu_domain::access`] and links them to
    /// seeded roles and groups. Keeps administrators' changes to existing rows. A permission that
    /// an administrator created under a seeded name meant something else, so seeding replaces it.
    /// Returns the number of new rows.
    fn seed_access(&mut self, now: DateTime<Utc>) -> Result<usize, StoreError>;

    /// Adds the user to the group without an end; false if they are such a member already. A conflict
    /// for an unknown user; [`StoreError::Other`] for an unknown group.
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
    fn a_chapter_permission_counts_there_and_below_only() {
        let [zone, branch, other] = [1, 2, 3].map(Uuid::from_u128);
        let editor = editor_of(zone);
        assert!(editor.holds_in(Permission::CreateAnnouncement, &[zone]));
        assert!(editor.holds_in(Permission::CreateAnnouncement, &[branch, zone]));
        assert!(!editor.holds_in(Permission::CreateAnnouncement, &[other]));
        assert!(!editor.holds_in(Permission::CreateEvent, &[zone]));
        assert!(!editor.holds(Permission::CreateAnnouncement));
        // A permission in a branch does not count in its zone.
        assert!(!editor_of(branch).holds_in(Permission::CreateAnnouncement, &[zone]));
    }

    #[test]
    fn a_global_permission_counts_in_every_chapter() {
        let everywhere = CallerRecord {
            permissions: [Permission::CreateEvent.name().to_owned()].into(),
            ..CallerRecord::default()
        };
        assert!(everywhere.holds_in(Permission::CreateEvent, &[Uuid::from_u128(1)]));
    }
}
