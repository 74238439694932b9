use abu_domain::{
    AssignmentId, UserId,
    access::{Assignment, GroupName, Permission, PermissionName, RoleName, Scope, Term},
    platform::text::Description,
};

use super::{TestApp, new_id};

pub(crate) fn description(text: &str) -> Description {
    Description::parse(text).unwrap()
}

pub(crate) fn permission_name(permission: Permission) -> PermissionName {
    PermissionName::parse(permission.name()).unwrap()
}

pub(crate) fn permission_names(permissions: &[Permission]) -> Vec<PermissionName> {
    permissions.iter().copied().map(permission_name).collect()
}

pub(crate) fn role(name: &str) -> RoleName {
    RoleName::parse(name).unwrap()
}

pub(crate) fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

/// Rights that tests give past the rules.
impl TestApp {
    /// A new role that gives these permissions.
    pub(crate) fn role_of(&self, permissions: &[Permission]) -> RoleName {
        let name = role(&format!("role_{}", new_id().simple()));
        self.store(|tx| {
            tx.insert_role(&name, &description(""), self.now())?;
            tx.add_permissions_to_role(&name, &permission_names(permissions))
        });
        name
    }

    /// A new group that gives these roles.
    pub(crate) fn group_of(&self, roles: &[RoleName]) -> GroupName {
        let name = group(&format!("group_{}", new_id().simple()));
        self.store(|tx| {
            tx.insert_group(&name, &description(""), self.now())?;
            tx.add_roles_to_group(&name, roles)
        });
        name
    }

    pub(crate) fn put_in_group(&self, user: UserId, group: &GroupName) {
        self.store(|tx| tx.add_to_group(user, group.as_str()));
    }

    /// Has the user hold these permissions, by a role and a group of their own.
    pub(crate) fn grant(&self, user: UserId, permissions: &[Permission]) {
        let group = self.group_of(&[self.role_of(permissions)]);
        self.put_in_group(user, &group);
    }

    pub(crate) fn assign(
        &self,
        user: UserId,
        role: &RoleName,
        scope: Scope,
        term: Term,
    ) -> AssignmentId {
        let id = AssignmentId::new(new_id());
        self.store(|tx| {
            tx.insert_assignment(&Assignment {
                id,
                user_id: user,
                role: role.clone(),
                scope,
                term,
                office_title: None,
                created_by: None,
                created_at: self.now(),
                last_modified: self.now(),
            })
        });
        id
    }
}
