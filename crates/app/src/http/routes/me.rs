//! The caller's own account.

use actix_web::{get, web::Json};
use utoipa_actix_web::service_config::ServiceConfig;

use super::State;
use crate::http::{caller::CurrentUser, dto::Account, problem::Problem};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_own_account);
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
