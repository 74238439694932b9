//! What holds for the body of every request.

use utoipa::openapi::{OpenApi, RefOr, Schema, path::Operation, schema::AdditionalProperties};

use super::operations_mut;

/// Says of every body that a field that it does not name is refused.
pub(super) fn close(description: &mut OpenApi) {
    let items = description.paths.paths.values_mut();
    let names: Vec<String> = items
        .flat_map(operations_mut)
        .flat_map(body_names)
        .collect();
    let Some(components) = &mut description.components else {
        return;
    };
    for name in names {
        if let Some(RefOr::T(Schema::Object(body))) = components.schemas.get_mut(&name) {
            body.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
}

/// Names of the schemas of the operation's body, one a media type.
fn body_names(operation: &mut Operation) -> Vec<String> {
    let Some(RefOr::T(body)) = &operation.request_body else {
        return Vec::new();
    };
    let contents = body.content.values().filter_map(|content| match content {
        RefOr::T(content) => content.schema.as_ref(),
        RefOr::Ref(_) => None,
    });
    let name = |schema: &RefOr<Schema>| match schema {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next();
            name.map(str::to_owned)
        }
        RefOr::T(_) => None,
    };
    contents.filter_map(name).collect()
}
