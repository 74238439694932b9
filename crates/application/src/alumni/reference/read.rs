//! The lists as everyone reads them.

use abu_domain::{
    access::Permission,
    alumni::reference::{Code, Entry, Kind, key},
};

use super::{Reference, ReferenceError};
use crate::{
    access::{Caller, require},
    alumni::ports::ListHead,
    platform::ports::StoreError,
};

impl Reference {
    /// The heads of all lists. Takes no permission: reference data are public.
    pub async fn lists(&self) -> Result<Vec<ListHead>, StoreError> {
        self.context.database.read(|tx| tx.reference_lists()).await
    }

    /// A whole list, by name: some hundreds of entries at most.
    pub async fn list(&self, kind: Kind) -> Result<(ListHead, Vec<Entry>), StoreError> {
        self.context
            .database
            .read(move |tx| {
                let (head, mut entries) = tx.reference_list(kind)?;
                entries.sort_by_cached_key(|entry| {
                    let content = &entry.content;
                    (key(content.name.as_str()), content.code.clone())
                });
                Ok((head, entries))
            })
            .await
    }

    /// A version of a list, if it is the newest: clients keep the others.
    ///
    /// # Errors
    /// [`ReferenceError::Superseded`] for an older one, [`ReferenceError::NotFound`] for one that never was.
    pub async fn list_version(
        &self,
        kind: Kind,
        version: i64,
    ) -> Result<(ListHead, Vec<Entry>), ReferenceError> {
        let (head, entries) = self.list(kind).await?;
        match version {
            _ if version == head.version => Ok((head, entries)),
            version if (0..head.version).contains(&version) => Err(ReferenceError::Superseded),
            _ => Err(ReferenceError::NotFound),
        }
    }

    /// An entry as the office sees it; takes `can_manage_settings`.
    pub async fn entry(
        &self,
        caller: Caller,
        kind: Kind,
        code: Code,
    ) -> Result<Entry, ReferenceError> {
        self.context
            .database
            .read(move |tx| {
                require(tx, &caller, Permission::ManageSettings)?;
                tx.reference_entry(kind, &code)?
                    .ok_or(ReferenceError::NotFound)
            })
            .await
    }
}
