use abu_application::access::{AccessError, RightsError};
use abu_domain::access::{Permission, Scope};
use uuid::Uuid;

use super::{ANY, Office, PRIZE};
use crate::support::{
    assert_lacks, assert_refused, description, permission, permission_change, permission_name,
};

#[tokio::test]
async fn a_permission_in_a_role_is_changed_only_by_who_holds_it() {
    let office = Office::new();
    let access = &office.app.use_cases.access.control;
    let (admin, change) = (office.admin.caller(), permission_change(None));
    let refused = access.update_named(admin, permission_name(PRIZE), change.clone(), ANY);
    assert_lacks(refused.await, &[PRIZE]);
    office.app.grant(office.admin.id(), &[PRIZE]);
    let admin = office.admin.caller();
    let changed = access.update_named(admin, permission_name(PRIZE), change.clone(), ANY);
    assert_eq!(changed.await.unwrap().description, change.description);
}

#[tokio::test]
async fn a_permission_that_no_role_gives_is_changed_without_holding_it() {
    let office = Office::new();
    let (app, unused) = (&office.app, permission("can_print_card"));
    app.store(|tx| tx.insert_named(&unused, &description(""), app.now()));
    let change = permission_change(None);
    let access = &app.use_cases.access.control;
    let changed = access.update_named(office.admin.caller(), unused, change.clone(), ANY);
    assert_eq!(changed.await.unwrap().description, change.description);
}

#[tokio::test]
async fn the_permission_of_the_use_case_itself_is_required_everywhere() {
    let office = Office::new();
    let chair = office.weaker();
    let chapter = Scope::Chapter(Uuid::from_u128(1));
    let role = office.app.role_of(&[Permission::ModifyRole]);
    office.assign(&chair, &role, chapter);
    let access = &office.app.use_cases.access.control;
    let empty = office.app.role_of(&[]);
    let refused = access.add_parts(chair.caller(), empty, Vec::new(), ANY);
    assert_refused!(
        refused.await,
        RightsError::Access(AccessError::Denied(Permission::ModifyRole))
    );
}
