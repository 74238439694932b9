//! Accounts, for those who look after them.

use abu_application::identity::{
    accounts::{UserDraft, UserUpdate},
    ports::{OwnDetails, UserFilter},
};
use abu_domain::{
    UserId,
    access::{self, GroupName},
    identity::{
        text::NewPassword,
        user::{self, Verification},
    },
    platform::text::{EmailAddress, Reason},
};

use crate::areas::{
    access::names::MAX_NAMES,
    identity::dto::{User, own_details},
    prelude::*,
};

routes! {
    list_users, create_user, get_user, update_user, delete_user, list_groups_of_user,
    add_user_to_groups, remove_user_from_groups, send_password_reset, reset_totp,
    activate_user, deactivate_user,
}

struct Users;

/// What narrows the list of accounts.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct UserFilterParameters {
    /// What the e-mail address starts with, or words that begin words of the name, in any order.
    /// Accents, case and hooked letters do not matter: `bello kadir` finds Ƙadir Bello.
    #[param(example = "amina", min_length = 1, max_length = 100)]
    q: Option<String>,
    /// The name of a group they are in; repeated, of any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["applicant_group"]))]
    group: Option<String>,
    /// Whether they may use the platform.
    #[param(value_type = Option<bool>)]
    is_active: Option<String>,
    /// Whether the university knows them: `unverified`, `pending`, `verified` or `revoked`; repeated, any
    /// of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["verified"]))]
    verification: Option<String>,
    /// Made after this time.
    #[param(value_type = Option<DateTime<Utc>>, example = "2026-01-05T08:30:00Z")]
    created_after: Option<String>,
}

impl List for Users {
    type Filter = UserFilterParameters;
    type Item = user::User;
    type Entry = User;
    type Position = TimePosition<UserId>;
    const MAX_LIMIT: u32 = MAX_PEOPLE;
    const SORTS: [&'static str; 2] = ["-created_at", "created_at"];

    fn position(user: &user::User) -> TimePosition<UserId> {
        TimePosition {
            at: user.created_at,
            id: user.id,
        }
    }
}

impl IntoDraft for UserFilterParameters {
    type Draft = UserFilter;

    fn into_draft(self, violations: &mut Violations) -> Option<UserFilter> {
        Some(UserFilter {
            starts_with: violations.optional("q", self.q, short_text),
            groups: violations.any_of("group", self.group, short_text),
            is_active: violations.optional("is_active", self.is_active, flag),
            verifications: violations.any_of("verification", self.verification, verification),
            created_after: violations.optional("created_after", self.created_after, time),
        })
    }
}

fn verification(text: &str) -> Result<Verification, Violation> {
    Verification::from_name(text).ok_or(Violation {
        code: "verification.unknown",
        rule: "must be unverified, pending, verified or revoked",
    })
}

/// List accounts.
///
/// The newest first; takes `can_view_user`.
#[utoipa::path(
    tag = "users",
    params(Page::<Users>),
    responses((status = 200, description = "A page of accounts.", body = ListBody<User>), StaffOnly),
)]
#[get("/users")]
async fn list_users(identity: Identity, caller: CurrentUser, page: Page<Users>) -> Answer {
    let users = identity.accounts.list(caller.0, page.filter, page.request);
    page.reply.with(users.await?)
}

request_body! {
    /// What a new account is made of.
    #[schema(example = json!({
        "email": "amina@example.com",
        "password": "correct horse battery staple",
        "firstname": "Amina",
        "lastname": "Bello",
        "phone": "0803 123 4567",
    }))]
    pub(super) struct NewUser into UserDraft {
        /// What it logs in with.
        pub(super) email: String,
        /// At least 10 characters, at most 1,024 bytes; not easy to guess, and without the owner's name.
        #[schema(value_type = String, format = Password, min_length = 10)]
        pub(super) password: SecretString,
        #[schema(min_length = 1, max_length = 100)]
        pub(super) firstname: String,
        #[schema(min_length = 1, max_length = 100)]
        pub(super) middlename: Option<String>,
        #[schema(min_length = 1, max_length = 100)]
        pub(super) lastname: String,
        /// With its country code, or in Nigeria's national form.
        pub(super) phone: Option<String>,
    }
    |body, violations| {
        let email = violations.check("email", EmailAddress::parse(&body.email));
        let password = violations.check("password", NewPassword::parse(body.password));
        let details =
            own_details(violations, &body.firstname, body.middlename, &body.lastname, body.phone);
        let OwnDetails { firstname, middlename, lastname, phone } = details?;
        Some(UserDraft {
            email: email?,
            password: password?,
            firstname,
            middlename,
            lastname,
            phone,
        })
    }
}

/// Make an account.
///
/// It is in the group of applicants and logs in at once. Its owner confirms the address, by a link of
/// `POST /auth/verify-email/resend`, before a forgotten password is reset by mail. Takes
/// `can_create_user`.
#[utoipa::path(
    tag = "users",
    request_body = NewUser,
    responses(
        (status = 201, description = "The account; `Location` is its address.", body = User),
        StaffOnly, Duplicates,
    ),
)]
#[post("/users")]
async fn create_user(identity: Identity, caller: CurrentUser, body: Body<NewUser>) -> Answer {
    let user = identity.accounts.create(caller.0, body.0).await?;
    Ok(created(&format!("/users/{}", user.id), &User::from(user)))
}

