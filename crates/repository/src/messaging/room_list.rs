//! Rooms as their members see them: one statement for a room or a page of them.

use abu_application::{
    messaging::ports::{
        NotedRead, RoomFilter, RoomListReads, RoomListWrites, RoomListing, RoomPosition,
    },
    platform::{
        lists::{Seek, Total},
        ports::StoreError,
    },
};
use abu_domain::{
    RoomId, UserId,
    messaging::{
        message::Message,
        person::Person,
        room::{OwnRoom, Room, RoomKind, RoomSettings, UnreadTotals},
    },
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    error::BadRow,
    messaging::{
        messages::{MessageRow, PersonRow},
        rooms::{RoomColumns, RoomRow, role},
    },
    schema::messages,
    sql::{Sql, sql},
    store::Session,
};

/// The other person of a direct room of `user_id`; null in a group.
macro_rules! other_person {
    () => {
        "CASE direct_low WHEN user_id THEN direct_high ELSE direct_low END"
    };
}

/// A membership's columns, and whether the room is hidden, from `room_members` and `rooms`.
macro_rules! own_columns {
    () => {
        "rooms.*, user_id, role, last_read_seq, muted_until, pinned,
         coalesce(hidden_at_seq >= last_seq, false) AS hidden"
    };
}

/// Which rooms of a member a [`RoomFilter`] names.
macro_rules! filtered {
    () => {
        concat!(
            "FROM room_members JOIN rooms ON rooms.id = room_members.room_id
             WHERE user_id = ? AND kind = ANY (?) AND (archived_at IS NOT NULL) = ?
               AND coalesce(hidden_at_seq >= last_seq, false) = ?
               AND (?::text IS NULL OR array_to_tsvector(folded_words(coalesce(name, (
                       SELECT firstname || ' ' || lastname FROM users WHERE users.id = ",
            other_person!(),
            ")))) @@ (SELECT words FROM asked))"
        )
    };
}

/// What is asked for, as the words of names are stored; null for a text without words, which finds nothing.
macro_rules! asked {
    () => {
        "asked AS MATERIALIZED (
             SELECT string_agg(quote_literal(word) || ':*', ' & ')::tsquery AS words
             FROM unnest(folded_words(?)) AS word)"
    };
}

/// Beside rows of `$rooms` with `last_read_seq` and `last_seq`: the read mark, as memory may know it
/// better, and the number of unread messages.
macro_rules! unread {
    ($rooms:literal) => {
        concat!(
            " LEFT JOIN unnest(?, ?) AS noted (room_id, seq) ON noted.room_id = ",
            $rooms,
            ".id
             CROSS JOIN LATERAL (
                 SELECT greatest(last_read_seq, least(coalesce(noted.seq, 0), last_seq)) AS seq) AS read
             CROSS JOIN LATERAL (
                 SELECT CASE WHEN last_seq > read.seq THEN greatest(0, last_seq - read.seq - (
                     SELECT count(*) FROM (
                         SELECT FROM messages AS gone
                         WHERE gone.room_id = ",
            $rooms,
            ".id AND gone.seq > read.seq
                           AND gone.deleted_at IS NOT NULL
                         LIMIT 1000) AS gone)) ELSE 0 END AS messages) AS unread "
        )
    };
}

/// The rows of `page`, which `$page` defines, with what a list shows of them.
macro_rules! own_rooms {
    ($($page:expr),+) => {
        concat!(
            "WITH ",
            $($page,)+
            " SELECT page.id, kind, name, created_by, page.created_at, page.last_modified,
                     last_activity_at, archived_at, last_seq, member_count,
                     role, read.seq, unread.messages, muted_until, pinned, hidden,
                     other.id, other.firstname, other.lastname,
                     newest.room_id, newest.seq, newest.id, sender_id, body, client_message_id,
                     reply_to, newest.created_at, edited_at, deleted_at, revision,
                     sender.id, sender.firstname, sender.lastname
              FROM page ",
            unread!("page"),
            "LEFT JOIN users AS other ON other.id = ",
            other_person!(),
            " LEFT JOIN (messages AS newest JOIN users AS sender ON sender.id = newest.sender_id)
                  ON newest.room_id = page.id AND newest.seq = last_seq
              ORDER BY pinned DESC, last_activity_at DESC, page.id DESC"
        )
    };
}

/// A page of a user's rooms, read in either direction and returned in list order. Cuts the page before it
/// reads messages.
macro_rules! page_of_rooms {
    ($beyond:literal, $direction:literal) => {
        own_rooms!(
            asked!(),
            ", page AS MATERIALIZED (SELECT ",
            own_columns!(),
            " ",
            filtered!(),
            " AND (?::timestamptz IS NULL OR (pinned, last_activity_at, id) ",
            $beyond,
            " (?, ?, ?)) ORDER BY pinned ",
            $direction,
            ", last_activity_at ",
            $direction,
            ", id ",
            $direction,
            " LIMIT ?)"
        )
    };
}

/// The columns of a [`Person`].
type PersonColumns = (SqlUuid, Text, Text);

/// The columns of [`own_rooms`].
type ListingColumns = (
    RoomColumns,
    (Text, BigInt, BigInt, Nullable<Timestamptz>, Bool, Bool),
    Nullable<PersonColumns>,
    Nullable<messages::SqlType>,
    Nullable<PersonColumns>,
);
type MemberRow = (String, i64, i64, Option<DateTime<Utc>>, bool, bool);
type ListingRow = (
    RoomRow,
    MemberRow,
    Option<PersonRow>,
    Option<MessageRow>,
    Option<PersonRow>,
);

fn listing((room, member, other, newest, sender): ListingRow) -> Result<RoomListing, BadRow> {
    let (name, last_read_seq, unread_count, muted_until, pinned, hidden) = member;
    let room = Room::try_from(room)?;
    let own = OwnRoom {
        role: role(&name, room.id.uuid())?,
        room,
        last_read_seq,
        unread_count,
        settings: RoomSettings {
            muted_until,
            pinned,
            hidden,
        },
        other: other.map(Person::from),
    };
    Ok(RoomListing {
        own,
        last_message: newest.map(Message::from).zip(sender.map(Person::from)),
    })
}

/// Binds what [`filtered`] asks for.
fn bind_filter<'a, Columns>(
    text: &'static str,
    user: UserId,
    filter: &'a RoomFilter,
) -> Sql<'a, Columns> {
    let kinds = match filter.kinds.as_slice() {
        [] => RoomKind::ALL,
        kinds => kinds,
    };
    let words = filter.words.as_deref();
    sql(text)
        .bind::<Nullable<Text>, _>(words)
        .bind::<SqlUuid, _>(user.uuid())
        .bind::<Array<Text>, _>(kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>())
        .bind::<Bool, _>(filter.archived)
        .bind::<Bool, _>(filter.hidden)
        .bind::<Nullable<Text>, _>(words)
}

impl<Columns> Sql<'_, Columns> {
    /// Binds what [`unread`] joins.
    fn bind_noted(self, noted: &[NotedRead]) -> Self {
        let (rooms, places): (Vec<Uuid>, Vec<i64>) =
            noted.iter().map(|(room, seq)| (room.uuid(), *seq)).unzip();
        self.bind::<Array<SqlUuid>, _>(rooms)
            .bind::<Array<BigInt>, _>(places)
    }
}

impl RoomListReads for Session<'_> {
    fn own_room(
        &mut self,
        room: RoomId,
        user: UserId,
        noted: &[NotedRead],
    ) -> Result<Option<OwnRoom>, StoreError> {
        self.run(|connection| {
            let text = own_rooms!(
                "page AS (SELECT ",
                own_columns!(),
                " FROM room_members JOIN rooms ON rooms.id = room_members.room_id
                  WHERE user_id = ? AND room_members.room_id = ?)"
            );
            let row: Option<ListingRow> = sql::<ListingColumns>(text)
                .bind::<SqlUuid, _>(user.uuid())
                .bind::<SqlUuid, _>(room.uuid())
                .bind_noted(noted)
                .get_result(connection)
                .optional()?;
            Ok(row.map(listing).transpose()?.map(|listing| listing.own))
        })
    }

    fn list_rooms(
        &mut self,
        user: UserId,
        filter: &RoomFilter,
        noted: &[NotedRead],
        seek: Seek<RoomPosition>,
        limit: u32,
    ) -> Result<Vec<RoomListing>, StoreError> {
        let (text, from) = match seek {
            Seek::After(from) => (page_of_rooms!("<", "DESC"), from),
            Seek::Before(from) => (page_of_rooms!(">", "ASC"), from),
        };
        let from_time = from.map(|from| from.last_activity_at);
        self.run(|connection| {
            let rows: Vec<ListingRow> = bind_filter::<ListingColumns>(text, user, filter)
                .bind::<Nullable<Timestamptz>, _>(from_time)
                .bind::<Nullable<Bool>, _>(from.map(|from| from.pinned))
                .bind::<Nullable<Timestamptz>, _>(from_time)
                .bind::<Nullable<SqlUuid>, _>(from.map(|from| from.id.uuid()))
                .bind::<BigInt, _>(i64::from(limit))
                .bind_noted(noted)
                .load(connection)?;
            let listings = rows.into_iter().map(listing);
            Ok(listings.collect::<Result<_, BadRow>>()?)
        })
    }

    fn count_rooms(&mut self, user: UserId, filter: &RoomFilter) -> Result<Total, StoreError> {
        let text = concat!(
            "WITH ",
            asked!(),
            " SELECT count(*) FROM (SELECT ",
            filtered!(),
            " LIMIT ?) AS counted"
        );
        self.run(|connection| {
            let counted: i64 = bind_filter::<BigInt>(text, user, filter)
                .bind::<BigInt, _>(Total::EXACT_UP_TO as i64 + 1)
                .get_result(connection)?;
            Ok(Total::of(counted.unsigned_abs()))
        })
    }

    fn unread_totals(
        &mut self,
        user: UserId,
        noted: &[NotedRead],
        now: DateTime<Utc>,
    ) -> Result<UnreadTotals, StoreError> {
        let text = concat!(
            "SELECT count(*) FILTER (WHERE unread.messages > 0),
                    coalesce(sum(unread.messages), 0)::bigint
             FROM room_members JOIN rooms ON rooms.id = room_members.room_id",
            unread!("rooms"),
            "WHERE user_id = ? AND archived_at IS NULL AND last_seq > last_read_seq
               AND coalesce(hidden_at_seq < last_seq, true)
               AND coalesce(muted_until <= ?, true)"
        );
        self.run(|connection| {
            let (rooms, messages) = sql::<(BigInt, BigInt)>(text)
                .bind_noted(noted)
                .bind::<SqlUuid, _>(user.uuid())
                .bind::<Timestamptz, _>(now)
                .get_result(connection)?;
            Ok(UnreadTotals { rooms, messages })
        })
    }
}

