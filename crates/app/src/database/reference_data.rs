//! Loading of the reference data that comes with the program.

use std::sync::Arc;

use abu_application::{
    access::Authority,
    alumni::reference::{self, LoadError, Loaded, Loader},
    platform::{
        ports::StoreError,
        system::{SystemClock, SystemIds},
    },
    store::Store,
};
use abu_domain::alumni::reference::Kind;
use abu_reference_data::ReadError;

#[derive(Debug, thiserror::Error)]
pub enum ReferenceDataError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Merges the data files of this release into the lists of the database. Idempotent.
pub(crate) fn load(
    store: Arc<dyn Store>,
    by: &impl Authority,
) -> Result<Vec<Loaded>, ReferenceDataError> {
    let loader = Loader {
        store,
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
    };
    Ok(loader.load(by, &abu_reference_data::files()?)?)
}

/// The lists of which the database has not loaded the files of this release.
pub(crate) fn outdated(store: &dyn Store) -> Result<Vec<Kind>, ReferenceDataError> {
    Ok(reference::outdated(store, &abu_reference_data::files()?)?)
}
