//! What the messaging area holds about a user, for a copy of their data.

use abu_domain::UserId;

use super::ports::MessagingPart;
use crate::{
    identity::ports::{ExportPage, ExportSource},
    platform::ports::StoreError,
    store::Reads,
};

/// Rows of a page.
const ROWS: u32 = 500;

/// Rooms, own messages and own reactions. Nothing that others wrote.
pub struct OwnConversations;

impl ExportSource for OwnConversations {
    fn parts(&self) -> Vec<&'static str> {
        MessagingPart::ALL.iter().map(|part| part.name()).collect()
    }

    fn page(
        &self,
        tx: &mut dyn Reads,
        user: UserId,
        part: &str,
        after: Option<&str>,
    ) -> Result<ExportPage, StoreError> {
        match MessagingPart::from_name(part) {
            Some(part) => tx.messaging_rows(user, part, after, ROWS),
            None => Ok(ExportPage::default()),
        }
    }
}
