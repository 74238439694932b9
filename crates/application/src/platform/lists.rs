//! Keyset pagination: a page lies after or before a position, never behind a number of skipped
//! entries.
//!
//! So a page costs the same at any depth, and concurrent inserts and deletes neither repeat nor
//! hide an entry.

use chrono::{DateTime, Utc};

use crate::{platform::ports::StoreError, store::Reads};

pub const MAX_LIMIT: u32 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek<P> {
    /// Right after this position; `None` is the beginning of the list.
    After(Option<P>),
    /// Right before this position; `None` is the end of the list.
    Before(Option<P>),
}

impl<P> Seek<P> {
    pub const START: Self = Self::After(None);

    /// Converts the position.
    pub fn map<Q>(self, position: impl FnOnce(P) -> Q) -> Seek<Q> {
        match self {
            Self::After(from) => Seek::After(from.map(position)),
            Self::Before(from) => Seek::Before(from.map(position)),
        }
    }

    /// Whether the query reads against the order of the list.
    pub const fn is_backward(&self) -> bool {
        matches!(self, Self::Before(_))
    }

    /// The same place in the list read from its end.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::After(from) => Self::Before(from),
            Self::Before(from) => Self::After(from),
        }
    }

    const fn has_position(&self) -> bool {
        matches!(self, Self::After(Some(_)) | Self::Before(Some(_)))
    }
}

/// A position in a list ordered by time and then by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimePosition<Id> {
    pub at: DateTime<Utc>,
    pub id: Id,
}

/// The size of a list, bounded to bound the cost of counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    Exactly(u64),
    AtLeast(u64),
}

impl Total {
    /// Larger totals are lower bounds.
    pub const EXACT_UP_TO: u64 = 10_000;

    /// A query may stop counting at [`Self::EXACT_UP_TO`] + 1.
    pub const fn of(counted: u64) -> Self {
        if counted > Self::EXACT_UP_TO {
            Self::AtLeast(Self::EXACT_UP_TO)
        } else {
            Self::Exactly(counted)
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListRequest<P> {
    pub seek: Seek<P>,
    /// [`MAX_LIMIT`] caps it.
    pub limit: u32,
    /// Whether to count the whole list too.
    pub count: bool,
}

/// A page, in the order of its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// Whether the list has entries before the page.
    pub before: bool,
    /// Whether the list has entries after the page.
    pub after: bool,
    /// `None` unless the request asked to count.
    pub total: Option<Total>,
}

impl<P> ListRequest<P> {
    /// Runs two queries of one list. `list` returns at most the given number of entries, in the
    /// order of the list; `count` counts all of them.
    pub fn fetch<T>(
        self,
        tx: &mut dyn Reads,
        list: impl FnOnce(&mut dyn Reads, Seek<P>, u32) -> Result<Vec<T>, StoreError>,
        count: impl FnOnce(&mut dyn Reads) -> Result<Total, StoreError>,
    ) -> Result<Listed<T>, StoreError> {
        let Self { seek, limit, .. } = self;
        let (backward, came_from) = (seek.is_backward(), seek.has_position());
        let limit = limit.min(MAX_LIMIT);
        // One row more than the page shows whether the list goes on.
        let mut items = list(tx, seek, limit + 1)?;
        let too_many = items.len().saturating_sub(limit as usize);
        if backward {
            items.drain(..too_many);
        } else {
            items.truncate(limit as usize);
        }
        let goes_on = too_many > 0;
        let total = self.count.then(|| count(tx)).transpose()?;
        Ok(Listed {
            items,
            before: if backward { goes_on } else { came_from },
            after: if backward { came_from } else { goes_on },
            total,
        })
    }
}

impl<T> Listed<T> {
    /// The same page of the list read from its end.
    #[must_use]
    pub fn reversed(mut self) -> Self {
        self.items.reverse();
        Self {
            before: self.after,
            after: self.before,
            ..self
        }
    }

    pub fn map<U>(self, entry: impl FnMut(T) -> U) -> Listed<U> {
        Listed {
            items: self.items.into_iter().map(entry).collect(),
            before: self.before,
            after: self.after,
            total: self.total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_beyond_ten_thousand_is_a_lower_bound() {
        assert_eq!(Total::of(0), Total::Exactly(0));
        assert_eq!(Total::of(10_000), Total::Exactly(10_000));
        assert_eq!(Total::of(10_001), Total::AtLeast(10_000));
        assert_eq!(Total::of(u64::MAX), Total::AtLeast(10_000));
    }
}
