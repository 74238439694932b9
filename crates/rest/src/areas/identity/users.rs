//! Accounts, for those who look after them.

use abu_application::{
    identity::{
        accounts::{UserDraft, UserUpdate},
        ports::{OwnDetails, UserFilter},
    },
    platform::{lists::TimePosition, versions::Version},
};
use abu_domain::{
    UserId, Violation,
    access::GroupName,
    identity::{
        text::PhoneNumber,
        user::{self, Verification},
    },
    platform::text::{EmailAddress, PersonName, Reason},
};
use actix_web::{
    HttpResponse, delete, get, post, put,
    web::{Json, Path},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    areas::identity::dto::User,
    caller::CurrentUser,
    input::{Body, BodyFields, FromBody, FromQuery, QueryFields, flag, short_text, time},
    list::{List, ListBody, MAX_PEOPLE, Page, PageParameters},
    middleware::conditional::{IfMatch, IfMatchParameter, versioned},
    problem::{Problem, problems},
};
use crate::{
    areas::{
        access::names::MAX_NAMES,
        common::{Accepted, ByUuid, accepted, created},
        identity::credentials::new_password,
    },
    shared::State,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_users)
        .service(create_user)
        .service(get_user)
        .service(update_user)
        .service(delete_user)
        .service(list_groups_of_user)
        .service(add_user_to_groups)
        .service(remove_user_from_groups)
        .service(send_password_reset)
        .service(activate_user)
        .service(deactivate_user);
}

/// Accounts, the newest first.
struct Users;

/// What narrows the list of accounts.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `UserFilter` is read from")]
struct UserFilterParameters {
    /// What the e-mail address, the first name or the last name starts with, in any case.
    #[param(example = "amina", min_length = 1, max_length = 100)]
    q: Option<String>,
    /// The name of a group they are in.
    #[param(example = "applicant_group", min_length = 1, max_length = 100)]
    group: Option<String>,
    /// Whether they may use the platform.
    is_active: Option<bool>,
    /// Whether the university knows them: `unverified`, `pending`, `verified` or `revoked`.
    #[param(example = "verified")]
    verification: Option<String>,
    /// Made after this time.
    #[param(example = "2026-01-05T08:30:00Z")]
    created_after: Option<DateTime<Utc>>,
}

impl List for Users {
    type Filter = UserFilter;
    type Item = user::User;
    type Entry = User;
    type Position = TimePosition<UserId>;
    const MAX_LIMIT: u32 = MAX_PEOPLE;

    fn position(user: &user::User) -> TimePosition<UserId> {
        TimePosition {
            at: user.created_at,
            id: user.id,
        }
    }
}

impl FromQuery for UserFilter {
    fn from_query(query: &mut QueryFields) -> Option<Self> {
        Some(Self {
            starts_with: query.optional("q", short_text),
            group: query.optional("group", short_text),
            is_active: query.optional("is_active", flag),
            verification: query.optional("verification", verification),
            created_after: query.optional("created_after", time),
        })
    }
}

fn verification(text: &str) -> Result<Verification, Violation> {
    Verification::from_name(text).ok_or(Violation {
        code: "verification.unknown",
        rule: "must be unverified, pending, verified or revoked",
    })
}

problems! {
    ListProblems: CursorMismatch, PermissionDenied, TotpRequired, ValidationFailed;
    CreateProblems: PermissionDenied, TotpRequired, Duplicate;
    OneProblems: PermissionDenied, TotpRequired, NotFound;
    UpdateProblems: PermissionDenied, TotpRequired, NotFound, Conflict, Duplicate;
    StandingProblems: PermissionDenied, TotpRequired, NotFound, Conflict;
}

/// List accounts.
///
/// The newest first; takes `can_view_user`.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(PageParameters, UserFilterParameters),
    responses((status = 200, description = "A page of accounts.", body = ListBody<User>), ListProblems),
)]
#[get("/users")]
async fn list_users(
    state: State,
    caller: CurrentUser,
    page: Page<Users>,
) -> Result<HttpResponse, Problem> {
    let users = state
        .accounts
        .list(caller.caller, page.filter, page.request)
        .await?;
    page.reply.with(users)
}