impl RoomListWrites for Session<'_> {
    fn lock_settings(
        &mut self,
        room: RoomId,
        user: UserId,
    ) -> Result<Option<RoomSettings>, StoreError> {
        self.run(|connection| {
            let row: Option<(Option<DateTime<Utc>>, bool, bool)> =
                sql::<(Nullable<Timestamptz>, Bool, Bool)>(
                    "SELECT muted_until, pinned, coalesce(hidden_at_seq >= last_seq, false)
                     FROM room_members JOIN rooms ON rooms.id = room_id
                     WHERE room_id = ? AND user_id = ? FOR NO KEY UPDATE OF room_members",
                )
                .bind::<SqlUuid, _>(room.uuid())
                .bind::<SqlUuid, _>(user.uuid())
                .get_result(connection)
                .optional()?;
            Ok(row.map(|(muted_until, pinned, hidden)| RoomSettings {
                muted_until,
                pinned,
                hidden,
            }))
        })
    }

    fn set_settings(
        &mut self,
        room: RoomId,
        user: UserId,
        settings: RoomSettings,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<()>(
                "UPDATE room_members
                 SET muted_until = ?, pinned = ?, hidden_at_seq = CASE WHEN ? THEN last_seq END
                 FROM rooms WHERE rooms.id = room_id AND room_id = ? AND user_id = ?",
            )
            .bind::<Nullable<Timestamptz>, _>(settings.muted_until)
            .bind::<Bool, _>(settings.pinned)
            .bind::<Bool, _>(settings.hidden)
            .bind::<SqlUuid, _>(room.uuid())
            .bind::<SqlUuid, _>(user.uuid())
            .execute(connection)?;
            Ok(())
        })
    }
}
