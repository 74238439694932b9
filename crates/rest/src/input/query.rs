//! Query parameters.
//!
//! Names that a route does not have are refused before a handler is reached; here their values are
//! parsed.

use abu_domain::Violation;
use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

use super::FieldError;
use crate::problem::Problem;

/// Something that is made from a query.
pub(crate) trait FromQuery: Sized + 'static {
    /// Takes its parameters. `None` where one of them is missing or wrong, which `query` then knows.
    fn from_query(query: &mut QueryFields) -> Option<Self>;
}

/// Made from nothing.
impl FromQuery for () {
    fn from_query(_query: &mut QueryFields) -> Option<()> {
        Some(())
    }
}

/// Reads `true` or `false`.
///
/// # Errors
/// Where it is neither.
pub(crate) fn flag(text: &str) -> Result<bool, Violation> {
    text.parse().map_err(|_neither| Violation {
        code: "flag.invalid",
        rule: "must be true or false",
    })
}

/// Reads a time.
///
/// # Errors
/// Where it is none.
pub(crate) fn time(text: &str) -> Result<DateTime<Utc>, Violation> {
    DateTime::parse_from_rfc3339(text)
        // What is finer than the store keeps would not come back as it was sent.
        .map(|time| time.to_utc().trunc_subsecs(6))
        .map_err(|_no_time| Violation {
            code: "time.invalid",
            rule: "must be a time such as 2026-01-05T08:30:00Z",
        })
}

/// Reads a UUID.
///
/// # Errors
/// Where it is none.
pub(crate) fn uuid(text: &str) -> Result<Uuid, Violation> {
    Uuid::try_parse(text).map_err(|_not_one| Violation {
        code: "uuid.invalid",
        rule: "must be a UUID",
    })
}

/// Reads a text to search for.
///
/// # Errors
/// `text.short` unless it has 1 to 100 characters, none of them a control character.
pub(crate) fn short_text(text: &str) -> Result<String, Violation> {
    if (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(Violation {
            code: "text.short",
            rule: "must have 1 to 100 characters and no control characters",
        })
    }
}

/// The parameters of a query, taken one by one.
#[derive(Debug)]
pub(crate) struct QueryFields {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl QueryFields {
    /// The parameters of a query string.
    pub(crate) fn parse(query: &str) -> Self {
        Self {
            pairs: form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            errors: Vec::new(),
        }
    }

    /// A parameter that may be left out. Twice the same one is a mistake.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<T> {
        let mut values = self.pairs.iter().filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        let parsed = match values.next() {
            None => parse(value),
            Some(_) => Err(Violation {
                code: "repeated",
                rule: "must be given once",
            }),
        };
        parsed
            .map_err(|Violation { code, rule }| self.refuse(name, code, rule))
            .ok()
    }

    /// Notes a mistake in a parameter that was taken; `rule` is read after the name.
    pub(crate) fn refuse(&mut self, name: &'static str, code: &'static str, rule: &str) {
        self.errors.push(FieldError::in_query(name, code, rule));
    }

    /// The value, if nothing was wrong with any parameter.
    ///
    /// # Errors
    /// `validation-failed`.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(Problem::validation(self.errors)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Result<u32, Violation> {
        text.parse().map_err(|_not_one| Violation {
            code: "number",
            rule: "must be a number",
        })
    }

    #[test]
    fn a_parameter_is_percent_decoded_and_may_be_left_out() {
        let mut query = QueryFields::parse("a=%31%32&c=+3");
        assert_eq!(query.optional("a", number), Some(12));
        assert_eq!(query.optional("b", number), None);
        assert!(query.finish(Some(())).is_ok());
    }

    #[test]
    fn a_wrong_and_a_repeated_parameter_are_named_at_once() {
        let mut query = QueryFields::parse("a=x&b=1&b=2");
        query.optional("a", number);
        query.optional("b", number);
        let problem = query.finish(Some(())).unwrap_err();
        let document = serde_json::to_value(problem.document(None)).unwrap();
        assert_eq!(document["errors"][0]["parameter"], "a");
        assert_eq!(document["errors"][1]["code"], "repeated");
    }
}