fn with_version(user: user::User) -> Answer {
    let version = Version::of(user.last_modified);
    versioned(&User::from(user), version)
}

/// See an account.
///
/// Takes `can_view_user`.
#[utoipa::path(
    tag = "users",
    params(ByUuid),
    responses((status = 200, description = "The account.", body = User), StaffOnly),
)]
#[get("/users/{uuid}")]
async fn get_user(identity: Identity, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    with_version(identity.accounts.get(caller.0, path.id()).await?)
}

request_body! {
    /// What an account is changed to.
    #[schema(example = json!({
        "email": "amina.bello@example.com",
        "firstname": "Amina",
        "middlename": null,
        "lastname": "Bello",
        "phone": "+2348031234567",
    }))]
    struct UserChange into UserUpdate {
        /// What it logs in with. Another one counts as verified: you vouch for it. Its owner confirms it
        /// before a forgotten password is reset by mail.
        email: String,
        #[schema(min_length = 1, max_length = 100)]
        firstname: String,
        /// Left out, there is none.
        #[schema(min_length = 1, max_length = 100)]
        middlename: Option<String>,
        #[schema(min_length = 1, max_length = 100)]
        lastname: String,
        /// With its country code, or in Nigeria's national form. Left out, there is none.
        phone: Option<String>,
    }
    |body, violations| {
        let email = violations.check("email", EmailAddress::parse(&body.email));
        let details =
            own_details(violations, &body.firstname, body.middlename, &body.lastname, body.phone);
        Some(UserUpdate {
            email: email?,
            details: details?,
        })
    }
}

/// Change an account as a whole.
///
/// Takes `can_modify_user` and every permission that its owner holds. Your own address you change with
/// your password instead, by `POST /api/v1/me/email`.
#[utoipa::path(
    tag = "users",
    params(ByUuid, IfMatchParameter),
    request_body = UserChange,
    responses((status = 200, description = "The account.", body = User), StaffOnly, ConflictsAndDuplicates),
)]
#[put("/users/{uuid}")]
async fn update_user(
    identity: Identity,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<UserChange>,
) -> Answer {
    let user = identity
        .accounts
        .update(caller.0, path.id(), body.0, expected.0)
        .await?;
    with_version(user)
}

request_body! {
    /// Why an account is to be erased.
    #[schema(example = json!({"reason": "Asked for it in person, at the office."}))]
    struct ErasureRequest into Reason {
        /// Kept in the audit log.
        #[schema(min_length = 1, max_length = 300)]
        reason: String,
    }
    |body, violations| violations.check("reason", Reason::parse(&body.reason))
}

/// When an account is to be erased.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"runs_at": "2026-01-12T08:30:00Z"}))]
struct ScheduledErasure {
    /// Until then, activating the account calls it off.
    runs_at: DateTime<Utc>,
}

/// Schedule the erasure of an account.
///
/// It is suspended, its sessions have ended, and the server erases it in seven days; until then
/// activating it calls the erasure off. Asking again changes nothing. Takes `can_delete_user` and every permission that its owner holds. Not for your own account.
#[utoipa::path(
    tag = "users",
    params(ByUuid),
    request_body = ErasureRequest,
    responses((status = 202, description = "Scheduled.", body = ScheduledErasure), StaffOnly, Conflicts),
)]
#[delete("/users/{uuid}")]
async fn delete_user(
    identity: Identity,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<ErasureRequest>,
) -> Answer {
    let runs_at = identity
        .accounts
        .schedule_erasure(caller.0, path.id(), body.0)
        .await?;
    Ok(HttpResponse::Accepted().json(ScheduledErasure { runs_at }))
}

request_body! {
    /// Some groups.
    #[schema(example = json!({"groups": ["editor_group"]}))]
    struct GroupNames into Vec<GroupName> {
        /// Their names.
        #[schema(max_items = 100)]
        groups: Vec<String>,
    }
    |body, violations| group_names(body.groups, violations)
}

request_body! {
    /// Some groups, and how long the account is in them.
    #[schema(example = json!({"groups": ["editor_group"], "valid_until": "2099-01-05T08:30:00Z"}))]
    struct NewMemberships into (Vec<GroupName>, Option<DateTime<Utc>>) {
        /// Their names.
        #[schema(max_items = 100)]
        groups: Vec<String>,
        /// Until when; left out, the memberships have no fixed end.
        #[schema(value_type = Option<DateTime<Utc>>)]
        valid_until: Option<String>,
    }
    |body, violations| {
        let valid_until = violations.optional("valid_until", body.valid_until, time);
        let groups = group_names(body.groups, violations);
        Some((groups?, valid_until))
    }
}

fn group_names(names: Vec<String>, violations: &mut Violations) -> Option<Vec<GroupName>> {
    violations.list("groups", names, MAX_NAMES, |name| GroupName::parse(&name))
}

