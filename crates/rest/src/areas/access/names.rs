//! Lists of what has a name.

use abu_application::access::ports::NameFilter;

use crate::input::{FromQuery, QueryFields, short_text};

/// How many names one request may name at once.
pub(crate) const MAX_NAMES: usize = 100;

/// What narrows lists of what has a name.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `NameFilter` is read from")]
pub(crate) struct NameFilterParameters {
    /// What the name contains, in any case.
    #[param(example = "admin", min_length = 1, max_length = 100)]
    q: Option<String>,
}

impl FromQuery for NameFilter {
    fn from_query(query: &mut QueryFields) -> Option<Self> {
        Some(Self {
            contains: query.optional("q", short_text),
        })
    }
}
