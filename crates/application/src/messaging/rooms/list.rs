//! The list of a member's rooms, and what they have not read.

use abu_domain::messaging::{
    message::AuthoredMessage,
    room::{OwnRoom, UnreadTotals},
};

use super::{RoomError, Rooms, View};
use crate::{
    access::{self, Caller},
    messaging::{
        messages,
        ports::{RoomFilter, RoomListing, RoomPosition},
    },
    platform::{
        lists::{ListRequest, Listed},
        ports::StoreError,
    },
    store::Reads,
};

/// A room in the caller's list.
#[derive(Clone, Debug)]
pub struct ListedRoom {
    pub own: OwnRoom,
    /// Its newest message.
    pub last_message: Option<AuthoredMessage>,
}

impl ListedRoom {
    /// Its size as JSON, at most: by this a page of rooms ends early.
    fn encoded_len(&self) -> usize {
        const BYTES_AROUND: usize = 640;
        let name = self.own.room.name.as_ref();
        let name = name.map_or(0, |name| 2 * name.as_str().len());
        let other = self.own.other.as_ref().map_or(0, messages::person_len);
        let last = self.last_message.as_ref();
        BYTES_AROUND + name + other + last.map_or(0, messages::authored_len)
    }
}

impl Rooms {
    /// A page of the caller's rooms, pinned ones first, then the most recently active.
    pub async fn list(
        &self,
        caller: Caller,
        filter: RoomFilter,
        page: ListRequest<RoomPosition>,
    ) -> Result<Listed<ListedRoom>, RoomError> {
        let seek = page.seek;
        let view = self.view_of(caller.user);
        self.context
            .database
            .read(move |tx| {
                access::require_active(tx, &caller)?;
                let listed = page.fetch(
                    tx,
                    |tx, seek, limit| {
                        let user = caller.user;
                        let rooms = tx.list_rooms(user, &filter, &view.noted, seek, limit)?;
                        view.listed(tx, rooms)
                    },
                    |tx| tx.count_rooms(caller.user, &filter),
                )?;
                Ok(listed.end_early(&seek, ListedRoom::encoded_len))
            })
            .await
    }

    /// What the caller has not read, without archived, hidden and muted rooms.
    pub async fn unread(&self, caller: Caller) -> Result<UnreadTotals, RoomError> {
        let View { user, now, noted } = self.view_of(caller.user);
        self.context
            .database
            .read(move |tx| {
                access::require_active(tx, &caller)?;
                Ok(tx.unread_totals(user, &noted, now)?)
            })
            .await
    }
}

impl View {
    /// The rooms with their newest messages as the member sees them. Reads all reactions at once.
    fn listed(
        &self,
        tx: &mut dyn Reads,
        rooms: Vec<RoomListing>,
    ) -> Result<Vec<ListedRoom>, StoreError> {
        let newest = rooms.iter().filter_map(|room| room.last_message.as_ref());
        let newest = newest.map(|(message, _)| message.clone()).collect();
        let mut shown = messages::shown_to(tx, self.user, newest)?.into_iter();
        let listed = rooms.into_iter().map(|room| ListedRoom {
            own: self.current(room.own),
            last_message: room.last_message.and_then(|(_, sender)| {
                let shown = shown.next()?;
                Some(AuthoredMessage { shown, sender })
            }),
        });
        Ok(listed.collect())
    }
}
