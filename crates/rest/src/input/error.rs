use std::borrow::Cow;

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

impl FieldError {
    /// A mistake in the body's field `name`; `rule` is read after the name.
    pub fn in_body(name: &str, code: &'static str, rule: impl AsRef<str>) -> Self {
        Self {
            pointer: Some(format!("/{}", escaped(name))),
            parameter: None,
            code: code.into(),
            message: format!("{name} {}", rule.as_ref()),
        }
    }

    /// A mistake in one element of the body's list `name`.
    pub fn in_list(name: &str, index: usize, code: &'static str, rule: &str) -> Self {
        Self {
            pointer: Some(format!("/{}/{index}", escaped(name))),
            parameter: None,
            code: code.into(),
            message: format!("{name}[{index}] {rule}"),
        }
    }

    /// A mistake in the entry `key` of the body's object `name`.
    pub fn in_object(name: &str, key: &str, code: &'static str, rule: &str) -> Self {
        Self {
            pointer: Some(format!("/{}/{}", escaped(name), escaped(key))),
            parameter: None,
            code: code.into(),
            message: format!("{name}.{key} {rule}"),
        }
    }

    /// A mistake in the query parameter `name`.
    pub fn in_query(name: &str, code: &'static str, rule: &str) -> Self {
        Self {
            pointer: None,
            parameter: Some(name.to_owned()),
            code: code.into(),
            message: format!("{name} {rule}"),
        }
    }

    /// The sentence for people.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_slashes_and_tildes_is_one_step_of_the_pointer() {
        let error = FieldError::in_body("a/b~c", "unknown", "is not known");
        assert_eq!(error.pointer.as_deref(), Some("/a~1b~0c"));
    }
}
