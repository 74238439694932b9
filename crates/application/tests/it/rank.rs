//! Privilege escalation: no caller gives, or acts on, more than they hold themselves.

mod accounts;
mod automatic;
mod groups;
mod memberships;
mod permissions;
mod roles;
mod terms;
mod waiting;

use abu_application::platform::versions::Expected;
use abu_domain::{
    AssignmentId,
    access::{Permission, RoleName, Scope},
};

use crate::support::{Member, TestApp, term};

/// All permissions about accounts and rights, and no other.
const ADMINISTRATION: [Permission; 16] = [
    Permission::CreateUser,
    Permission::ViewUser,
    Permission::ModifyUser,
    Permission::DeleteUser,
    Permission::CreatePermission,
    Permission::ViewPermission,
    Permission::ModifyPermission,
    Permission::DeletePermission,
    Permission::CreateRole,
    Permission::ViewRole,
    Permission::ModifyRole,
    Permission::DeleteRole,
    Permission::CreateGroup,
    Permission::ViewGroup,
    Permission::ModifyGroup,
    Permission::DeleteGroup,
];

/// The permission that the administrator lacks.
const PRIZE: Permission = Permission::ViewAuditLog;

const ANY: Expected = Expected::Anything;

/// An administrator who holds [`ADMINISTRATION`], and people who hold more or nothing.
struct Office {
    app: TestApp,
    admin: Member,
}

impl Office {
    fn new() -> Self {
        let app = TestApp::new();
        let admin = app.member().holding(&ADMINISTRATION).create();
        Self { app, admin }
    }

    /// Holds the prize and nothing else.
    fn stronger(&self) -> Member {
        self.app.member().holding(&[PRIZE]).create()
    }

    /// Holds nothing.
    fn weaker(&self) -> Member {
        self.app.member().create()
    }

    fn prize_role(&self) -> RoleName {
        self.app.role_of(&[PRIZE])
    }

    /// Gives the role from now on, without an end.
    fn assign(&self, member: &Member, role: &RoleName, scope: Scope) -> AssignmentId {
        let from_now_on = term(self.app.now(), None);
        self.app.assign(member.id(), role, scope, from_now_on)
    }
}
