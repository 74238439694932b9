use abu_application::access::{Named, RightsError};
use abu_domain::access::Scope;
use chrono::TimeDelta;

use super::{ANY, office, own_permission};
use crate::support::{assert_refused, term};

#[tokio::test]
async fn a_permission_is_deleted_once_no_role_gives_it() {
    let (app, admin) = office();
    let (access, own) = (&app.use_cases.access.control, own_permission(&app));
    let role = app.role_of(&[]);
    let given = std::slice::from_ref(&own);
    app.store(|tx| tx.add_parts(&role, given));
    let refused = access.delete_named(admin.caller(), own.clone(), ANY);
    assert_refused!(refused.await, RightsError::InUse(Named::Permission));
    app.store(|tx| tx.remove_parts(&role, given));
    let deleted = access.delete_named(admin.caller(), own.clone(), ANY);
    deleted.await.unwrap();
    assert_eq!(app.store(|tx| tx.named(&own)), None);
}

#[tokio::test]
async fn a_role_is_deleted_once_no_group_gives_it() {
    let (app, admin) = office();
    let (access, role) = (&app.use_cases.access.control, app.role_of(&[]));
    let given = std::slice::from_ref(&role);
    let group = app.group_of(given);
    let refused = access.delete_named(admin.caller(), role.clone(), ANY).await;
    assert_refused!(refused, RightsError::InUse(Named::Role));
    app.store(|tx| tx.remove_parts(&group, given));
    let deleted = access.delete_named(admin.caller(), role.clone(), ANY).await;
    deleted.unwrap();
    assert_eq!(app.store(|tx| tx.named(&role)), None);
}

#[tokio::test]
async fn a_role_of_a_running_or_later_term_is_not_deleted() {
    let (app, admin) = office();
    let (officer, tomorrow) = (app.member().create(), app.now() + TimeDelta::days(1));
    for begins in [app.now(), tomorrow] {
        let role = app.role_of(&[]);
        app.assign(officer.id(), &role, Scope::Global, term(begins, None));
        let refused = app
            .use_cases
            .access
            .control
            .delete_named(admin.caller(), role, ANY);
        assert_refused!(refused.await, RightsError::InUse(Named::Role));
    }
}

#[tokio::test]
async fn a_role_of_terms_that_are_over_is_deleted_with_them() {
    let (app, admin) = office();
    let (role, yesterday) = (app.role_of(&[]), app.now() - TimeDelta::days(1));
    let last_week = term(yesterday - TimeDelta::days(7), Some(yesterday));
    let id = app.assign(admin.id(), &role, Scope::Global, last_week);
    let deleted = app
        .use_cases
        .access
        .control
        .delete_named(admin.caller(), role, ANY);
    deleted.await.unwrap();
    assert_eq!(app.store(|tx| tx.assignment(id)), None);
}

#[tokio::test]
async fn a_group_is_deleted_once_it_has_no_members() {
    let (app, admin) = office();
    let (access, group) = (&app.use_cases.access.control, app.group_of(&[]));
    let member = app.member().create();
    app.put_in_group(member.id(), &group);
    let refused = access.delete_named(admin.caller(), group.clone(), ANY);
    assert_refused!(refused.await, RightsError::InUse(Named::Group));
    let (groups, now) = ([group.clone()], app.now());
    app.store(|tx| tx.remove_from_groups(member.id(), &groups, now));
    let deleted = access.delete_named(admin.caller(), group.clone(), ANY);
    deleted.await.unwrap();
    assert_eq!(app.store(|tx| tx.named(&group)), None);
}
