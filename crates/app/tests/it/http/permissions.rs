//! Authorization matrix of all routes. A route that is missing here fails the tests.

use std::collections::BTreeSet;

use abu_domain::access::Permission;
use abu_rest::ProblemKind;
use serde_json::{Value, json};
use uuid::Uuid;

use super::imports::upload_address;
use super::support::{Answer, Call, PASSWORD, Rig, Subjects};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Access {
    /// Anonymous clients too.
    Public,
    /// Every authenticated user.
    User,
    /// Holders of one permission.
    Holder(Permission),
    /// Members of the room; to others it does not exist.
    Member,
    /// The owner; others get 404.
    Own,
    /// The account that it is about; others are refused.
    Owner,
    /// Who has one-time passwords; to others it is said that they have none.
    Enrolled,
    /// Verified graduates.
    Verified,
}

use Access::{Enrolled, Holder, Member, Own, Owner, Public, User, Verified};
use Permission::{
    CreateAlumniRecord, CreateGroup, CreateInvitation, CreatePermission, CreateRole, CreateUser,
    DeleteGroup, DeletePermission, DeleteRole, DeleteUser, ImportAlumni, ManageSettings,
    ModifyAlumniRecord, ModifyGroup, ModifyMail, ModifyPermission, ModifyRole, ModifyUser,
    VerifyAlumni, ViewAlumniRecord, ViewAuditLog, ViewGroup, ViewMail, ViewPermission, ViewRole,
    ViewUser,
};

