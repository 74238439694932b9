//! Parts that the routes of several areas share.

use actix_web::{HttpResponse, http::header};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::BASE;
use crate::problem::problems;

/// Declares `configure`, which registers these handlers.
macro_rules! routes {
    ($($handler:ident),+ $(,)?) => {
        pub(super) fn configure(
            config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>,
        ) {
            $(config.service($handler);)+
        }
    };
}
pub(crate) use routes;

problems! {
    pub(crate) StaffOnly: PermissionDenied, TotpRequired;
    pub(crate) Forbidden: PermissionDenied;
    pub(crate) Conflicts: Conflict;
    pub(crate) Duplicates: Duplicate;
    pub(crate) ConflictsAndDuplicates: Conflict, Duplicate;
    pub(crate) LinkGone: Gone;
    pub(crate) Overload: Unavailable;
}

/// The path of something that a UUID names.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ByUuid {
    /// Which one.
    #[param(example = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")]
    pub(crate) uuid: Uuid,
}

/// The path of something that has a name of its own.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ByName {
    /// Which one.
    #[param(example = "newsletter_admin")]
    pub(crate) name: String,
}

/// A request that was taken on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Accepted {
    /// What happens next, for people.
    #[schema(example = "If the address has an account, a link is on its way there.")]
    message: &'static str,
}

pub(crate) fn accepted(message: &'static str) -> HttpResponse {
    HttpResponse::Accepted().json(Accepted { message })
}

/// `path` is below [`BASE`].
pub(crate) fn created(path: &str, body: &impl Serialize) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((header::LOCATION, format!("{BASE}{path}")))
        .json(body)
}

pub(crate) fn no_content() -> HttpResponse {
    HttpResponse::NoContent().finish()
}
