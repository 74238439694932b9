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

/// Declares the JSON form of a value: each field with its source in the value.
macro_rules! json_form {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident from $value:ident: $from:ty {
        $($(#[$field_meta:meta])* $field:ident: $type:ty = $source:expr,)*
    }) => {
        #[derive(Serialize, ToSchema)]
        $(#[$meta])*
        $visibility struct $name {
            $($(#[$field_meta])* $field: $type,)*
        }

        impl From<$from> for $name {
            fn from($value: $from) -> Self {
                Self { $($field: $source,)* }
            }
        }
    };
}
pub(crate) use json_form;

/// Declares a request body, which takes no other fields, and how it is parsed to a draft.
macro_rules! request_body {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident into $draft:ty {
        $($(#[$field_meta:meta])* $field_visibility:vis $field:ident: $type:ty,)*
    }
    |$body:ident, $violations:ident| $parsed:expr) => {
        #[derive(Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$meta])*
        $visibility struct $name {
            $($(#[$field_meta])* $field_visibility $field: $type,)*
        }

        impl IntoDraft for $name {
            type Draft = $draft;

            fn into_draft(self, $violations: &mut Violations) -> Option<Self::Draft> {
                let $body = self;
                $parsed
            }
        }
    };
}
pub(crate) use request_body;

problems! {
    pub(crate) StaffOnly: PermissionDenied, TotpRequired;
    pub(crate) Forbidden: PermissionDenied;
    pub(crate) Conflicts: Conflict;
    pub(crate) Duplicates: Duplicate;
    pub(crate) ConflictsAndDuplicates: Conflict, Duplicate;
    pub(crate) LinkGone: Gone;
    /// Where neither a path nor a body says so: paths with parameters document it anyway.
    pub(crate) NothingThere: NotFound;
    pub(crate) ParameterInvalid: ValidationFailed;
    pub(crate) Overload: Unavailable;
}

/// The path of something that a UUID names.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ByUuid {
    /// Which one.
    #[param(example = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")]
    uuid: Uuid,
}

impl ByUuid {
    pub(crate) fn id<Id: From<Uuid>>(&self) -> Id {
        self.uuid.into()
    }
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
