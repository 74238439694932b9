use abu_application::access::{
    AssignmentDraft, GroupChange, GroupDraft, PermissionChange, PermissionDraft, RoleChange,
    RoleDraft,
};
use abu_domain::{
    AssignmentId, UserId,
    access::{Assignment, GroupName, Permission, PermissionName, RoleName, Scope, Term},
    platform::text::Description,
};
use chrono::{DateTime, Utc};

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

/// The name of a permission of the office's own.
pub(crate) fn permission(name: &str) -> PermissionName {
    PermissionName::parse(name).unwrap()
}

pub(crate) fn permission_draft(name: &str) -> PermissionDraft {
    PermissionDraft {
        name: permission(name),
        description: description(""),
    }
}

/// Another description and perhaps another name.
pub(crate) fn permission_change(name: Option<&str>) -> PermissionChange {
    PermissionChange {
        name: name.map(permission),
        description: description("Changed."),
    }
}

pub(crate) fn role_draft(name: &str, permissions: &[Permission]) -> RoleDraft {
    RoleDraft {
        name: role(name),
        description: description(""),
        permissions: permission_names(permissions),
    }
}

/// Another description, these permissions, and perhaps another name.
pub(crate) fn role_change(name: Option<&str>, permissions: &[Permission]) -> RoleChange {
    RoleChange {
        name: name.map(role),
        description: description("Changed."),
        permissions: permission_names(permissions),
    }
}

pub(crate) fn group_draft(name: &str, roles: &[RoleName]) -> GroupDraft {
    GroupDraft {
        name: group(name),
        description: description(""),
        roles: roles.to_vec(),
    }
}

/// Another description, these roles, and perhaps another name.
pub(crate) fn group_change(name: Option<&str>, roles: &[RoleName]) -> GroupChange {
    GroupChange {
        name: name.map(group),
        description: description("Changed."),
        roles: roles.to_vec(),
    }
}

/// The role from now on, without an end.
pub(crate) fn assignment_draft(user: UserId, role: &RoleName, scope: Scope) -> AssignmentDraft {
    AssignmentDraft {
        user_id: user,
        role: role.clone(),
        scope,
        valid_from: None,
        valid_until: None,
        office_title: None,
    }
}

pub(crate) fn term(from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Term {
    Term::new(from, until).unwrap()
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
