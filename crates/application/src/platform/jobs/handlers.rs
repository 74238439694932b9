use std::{collections::BTreeMap, sync::Arc};

use super::JobHandler;

/// The handlers of this release, by kind.
#[derive(Clone, Default)]
pub struct Handlers(Arc<BTreeMap<&'static str, Arc<dyn JobHandler>>>);

impl Handlers {
    /// Of two handlers of one kind, which is a bug, the later counts.
    pub fn new(handlers: impl IntoIterator<Item = Arc<dyn JobHandler>>) -> Self {
        let mut by_kind = BTreeMap::new();
        for handler in handlers {
            let replaced = by_kind.insert(handler.kind(), handler);
            debug_assert!(replaced.is_none(), "two handlers have one kind");
        }
        Self(Arc::new(by_kind))
    }

    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &dyn JobHandler> {
        self.0.values().map(|handler| &**handler)
    }

    pub(super) fn of(&self, kind: &str) -> Option<&dyn JobHandler> {
        self.0.get(kind).map(|handler| &**handler)
    }
}