json_form! {
    /// A membership in a group.
    struct GroupMembership from membership: access::Membership {
        /// The name of the group.
        #[schema(example = "editor_group")]
        group: String = membership.group.to_string(),
        /// When it ends by itself; null without a fixed end.
        #[schema(example = "2028-01-05T08:30:00Z")]
        valid_until: Option<DateTime<Utc>> = membership.valid_until,
    }
}

json_form! {
    /// The groups of an account.
    struct GroupsOfUser from memberships: Vec<access::Membership> {
        /// Their names, in alphabetical order.
        #[schema(example = json!(["editor_group"]))]
        groups: Vec<String> = memberships.iter().map(|one| one.group.to_string()).collect(),
        /// The same with their ends.
        memberships: Vec<GroupMembership> = memberships.into_iter().map(Into::into).collect(),
    }
}

/// See which groups an account is in.
///
/// Ended memberships are left out. Takes `can_view_user`.
#[utoipa::path(
    tag = "users",
    params(ByUuid),
    responses((status = 200, description = "The groups.", body = GroupsOfUser), StaffOnly),
)]
#[get("/users/{uuid}/groups")]
async fn list_groups_of_user(
    identity: Identity,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Answer<Json<GroupsOfUser>> {
    let memberships = identity.accounts.memberships(caller.0, path.id()).await?;
    Ok(Json(memberships.into()))
}

/// Put an account in groups.
///
/// Takes `can_modify_user`, every permission that its owner holds, and every one that the groups give.
/// A membership ends no later than your own hold of these permissions; `GET /users/{uuid}/groups` shows
/// its end. It may extend a membership, and never shortens one. Its address must be verified.
#[utoipa::path(
    tag = "users",
    params(ByUuid),
    request_body = NewMemberships,
    responses((status = 200, description = "The account.", body = User), StaffOnly, Conflicts),
)]
#[post("/users/{uuid}/groups")]
async fn add_user_to_groups(
    identity: Identity,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<NewMemberships>,
) -> Answer {
    let (groups, until) = body.0;
    let user = identity
        .accounts
        .add_to_groups(caller.0, path.id(), groups, until)
        .await?;
    with_version(user)
}

/// Take an account out of groups.
///
/// Takes `can_modify_user` and every permission that its owner holds. Groups that it is not in change
/// nothing. The last active one in `super_admin_group` stays.
#[utoipa::path(
    tag = "users",
    params(ByUuid),
    request_body = GroupNames,
    responses((status = 204, description = "Taken out."), StaffOnly, Conflicts),
)]
#[delete("/users/{uuid}/groups")]
async fn remove_user_from_groups(
    identity: Identity,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<GroupNames>,
) -> Answer {
    identity
        .accounts
        .remove_from_groups(caller.0, path.id(), body.0)
        .await?;
    Ok(no_content())
}

/// Have a link to another password sent to its owner.
///
/// The links before it are dead. Takes `can_modify_user` and every permission that its owner holds.
#[utoipa::path(
    tag = "users",
    params(ByUuid),
    responses((status = 202, description = "A link is on its way.", body = Accepted), StaffOnly, Conflicts),
)]
#[post("/users/{uuid}/password-reset")]
async fn send_password_reset(
    identity: Identity,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Answer {
    identity
        .passwords
        .send_reset_to(caller.0, path.id())
        .await?;
    Ok(accepted(
        "A link to another password is on its way to the address of the account.",
    ))
}

/// Remove the one-time passwords of an owner who lost the device.
///
/// Logging in then takes the password alone, and a mail notifies the owner. Where a group requires
/// one-time passwords, the owner's permissions do not count until they are set up again. Takes
/// `can_modify_user` and every permission that its owner holds. Not for your own account.
#[utoipa::path(
    tag = "users",
    params(ByUuid),
    responses((status = 204, description = "They are not asked for any more."), StaffOnly, Conflicts),
)]
#[delete("/users/{uuid}/totp")]
async fn reset_totp(identity: Identity, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    identity.accounts.reset_totp(caller.0, path.id()).await?;
    Ok(no_content())
}

/// Let a suspended account use the platform again.
///
/// An erasure that the staff asked for is called off, until it begins. Takes `can_modify_user` and every permission that
/// its owner holds.
#[utoipa::path(
    tag = "users",
    params(ByUuid),
    responses((status = 200, description = "The account.", body = User), StaffOnly),
)]
#[post("/users/{uuid}/activate")]
async fn activate_user(identity: Identity, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    with_version(identity.accounts.activate(caller.0, path.id()).await?)
}

/// Suspend an account.
///
/// Its sessions and its connections to the chat end at once. Takes `can_modify_user` and every
/// permission that its owner holds. The last active one in `super_admin_group` stays.
#[utoipa::path(
    tag = "users",
    params(ByUuid),
    responses((status = 200, description = "The account.", body = User), StaffOnly, Conflicts),
)]
#[post("/users/{uuid}/deactivate")]
async fn deactivate_user(identity: Identity, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    with_version(identity.accounts.suspend(caller.0, path.id()).await?)
}
