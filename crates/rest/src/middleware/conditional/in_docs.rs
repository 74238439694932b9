//! Conditional requests in the API description, so that no handler has to describe them.

use utoipa::openapi::{
    Object, RefOr, Required, Response, Type,
    header::{Header, HeaderBuilder},
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
    response::ResponseBuilder,
};

use crate::problem::{ProblemKind, add_problem};

/// A GET that answers with something answers with its tag, or that it has not changed.
pub(crate) fn describe_get(operation: &mut Operation) {
    let Some(answer) = answer_with_body(operation) else {
        return;
    };
    add_tag(answer);
    let unchanged = ResponseBuilder::new()
        .description("Nothing has changed since the answer whose tag was sent. There is no body.")
        .header("ETag", tag_header())
        .build();
    let responses = &mut operation.responses.responses;
    responses.insert("304".to_owned(), RefOr::T(unchanged));
    let if_none_match = ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The `ETag` of an answer you have: if that is still right, it is not sent again.",
        ))
        .schema(Some(Object::with_type(Type::String)))
        .build();
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(if_none_match.into());
}

/// A change that takes `If-Match` may be refused for it, and answers with the tag of what is there now.
pub(crate) fn describe_change(operation: &mut Operation) {
    let parameters = operation.parameters.iter().flatten();
    let Some(if_match) = parameters.filter_map(inline).find(|parameter| {
        parameter.parameter_in == ParameterIn::Header && parameter.name == "If-Match"
    }) else {
        return;
    };
    if if_match.required == Required::True {
        add_problem(&mut operation.responses, ProblemKind::PreconditionRequired);
    }
    add_problem(&mut operation.responses, ProblemKind::PreconditionFailed);
    if let Some(answer) = answer_with_body(operation) {
        add_tag(answer);
    }
}

fn inline(parameter: &RefOr<Parameter>) -> Option<&Parameter> {
    match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    }
}

fn answer_with_body(operation: &mut Operation) -> Option<&mut Response> {
    match operation.responses.responses.get_mut("200") {
        Some(RefOr::T(answer)) if !answer.content.is_empty() => Some(answer),
        _ => None,
    }
}

fn add_tag(answer: &mut Response) {
    answer
        .headers
        .insert("ETag".to_owned(), tag_header().into());
}

fn tag_header() -> Header {
    HeaderBuilder::new()
        .schema(Some(Object::with_type(Type::String)))
        .description(Some(
            "Names exactly this answer, for `If-None-Match` and `If-Match`.",
        ))
        .build()
}