/// What a new account is made of.
#[derive(ToSchema)]
#[schema(as = NewUser, example = json!({
    "email": "amina@example.com",
    "password": "correct horse battery staple",
    "firstname": "Amina",
    "lastname": "Bello",
    "phone": "0803 123 4567",
}))]
#[expect(dead_code, reason = "it describes what a draft is read from")]
struct NewUserSchema {
    /// What it logs in with.
    email: String,
    /// At least 10 characters, at most 1,024 bytes; not easy to guess, and without the owner's name.
    #[schema(format = Password, min_length = 10)]
    password: String,
    #[schema(min_length = 1, max_length = 100)]
    firstname: String,
    #[schema(min_length = 1, max_length = 100)]
    middlename: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    lastname: String,
    /// With its country code, or in Nigeria's national form.
    phone: Option<String>,
}

impl FromBody for UserDraft {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        let email = body.text("email", EmailAddress::parse);
        let password = body.text("password", new_password);
        let firstname = body.text("firstname", PersonName::parse);
        let middlename = body.optional_text("middlename", PersonName::parse);
        let lastname = body.text("lastname", PersonName::parse);
        let phone = body.optional_text("phone", PhoneNumber::parse);
        Some(Self {
            email: email?,
            password: password?,
            firstname: firstname?,
            middlename,
            lastname: lastname?,
            phone,
        })
    }
}

/// Make an account.
///
/// It is in the group of applicants; takes `can_create_user`.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    request_body = NewUserSchema,
    responses(
        (status = 201, description = "The account; `Location` is its address.", body = User),
        CreateProblems,
    ),
)]
#[post("/users")]
async fn create_user(
    state: State,
    caller: CurrentUser,
    body: Body<UserDraft>,
) -> Result<HttpResponse, Problem> {
    let user = state.accounts.create(caller.caller, body.0).await?;
    Ok(created(&format!("/users/{}", user.id), &User::from(user)))
}

/// An account and its version.
fn with_version(user: user::User) -> Result<HttpResponse, Problem> {
    let version = Version::of(user.last_modified);
    versioned(&User::from(user), version)
}

/// See an account.
///
/// Takes `can_view_user`.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(ByUuid),
    responses((status = 200, description = "The account.", body = User), OneProblems),
)]
#[get("/users/{uuid}")]
async fn get_user(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Result<HttpResponse, Problem> {
    with_version(state.accounts.get(caller.caller, path.uuid.into()).await?)
}

/// What an account is changed to.
#[derive(ToSchema)]
#[schema(as = UserChange, example = json!({
    "email": "amina.bello@example.com",
    "firstname": "Amina",
    "middlename": null,
    "lastname": "Bello",
    "phone": "+2348031234567",
}))]
#[expect(dead_code, reason = "it describes what `UserUpdate` is read from")]
struct UserChangeSchema {
    /// What it logs in with. Another one counts as verified: you vouch for it.
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

impl FromBody for UserUpdate {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        let email = body.text("email", EmailAddress::parse);
        let firstname = body.text("firstname", PersonName::parse);
        let middlename = body.optional_text("middlename", PersonName::parse);
        let lastname = body.text("lastname", PersonName::parse);
        let phone = body.optional_text("phone", PhoneNumber::parse);
        Some(Self {
            email: email?,
            details: OwnDetails {
                firstname: firstname?,
                middlename,
                lastname: lastname?,
                phone,
            },
        })
    }
}

/// Change an account as a whole.
///
/// Takes `can_modify_user` and every permission that its owner holds. Your own address you change with
/// your password instead, by `POST /api/v1/me/email`.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(ByUuid, IfMatchParameter),
    request_body = UserChangeSchema,
    responses((status = 200, description = "The account.", body = User), UpdateProblems),
)]
#[put("/users/{uuid}")]
async fn update_user(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<UserUpdate>,
) -> Result<HttpResponse, Problem> {
    let user = state
        .accounts
        .update(caller.caller, path.uuid.into(), body.0, expected.0)
        .await?;
    with_version(user)
}

/// Why an account is to be erased.
#[derive(ToSchema)]
#[schema(as = ErasureRequest, example = json!({"reason": "Asked for it in person, at the office."}))]
#[expect(dead_code, reason = "it describes what `ErasureReason` is read from")]
struct ErasureReasonSchema {
    /// Kept in the audit log.
    #[schema(min_length = 1, max_length = 300)]
    reason: String,
}

struct ErasureReason(Reason);

