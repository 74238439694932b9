//! Well-formed requests that conflict with the stored state.

use abu_domain::{RoomId, UserId, access::Permission, identity::user::User};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::support::{PASSWORD, Rig, password_hash},
    Record,
};

/// Who asks for what, and with which body.
type Request<'a> = (&'a User, &'static str, String, Value);

async fn record(name: &str, rig: &Rig, names: &[(&str, Uuid)], requests: Vec<Request<'_>>) {
    let mut record = Record::default();
    for (name, id) in names {
        record.names.name(*id, name);
    }
    for (by, method, path, body) in requests {
        let call = rig.call(method, &path).by(by).header("if-match", "*");
        let call = match body.is_null() {
            true => call,
            false => call.json(&body),
        };
        let answer = call.send().await;
        record.problem(&format!("{} {method} {path} {body}", by.id), &answer);
    }
    record.assert_recorded(name);
}

fn ids(users: &[UserId]) -> Vec<String> {
    users.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn the_conflicts_of_rooms_are_as_recorded() {
    let rig = Rig::start_with(|settings| {
        settings.rate_limits.enabled = false;
        settings.rooms.max_members = 3;
        settings.rooms.max_rooms_per_user = 4;
    })
    .await;
    let people = rig.database();
    let (owner, member) = (rig.user(), rig.user());
    let full: [UserId; 3] = [(); 3].map(|()| rig.user().id);
    let busy = rig.user();
    for _ in 0..4 {
        people.group(busy.id).create();
    }
    let unknown = UserId::new(Uuid::from_u128(1));
    let group = people.group(owner.id).member(member.id).create().id;
    let direct = people.direct_room(owner.id, member.id).id;
    let archived = people.group(owner.id).archived().create().id;
    let said = people.message(group, owner.id, "sannu").id;
    let late = people.message(group, member.id, "an hour ago").id;
    people.execute(&format!(
        "UPDATE messages SET created_at = created_at - interval '1 hour' WHERE id = '{late}'"
    ));
    let room = |room, rest: &str| format!("/api/v1/rooms/{room}{rest}");
    let members = |room: RoomId, user: UserId| format!("/api/v1/rooms/{room}/members/{user}");
    let rooms = || "/api/v1/rooms".to_owned();
    let text = json!({"message": "sannu"});
    let reply = json!({"message": "a", "client_message_id": Uuid::nil(), "reply_to": Uuid::nil()});
    let say = json!({"message": "a", "client_message_id": Uuid::nil()});
    let name = json!({"name": "Class of 1999"});
    let add = |users: &[UserId]| json!({"member_ids": ids(users)});
    let open =
        |kind, users: &[UserId]| json!({"kind": kind, "name": "x", "member_ids": ids(users)});
    let to = |users: &[UserId]| json!({"kind": "direct", "member_ids": ids(users)});
    let role = |role: &str| json!({"role": role});
    let none = Value::Null;
    #[rustfmt::skip] // one request a line
    let requests: Vec<Request> = vec![
        (&owner, "POST", rooms(), open("group", &[unknown])),
        (&owner, "POST", rooms(), open("group", &full)),
        (&busy, "POST", rooms(), open("group", &[])),
        (&owner, "POST", rooms(), open("direct", &[member.id])),
        (&owner, "POST", rooms(), to(&[])),
        (&owner, "POST", rooms(), to(&[owner.id])),
        (&owner, "POST", rooms(), to(&[unknown])),
        (&owner, "PATCH", room(direct, ""), name.clone()),
        (&member, "PATCH", room(group, ""), name.clone()),
        (&owner, "PATCH", room(archived, ""), name),
        (&member, "DELETE", room(group, ""), none.clone()),
        (&owner, "POST", room(group, "/members"), add(&[unknown])),
        (&owner, "POST", room(group, "/members"), add(&full)),
        (&owner, "POST", room(direct, "/members"), add(&full[..1])),
        (&member, "POST", room(group, "/members"), add(&full[..1])),
        (&owner, "POST", room(archived, "/members"), add(&full[..1])),
        (&owner, "DELETE", members(group, unknown), none.clone()),
        (&member, "DELETE", members(group, owner.id), none.clone()),
        (&owner, "DELETE", members(direct, member.id), none.clone()),
        (&owner, "POST", format!("/api/v1/room-invitations/{unknown}/accept"), none.clone()),
        (&owner, "POST", format!("/api/v1/room-invitations/{unknown}/decline"), none.clone()),
        (&owner, "PATCH", members(group, unknown), role("owner")),
        (&owner, "PATCH", members(group, owner.id), role("member")),
        (&member, "PATCH", members(group, member.id), role("owner")),
        (&owner, "PATCH", members(direct, member.id), role("owner")),
        (&owner, "POST", room(group, "/messages"), reply),
        (&owner, "POST", room(archived, "/messages"), say),
        (&member, "PATCH", room(group, &format!("/messages/{said}")), text.clone()),
        (&member, "PATCH", room(group, &format!("/messages/{late}")), text.clone()),
        (&member, "PATCH", room(group, &format!("/messages/{unknown}")), text.clone()),
        (&owner, "PATCH", room(archived, &format!("/messages/{said}")), text),
        (&member, "DELETE", room(group, &format!("/messages/{said}")), none.clone()),
        (&owner, "DELETE", room(archived, &format!("/messages/{said}")), none),
    ];
    let names = [
        ("owner", owner.id.uuid()),
        ("member", member.id.uuid()),
        ("busy", busy.id.uuid()),
        ("unknown", unknown.uuid()),
        ("group", group.uuid()),
        ("direct", direct.uuid()),
        ("archived", archived.uuid()),
        ("said", said.uuid()),
        ("late", late.uuid()),
    ];
    record("conflicts-of-rooms", &rig, &names, requests).await;
}

#[tokio::test]
async fn the_conflicts_of_rights_are_as_recorded() {
    let rig = Rig::without_limits().await;
    let (admin, member) = (rig.superuser(), rig.user());
    let unverified = rig
        .database()
        .user()
        .with(|new| new.email_verified_at = None);
    let unverified = unverified.create();
    let clerk = rig.holder_of(&[Permission::ModifyRole, Permission::ModifyUser]);
    let role = rig.role_of(&["can_view_user"]);
    let group = rig.group_of(&role);
    rig.database().execute(&format!(
        "INSERT INTO permissions (id, name, description, created_at, last_modified)
             VALUES (gen_random_uuid(), 'can_print_card', '', now(), now());
         INSERT INTO permission_role (role_id, permission_id)
             SELECT r.id, p.id FROM roles r, permissions p
             WHERE r.name = '{role}' AND p.name = 'can_print_card';
         INSERT INTO user_group (user_id, group_id)
             SELECT '{}', id FROM groups WHERE name = '{group}';
         INSERT INTO role_assignments (id, user_id, role_id, scope_type, valid_from, created_at,
                                       last_modified)
             SELECT gen_random_uuid(), '{0}', id, 'global', now(), now(), now()
             FROM roles WHERE name = 'job_admin'",
        member.id
    ));
    let unknown = Uuid::from_u128(1);
    let at = |path: &str| format!("/api/v1/{path}");
    let named = |name: &str| json!({"name": name});
    let assign =
        |user: Uuid, role: &str| json!({"user": user, "role": role, "scope_type": "global"});
    let assignments = || at("role-assignments");
    let over = json!({
        "user": member.id.uuid(), "role": "member", "scope_type": "global",
        "valid_until": "2020-01-05T08:30:00Z",
    });
    let permissions = |names: &[&str]| json!({"permissions": names});
    let roles = |names: &[&str]| json!({"roles": names});
    let described = |body: Value| {
        let mut body = body;
        body["description"] = json!("Ours.");
        body
    };
    let none = Value::Null;
    let of_user = |user: &User, rest: &str| at(&format!("users/{}/{rest}", user.id));
    #[rustfmt::skip] // one request a line
    let requests: Vec<Request> = vec![
        (&admin, "POST", at("permissions"), named("can_view_user")),
        (&admin, "POST", at("roles"), named("member")),
        (&admin, "POST", at("groups"), named("super_admin_group")),
        (&admin, "POST", at("roles"), json!({"name": "x_role", "permissions": ["can_fly", "can_swim"]})),
        (&admin, "POST", at("groups"), json!({"name": "x_group", "roles": ["no_role"]})),
        (&admin, "DELETE", at("permissions/can_view_user"), none.clone()),
        (&admin, "DELETE", at("roles/member"), none.clone()),
        (&admin, "DELETE", at("groups/super_admin_group"), none.clone()),
        (&admin, "PUT", at("roles/member"), described(json!({"name": "x_role", "permissions": []}))),
        (&admin, "DELETE", at("permissions/can_print_card"), none.clone()),
        (&admin, "DELETE", at(&format!("roles/{role}")), none.clone()),
        (&admin, "DELETE", at(&format!("groups/{group}")), none.clone()),
        (&admin, "DELETE", at(&format!("roles/{role}/permissions/can_view_role")), none.clone()),
        (&admin, "DELETE", at(&format!("groups/{group}/roles/member")), none),
        (&admin, "POST", at(&format!("roles/{role}/permissions")), permissions(&["can_fly", "can_fly"])),
        (&admin, "DELETE", at(&format!("roles/{role}/permissions")), permissions(&["can_fly"])),
        (&admin, "POST", at(&format!("groups/{group}/roles")), roles(&["no_role"])),
        (&admin, "PUT", at(&format!("groups/{group}")), described(roles(&["no_role"]))),
        (&admin, "PUT", at("groups/super_admin_group"), described(roles(&[]))),
        (&clerk, "POST", at(&format!("roles/{role}/permissions")), permissions(&["can_delete_user"])),
        (&admin, "POST", assignments(), assign(unknown, "member")),
        (&admin, "POST", assignments(), assign(member.id.uuid(), "no_role")),
        (&admin, "POST", assignments(), assign(unverified.id.uuid(), "member")),
        (&admin, "POST", assignments(), assign(member.id.uuid(), "job_admin")),
        (&admin, "POST", assignments(), over),
        (&clerk, "POST", assignments(), assign(member.id.uuid(), "job_admin")),
        (&admin, "POST", of_user(&member, "groups"), json!({"groups": ["no_group", "no_group"]})),
        (&admin, "POST", of_user(&unverified, "groups"), json!({"groups": ["editor_group"]})),
        (&clerk, "POST", of_user(&member, "groups"), json!({"groups": ["editor_group"]})),
        (&admin, "DELETE", of_user(&member, "groups"), json!({"groups": ["no_group"]})),
    ];
    let names = [
        ("admin", admin.id.uuid()),
        ("clerk", clerk.id.uuid()),
        ("member", member.id.uuid()),
        ("unverified", unverified.id.uuid()),
        ("unknown", unknown),
    ];
    record("conflicts-of-rights", &rig, &names, requests).await;
}

#[tokio::test]
async fn the_conflicts_of_accounts_are_as_recorded() {
    let rig = Rig::without_limits().await;
    let admin = rig.superuser();
    let people = rig.database();
    let owner = people.user().email("amina@example.com");
    let owner = owner.password_hash(password_hash()).create();
    let enrolled = rig.member();
    let suspended = people.user().suspended().create();
    let unverified = people
        .user()
        .with(|new| new.email_verified_at = None)
        .create();
    let clerk = rig.holder_of(&[Permission::ModifyUser, Permission::DeleteUser]);
    let graduate = rig.user();
    let full = rig.member();
    let claims: String = (1..5)
        .map(|n| {
            format!(
                "(gen_random_uuid(), '{}', '{n}@example.com', false, now(), now()),",
                full.id
            )
        })
        .collect();
    people.execute(&format!(
        "INSERT INTO totp_secrets (user_id, sealed_secret, created_at, confirmed_at)
             VALUES ('{}', '\\x00', now(), now());
         UPDATE users SET verification = 'verified' WHERE id = '{}';
         INSERT INTO user_emails (id, user_id, email, is_primary, verified_at, created_at)
             VALUES {}",
        enrolled.id,
        graduate.id,
        claims.trim_end_matches(',')
    ));
    let primary = people.texts(&format!(
        "SELECT id::text FROM user_emails WHERE user_id = '{}'",
        owner.id
    ));
    let at = |path: &str| format!("/api/v1/{path}");
    let of_user = |user: &User, rest: &str| at(&format!("users/{}{rest}", user.id));
    let details = |email| json!({"email": email, "firstname": "Fatima", "lastname": "Bello"});
    let account = |email, password| {
        let mut account = details(email);
        account["password"] = json!(password);
        account
    };
    let reason = || json!({"reason": "Leaves."});
    let claim = |email: &str, password: &str| json!({"email": email, "password": password});
    let removal = |password: &str| json!({"password": password});
    let change = |old: &str, new: &str| json!({"current_password": old, "new_password": new});
    let proof = |password: &str| json!({"password": password, "otp": "123456"});
    let none = Value::Null;
    #[rustfmt::skip] // one request a line
    let requests: Vec<Request> = vec![
        (&admin, "POST", at("users"), account("amina@example.com", PASSWORD)),
        (&admin, "POST", at("users"), account("free@example.com", "password1234")),
        (&admin, "POST", at("users"), account("free@example.com", "x9$k fatima 2f!q")),
        (&admin, "PUT", of_user(&admin, ""), details("other@example.com")),
        (&admin, "PUT", of_user(&clerk, ""), details("amina@example.com")),
        (&clerk, "PUT", of_user(&admin, ""), details("other@example.com")),
        (&clerk, "DELETE", of_user(&clerk, ""), reason()),
        (&clerk, "DELETE", of_user(&admin, ""), reason()),
        (&clerk, "POST", of_user(&admin, "/deactivate"), none.clone()),
        (&admin, "DELETE", of_user(&admin, "/groups"), json!({"groups": ["super_admin_group"]})),
        (&admin, "POST", of_user(&suspended, "/password-reset"), none.clone()),
        (&admin, "POST", of_user(&unverified, "/password-reset"), none.clone()),
        (&owner, "POST", of_user(&admin, "/password"), change(PASSWORD, PASSWORD)),
        (&owner, "POST", at("me/password"), change("a guess", "a heron over the hill")),
        (&owner, "POST", at("me/password"), change(PASSWORD, "password1234")),
        (&owner, "POST", at("me/password"), change(PASSWORD, "x9$k bello 2f!q")),
        (&owner, "POST", at("me/emails"), claim("b@example.com", "a guess")),
        (&owner, "POST", at("me/emails"), claim("AMINA@example.com", PASSWORD)),
        (&full, "POST", at("me/emails"), claim("b@example.com", PASSWORD)),
        (&full, "POST", at("me/email"), claim("b@example.com", PASSWORD)),
        (&owner, "DELETE", at(&format!("me/emails/{}", primary[0])), removal(PASSWORD)),
        (&owner, "DELETE", at(&format!("me/emails/{}", primary[0])), removal("a guess")),
        (&full, "DELETE", at(&format!("me/emails/{}", primary[0])), removal(PASSWORD)),
        (&owner, "POST", at("me/email/confirm"), json!({"token": "A".repeat(43)})),
        (&owner, "POST", at("auth/verify-email"), json!({"token": "A".repeat(43)})),
        (&graduate, "PATCH", at("me"), json!({"firstname": "Hauwa"})),
        (&owner, "POST", at("auth/totp"), json!({"password": "a guess"})),
        (&enrolled, "POST", at("auth/totp"), json!({"password": PASSWORD})),
        (&enrolled, "POST", at("auth/totp/confirm"), json!({"otp": "123456"})),
        (&owner, "POST", at("auth/totp/confirm"), json!({"otp": "123456"})),
        (&owner, "DELETE", at("auth/totp"), proof(PASSWORD)),
        (&enrolled, "DELETE", at("auth/totp"), proof("a guess")),
        (&enrolled, "POST", at("auth/totp/recovery-codes"), proof("a guess")),
        (&owner, "DELETE", at(&format!("auth/sessions/{}", admin.id)), none.clone()),
        (&clerk, "DELETE", of_user(&owner, "/totp"), none.clone()),
        (&clerk, "DELETE", of_user(&clerk, "/totp"), none.clone()),
        (&clerk, "DELETE", of_user(&admin, "/totp"), none),
    ];
    let names = [
        ("admin", admin.id.uuid()),
        ("clerk", clerk.id.uuid()),
        ("owner", owner.id.uuid()),
        ("enrolled", enrolled.id.uuid()),
        ("suspended", suspended.id.uuid()),
        ("unverified", unverified.id.uuid()),
        ("graduate", graduate.id.uuid()),
        ("full", full.id.uuid()),
    ];
    record("conflicts-of-accounts", &rig, &names, requests).await;
}
