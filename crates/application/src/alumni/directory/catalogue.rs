//! The reference data in memory, read again when a list has a new version.

use std::sync::Arc;

use abu_domain::alumni::reference::Catalogue;
use parking_lot::Mutex;

use crate::{platform::ports::StoreError, store::Reads};

/// The catalogue of the newest versions.
#[derive(Clone, Default)]
pub(super) struct CachedCatalogue(Arc<Mutex<Option<Cached>>>);

struct Cached {
    versions: Vec<i64>,
    catalogue: Arc<Catalogue>,
}

impl CachedCatalogue {
    pub(super) fn get(&self, tx: &mut dyn Reads) -> Result<Arc<Catalogue>, StoreError> {
        let heads = tx.reference_lists()?;
        let versions: Vec<i64> = heads.iter().map(|head| head.version).collect();
        if let Some(cached) = &*self.0.lock()
            && cached.versions == versions
        {
            return Ok(Arc::clone(&cached.catalogue));
        }
        let catalogue = Arc::new(tx.catalogue()?);
        *self.0.lock() = Some(Cached {
            versions,
            catalogue: Arc::clone(&catalogue),
        });
        Ok(catalogue)
    }
}
