//! Lists of what has a name.

use abu_application::access::ports::NameFilter;

use serde::Deserialize;

use crate::input::{IntoDraft, Violations, short_text};

/// How many names one request may name at once.
pub(crate) const MAX_NAMES: usize = 100;

/// What narrows lists of what has a name.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NameFilterParameters {
    /// What the name contains, in any case.
    #[param(example = "admin", min_length = 1, max_length = 100)]
    q: Option<String>,
}

impl IntoDraft for NameFilterParameters {
    type Draft = NameFilter;

    fn into_draft(self, violations: &mut Violations) -> Option<NameFilter> {
        Some(NameFilter {
            contains: violations.optional("q", self.q, short_text),
        })
    }
}
