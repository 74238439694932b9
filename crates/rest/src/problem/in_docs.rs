//! Problems in the API description.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Content, RefOr, Response, Responses,
        example::{Example, ExampleBuilder},
        response::ResponseBuilder,
    },
};

use super::{MEDIA_TYPE, Problem, ProblemDocument, ProblemKind};
use crate::middleware::request_id::RequestId;

/// Declares a set of problems as one type, for `responses(…)` of a handler.
macro_rules! problems {
    ($($(#[$doc:meta])* $visibility:vis $name:ident: $($kind:ident),+;)*) => {$(
        $(#[$doc])*
        $visibility struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::Response>,
            > {
                let mut responses = utoipa::openapi::Responses::new();
                $($crate::problem::add_problem(
                    &mut responses,
                    $crate::problem::ProblemKind::$kind,
                );)+
                responses.into()
            }
        }
    )*};
}
pub(crate) use problems;

pub(crate) fn add_problem(responses: &mut Responses, kind: ProblemKind) {
    let status = kind.status().as_u16().to_string();
    let response = responses
        .responses
        .entry(status)
        .or_insert_with(|| RefOr::T(empty_response()));
    let RefOr::T(response) = response else { return };
    if is_shown(response, kind) {
        return;
    }
    if !response.description.is_empty() {
        response.description.push_str(" Or: ");
    }
    response.description.push_str(kind.title());
    response.description.push('.');
    if let Some(RefOr::T(content)) = response.content.get_mut(MEDIA_TYPE) {
        content
            .examples
            .insert(kind.slug().to_owned(), RefOr::T(example(kind)));
    }
}

fn is_shown(response: &Response, kind: ProblemKind) -> bool {
    match response.content.get(MEDIA_TYPE) {
        Some(RefOr::T(content)) => content.examples.contains_key(kind.slug()),
        _ => false,
    }
}

fn empty_response() -> Response {
    let schema = RefOr::Ref(utoipa::openapi::Ref::from_schema_name(
        ProblemDocument::name(),
    ));
    ResponseBuilder::new()
        .content(MEDIA_TYPE, Content::new(Some(schema)))
        .build()
}

fn example(kind: ProblemKind) -> Example {
    let document = sample(kind).document(Some(&RequestId::example()));
    ExampleBuilder::new()
        .summary(kind.title())
        .value(serde_json::to_value(document).ok())
        .build()
}

fn sample(kind: ProblemKind) -> Problem {
    match kind {
        ProblemKind::ValidationFailed => Problem::in_field(
            "phone",
            "phone.invalid",
            "must be a full number such as +2348031234567",
        ),
        ProblemKind::PermissionDenied => {
            Problem::missing_permission(abu_domain::access::Permission::ViewUser)
        }
        ProblemKind::Conflict => Problem::conflict(
            "last-owner",
            "A room always has an owner. Make another member owner first.",
        ),
        ProblemKind::RateLimited => Problem::rate_limited(12),
        kind => Problem::new(kind, kind.explanation()),
    }
}

pub(crate) fn schemas() -> Vec<(String, RefOr<utoipa::openapi::Schema>)> {
    let mut schemas = vec![(
        ProblemDocument::name().into_owned(),
        ProblemDocument::schema(),
    )];
    ProblemDocument::schemas(&mut schemas);
    schemas
}
