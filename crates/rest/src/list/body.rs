//! A page as it is sent.

use std::collections::BTreeSet;

use abu_application::platform::lists;
use serde::{Serialize, Serializer, ser::Error};
use serde_json::Value;
use utoipa::ToSchema;

/// A page as it is sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = List)]
pub(crate) struct ListBody<T> {
    /// The entries.
    pub(super) items: Vec<T>,
    /// What to send as `cursor` to get the next page; null at the end.
    #[schema(example = "q3n8Xv0mT2sJ5cK1b7yZ4nsiYSI6WyIyMDI2Il19")]
    pub(super) next_cursor: Option<String>,
    /// What to send as `cursor` to get the page before; null on the first one.
    #[schema(example = json!(null))]
    pub(super) prev_cursor: Option<String>,
    /// How long the list is, where `count=true` was sent; null otherwise.
    pub(super) total: Option<Total>,
}

/// A page with further fields beside it.
#[derive(Serialize, ToSchema)]
#[schema(as = ListWith)]
pub(crate) struct WithMore<T, M> {
    #[serde(flatten)]
    pub(super) list: ListBody<T>,
    #[serde(flatten)]
    pub(super) more: M,
}

#[derive(Serialize)]
pub(super) struct NoMore {}

/// How long a list is.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"value": 45, "relation": "eq"}))]
pub(crate) struct Total {
    /// So many entries.
    value: u64,
    /// `eq` where it has exactly so many, `gte` where it has so many or more.
    relation: &'static str,
}

impl From<lists::Total> for Total {
    fn from(total: lists::Total) -> Self {
        let (value, relation) = match total {
            lists::Total::Exactly(value) => (value, "eq"),
            lists::Total::AtLeast(value) => (value, "gte"),
        };
        Self { value, relation }
    }
}

/// An entry of which only some fields are sent, if the client said which.
pub(super) struct Sparse<'a, E> {
    entry: E,
    fields: Option<&'a BTreeSet<String>>,
}

impl<'a, E> Sparse<'a, E> {
    pub(super) fn new(entry: E, fields: Option<&'a BTreeSet<String>>) -> Self {
        Self { entry, fields }
    }
}

impl<E: Serialize> Serialize for Sparse<'_, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(fields) = self.fields else {
            return self.entry.serialize(serializer);
        };
        match serde_json::to_value(&self.entry).map_err(S::Error::custom)? {
            Value::Object(all) => {
                serializer.collect_map(all.into_iter().filter(|(name, _)| fields.contains(name)))
            }
            other => other.serialize(serializer),
        }
    }
}