pub(super) const TABLE: &[(&str, &str, Access)] = &[
    ("GET", "/", Public),
    ("GET", "/console", Public),
    ("GET", "/console/", Public),
    ("GET", "/console/{file}", Public),
    ("GET", "/docs", Public),
    ("GET", "/docs/", Public),
    ("GET", "/docs/{file}", Public),
    ("GET", "/openapi.json", Public),
    ("GET", "/problems/{slug}", Public),
    ("GET", "/health/live", Public),
    ("GET", "/health/ready", Public),
    ("GET", "/chat", User),
    ("POST", "/api/v1/auth/token", Public),
    ("POST", "/api/v1/auth/refresh", Public),
    ("POST", "/api/v1/auth/docs-token", Public),
    ("POST", "/api/v1/auth/ws-ticket", User),
    ("POST", "/api/v1/auth/register", Public),
    ("POST", "/api/v1/auth/verify-email", Public),
    ("POST", "/api/v1/auth/verify-email/resend", Public),
    ("POST", "/api/v1/auth/forgot-password", Public),
    ("POST", "/api/v1/auth/reset-password/{reset_uuid}", Public),
    ("POST", "/api/v1/auth/email-change/undo", Public),
    ("POST", "/api/v1/auth/logout", User),
    ("POST", "/api/v1/auth/logout-all", User),
    ("GET", "/api/v1/auth/sessions", User),
    ("DELETE", "/api/v1/auth/sessions/{uuid}", Own),
    ("GET", "/api/v1/auth/totp", User),
    ("POST", "/api/v1/auth/totp", User),
    ("DELETE", "/api/v1/auth/totp", Enrolled),
    ("POST", "/api/v1/auth/totp/confirm", Enrolled),
    ("POST", "/api/v1/auth/totp/recovery-codes", Enrolled),
    ("GET", "/api/v1/alumni", Verified),
    ("GET", "/api/v1/alumni/suggest", Verified),
    ("GET", "/api/v1/alumni/counts", User),
    ("GET", "/api/v1/reference", Public),
    ("GET", "/api/v1/reference/{kind}", Public),
    ("GET", "/api/v1/reference/{kind}/v/{version}", Public),
    (
        "GET",
        "/api/v1/admin/reference/{kind}/{code}",
        Holder(ManageSettings),
    ),
    (
        "POST",
        "/api/v1/admin/reference/{kind}",
        Holder(ManageSettings),
    ),
    (
        "PATCH",
        "/api/v1/admin/reference/{kind}/{code}",
        Holder(ManageSettings),
    ),
    ("GET", "/api/v1/me", User),
    ("GET", "/api/v1/me/permissions", User),
    ("PATCH", "/api/v1/me", User),
    ("POST", "/api/v1/me/deactivate", User),
    ("POST", "/api/v1/me/reactivate", User),
    ("POST", "/api/v1/me/erasure", User),
    ("GET", "/api/v1/me/erasure", Own),
    ("DELETE", "/api/v1/me/erasure", Own),
    ("POST", "/api/v1/me/exports", User),
    ("GET", "/api/v1/me/exports", User),
    ("GET", "/api/v1/me/exports/{uuid}", Own),
    ("GET", "/api/v1/me/exports/{uuid}/file", Own),
    ("POST", "/api/v1/me/password", User),
    ("GET", "/api/v1/me/emails", User),
    ("POST", "/api/v1/me/emails", User),
    ("DELETE", "/api/v1/me/emails/{uuid}", Own),
    ("POST", "/api/v1/me/email", User),
    ("POST", "/api/v1/me/email/confirm", User),
    ("POST", "/api/v1/users/{uuid}/password", Owner),
    ("GET", "/api/v1/users", Holder(ViewUser)),
    ("POST", "/api/v1/users", Holder(CreateUser)),
    ("GET", "/api/v1/users/{uuid}", Holder(ViewUser)),
    ("POST", "/api/v1/users/{uuid}/activate", Holder(ModifyUser)),
    (
        "POST",
        "/api/v1/users/{uuid}/deactivate",
        Holder(ModifyUser),
    ),
    ("GET", "/api/v1/admin/audit-log", Holder(ViewAuditLog)),
    ("PUT", "/api/v1/users/{uuid}", Holder(ModifyUser)),
    ("DELETE", "/api/v1/users/{uuid}", Holder(DeleteUser)),
    ("GET", "/api/v1/users/{uuid}/groups", Holder(ViewUser)),
    ("POST", "/api/v1/users/{uuid}/groups", Holder(ModifyUser)),
    ("DELETE", "/api/v1/users/{uuid}/groups", Holder(ModifyUser)),
    (
        "POST",
        "/api/v1/users/{uuid}/password-reset",
        Holder(ModifyUser),
    ),
    ("DELETE", "/api/v1/users/{uuid}/totp", Holder(ModifyUser)),
    ("GET", "/api/v1/permissions", Holder(ViewPermission)),
    ("POST", "/api/v1/permissions", Holder(CreatePermission)),
    ("GET", "/api/v1/permissions/{name}", Holder(ViewPermission)),
    (
        "PUT",
        "/api/v1/permissions/{name}",
        Holder(ModifyPermission),
    ),
    (
        "DELETE",
        "/api/v1/permissions/{name}",
        Holder(DeletePermission),
    ),
    ("GET", "/api/v1/roles", Holder(ViewRole)),
    ("POST", "/api/v1/roles", Holder(CreateRole)),
    ("GET", "/api/v1/roles/{name}", Holder(ViewRole)),
    ("PUT", "/api/v1/roles/{name}", Holder(ModifyRole)),
    ("DELETE", "/api/v1/roles/{name}", Holder(DeleteRole)),
    (
        "POST",
        "/api/v1/roles/{role_name}/permissions",
        Holder(ModifyRole),
    ),
    (
        "DELETE",
        "/api/v1/roles/{role_name}/permissions",
        Holder(ModifyRole),
    ),
    (
        "DELETE",
        "/api/v1/roles/{role_name}/permissions/{perm_name}",
        Holder(ModifyRole),
    ),
    ("GET", "/api/v1/groups", Holder(ViewGroup)),
    ("POST", "/api/v1/groups", Holder(CreateGroup)),
    ("GET", "/api/v1/groups/{name}", Holder(ViewGroup)),
    ("PUT", "/api/v1/groups/{name}", Holder(ModifyGroup)),
    ("DELETE", "/api/v1/groups/{name}", Holder(DeleteGroup)),
    (
        "POST",
        "/api/v1/groups/{group_name}/roles",
        Holder(ModifyGroup),
    ),
    (
        "DELETE",
        "/api/v1/groups/{group_name}/roles",
        Holder(ModifyGroup),
    ),
    (
        "DELETE",
        "/api/v1/groups/{group_name}/roles/{role_name}",
        Holder(ModifyGroup),
    ),
    ("GET", "/api/v1/role-assignments", Holder(ModifyRole)),
    ("POST", "/api/v1/role-assignments", Holder(ModifyRole)),
    ("GET", "/api/v1/role-assignments/{uuid}", Holder(ModifyRole)),
    (
        "DELETE",
        "/api/v1/role-assignments/{uuid}",
        Holder(ModifyRole),
    ),
    ("GET", "/api/v1/rooms", User),
    ("POST", "/api/v1/rooms", User),
    ("GET", "/api/v1/rooms/{uuid}", Member),
    ("PATCH", "/api/v1/rooms/{uuid}", Member),
    ("DELETE", "/api/v1/rooms/{uuid}", Member),
    ("PUT", "/api/v1/rooms/{uuid}/settings", Member),
    ("GET", "/api/v1/me/unread-count", User),
    ("GET", "/api/v1/rooms/{uuid}/members", Member),
    ("POST", "/api/v1/rooms/{uuid}/members", Member),
    ("DELETE", "/api/v1/rooms/{uuid}/members/{user_uuid}", Member),
    ("PATCH", "/api/v1/rooms/{uuid}/members/{user_uuid}", Member),
    ("GET", "/api/v1/me/room-invitations", User),
    ("POST", "/api/v1/room-invitations/{uuid}/accept", Own),
    ("POST", "/api/v1/room-invitations/{uuid}/decline", Own),
    ("GET", "/api/v1/tasks/{uuid}", Own),
    ("DELETE", "/api/v1/tasks/{uuid}", Own),
    ("GET", "/api/v1/admin/mails", Holder(ViewMail)),
    (
        "POST",
        "/api/v1/admin/mails/{uuid}/retry",
        Holder(ModifyMail),
    ),
    ("GET", "/api/v1/admin/imports", Holder(ImportAlumni)),
    ("POST", "/api/v1/admin/imports", Holder(ImportAlumni)),
    (
        "POST",
        "/api/v1/admin/imports/preview",
        Holder(ImportAlumni),
    ),
    ("GET", "/api/v1/admin/imports/{uuid}", Holder(ImportAlumni)),
    (
        "DELETE",
        "/api/v1/admin/imports/{uuid}",
        Holder(ImportAlumni),
    ),
    (
        "GET",
        "/api/v1/admin/imports/{uuid}/rows",
        Holder(ImportAlumni),
    ),
    (
        "GET",
        "/api/v1/admin/imports/{uuid}/errors.csv",
        Holder(ImportAlumni),
    ),
    (
        "POST",
        "/api/v1/admin/imports/{uuid}/judge",
        Holder(ImportAlumni),
    ),
    (
        "POST",
        "/api/v1/admin/imports/{uuid}/commit",
        Holder(ImportAlumni),
    ),
    (
        "POST",
        "/api/v1/admin/imports/{uuid}/rollback",
        Holder(ImportAlumni),
    ),
    (
        "GET",
        "/api/v1/admin/alumni-records",
        Holder(ViewAlumniRecord),
    ),
    (
        "POST",
        "/api/v1/admin/alumni-records",
        Holder(CreateAlumniRecord),
    ),
    (
        "GET",
        "/api/v1/admin/alumni-records/{uuid}",
        Holder(ViewAlumniRecord),
    ),
    (
        "PATCH",
        "/api/v1/admin/alumni-records/{uuid}",
        Holder(ModifyAlumniRecord),
    ),
    (
        "GET",
        "/api/v1/admin/alumni-records/{uuid}/history",
        Holder(ViewAlumniRecord),
    ),
    (
        "POST",
        "/api/v1/admin/alumni-records/merge",
        Holder(ModifyAlumniRecord),
    ),
    (
        "GET",
        "/api/v1/admin/duplicates",
        Holder(ModifyAlumniRecord),
    ),
    (
        "POST",
        "/api/v1/admin/duplicates/dismiss",
        Holder(ModifyAlumniRecord),
    ),
    ("GET", "/api/v1/rooms/{uuid}/messages", Member),
    ("POST", "/api/v1/rooms/{uuid}/messages", Member),
    ("GET", "/api/v1/rooms/{uuid}/messages/{message_id}", Member),
    (
        "PUT",
        "/api/v1/rooms/{uuid}/messages/{message_id}/reactions/{emoji}",
        Member,
    ),
    (
        "DELETE",
        "/api/v1/rooms/{uuid}/messages/{message_id}/reactions/{emoji}",
        Member,
    ),
    (
        "PATCH",
        "/api/v1/rooms/{uuid}/messages/{message_id}",
        Member,
    ),
    (
        "DELETE",
        "/api/v1/rooms/{uuid}/messages/{message_id}",
        Member,
    ),
    ("PUT", "/api/v1/rooms/{uuid}/read", Member),
    ("GET", "/api/v1/me/access-log", User),
    ("GET", "/api/v1/me/claims", User),
    ("POST", "/api/v1/me/claims", User),
    ("GET", "/api/v1/me/claims/{uuid}", Own),
    ("PATCH", "/api/v1/me/claims/{uuid}", Own),
    ("PUT", "/api/v1/me/claims/{uuid}/evidence", Own),
    ("POST", "/api/v1/me/claims/{uuid}/submit", Own),
    ("POST", "/api/v1/me/claims/{uuid}/code", Own),
    ("POST", "/api/v1/me/claims/{uuid}/mailbox", Own),
    ("POST", "/api/v1/me/claims/{uuid}/messages", Own),
    ("POST", "/api/v1/me/claims/{uuid}/withdraw", Own),
    ("GET", "/api/v1/me/profile", User),
    ("PATCH", "/api/v1/me/profile", User),
    ("GET", "/api/v1/me/privacy", User),
    ("PUT", "/api/v1/me/privacy", User),
    ("POST", "/api/v1/me/profile/experiences", User),
    ("PUT", "/api/v1/me/profile/experiences/{uuid}", Own),
    ("DELETE", "/api/v1/me/profile/experiences/{uuid}", Own),
    ("POST", "/api/v1/me/profile/educations", User),
    ("PUT", "/api/v1/me/profile/educations/{uuid}", Own),
    ("DELETE", "/api/v1/me/profile/educations/{uuid}", Own),
    ("POST", "/api/v1/me/profile/links", User),
    ("PUT", "/api/v1/me/profile/links/{uuid}", Own),
    ("DELETE", "/api/v1/me/profile/links/{uuid}", Own),
    ("PUT", "/api/v1/me/profile/skills", User),
    ("POST", "/api/v1/me/profile/skills", User),
    ("DELETE", "/api/v1/me/profile/skills/{uuid}", Own),
    ("GET", "/api/v1/profiles/{uuid}", Verified),
    ("GET", "/api/v1/p/{slug}", Public),
    (
        "GET",
        "/api/v1/admin/vocabularies/{vocabulary}/terms",
        Holder(ManageSettings),
    ),
    (
        "POST",
        "/api/v1/admin/vocabularies/{vocabulary}/terms/{uuid}/confirm",
        Holder(ManageSettings),
    ),
    (
        "POST",
        "/api/v1/admin/vocabularies/{vocabulary}/terms/{uuid}/merge",
        Holder(ManageSettings),
    ),
    ("POST", "/api/v1/claims/disown", Public),
    ("GET", "/api/v1/invitations/{code}", Public),
    ("POST", "/api/v1/invitations/{code}/accept", User),
    ("GET", "/api/v1/admin/claims", Holder(VerifyAlumni)),
    ("GET", "/api/v1/admin/claims/{uuid}", Holder(VerifyAlumni)),
    (
        "GET",
        "/api/v1/admin/claims/{uuid}/evidence/{evidence_uuid}",
        Holder(VerifyAlumni),
    ),
    (
        "POST",
        "/api/v1/admin/claims/{uuid}/open",
        Holder(VerifyAlumni),
    ),
    (
        "POST",
        "/api/v1/admin/claims/{uuid}/approve",
        Holder(VerifyAlumni),
    ),
    (
        "POST",
        "/api/v1/admin/claims/{uuid}/reject",
        Holder(VerifyAlumni),
    ),
    (
        "POST",
        "/api/v1/admin/claims/{uuid}/request-info",
        Holder(VerifyAlumni),
    ),
    (
        "POST",
        "/api/v1/admin/claims/{uuid}/link",
        Holder(VerifyAlumni),
    ),
    (
        "POST",
        "/api/v1/admin/claims/{uuid}/revoke",
        Holder(VerifyAlumni),
    ),
    ("GET", "/api/v1/admin/holidays", Holder(VerifyAlumni)),
    ("POST", "/api/v1/admin/holidays", Holder(VerifyAlumni)),
    (
        "DELETE",
        "/api/v1/admin/holidays/{day}",
        Holder(VerifyAlumni),
    ),
    ("GET", "/api/v1/admin/invitations", Holder(CreateInvitation)),
    (
        "POST",
        "/api/v1/admin/invitations",
        Holder(CreateInvitation),
    ),
    (
        "GET",
        "/api/v1/admin/invitations/{uuid}",
        Holder(CreateInvitation),
    ),
    (
        "DELETE",
        "/api/v1/admin/invitations/{uuid}",
        Holder(CreateInvitation),
    ),
    (
        "GET",
        "/api/v1/admin/invitations/{uuid}/codes.csv",
        Holder(CreateInvitation),
    ),
];

