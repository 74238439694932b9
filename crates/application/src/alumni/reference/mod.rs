//! Reference data: faculties, departments, programmes, degrees, states, countries and industries.
//!
//! Data files of the program fill the lists, and the office edits them. Entries are never deleted: they end, and name
//! their successors. Each change of a list makes its next version.

mod load;

use crate::Context;

pub use load::{DataFile, LoadError, Loaded, Loader, outdated};

/// The use cases of this resource.
#[derive(Clone)]
pub struct Reference {
    pub context: Context,
}
