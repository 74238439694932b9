//! Reference data: faculties, departments, programmes, degrees, states, countries and industries.
//!
//! Data files of the program fill the lists, and the office edits them. Entries are never deleted: they end, and name
//! their successors. Each change of a list makes its next version.

mod change;
mod edit;
mod load;
mod read;

use abu_domain::alumni::reference::{Code, Flaw, Kind};

use crate::{
    Context,
    access::AccessError,
    platform::{ports::StoreError, versions::PreconditionFailed},
};

pub use change::{Change, DetailsChange, NoSuchDetail};
pub use load::{DataFile, LoadError, Loaded, Loader, outdated};

/// The use cases of this resource.
#[derive(Clone)]
pub struct Reference {
    pub context: Context,
}

/// Why reference data were not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The list has no entry with this code, or never had this version.
    #[error("there is no such entry or version")]
    NotFound,
    /// The list has a newer version.
    #[error("the list has a newer version")]
    Superseded,
    /// The list has an entry with this code.
    #[error("the code is taken")]
    CodeTaken,
    /// What the entry would say does not fit into its list.
    #[error(transparent)]
    Flawed(#[from] Flaw),
    /// The entry would name an entry of another list that does not exist.
    #[error("there is no {} in {}", .1, .0.name())]
    NoParent(Kind, Code),
    #[error(transparent)]
    NoSuchDetail(#[from] NoSuchDetail),
    /// It is not as the caller has seen it.
    #[error(transparent)]
    Changed(#[from] PreconditionFailed),
    #[error(transparent)]
    Store(#[from] StoreError),
}
