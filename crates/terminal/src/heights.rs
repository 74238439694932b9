//! How many rows messages take, so that those out of sight need not be laid out to know their place.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use abu_chat_client::Message;

/// The heights of a room's messages at one width. What is kept of a message counts as long as the
/// message is at the same revision.
#[derive(Debug, Default)]
pub(crate) struct Heights {
    columns: Cell<usize>,
    known: RefCell<HashMap<u64, (u64, usize)>>,
}

impl Heights {
    /// The height of a message, counted by `count` where it is not known.
    pub(crate) fn of(
        &self,
        message: &Message,
        columns: usize,
        count: impl FnOnce() -> usize,
    ) -> usize {
        if self.columns.replace(columns) != columns {
            self.known.borrow_mut().clear();
        }
        let known = self.known.borrow().get(&message.seq).copied();
        if let Some((revision, height)) = known
            && revision == message.revision
        {
            return height;
        }
        let height = count();
        let entry = (message.revision, height);
        self.known.borrow_mut().insert(message.seq, entry);
        height
    }

    /// Forgets the message in this place, which is no longer kept.
    pub(crate) fn forget(&self, seq: u64) {
        self.known.borrow_mut().remove(&seq);
    }
}
