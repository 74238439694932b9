//! The directory of graduates: search by name and facets, suggestions, counts.
//!
//! Everything is read from search rows, which are the projection of a profile for alumni. So no read can show, match or
//! count what a member hides.

mod budget;
mod catalogue;
mod counts;
mod error;
mod jobs;
mod maintain;
mod refresh;
mod request;
mod search;
mod suggest;

pub use budget::Spent;
pub use counts::{CountedSet, Sets, rounded};
pub use error::DirectoryError;
pub use jobs::{CheckJob, FacetsJob, SetsJob, VocabularyJob};
pub use maintain::{Checked, Maintenance};
pub use refresh::{refresh_entries, refresh_many};
pub use request::{DirectorySearch, FacetCodes};
pub use search::{Card, FacetCount, Results};
pub use suggest::Suggestions;

use crate::{Context, Database};
use catalogue::CachedCatalogue;

/// Use cases of the directory.
#[derive(Clone)]
pub struct Directory {
    pub(crate) context: Context,
    /// Connections of its own, with a short timeout: searches never take those of the writers.
    searches: Database,
    catalogue: CachedCatalogue,
}

impl Directory {
    pub(crate) fn new(context: &Context, searches: Database) -> Self {
        Self {
            context: context.clone(),
            searches,
            catalogue: CachedCatalogue::default(),
        }
    }

    /// The same directory with other connections for its searches.
    #[must_use]
    pub fn with_searches(&self, searches: Database) -> Self {
        Self {
            searches,
            ..self.clone()
        }
    }
}
