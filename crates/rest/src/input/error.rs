//! The violations that an answer lists.

use std::{borrow::Cow, fmt};

use abu_domain::Violation;
use serde::Serialize;
use utoipa::ToSchema;

/// A field of the body, or a query parameter, that breaks a rule.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// Where in the body it is (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/phone")]
    pointer: Option<String>,
    /// Which query parameter it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(null))]
    parameter: Option<String>,
    /// The stable name of the rule.
    #[schema(example = "phone.invalid")]
    code: Cow<'static, str>,
    /// The rule as a sentence for people.
    #[schema(example = "phone must be a full number such as +2348031234567")]
    message: String,
}

/// How much of the name of a field an answer repeats at most, in characters.
pub(super) const MAX_NAME_SHOWN: usize = 64;

pub(super) const UNKNOWN: Violation = Violation {
    code: "unknown",
    rule: "is not a known field",
};

pub(super) enum Step<'a> {
    Field(&'a str),
    Element(usize),
}

impl FieldError {
    /// `rule` is read after the name of the body's field.
    pub fn in_body(name: &str, code: &'static str, rule: impl fmt::Display) -> Self {
        Self::new(&[Step::Field(name)], code, rule)
    }

    /// The field is one of an element of a list of objects in the body.
    pub(crate) fn in_element(
        list: &'static str,
        index: usize,
        field: &'static str,
        violation: Violation,
    ) -> Self {
        let place = [Step::Field(list), Step::Element(index), Step::Field(field)];
        Self::at(&place, violation)
    }

    pub fn in_query(name: &str, code: &'static str, rule: impl fmt::Display) -> Self {
        Self {
            pointer: None,
            parameter: Some(name.to_owned()),
            code: code.into(),
            message: format!("{name} {rule}"),
        }
    }

    pub(super) fn at(place: &[Step<'_>], violation: Violation) -> Self {
        Self::new(place, violation.code, violation.rule)
    }

    fn new(place: &[Step<'_>], code: &'static str, rule: impl fmt::Display) -> Self {
        let (mut pointer, mut name) = (String::new(), String::new());
        for step in place {
            match step {
                Step::Field(field) => {
                    let shown: String = field.chars().take(MAX_NAME_SHOWN).collect();
                    pointer = format!("{pointer}/{}", escaped(&shown));
                    let dot = if name.is_empty() { "" } else { "." };
                    name = format!("{name}{dot}{shown}");
                }
                Step::Element(index) => {
                    pointer = format!("{pointer}/{index}");
                    name = format!("{name}[{index}]");
                }
            }
        }
        Self {
            pointer: Some(pointer),
            parameter: None,
            code: code.into(),
            message: format!("{name} {rule}"),
        }
    }

    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    pub fn message(&self) -> &str {
        &self.message
    }
}

/// A name as one step of a JSON pointer.
fn escaped(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) {
        name.replace('~', "~0").replace('/', "~1").into()
    } else {
        name.into()
    }
}
