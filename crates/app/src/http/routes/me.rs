//! The caller's own account.

use actix_web::{get, web::Json};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::State;
use crate::http::{
    caller::CurrentUser,
    dto::{Account, HeldPermission},
    problem::Problem,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(get_own_account)
        .service(list_own_permissions);
}

/// See your own account and what you may do.
#[utoipa::path(
    tag = "me",
    security(("bearer" = [])),
    responses((status = 200, description = "The account.", body = Account)),
)]
#[get("/me")]
async fn get_own_account(state: State, caller: CurrentUser) -> Result<Json<Account>, Problem> {
    let account = state.accounts.own(caller.caller).await?;
    Ok(Json(account.into()))
}

/// What you may do.
#[derive(Serialize, ToSchema)]
struct OwnPermissions {
    /// Those that count everywhere first, then those of each chapter.
    items: Vec<HeldPermission>,
}

/// List what you may do, where, and until when.
///
/// What you hold by your groups and by roles assigned to you, each permission once a scope.
#[utoipa::path(
    tag = "me",
    security(("bearer" = [])),
    responses((status = 200, description = "The permissions.", body = OwnPermissions)),
)]
#[get("/me/permissions")]
async fn list_own_permissions(
    state: State,
    caller: CurrentUser,
) -> Result<Json<OwnPermissions>, Problem> {
    let held = state.access.own_permissions(caller.caller).await?;
    Ok(Json(OwnPermissions {
        items: held.into_iter().map(HeldPermission::from).collect(),
    }))
}
