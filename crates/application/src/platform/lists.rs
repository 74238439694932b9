//! Keyset pagination: a page lies after or before a position, never behind a number of skipped
//! entries.
//!
//! So a page costs the same at any depth, and concurrent inserts and deletes neither repeat nor
//! hide an entry.

use chrono::{DateTime, Utc};

use crate::{platform::ports::StoreError, store::Reads};

pub const MAX_LIMIT: u32 = 100;
/// A page of long entries ends early at this size, encoded.
pub const PAGE_BYTES: usize = 256 * 1024;

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

    /// Whether it names a position, rather than an end of the list.
    pub const fn has_position(&self) -> bool {
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
    /// Ends the page of `seek` early where its entries have more than [`PAGE_BYTES`]. It keeps one entry of
    /// any size, so a client that follows the cursors reaches the end.
    pub fn end_early<P>(mut self, seek: &Seek<P>, size: impl Fn(&T) -> usize) -> Self {
        let fits = |mut items: &mut dyn Iterator<Item = &T>| {
            let mut bytes = 0;
            let fitting = (&mut items).take_while(|item| {
                bytes += size(item);
                bytes <= PAGE_BYTES
            });
            fitting.count().max(1)
        };
        let length = self.items.len();
        if seek.is_backward() {
            let kept = fits(&mut self.items.iter().rev()).min(length);
            self.before |= kept < length;
            self.items.drain(..length - kept);
        } else {
            let kept = fits(&mut self.items.iter());
            self.after |= kept < length;
            self.items.truncate(kept);
        }
        self
    }

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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_page_that_ends_early_says_so_and_loses_nothing_within_its_size(
            sizes in proptest::collection::vec(0_usize..100_000, 0..20),
            backward: bool,
        ) {
            let seek: Seek<()> = if backward { Seek::Before(None) } else { Seek::START };
            let page = Listed { items: sizes.clone(), before: false, after: false, total: None };
            let cut = page.end_early(&seek, |size| *size);
            let kept = cut.items.len();
            let (expected, more) = match backward {
                true => (&sizes[sizes.len() - kept..], cut.before),
                false => (&sizes[..kept], cut.after),
            };
            prop_assert_eq!(&cut.items, expected);
            prop_assert_eq!(more, kept < sizes.len());
            let bytes: usize = cut.items.iter().sum();
            prop_assert!(bytes <= PAGE_BYTES || kept == 1);
            if kept < sizes.len() {
                let next = if backward { sizes[sizes.len() - kept - 1] } else { sizes[kept] };
                prop_assert!(bytes + next > PAGE_BYTES);
            }
        }
    }

    #[test]
    fn a_total_beyond_ten_thousand_is_a_lower_bound() {
        assert_eq!(Total::of(0), Total::Exactly(0));
        assert_eq!(Total::of(10_000), Total::Exactly(10_000));
        assert_eq!(Total::of(10_001), Total::AtLeast(10_000));
        assert_eq!(Total::of(u64::MAX), Total::AtLeast(10_000));
    }
}
