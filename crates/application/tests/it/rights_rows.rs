//! Permissions, roles and groups as rows: names, system rows, use, and optimistic concurrency.

mod contents;
mod names;
mod usage;
mod versions;

use abu_application::platform::versions::Expected;
use abu_domain::access::PermissionName;

use crate::support::{Member, TestApp, description, permission};

const ANY: Expected = Expected::Anything;

/// An application with a super admin, who may do everything.
fn office() -> (TestApp, Member) {
    let app = TestApp::new();
    let admin = app.member().super_admin().create();
    (app, admin)
}

/// A permission of the office's own.
fn own_permission(app: &TestApp) -> PermissionName {
    let name = permission("can_print_card");
    app.store(|tx| tx.insert_permission(&name, &description(""), app.now()));
    name
}
