//! Cache of message heights, so that messages outside the view need no layout.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use abu_chat_client::Message;

/// The heights of a room's messages at one width. An entry is valid for one revision of its message.
#[derive(Debug, Default)]
pub(crate) struct Heights {
    columns: Cell<usize>,
    known: RefCell<HashMap<u64, (u64, usize)>>,
}

impl Heights {
    /// The height of a message, in rows; `count` computes a missing entry.
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

    /// Removes the entry of a removed message.
    pub(crate) fn forget(&self, seq: u64) {
        self.known.borrow_mut().remove(&seq);
    }
}
