//! Accounts, for those who look after them.

use abu_application::{accounts::UserDraft, lists::TimePosition, ports::UserFilter};
use abu_domain::{
    UserId, Violation,
    text::{EmailAddress, PersonName, PhoneNumber},
    user::{self, Verification},
};
use actix_web::{
    HttpResponse, get, post,
    web::{Json, Path},
};
use chrono::{DateTime, Utc};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{ByUuid, State, created, new_password};
use crate::http::{
    caller::CurrentUser,
    dto::User,
    input::{Body, BodyFields, FromBody, FromQuery, QueryFields, flag, short_text, time},
    list::{List, ListBody, MAX_PEOPLE, Page, PageParameters},
    problem::{Problem, problems},
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_users)
        .service(create_user)
        .service(get_user)
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
    ListProblems: CursorMismatch, PermissionDenied, ValidationFailed;
    CreateProblems: PermissionDenied, Duplicate;
    OneProblems: PermissionDenied, NotFound;
    DeactivateProblems: PermissionDenied, NotFound, Conflict;
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
) -> Result<Json<User>, Problem> {
    let user = state.accounts.get(caller.caller, path.uuid.into()).await?;
    Ok(Json(user.into()))
}

/// Let a suspended account use the platform again.
///
/// Takes `can_modify_user`.
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
) -> Result<Json<User>, Problem> {
    set_active(&state, caller, &path, true).await
}

/// Suspend an account.
///
/// Its chat sessions end at once, and its access tokens are refused. Takes `can_modify_user`.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(ByUuid),
    responses((status = 200, description = "The account.", body = User), DeactivateProblems),
)]
#[post("/users/{uuid}/deactivate")]
async fn deactivate_user(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Result<Json<User>, Problem> {
    set_active(&state, caller, &path, false).await
}

async fn set_active(
    state: &State,
    caller: CurrentUser,
    path: &ByUuid,
    is_active: bool,
) -> Result<Json<User>, Problem> {
    let user = state
        .accounts
        .set_active(caller.caller, path.uuid.into(), is_active)
        .await?;
    Ok(Json(user.into()))
}
