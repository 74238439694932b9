//! Lists, page by page: how a page is asked for, and what comes of it.
//!
//! A page lies after or before a position, never at a number of entries to skip: it costs the same at
//! any depth, and what comes or goes meanwhile neither repeats an entry nor hides one.

use chrono::{DateTime, Utc};

use crate::{platform::ports::StoreError, store::Reads};

/// The largest page of any list.
pub const MAX_LIMIT: u32 = 100;

/// Where a page lies, in the order of its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek<P> {
    /// Right after this position; without one, at the beginning of the list.
    After(Option<P>),
    /// Right before this position; without one, at the end of the list.
    Before(Option<P>),
}

impl<P> Seek<P> {
    /// The first page.
    pub const START: Self = Self::After(None);

    /// The same page, its position put another way.
    pub fn map<Q>(self, position: impl FnOnce(P) -> Q) -> Seek<Q> {
        match self {
            Self::After(from) => Seek::After(from.map(position)),
            Self::Before(from) => Seek::Before(from.map(position)),
        }
    }

    /// Whether the page is read against the order of the list.
    pub const fn is_backward(&self) -> bool {
        matches!(self, Self::Before(_))
    }

    const fn has_position(&self) -> bool {
        matches!(self, Self::After(Some(_)) | Self::Before(Some(_)))
    }
}

/// A position in a list that is ordered by time, and by id where the times are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimePosition<Id> {
    /// The entry's time.
    pub at: DateTime<Utc>,
    /// Its id.
    pub id: Id,
}

/// How many entries a list has. Counting goes no further than people care to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// So many.
    Exactly(u64),
    /// So many and more.
    AtLeast(u64),
}

impl Total {
    /// Up to here a total is exact.
    pub const EXACT_UP_TO: u64 = 10_000;

    /// The total of `counted` entries. Who counts may stop at one more than [`Self::EXACT_UP_TO`].
    pub const fn of(counted: u64) -> Self {
        if counted > Self::EXACT_UP_TO {
            Self::AtLeast(Self::EXACT_UP_TO)
        } else {
            Self::Exactly(counted)
        }
    }
}

/// A page that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListRequest<P> {
    /// Where it lies.
    pub seek: Seek<P>,
    /// How many entries it has at most.
    pub limit: u32,
    /// Whether to count the whole list too.
    pub count: bool,
}

/// A page, in the order of its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Whether the list goes on before them.
    pub before: bool,
    /// Whether it goes on after them.
    pub after: bool,
    /// How many entries the list has, where that was asked for.
    pub total: Option<Total>,
}

impl<P> ListRequest<P> {
    /// Answers from two queries of one list: `list` reads the page, at most that many entries in the
    /// order of the list, and `count` all of it.
    ///
    /// # Errors
    /// What the queries return.
    pub fn fetch<T>(
        self,
        tx: &mut dyn Reads,
        list: impl FnOnce(&mut dyn Reads, Seek<P>, u32) -> Result<Vec<T>, StoreError>,
        count: impl FnOnce(&mut dyn Reads) -> Result<Total, StoreError>,
    ) -> Result<Listed<T>, StoreError> {
        let Self { seek, limit, .. } = self;
        let (backward, came_from) = (seek.is_backward(), seek.has_position());
        let limit = limit.min(MAX_LIMIT);
        // One more than is shown tells whether the list goes on.
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
    /// The same page of other entries.
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
    fn a_total_is_exact_up_to_ten_thousand_and_a_lower_bound_beyond() {
        assert_eq!(Total::of(0), Total::Exactly(0));
        assert_eq!(Total::of(10_000), Total::Exactly(10_000));
        assert_eq!(Total::of(10_001), Total::AtLeast(10_000));
        assert_eq!(Total::of(u64::MAX), Total::AtLeast(10_000));
    }
}
