//! Query parameters.
//!
//! Names that a route does not have are refused before a handler is reached; here their values are
//! parsed.

use std::collections::BTreeMap;

use abu_domain::Violation;
use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, map::Entry};
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};
use uuid::Uuid;

use super::{IntoDraft, Violations, json::NOT_A_UUID};
use crate::problem::Problem;

pub(crate) fn flag(text: &str) -> Result<bool, Violation> {
    text.parse().map_err(|_neither| Violation {
        code: "flag.invalid",
        rule: "must be true or false",
    })
}

pub(crate) fn time(text: &str) -> Result<DateTime<Utc>, Violation> {
    DateTime::parse_from_rfc3339(text)
        // What is finer than the store keeps would not come back as it was sent.
        .map(|time| time.to_utc().trunc_subsecs(6))
        .map_err(|_no_time| Violation {
            code: "time.invalid",
            rule: "must be a time such as 2026-01-05T08:30:00Z",
        })
}

pub(crate) fn uuid(text: &str) -> Result<Uuid, Violation> {
    Uuid::try_parse(text).map_err(|_not_one| NOT_A_UUID)
}

/// A text to search for.
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

/// The parameters of a query; the violations hold repeated ones. Structs of optional texts describe them;
/// several such structs may share one query.
pub(crate) struct Query {
    parameters: Value,
    pub(crate) violations: Violations,
}

impl Query {
    pub(crate) fn parse(query: &str) -> Self {
        let (mut parameters, mut repeated) = (Map::new(), BTreeMap::<_, Vec<_>>::new());
        for (name, text) in form_urlencoded::parse(query.as_bytes()).into_owned() {
            match parameters.entry(name) {
                Entry::Vacant(place) => {
                    place.insert(text.into());
                }
                Entry::Occupied(first) => {
                    repeated.entry(first.key().clone()).or_default().push(text);
                }
            }
        }
        Self {
            parameters: Value::Object(parameters),
            violations: Violations::in_query(repeated),
        }
    }

    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        T::deserialize(&self.parameters).map_err(Problem::internal)
    }
}

#[derive(Deserialize)]
pub(crate) struct NoParameters {}

impl IntoDraft for NoParameters {
    type Draft = ();

    fn into_draft(self, _violations: &mut Violations) -> Option<()> {
        Some(())
    }
}

impl IntoParams for NoParameters {
    fn into_params(_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}