/// The routes of the API description.
fn described(description: &Value) -> Vec<(String, String)> {
    let paths = description["paths"].as_object().unwrap();
    let mut routes = Vec::new();
    for (path, item) in paths {
        for method in item.as_object().unwrap().keys() {
            routes.push((method.to_uppercase(), path.clone()));
        }
    }
    routes
}

#[tokio::test]
async fn every_route_of_the_description_is_in_the_table_and_no_other() {
    let description = Rig::start().await.description().await;
    let described: BTreeSet<_> = described(&description).into_iter().collect();
    let table: BTreeSet<_> = TABLE
        .iter()
        .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(described, table);
    for (method, path, access) in TABLE {
        let security = &description["paths"][path][method.to_lowercase()]["security"];
        assert_eq!(security.is_array(), *access != Public, "{method} {path}");
    }
}

/// A well-formed request to the route, about `subjects`. A route that takes a body, or a thing that the
/// caller must be able to reach, has its line here or in [`Subjects`].
pub(super) fn request<'a>(rig: &'a Rig, method: &str, path: &str, subjects: &Subjects) -> Call<'a> {
    let address = subjects.fill(path, ModifyRole.name());
    let call = rig.call(method, &address).header("if-match", "*");
    match (method, path) {
        ("GET", "/api/v1/alumni/suggest") => rig.get("/api/v1/alumni/suggest?q=bel"),
        ("POST", "/api/v1/admin/imports") => rig
            .call(method, &upload_address(&[]))
            .header("idempotency-key", &Uuid::new_v4().to_string())
            .header("content-type", "text/csv")
            .body(format!("Surname\n{}\n", Uuid::new_v4())),
        ("POST", "/api/v1/admin/imports/preview") => call
            .header("content-type", "text/csv")
            .body("Surname\nBello\n".to_owned()),
        ("POST", "/api/v1/admin/alumni-records") => call.json(&json!({
            "surname": "Bello",
            "given_names": "Amina",
            "awards": [{"degree": "bsc", "year": 2015}],
        })),
        ("PATCH", "/api/v1/admin/alumni-records/{uuid}") => call.json(&json!({"phone": null})),
        ("POST", "/api/v1/admin/alumni-records/merge") => call.json(&json!({
            "keep_uuid": Uuid::new_v4(),
            "drop_uuid": Uuid::new_v4(),
        })),
        ("POST", "/api/v1/admin/duplicates/dismiss") => call.json(&json!({
            "uuid": Uuid::new_v4(),
            "other_uuid": Uuid::new_v4(),
        })),
        ("POST", "/api/v1/auth/token") => call.json(&json!({
            "email": abu_test_support::ADMIN_EMAIL,
            "password": abu_test_support::ADMIN_PASSWORD,
        })),
        ("POST", "/api/v1/auth/register") => call.json(&json!({
            "email": format!("{}@example.com", Uuid::new_v4()),
            "firstname": "Amina",
            "lastname": "Bello",
            "terms_version": "2026-01",
            "consents": {},
        })),
        ("POST", "/api/v1/auth/verify-email/resend" | "/api/v1/auth/forgot-password") => {
            call.json(&json!({"email": "unknown@example.com"}))
        }
        ("POST", "/api/v1/auth/reset-password/{reset_uuid}") => {
            call.json(&json!({"password": "correct horse battery"}))
        }
        (
            "POST",
            "/api/v1/auth/verify-email"
            | "/api/v1/auth/email-change/undo"
            | "/api/v1/me/email/confirm",
        ) => call.json(&json!({"token": "no token"})),
        ("PATCH", "/api/v1/me") => call.json(&json!({"phone": null})),
        ("POST", "/api/v1/me/password" | "/api/v1/users/{uuid}/password") => call.json(&json!({
            "current_password": PASSWORD,
            "new_password": "correct horse battery",
        })),
        ("DELETE", "/api/v1/me/emails/{uuid}") => call.json(&json!({"password": PASSWORD})),
        ("POST", "/api/v1/me/emails" | "/api/v1/me/email") => call.json(&json!({
            "email": format!("{}@example.com", Uuid::new_v4()),
            "password": PASSWORD,
        })),
        ("POST", "/api/v1/auth/refresh") => call.json(&json!({
            "refresh_token": rig.server.refresh_token(rig.user().id, 0),
        })),
        ("POST", "/api/v1/auth/docs-token") => call.form(&[
            ("username", abu_test_support::ADMIN_EMAIL),
            ("password", abu_test_support::ADMIN_PASSWORD),
        ]),
        ("POST", "/api/v1/auth/totp" | "/api/v1/me/erasure" | "/api/v1/me/exports") => {
            call.json(&json!({"password": PASSWORD}))
        }
        ("POST", "/api/v1/auth/totp/confirm") => call.json(&json!({"otp": "none"})),
        ("DELETE", "/api/v1/auth/totp") | ("POST", "/api/v1/auth/totp/recovery-codes") => {
            call.json(&json!({"password": PASSWORD, "otp": "none"}))
        }
        ("POST", "/api/v1/users") => call.json(&json!({
            "email": format!("{}@example.com", Uuid::new_v4()),
            "password": "correct horse battery",
            "firstname": "Amina",
            "lastname": "Bello",
        })),
        ("PUT", "/api/v1/users/{uuid}") => call.json(&json!({
            "email": format!("{}@example.com", Uuid::new_v4()),
            "firstname": "Amina",
            "lastname": "Bello",
        })),
        ("DELETE", "/api/v1/users/{uuid}") => call.json(&json!({"reason": "Asked for it."})),
        (_, "/api/v1/users/{uuid}/groups") if method != "GET" => call.json(&json!({"groups": []})),
        ("POST", "/api/v1/permissions" | "/api/v1/roles" | "/api/v1/groups") => {
            call.json(&json!({"name": format!("own_{}", Uuid::new_v4().simple())}))
        }
        ("PUT", "/api/v1/permissions/{name}") => call.json(&json!({"description": "Ours."})),
        ("PUT", "/api/v1/roles/{name}") => {
            call.json(&json!({"description": "Ours.", "permissions": []}))
        }
        ("PUT", "/api/v1/groups/{name}") => {
            call.json(&json!({"description": "Ours.", "roles": []}))
        }
        (_, "/api/v1/roles/{role_name}/permissions") => {
            call.json(&json!({"permissions": [ModifyRole.name()]}))
        }
        (_, "/api/v1/groups/{group_name}/roles") => call.json(&json!({"roles": ["member"]})),
        ("POST", "/api/v1/role-assignments") => call.json(&json!({
            "user": subjects.user,
            "role": "member",
            "scope_type": "global",
        })),
        ("POST", "/api/v1/admin/reference/{kind}") => call.json(&json!({
            "code": Uuid::new_v4().simple().to_string(),
            "name": format!("Own {}", Uuid::new_v4()),
            "faculty": "arts",
        })),
        ("PATCH", "/api/v1/admin/reference/{kind}/{code}") => {
            call.json(&json!({"confirmed_by": "Registry"}))
        }
        ("POST", "/api/v1/rooms") => {
            call.json(&json!({"kind": "group", "name": "x", "member_ids": []}))
        }
        ("PATCH", "/api/v1/rooms/{uuid}") => call.json(&json!({"name": "y"})),
        ("POST", "/api/v1/rooms/{uuid}/members") => call.json(&json!({"member_ids": []})),
        ("PATCH", "/api/v1/rooms/{uuid}/members/{user_uuid}") => {
            call.json(&json!({"role": "member"}))
        }
        ("PATCH", "/api/v1/rooms/{uuid}/messages/{message_id}") => {
            call.json(&json!({"message": "hello again"}))
        }
        ("PUT", "/api/v1/rooms/{uuid}/read") => call.json(&json!({"seq": 1})),
        ("PUT", "/api/v1/rooms/{uuid}/settings") => {
            call.json(&json!({"muted_until": null, "pinned": true, "hidden": false}))
        }
        ("POST", "/api/v1/me/claims") => call.json(&json!({
            "awards": [{"surname_at_graduation": "Bello", "degree": "bsc", "year": 2019}],
            "list_me": false,
        })),
        ("PATCH", "/api/v1/me/claims/{uuid}") => call.json(&json!({"list_me": false})),
        ("PUT", "/api/v1/me/claims/{uuid}/evidence") => call
            .header("content-type", "application/pdf")
            .body("%PDF-1.7\na scan".to_owned()),
        ("POST", "/api/v1/me/claims/{uuid}/code") => {
            call.json(&json!({"code": "ABU-0000-0000-0000"}))
        }
        ("POST", "/api/v1/me/claims/{uuid}/messages") => call.json(&json!({"message": "hello"})),
        ("PATCH", "/api/v1/me/profile") => call.json(&json!({"headline": "Surgeon"})),
        ("PUT", "/api/v1/me/privacy") => call.json(&json!({"levels": {"headline": "public"}})),
        ("POST" | "PUT", path) if path.starts_with("/api/v1/me/profile/experiences") => {
            call.json(&json!({"title": "Surgeon", "is_current": true}))
        }
        ("POST" | "PUT", path) if path.starts_with("/api/v1/me/profile/educations") => {
            call.json(&json!({"institution": "Barewa College"}))
        }
        ("POST" | "PUT", path) if path.starts_with("/api/v1/me/profile/links") => {
            call.json(&json!({"kind": "website", "url": "https://example.com"}))
        }
        ("PUT", "/api/v1/me/profile/skills") => call.json(&json!({"skills": ["Law"]})),
        ("POST", "/api/v1/me/profile/skills") => call.json(&json!({"name": "Law"})),
        ("POST", path) if path.ends_with("/terms/{uuid}/confirm") => call.json(&json!({})),
        ("POST", path) if path.ends_with("/terms/{uuid}/merge") => {
            call.json(&json!({"into_uuid": subjects.other_term}))
        }
        ("POST", "/api/v1/claims/disown") => call.json(&json!({"token": "no token"})),
        ("POST", "/api/v1/invitations/{code}/accept") => call.json(&json!({"list_me": false})),
        ("POST", "/api/v1/admin/claims/{uuid}/approve" | "/api/v1/admin/claims/{uuid}/link") => {
            call.json(&json!({"record_uuid": Uuid::new_v4()}))
        }
        (
            "POST",
            "/api/v1/admin/claims/{uuid}/reject"
            | "/api/v1/admin/claims/{uuid}/request-info"
            | "/api/v1/admin/claims/{uuid}/revoke",
        ) => call.json(&json!({"reason_code": "other", "message": "Why?"})),
        ("POST", "/api/v1/admin/holidays") => {
            call.json(&json!({"day": "2026-12-25", "name": "Christmas Day"}))
        }
        ("POST", "/api/v1/admin/invitations") => call.json(&json!({"channel": "printed"})),
        ("POST", "/api/v1/rooms/{uuid}/messages") => call.json(&json!({
            "message": "hello",
            "client_message_id": Uuid::new_v4(),
        })),
        _ => call,
    }
}

