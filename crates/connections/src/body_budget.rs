//! The memory of all request bodies that are being read.
//!
//! When the budget is spent, the body that has been read longest gives way, of those that hold more than most
//! bodies do. A body that arrives at the speed of a network is never that one, so clients that send slowly
//! cannot shut others out.

use std::collections::BTreeMap;

use actix_web::web::{Bytes, BytesMut};
use parking_lot::Mutex;

use crate::{connections::Connection, request_body::BodyError};

/// What all bodies that are being read may hold: 32 MB, of which a quarter is for what ended bodies hold
/// until their connections are dropped.
const BUDGET: usize = 24 * 1024 * 1024;

/// What a body takes of the budget at a time, once it is larger than most are.
const SEGMENT: usize = 64 * 1024;
const SMALL: usize = 16 * 1024;

/// Limits of one body, and of all that are being read.
pub struct BodyBudget {
    pub(crate) max_body: usize,
    budget: usize,
    spent: Mutex<Spent>,
    /// Segments to use again. Each thread has a heap of its own, so what one frees would not serve another.
    spare: Mutex<Vec<BytesMut>>,
}

#[derive(Default)]
struct Spent {
    bytes: usize,
    last_id: u64,
    /// By the order in which the reading began.
    readers: BTreeMap<u64, Reader>,
}

impl Spent {
    /// The reader that gives way to this one. A small body frees next to nothing, so it is the last resort.
    fn gives_way_to(&self, id: u64) -> Option<u64> {
        let mut older = self
            .readers
            .range(..id)
            .filter(|(_, reader)| reader.bytes > 0);
        let large = older.clone().find(|(_, reader)| reader.bytes > SMALL);
        large.or_else(|| older.next()).map(|(id, _)| *id)
    }
}

struct Reader {
    bytes: usize,
    connection: Option<Connection>,
}

/// One body's part of the budget.
pub(crate) struct Share<'a> {
    budget: &'a BodyBudget,
    id: u64,
}

impl BodyBudget {
    pub fn new(max_body: usize) -> Self {
        // One body of the largest size must fit.
        Self::of(max_body, BUDGET.max(max_body + 2 * SEGMENT))
    }

    fn of(max_body: usize, budget: usize) -> Self {
        Self {
            max_body,
            budget,
            spent: Mutex::default(),
            spare: Mutex::default(),
        }
    }

    pub(crate) fn begin(&self, connection: Option<Connection>) -> Share<'_> {
        let mut spent = self.spent.lock();
        spent.last_id += 1;
        let id = spent.last_id;
        let reader = Reader {
            bytes: 0,
            connection,
        };
        spent.readers.insert(id, reader);
        Share { budget: self, id }
    }
}

impl Share<'_> {
    fn segment(&self) -> Result<BytesMut, BodyError> {
        self.take(SEGMENT)?;
        let spare = self.budget.spare.lock().pop();
        Ok(spare.unwrap_or_else(|| BytesMut::with_capacity(SEGMENT)))
    }

    /// Fails where this body is the one that gives way.
    fn take(&self, bytes: usize) -> Result<(), BodyError> {
        let mut spent = self.budget.spent.lock();
        while spent.bytes + bytes > self.budget.budget {
            let oldest = spent.gives_way_to(self.id).ok_or(BodyError::GivesWay)?;
            if let Some(oldest) = spent.readers.remove(&oldest) {
                spent.bytes -= oldest.bytes;
                if let Some(connection) = oldest.connection {
                    connection.end();
                }
            }
        }
        let reader = spent.readers.get_mut(&self.id).ok_or(BodyError::GivesWay)?;
        reader.bytes += bytes;
        spent.bytes += bytes;
        Ok(())
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut spent = self.budget.spent.lock();
        if let Some(reader) = spent.readers.remove(&self.id) {
            spent.bytes -= reader.bytes;
        }
        if spent.readers.is_empty() {
            self.budget.spare.lock().clear();
        }
    }
}

