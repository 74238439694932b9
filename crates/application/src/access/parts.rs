//! Changes to the parts of a named set.

use std::collections::BTreeSet;

use super::{Named, RightsError};

/// What the parts of a set become.
pub(super) enum Parts<P> {
    These(Vec<P>),
    And(Vec<P>),
    /// Ignores those that are not among the parts.
    Without(Vec<P>),
    /// Refuses one that is not among the parts, which are of this kind.
    WithoutOne(P, Named),
}

pub(super) struct Difference<P> {
    pub(super) added: Vec<P>,
    pub(super) removed: Vec<P>,
}

impl<P: Clone + Ord> Parts<P> {
    /// Those that the request names, and that must exist.
    pub(super) fn named(&self) -> &[P] {
        match self {
            Self::These(named) | Self::And(named) | Self::Without(named) => named,
            Self::WithoutOne(..) => &[],
        }
    }

    pub(super) fn difference(self, before: &[P]) -> Result<Difference<P>, RightsError> {
        let before: BTreeSet<P> = before.iter().cloned().collect();
        let mut after = before.clone();
        match self {
            Self::These(these) => after = these.into_iter().collect(),
            Self::And(more) => after.extend(more),
            Self::Without(gone) => after.retain(|part| !gone.contains(part)),
            Self::WithoutOne(gone, _) if after.remove(&gone) => {}
            Self::WithoutOne(_, kind) => return Err(RightsError::NotPart(kind)),
        }
        Ok(Difference {
            added: after.difference(&before).cloned().collect(),
            removed: before.difference(&after).cloned().collect(),
        })
    }
}

impl<P> Difference<P> {
    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}