impl FromBody for ErasureReason {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        body.text("reason", Reason::parse).map(Self)
    }
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
/// It is suspended, its sessions have ended, and it is noted that it is to be erased in seven days;
/// activating it calls the erasure off. Asking again changes nothing. The server does not carry erasures
/// out yet. Takes `can_delete_user` and every permission that its owner holds. Not for your own account.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(ByUuid),
    request_body = ErasureReasonSchema,
    responses((status = 202, description = "Scheduled.", body = ScheduledErasure), StandingProblems),
)]
#[delete("/users/{uuid}")]
async fn delete_user(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<ErasureReason>,
) -> Result<HttpResponse, Problem> {
    let runs_at = state
        .accounts
        .schedule_erasure(caller.caller, path.uuid.into(), body.0.0)
        .await?;
    Ok(HttpResponse::Accepted().json(ScheduledErasure { runs_at }))
}

/// Some groups.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupNames, example = json!({"groups": ["editor_group"]}))]
struct GroupNamesBody {
    /// Their names.
    #[schema(max_items = 100)]
    groups: Vec<String>,
}

struct GroupNames(Vec<GroupName>);

impl FromBody for GroupNames {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        let groups = body.texts("groups", MAX_NAMES, GroupName::parse);
        groups.map(Self)
    }
}

/// See which groups an account is in.
///
/// Takes `can_view_user`.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(ByUuid),
    responses((status = 200, description = "The groups.", body = GroupNamesBody), OneProblems),
)]
#[get("/users/{uuid}/groups")]
async fn list_groups_of_user(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Result<Json<GroupNamesBody>, Problem> {
    let user = state.accounts.get(caller.caller, path.uuid.into()).await?;
    Ok(Json(GroupNamesBody {
        groups: user.groups,
    }))
}

/// Put an account in groups.
///
/// Takes `can_modify_user`, every permission that its owner holds, and, held for good, every one that
/// the groups give. Its address must be verified. Groups that it is in already change nothing.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(ByUuid),
    request_body = GroupNamesBody,
    responses((status = 200, description = "The account.", body = User), StandingProblems),
)]
#[post("/users/{uuid}/groups")]
async fn add_user_to_groups(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<GroupNames>,
) -> Result<HttpResponse, Problem> {
    let user = state
        .accounts
        .add_to_groups(caller.caller, path.uuid.into(), body.0.0)
        .await?;
    with_version(user)
}

/// Take an account out of groups.
///
/// Takes `can_modify_user` and every permission that its owner holds. Groups that it is not in change
/// nothing. The last active one in `super_admin_group` stays.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(ByUuid),
    request_body = GroupNamesBody,
    responses((status = 204, description = "Taken out."), StandingProblems),
)]
#[delete("/users/{uuid}/groups")]
async fn remove_user_from_groups(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<GroupNames>,
) -> Result<HttpResponse, Problem> {
    state
        .accounts
        .remove_from_groups(caller.caller, path.uuid.into(), body.0.0)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Have a link to another password sent to its owner.
///
/// The links before it are dead. Takes `can_modify_user` and every permission that its owner holds.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(ByUuid),
    responses((status = 202, description = "A link is on its way.", body = Accepted), StandingProblems),
)]
#[post("/users/{uuid}/password-reset")]
async fn send_password_reset(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Result<HttpResponse, Problem> {
    state
        .passwords
        .send_reset_to(caller.caller, path.uuid.into())
        .await?;
    Ok(accepted(
        "A link to another password is on its way to the address of the account.",
    ))
}

/// Let a suspended account use the platform again.
///
/// An erasure that the staff asked for is called off. Takes `can_modify_user` and every permission that
/// its owner holds.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(ByUuid),
    responses((status = 200, description = "The account.", body = User), OneProblems),
)]
#[post("/users/{uuid}/activate")]
async fn activate_user(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Result<HttpResponse, Problem> {
    with_version(
        state
            .accounts
            .activate(caller.caller, path.uuid.into())
            .await?,
    )
}

/// Suspend an account.
///
/// Its sessions and its connections to the chat end at once. Takes `can_modify_user` and every
/// permission that its owner holds. The last active one in `super_admin_group` stays.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(ByUuid),
    responses((status = 200, description = "The account.", body = User), StandingProblems),
)]
#[post("/users/{uuid}/deactivate")]
async fn deactivate_user(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Result<HttpResponse, Problem> {
    with_version(
        state
            .accounts
            .suspend(caller.caller, path.uuid.into())
            .await?,
    )
}