/// What has come of a body.
pub(crate) struct Received<'a> {
    share: Share<'a>,
    small: BytesMut,
    segments: Vec<BytesMut>,
    pub(crate) bytes: usize,
}

impl<'a> Received<'a> {
    pub(crate) fn nothing(share: Share<'a>) -> Self {
        Self {
            share,
            small: BytesMut::new(),
            segments: Vec::new(),
            bytes: 0,
        }
    }

    pub(crate) fn append(&mut self, chunk: &[u8]) -> Result<(), BodyError> {
        self.bytes += chunk.len();
        if self.segments.is_empty() && self.bytes <= SMALL {
            self.share.take(chunk.len())?;
            self.small.extend_from_slice(chunk);
            return Ok(());
        }
        let mut chunk = chunk;
        while !chunk.is_empty() {
            let segment = match self.segments.last_mut() {
                Some(segment) if segment.len() < SEGMENT => segment,
                _ => {
                    self.segments.push(self.share.segment()?);
                    continue;
                }
            };
            let (fitting, rest) = chunk.split_at(chunk.len().min(SEGMENT - segment.len()));
            segment.extend_from_slice(fitting);
            chunk = rest;
        }
        Ok(())
    }

    pub(crate) fn into_whole(mut self) -> Bytes {
        let mut whole = std::mem::take(&mut self.small);
        whole.reserve(self.bytes - whole.len());
        for segment in &self.segments {
            whole.extend_from_slice(segment);
        }
        whole.freeze()
    }
}

impl Drop for Received<'_> {
    fn drop(&mut self) {
        let emptied = self.segments.drain(..).map(|mut segment| {
            segment.clear();
            segment
        });
        self.share.budget.spare.lock().extend(emptied);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_body_that_is_read_longest_gives_way() {
        let budget = BodyBudget::of(10, 25);
        let (first, second, third) = (budget.begin(None), budget.begin(None), budget.begin(None));
        first.take(10).unwrap();
        second.take(10).unwrap();
        third.take(10).unwrap();
        assert!(first.take(1).is_err(), "it gave way");
        second.take(5).unwrap();
        assert_eq!(budget.spent.lock().bytes, 25);
    }

    #[test]
    fn small_bodies_stay_while_a_large_one_can_give_way() {
        let budget = BodyBudget::of(10, 3 * SMALL);
        let [small, silent, large, newest] = [(); 4].map(|()| budget.begin(None));
        small.take(300).unwrap();
        large.take(2 * SMALL).unwrap();
        newest.take(2 * SMALL).unwrap();
        assert!(large.take(1).is_err(), "it gave way");
        small.take(1).unwrap();
        silent.take(1).unwrap();
    }

    #[test]
    fn the_oldest_body_is_refused_when_nothing_else_can_give_way() {
        let budget = BodyBudget::of(10, 25);
        let (first, second) = (budget.begin(None), budget.begin(None));
        second.take(20).unwrap();
        first.take(5).unwrap();
        assert_eq!(first.take(1), Err(BodyError::GivesWay));
    }

    #[test]
    fn what_a_body_held_is_free_again_once_it_is_read() {
        let budget = BodyBudget::of(10, 25);
        for _ in 0..10 {
            budget.begin(None).take(25).unwrap();
        }
        assert_eq!(budget.spent.lock().bytes, 0);
        assert!(budget.spent.lock().readers.is_empty());
    }

    proptest! {
        #[test]
        fn a_body_is_whole_whatever_chunks_it_came_in(lengths in prop::collection::vec(0_usize..150_000, 0..6)) {
            let budget = BodyBudget::new(1_000_000);
            let mut body = Received::nothing(budget.begin(None));
            let mut expected = Vec::new();
            for (number, length) in lengths.into_iter().enumerate() {
                let chunk = vec![number as u8; length];
                body.append(&chunk).unwrap();
                expected.extend(chunk);
            }
            prop_assert!(body.into_whole() == expected);
            prop_assert_eq!(budget.spent.lock().bytes, 0);
            prop_assert!(budget.spare.lock().is_empty());
        }
    }
}