/// Whether the answer comes from behind the door. What came there were links that are not good, and
/// requests for a chat without a WebSocket.
fn is_reached(answer: &Answer) -> bool {
    let status = answer.status.as_u16();
    status < 400 || status == 410 || status == 426
}

#[tokio::test]
async fn an_anonymous_client_reaches_public_routes_only() {
    let rig = Rig::start().await;
    let nothing = Subjects::nothing();
    for (method, path, access) in TABLE {
        let answer = request(&rig, method, path, &nothing).send().await;
        match access {
            // There is no such page; that it is looked for is enough.
            Public if *path == "/api/v1/p/{slug}" => drop(answer.problem("not-found")),
            Public => assert!(is_reached(&answer), "{method} {path}: {answer:?}"),
            _ => {
                answer.problem("authentication-required");
            }
        }
    }
}

#[tokio::test]
async fn an_account_without_permissions_reaches_what_is_its_own() {
    let rig = Rig::start().await;
    let owner = rig.user();
    let subjects = Subjects::of(&rig, &owner, ModifyRole);
    for (method, path, access) in TABLE {
        // Each time another, because one of the routes logs them out.
        let user = rig.member();
        let answer = request(&rig, method, path, &subjects).by(&user);
        let answer = answer.send().await;
        match access {
            Public if *path == "/api/v1/p/{slug}" => drop(answer.problem("not-found")),
            Public | User => assert!(is_reached(&answer), "{method} {path}: {answer:?}"),
            Holder(permission) => {
                let problem = answer.problem("permission-denied");
                assert_eq!(problem["required"], json!([permission.name()]));
            }
            Member | Own => {
                answer.problem("not-found");
            }
            Owner => {
                answer.problem("permission-denied");
            }
            Verified => {
                answer.problem("not-verified-alumni");
            }
            Enrolled => {
                let problem = answer.problem("conflict");
                assert_eq!(problem["code"], "totp-not-enabled", "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn who_holds_all_permissions_but_one_is_refused_for_that_one() {
    let rig = Rig::start().await;
    for (method, path, access) in TABLE {
        let Holder(needed) = *access else { continue };
        let all = Permission::ALL.iter().copied();
        let others: Vec<_> = all.filter(|permission| *permission != needed).collect();
        let user = rig.holder_of(&others);
        let subjects = Subjects::of(&rig, &user, needed);
        let answer = request(&rig, method, path, &subjects).by(&user);
        let answer = answer.send().await;
        let problem = answer.problem("permission-denied");
        assert_eq!(
            problem["required"],
            json!([needed.name()]),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn who_holds_exactly_the_permission_is_let_through() {
    let rig = Rig::start().await;
    for (method, path, access) in TABLE {
        let Holder(permission) = *access else {
            continue;
        };
        let user = rig.holder_of(&[permission]);
        let subjects = Subjects::of(&rig, &user, permission);
        let answer = request(&rig, method, path, &subjects).by(&user);
        let answer = answer.send().await;
        let status = answer.status.as_u16();
        // Unknown targets are fine if the response is 404.
        let known = [
            "users",
            "permissions",
            "roles",
            "groups",
            "role-assignments",
        ];
        let must_be_there = known.contains(&path.split('/').nth(3).unwrap_or_default());
        // So is the state of a claim or an import that allows no step any more.
        let has_ended = path.contains("/admin/claims/") || path.contains("/admin/imports/");
        assert!(
            status < 400 || status == 404 && !must_be_there || status == 409 && has_ended,
            "{method} {path}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_stranger_cannot_tell_a_room_from_none() {
    let rig = Rig::start().await;
    let (stranger, owner) = (rig.user(), rig.user());
    let subjects = Subjects::of(&rig, &owner, ModifyRole);
    let nothing = Subjects::nothing();
    for (method, path, access) in TABLE {
        if *access != Member {
            continue;
        }
        let mut bodies = Vec::new();
        for subjects in [&subjects, &nothing] {
            let answer = request(&rig, method, path, subjects).by(&stranger);
            let answer = answer.send().await;
            let mut problem = answer.problem("not-found");
            problem.as_object_mut().unwrap().remove("instance");
            bodies.push(problem);
        }
        assert_eq!(bodies[0], bodies[1], "{method} {path}");
    }
}

/// Whether the description of the route shows this problem.
fn shows(description: &Value, method: &str, path: &str, kind: ProblemKind) -> bool {
    let responses = &description["paths"][path][method.to_lowercase()]["responses"];
    let problems = &responses[kind.status().as_str()]["content"]["application/problem+json"];
    !problems["examples"][kind.slug()].is_null()
}

fn is_problem(answer: &Answer, kind: ProblemKind) -> bool {
    answer.status.as_u16() == kind.status().as_u16() && answer.json()["type"] == kind.address()
}

#[tokio::test]
async fn a_deactivated_account_is_refused_exactly_where_the_description_says() {
    let rig = Rig::start().await;
    let description = rig.description().await;
    let subjects = Subjects::of(&rig, &rig.user(), ModifyRole);
    let kind = ProblemKind::AccountDeactivated;
    for (method, path, access) in TABLE {
        // The chat's door has tests of its own.
        if *access == Public || *path == "/chat" {
            continue;
        }
        // Each time another, because one of the routes logs them out.
        let hidden = rig.member();
        rig.database().execute(&format!(
            "UPDATE users SET deactivated_at = now() WHERE id = '{}'",
            hidden.id
        ));
        let answer = request(&rig, method, path, &subjects).by(&hidden);
        let answer = answer.send().await;
        let shown = shows(&description, method, path, kind);
        assert_eq!(is_problem(&answer, kind), shown, "{method} {path}");
    }
    assert!(shows(&description, "GET", "/chat", kind));
}

#[tokio::test]
async fn who_owes_one_time_passwords_is_refused_where_a_permission_is_taken() {
    let rig = Rig::start().await;
    let description = rig.description().await;
    let kind = ProblemKind::TotpRequired;
    for (method, path, access) in TABLE {
        let shown = shows(&description, method, path, kind);
        let Holder(permission) = *access else {
            assert!(!shown, "{method} {path}");
            continue;
        };
        let holder = rig.holder_of(&[permission]);
        rig.database().execute(&format!(
            "UPDATE sessions SET totp_due = true WHERE user_id = '{}'",
            holder.id
        ));
        let subjects = Subjects::of(&rig, &holder, permission);
        let answer = request(&rig, method, path, &subjects).by(&holder);
        assert!(is_problem(&answer.send().await, kind), "{method} {path}");
        assert!(shown, "{method} {path}");
    }
}
