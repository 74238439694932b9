//! Rooms, members, and read marks.

use std::collections::HashMap;

use abu_application::{
    messaging::ports::{
        ChatMember, InvitationListing, MemberListing, NewRoom, ReadMark, ReadState, RoleChange,
        RoomChatState, RoomReads, RoomWrites,
    },
    platform::{
        lists::{Seek, TimePosition, Total},
        ports::StoreError,
    },
};
use abu_domain::{
    InvitationId, RoomId, UserId,
    messaging::{
        room::{Departure, DirectPair, Invitation, Membership, Room, RoomKind, RoomRole},
        text::RoomName,
    },
    platform::text::PersonName,
};
use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    error::BadRow,
    lists::{ascending, in_list_order, newest_first, total},
    schema::{room_departures, room_invitations, room_members, rooms, user_presence, users},
    sql::{sql, unzipped},
    store::Session,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = rooms, check_for_backend(Pg))]
pub(super) struct RoomRow {
    id: Uuid,
    kind: String,
    name: Option<String>,
    created_by: Uuid,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
    last_activity_at: DateTime<Utc>,
    archived_at: Option<DateTime<Utc>>,
    last_seq: i64,
    member_count: i32,
}

/// The columns of a [`RoomRow`], for raw SQL.
pub(super) type RoomColumns = (
    SqlUuid,
    Text,
    Nullable<Text>,
    SqlUuid,
    Timestamptz,
    Timestamptz,
    Timestamptz,
    Nullable<Timestamptz>,
    BigInt,
    Integer,
);

impl TryFrom<RoomRow> for Room {
    type Error = BadRow;

    fn try_from(row: RoomRow) -> Result<Self, BadRow> {
        Ok(Self {
            id: row.id.into(),
            kind: RoomKind::from_name(&row.kind).ok_or(BadRow {
                column: "rooms.kind",
                id: row.id,
            })?,
            name: row.name.map(RoomName::from_storage),
            created_by: row.created_by.into(),
            created_at: row.created_at,
            last_modified: row.last_modified,
            last_activity_at: row.last_activity_at,
            archived_at: row.archived_at,
            last_seq: row.last_seq,
            member_count: row.member_count,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = room_members, check_for_backend(Pg))]
struct MembershipRow {
    room_id: Uuid,
    user_id: Uuid,
    role: String,
    joined_at: DateTime<Utc>,
}

impl TryFrom<MembershipRow> for Membership {
    type Error = BadRow;

    fn try_from(row: MembershipRow) -> Result<Self, BadRow> {
        Ok(Self {
            room_id: row.room_id.into(),
            user_id: row.user_id.into(),
            role: role(&row.role, row.user_id)?,
            joined_at: row.joined_at,
        })
    }
}

pub(super) fn role(name: &str, user: Uuid) -> Result<RoomRole, BadRow> {
    RoomRole::from_name(name).ok_or(BadRow {
        column: "room_members.role",
        id: user,
    })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = room_invitations, check_for_backend(Pg))]
struct InvitationRow {
    id: Uuid,
    room_id: Uuid,
    user_id: Uuid,
    invited_by: Uuid,
    created_at: DateTime<Utc>,
}

impl From<InvitationRow> for Invitation {
    fn from(row: InvitationRow) -> Self {
        Self {
            id: row.id.into(),
            room_id: row.room_id.into(),
            user_id: row.user_id.into(),
            invited_by: row.invited_by.into(),
            created_at: row.created_at,
        }
    }
}

/// The user's open invitations to open rooms, newer than a time.
macro_rules! open_invitations {
    ($user:expr, $after:expr) => {
        room_invitations::table
            .inner_join(rooms::table)
            .filter(room_invitations::user_id.eq($user.uuid()))
            .filter(room_invitations::created_at.gt($after))
            .filter(room_invitations::declined_at.is_null())
            .filter(rooms::archived_at.is_null())
    };
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(Pg))]
struct NameRow {
    firstname: String,
    lastname: String,
}

/// The membership, the name, and the time of the last leave from the chat.
struct MemberRow(MembershipRow, NameRow, Option<DateTime<Utc>>);

impl TryFrom<MemberRow> for MemberListing {
    type Error = BadRow;

    fn try_from(MemberRow(member, name, last_seen_at): MemberRow) -> Result<Self, BadRow> {
        Ok(Self {
            firstname: PersonName::from_storage(name.firstname),
            lastname: PersonName::from_storage(name.lastname),
            last_seen_at,
            membership: member.try_into()?,
        })
    }
}

/// Whether a row of `rooms` is a direct room with a suspended or erased account in it. Reads nothing for a group.
macro_rules! is_blocked {
    () => {
        "(direct_low IS NOT NULL AND EXISTS (
             SELECT FROM users AS person
             WHERE person.id IN (direct_low, direct_high) AND NOT person.is_active))"
    };
}

impl RoomReads for Session<'_> {
    fn room(&mut self, id: RoomId) -> Result<Option<Room>, StoreError> {
        self.run(|connection| {
            let row = rooms::table
                .find(id.uuid())
                .select(RoomRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(Room::try_from).transpose()?)
        })
    }

    fn direct_room(&mut self, pair: DirectPair) -> Result<Option<Room>, StoreError> {
        self.run(|connection| {
            let row = rooms::table
                .filter(rooms::direct_low.eq(pair.low().uuid()))
                .filter(rooms::direct_high.eq(pair.high().uuid()))
                .select(RoomRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(Room::try_from).transpose()?)
        })
    }

    fn last_read(&mut self, room: RoomId, user: UserId) -> Result<i64, StoreError> {
        self.run(|connection| {
            let seq = room_members::table
                .find((room.uuid(), user.uuid()))
                .select(room_members::last_read_seq)
                .first(connection)
                .optional()?;
            Ok(seq.unwrap_or_default())
        })
    }

    fn membership(&mut self, room: RoomId, user: UserId) -> Result<Option<Membership>, StoreError> {
        self.run(|connection| {
            let row = room_members::table
                .find((room.uuid(), user.uuid()))
                .select(MembershipRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(Membership::try_from).transpose()?)
        })
    }

    fn roles(
        &mut self,
        pairs: &[(RoomId, UserId)],
    ) -> Result<Vec<(RoomId, UserId, RoomRole)>, StoreError> {
        let (rooms, users) = unzipped(pairs);
        self.run(|connection| {
            let rows: Vec<(Uuid, Uuid, String)> = sql::<(SqlUuid, SqlUuid, Text)>(
                "SELECT room_id, user_id, role
                 FROM unnest(?, ?) AS asked (room_id, user_id)
                 JOIN room_members USING (room_id, user_id)",
            )
            .bind::<Array<SqlUuid>, _>(rooms)
            .bind::<Array<SqlUuid>, _>(users)
            .load(connection)?;
            let roles = rows
                .into_iter()
                .map(|(room, user, name)| Ok((room.into(), user.into(), role(&name, user)?)));
            Ok(roles.collect::<Result<_, BadRow>>()?)
        })
    }

    fn list_members(
        &mut self,
        room: RoomId,
        seek: Seek<UserId>,
        limit: u32,
    ) -> Result<Vec<MemberListing>, StoreError> {
        let seek = seek.map(UserId::uuid);
        self.run(|connection| {
            let members = room_members::table
                .inner_join(users::table.left_join(user_presence::table))
                .filter(room_members::room_id.eq(room.uuid()))
                .into_boxed();
            let rows: Vec<(MembershipRow, NameRow, Option<DateTime<Utc>>)> =
                ascending!(members, seek, room_members::user_id)
                    .limit(limit.into())
                    .select((
                        MembershipRow::as_select(),
                        NameRow::as_select(),
                        user_presence::last_seen_at.nullable(),
                    ))
                    .load(connection)?;
            let listings = in_list_order(seek.is_backward(), rows)
                .into_iter()
                .map(|(member, name, seen)| MemberRow(member, name, seen).try_into());
            Ok(listings.collect::<Result<_, BadRow>>()?)
        })
    }

    fn other_active_owners(&mut self, room: RoomId, user: UserId) -> Result<u64, StoreError> {
        self.run(|connection| {
            // The role is a literal, so that any plan may use the partial index of owners.
            let owners: i64 = sql::<BigInt>(
                "SELECT count(*) FROM room_members JOIN users ON users.id = user_id
                 WHERE room_id = ? AND role = 'owner' AND user_id <> ? AND is_active",
            )
            .bind::<SqlUuid, _>(room.uuid())
            .bind::<SqlUuid, _>(user.uuid())
            .get_result(connection)?;
            Ok(owners.unsigned_abs())
        })
    }

    fn is_beyond_room_count(&mut self, user: UserId, max: u32) -> Result<bool, StoreError> {
        self.run(|connection| {
            // `OFFSET` stops the count at the maximum.
            let beyond: bool = sql::<Bool>(
                "SELECT EXISTS (
                     SELECT FROM room_members JOIN rooms ON rooms.id = room_id
                     WHERE user_id = ? AND (takes_part OR created_by = user_id)
                       AND archived_at IS NULL
                     OFFSET ?)",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<BigInt, _>(i64::from(max))
            .get_result(connection)?;
            Ok(beyond)
        })
    }

    fn nth_newest_room_made(
        &mut self,
        user: UserId,
        n: u32,
        since: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.run(|connection| {
            let made_at = rooms::table
                .filter(rooms::created_by.eq(user.uuid()))
                .filter(rooms::created_at.gt(since))
                .order(rooms::created_at.desc())
                .offset(i64::from(n) - 1)
                .select(rooms::created_at)
                .first(connection)
                .optional()?;
            Ok(made_at)
        })
    }

    fn departed(&mut self, room: RoomId, users: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let users: Vec<Uuid> = users.iter().map(|user| user.uuid()).collect();
        self.run(|connection| {
            let departed: Vec<Uuid> = room_departures::table
                .filter(room_departures::room_id.eq(room.uuid()))
                .filter(room_departures::user_id.eq_any(users))
                .select(room_departures::user_id)
                .load(connection)?;
            Ok(departed.into_iter().map(UserId::new).collect())
        })
    }

    fn room_of_invitation(
        &mut self,
        id: InvitationId,
        user: UserId,
        after: DateTime<Utc>,
    ) -> Result<Option<RoomId>, StoreError> {
        self.run(|connection| {
            let room: Option<Uuid> = open_invitations!(user, after)
                .filter(room_invitations::id.eq(id.uuid()))
                .select(room_invitations::room_id)
                .first(connection)
                .optional()?;
            Ok(room.map(RoomId::new))
        })
    }

    fn list_invitations(
        &mut self,
        user: UserId,
        after: DateTime<Utc>,
        seek: Seek<TimePosition<InvitationId>>,
        limit: u32,
    ) -> Result<Vec<InvitationListing>, StoreError> {
        self.run(|connection| {
            let invitations = open_invitations!(user, after)
                .inner_join(users::table.on(users::id.eq(room_invitations::invited_by)))
                .select((
                    InvitationRow::as_select(),
                    rooms::name.assume_not_null(),
                    rooms::member_count,
                    NameRow::as_select(),
                ))
                .into_boxed();
            let (time, id) = (room_invitations::created_at, room_invitations::id);
            let rows: Vec<(InvitationRow, String, i32, NameRow)> =
                newest_first!(invitations, seek, time, id)
                    .limit(limit.into())
                    .load(connection)?;
            let listings = in_list_order(seek.is_backward(), rows).into_iter().map(
                |(invitation, room_name, member_count, inviter)| InvitationListing {
                    room_name: RoomName::from_storage(room_name),
                    member_count,
                    inviter_firstname: PersonName::from_storage(inviter.firstname),
                    inviter_lastname: PersonName::from_storage(inviter.lastname),
                    invitation: invitation.into(),
                },
            );
            Ok(listings.collect())
        })
    }

    fn count_invitations(
        &mut self,
        user: UserId,
        after: DateTime<Utc>,
    ) -> Result<Total, StoreError> {
        self.run(|connection| {
            let invitations = open_invitations!(user, after).select(room_invitations::id);
            Ok(total(connection, invitations)?)
        })
    }

    fn is_blocked(&mut self, room: RoomId) -> Result<bool, StoreError> {
        self.run(|connection| {
            let blocked: Option<bool> = sql::<Bool>(concat!(
                "SELECT ",
                is_blocked!(),
                " FROM rooms WHERE rooms.id = ?"
            ))
            .bind::<SqlUuid, _>(room.uuid())
            .get_result(connection)
            .optional()?;
            Ok(blocked.unwrap_or(false))
        })
    }

    fn direct_rooms_with(
        &mut self,
        user: UserId,
    ) -> Result<Vec<(UserId, RoomChatState)>, StoreError> {
        self.run(|connection| {
            let rows: Vec<(Uuid, Uuid, bool, bool, i32)> =
                sql::<(SqlUuid, SqlUuid, Bool, Bool, Integer)>(concat!(
                    "SELECT CASE direct_low WHEN user_id THEN direct_high ELSE direct_low END,
                            rooms.id, archived_at IS NOT NULL, ",
                    is_blocked!(),
                    ", member_count
                     FROM room_members JOIN rooms ON rooms.id = room_id
                     WHERE user_id = ? AND kind = 'direct'"
                ))
                .bind::<SqlUuid, _>(user.uuid())
                .load(connection)?;
            let states = rows
                .into_iter()
                .map(|(other, room, read_only, blocked, count)| {
                    let state = chat_state(room.into(), read_only, blocked, count);
                    (other.into(), state)
                });
            Ok(states.collect())
        })
    }

    fn chat_members(&mut self, users: &[UserId]) -> Result<Vec<ChatMember>, StoreError> {
        let users: Vec<Uuid> = users.iter().map(|user| user.uuid()).collect();
        self.run(|connection| {
            let rows: Vec<MemberRoomRow> =
                sql::<(SqlUuid, Bool, Bool, Nullable<SqlUuid>, Bool, Bool, Integer)>(concat!(
                    "SELECT users.id, is_active, deactivated_at IS NOT NULL,
                            rooms.id, archived_at IS NOT NULL, ",
                    is_blocked!(),
                    ", coalesce(member_count, 0)
                     FROM users LEFT JOIN
                         (room_members JOIN rooms ON rooms.id = room_members.room_id)
                         ON room_members.user_id = users.id
                     WHERE users.id = ANY (?)
                     ORDER BY users.id"
                ))
                .bind::<Array<SqlUuid>, _>(users)
                .load(connection)?;
            Ok(by_member(rows))
        })
    }

    fn chat_memberships(
        &mut self,
        room: RoomId,
        users: &[UserId],
    ) -> Result<Vec<(UserId, Option<RoomChatState>)>, StoreError> {
        let asked: Vec<Uuid> = users.iter().map(|user| user.uuid()).collect();
        self.run(|connection| {
            let rows: Vec<(Uuid, bool, bool, i32)> =
                sql::<(SqlUuid, Bool, Bool, Integer)>(concat!(
                    "SELECT user_id, archived_at IS NOT NULL, ",
                    is_blocked!(),
                    ", member_count
                     FROM room_members JOIN rooms ON rooms.id = room_id
                     WHERE room_id = ? AND user_id = ANY (?)"
                ))
                .bind::<SqlUuid, _>(room.uuid())
                .bind::<Array<SqlUuid>, _>(asked)
                .load(connection)?;
            let states = rows.into_iter().map(|(user, read_only, blocked, count)| {
                (user, chat_state(room, read_only, blocked, count))
            });
            let members: HashMap<Uuid, RoomChatState> = states.collect();
            let state = |user: &UserId| members.get(&user.uuid()).copied();
            Ok(users.iter().map(|user| (*user, state(user))).collect())
        })
    }
}

impl RoomWrites for Session<'_> {
    fn lock_room(&mut self, id: RoomId) -> Result<Option<Room>, StoreError> {
        self.run(|connection| {
            let row = rooms::table
                .find(id.uuid())
                .select(RoomRow::as_select())
                .for_no_key_update()
                .first(connection)
                .optional()?;
            Ok(row.map(Room::try_from).transpose()?)
        })
    }

    fn insert_room(&mut self, room: &NewRoom) -> Result<bool, StoreError> {
        self.run(|connection| {
            let inserted = sql::<()>(
                "INSERT INTO rooms (id, kind, name, created_by, created_at, last_modified,
                                    last_activity_at, direct_low, direct_high)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT (direct_low, direct_high) WHERE direct_low IS NOT NULL DO NOTHING",
            )
            .bind::<SqlUuid, _>(room.id.uuid())
            .bind::<Text, _>(room.kind.name())
            .bind::<Nullable<Text>, _>(room.name.as_ref().map(RoomName::as_str))
            .bind::<SqlUuid, _>(room.created_by.uuid())
            .bind::<Timestamptz, _>(room.created_at)
            .bind::<Timestamptz, _>(room.created_at)
            .bind::<Timestamptz, _>(room.created_at)
            .bind::<Nullable<SqlUuid>, _>(room.pair.map(|pair| pair.low().uuid()))
            .bind::<Nullable<SqlUuid>, _>(room.pair.map(|pair| pair.high().uuid()))
            .execute(connection)?;
            Ok(inserted == 1)
        })
    }

    fn rename_room(
        &mut self,
        id: RoomId,
        name: &RoomName,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(rooms::table.find(id.uuid()))
                .set((rooms::name.eq(name.as_str()), rooms::last_modified.eq(now)))
                .execute(connection)?;
            Ok(())
        })
    }

    fn set_archived(
        &mut self,
        id: RoomId,
        archived_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(rooms::table.find(id.uuid()))
                .set((
                    rooms::archived_at.eq(archived_at),
                    rooms::last_modified.eq(now),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn add_members(
        &mut self,
        room: RoomId,
        users: &[UserId],
        role: RoomRole,
        now: DateTime<Utc>,
    ) -> Result<Vec<UserId>, StoreError> {
        let users: Vec<Uuid> = users.iter().map(|user| user.uuid()).collect();
        self.run(|connection| {
            let added: Vec<Uuid> = sql::<SqlUuid>(
                "INSERT INTO room_members (room_id, user_id, role, joined_at, last_read_seq)
                 SELECT ?, user_id, ?, ?, coalesce((SELECT last_seq FROM rooms WHERE id = ?), 0)
                 FROM unnest(?) AS added (user_id)
                 ON CONFLICT DO NOTHING RETURNING user_id",
            )
            .bind::<SqlUuid, _>(room.uuid())
            .bind::<Text, _>(role.name())
            .bind::<Timestamptz, _>(now)
            .bind::<SqlUuid, _>(room.uuid())
            .bind::<Array<SqlUuid>, _>(users)
            .get_results(connection)?;
            count_members(connection, room, added.len() as i64, now)?;
            Ok(added.into_iter().map(UserId::new).collect())
        })
    }

    fn remove_member(
        &mut self,
        room: RoomId,
        user: UserId,
        departure: Departure,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let removed = sql::<()>(
                "WITH removed AS (
                     DELETE FROM room_members WHERE room_id = ? AND user_id = ?
                     RETURNING room_id, user_id),
                 departed AS (
                     INSERT INTO room_departures (room_id, user_id, left_at)
                     SELECT room_id, user_id, ? FROM removed WHERE ?
                     ON CONFLICT (room_id, user_id) DO UPDATE SET left_at = excluded.left_at)
                 UPDATE rooms SET member_count = member_count - 1, last_modified = ?
                 FROM removed WHERE rooms.id = removed.room_id",
            )
            .bind::<SqlUuid, _>(room.uuid())
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<Timestamptz, _>(now)
            .bind::<Bool, _>(departure == Departure::Left)
            .bind::<Timestamptz, _>(now)
            .execute(connection)?;
            Ok(removed == 1)
        })
    }

    fn set_role(
        &mut self,
        room: RoomId,
        user: UserId,
        role: RoomRole,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let changed = sql::<()>(
                "WITH changed AS (
                     UPDATE room_members SET role = ? WHERE room_id = ? AND user_id = ?
                     RETURNING room_id)
                 UPDATE rooms SET last_modified = ? FROM changed WHERE rooms.id = changed.room_id",
            )
            .bind::<Text, _>(role.name())
            .bind::<SqlUuid, _>(room.uuid())
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<Timestamptz, _>(now)
            .execute(connection)?;
            Ok(changed == 1)
        })
    }

    fn lock_groups_of(&mut self, user: UserId) -> Result<Vec<RoomId>, StoreError> {
        self.run(|connection| {
            let rooms: Vec<Uuid> = sql::<SqlUuid>(
                "SELECT rooms.id FROM room_members JOIN rooms ON rooms.id = room_id
                 WHERE user_id = ? AND kind = 'group' AND archived_at IS NULL
                 ORDER BY rooms.id FOR NO KEY UPDATE OF rooms",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .load(connection)?;
            Ok(rooms.into_iter().map(RoomId::new).collect())
        })
    }

    fn pass_ownership(
        &mut self,
        rooms: &[RoomId],
        now: DateTime<Utc>,
    ) -> Result<Vec<RoleChange>, StoreError> {
        if rooms.is_empty() {
            return Ok(Vec::new());
        }
        let rooms: Vec<Uuid> = rooms.iter().map(|room| room.uuid()).collect();
        self.run(|connection| {
            // Locks members in the order of `mark_read`, so the two cannot deadlock.
            let rows: Vec<(Uuid, Uuid, String)> = sql::<(SqlUuid, SqlUuid, Text)>(
                "WITH successors AS (
                     SELECT successor.*
                     FROM unnest(?) AS asked (id)
                     CROSS JOIN LATERAL (
                         SELECT room_id, user_id, role
                         FROM room_members JOIN users ON users.id = user_id
                         WHERE room_id = asked.id
                         ORDER BY is_active DESC, is_active AND deactivated_at IS NULL DESC,
                                  role = 'owner' DESC, role = 'moderator' DESC, joined_at, user_id
                         LIMIT 1) AS successor
                     WHERE NOT EXISTS (
                         SELECT FROM room_members JOIN users ON users.id = user_id
                         WHERE room_id = asked.id AND role = 'owner' AND is_active)),
                 standing AS MATERIALIZED (
                     SELECT room_members.room_id, room_members.user_id,
                            room_members.user_id = successors.user_id AS succeeds
                     FROM successors JOIN room_members USING (room_id)
                     WHERE successors.role <> 'owner'
                       AND (room_members.user_id = successors.user_id
                            OR room_members.role = 'owner')
                     ORDER BY room_members.room_id, room_members.user_id
                     FOR NO KEY UPDATE OF room_members),
                 changed AS (
                     UPDATE room_members
                     SET role = CASE WHEN succeeds THEN 'owner' ELSE 'member' END
                     FROM standing
                     WHERE room_members.room_id = standing.room_id
                       AND room_members.user_id = standing.user_id
                     RETURNING room_members.room_id, room_members.user_id, room_members.role),
                 modified AS (
                     UPDATE rooms SET last_modified = ?
                     WHERE id IN (SELECT room_id FROM changed))
                 SELECT room_id, user_id, role FROM changed ORDER BY room_id, user_id",
            )
            .bind::<Array<SqlUuid>, _>(rooms)
            .bind::<Timestamptz, _>(now)
            .load(connection)?;
            let changes = rows.into_iter().map(|(room, user, name)| {
                Ok(RoleChange {
                    room_id: room.into(),
                    user_id: user.into(),
                    role: role(&name, user)?,
                })
            });
            Ok(changes.collect::<Result<_, BadRow>>()?)
        })
    }

    fn set_hidden(&mut self, room: RoomId, user: UserId, hidden: bool) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<()>(
                "UPDATE room_members SET hidden_at_seq = CASE WHEN ? THEN last_seq END FROM rooms
                 WHERE rooms.id = room_id AND room_id = ? AND user_id = ?",
            )
            .bind::<Bool, _>(hidden)
            .bind::<SqlUuid, _>(room.uuid())
            .bind::<SqlUuid, _>(user.uuid())
            .execute(connection)?;
            Ok(())
        })
    }

    fn invite(
        &mut self,
        invitations: &[Invitation],
        expired_before: DateTime<Utc>,
        declined_before: DateTime<Utc>,
    ) -> Result<Vec<UserId>, StoreError> {
        let Some(first) = invitations.first() else {
            return Ok(Vec::new());
        };
        let pairs: Vec<(InvitationId, UserId)> = invitations
            .iter()
            .map(|invitation| (invitation.id, invitation.user_id))
            .collect();
        let (ids, users) = unzipped(&pairs);
        self.run(|connection| {
            let invited: Vec<Uuid> = sql::<SqlUuid>(
                "INSERT INTO room_invitations (id, room_id, user_id, invited_by, created_at)
                 SELECT id, ?, user_id, ?, ? FROM unnest(?, ?) AS invited (id, user_id)
                 ON CONFLICT (room_id, user_id) DO UPDATE
                     SET id = excluded.id, invited_by = excluded.invited_by,
                         created_at = excluded.created_at, declined_at = NULL
                     WHERE CASE WHEN room_invitations.declined_at IS NULL
                                THEN room_invitations.created_at <= ?
                                ELSE room_invitations.declined_at <= ? END
                 RETURNING user_id",
            )
            .bind::<SqlUuid, _>(first.room_id.uuid())
            .bind::<SqlUuid, _>(first.invited_by.uuid())
            .bind::<Timestamptz, _>(first.created_at)
            .bind::<Array<SqlUuid>, _>(ids)
            .bind::<Array<SqlUuid>, _>(users)
            .bind::<Timestamptz, _>(expired_before)
            .bind::<Timestamptz, _>(declined_before)
            .load(connection)?;
            Ok(invited.into_iter().map(UserId::new).collect())
        })
    }

    fn accept_invitation(
        &mut self,
        id: InvitationId,
        user: UserId,
        after: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let accepted: bool = sql::<Bool>(
                "WITH accepted AS (
                     DELETE FROM room_invitations
                     WHERE id = ? AND user_id = ? AND created_at > ? AND declined_at IS NULL
                     RETURNING room_id, user_id),
                 returned AS (
                     DELETE FROM room_departures USING accepted
                     WHERE room_departures.room_id = accepted.room_id
                       AND room_departures.user_id = accepted.user_id)
                 SELECT EXISTS (SELECT FROM accepted)",
            )
            .bind::<SqlUuid, _>(id.uuid())
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<Timestamptz, _>(after)
            .get_result(connection)?;
            Ok(accepted)
        })
    }

    fn decline_invitation(
        &mut self,
        id: InvitationId,
        user: UserId,
        after: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let declined = diesel::update(
                room_invitations::table
                    .filter(room_invitations::id.eq(id.uuid()))
                    .filter(room_invitations::user_id.eq(user.uuid()))
                    .filter(room_invitations::created_at.gt(after))
                    .filter(room_invitations::declined_at.is_null()),
            )
            .set(room_invitations::declined_at.eq(now))
            .execute(connection)?;
            Ok(declined == 1)
        })
    }

    fn bring_people(
        &mut self,
        user: UserId,
        people: u32,
        max: u32,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.run(|connection| {
            let blocking: Option<DateTime<Utc>> = sql::<Nullable<Timestamptz>>(
                "WITH recent AS (
                     SELECT added_at, sum(people) OVER (ORDER BY added_at DESC) AS until_now
                     FROM room_additions WHERE user_id = ? AND added_at > ?),
                 blocking AS (
                     SELECT max(added_at) AS added_at FROM recent WHERE until_now + ? > ?),
                 recorded AS (
                     INSERT INTO room_additions (user_id, added_at, people)
                     SELECT ?, ?, ?::integer FROM blocking WHERE added_at IS NULL
                     ON CONFLICT (user_id, added_at) DO UPDATE
                         SET people = room_additions.people + excluded.people),
                 forgotten AS (
                     DELETE FROM room_additions WHERE user_id = ? AND added_at <= ?)
                 SELECT added_at FROM blocking",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<Timestamptz, _>(since)
            .bind::<BigInt, _>(i64::from(people))
            .bind::<BigInt, _>(i64::from(max))
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<Timestamptz, _>(now)
            .bind::<BigInt, _>(i64::from(people))
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<Timestamptz, _>(since)
            .get_result(connection)?;
            Ok(blocking)
        })
    }

    fn take_part(&mut self, room: RoomId, user: UserId) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(room_members::table.find((room.uuid(), user.uuid())))
                .set(room_members::takes_part.eq(true))
                .execute(connection)?;
            Ok(())
        })
    }

    fn mark_read(&mut self, marks: &[ReadMark]) -> Result<Vec<Option<ReadState>>, StoreError> {
        let key = |mark: &ReadMark| (mark.room_id.uuid(), mark.user_id.uuid());
        let (rooms, users): (Vec<Uuid>, Vec<Uuid>) = marks.iter().map(key).unzip();
        let places: Vec<i64> = marks.iter().map(|mark| mark.seq).collect();
        let wrote: Vec<bool> = marks.iter().map(|mark| mark.wrote).collect();
        self.run(|connection| {
            // Locks rows in one order, so concurrent statements cannot deadlock.
            let rows: Vec<(Uuid, Uuid, i64, i64, bool, i32)> =
                sql::<(SqlUuid, SqlUuid, BigInt, BigInt, Bool, Integer)>(
                    "WITH standing AS MATERIALIZED (
                         SELECT room_id, user_id, last_read_seq, last_seq, member_count,
                                greatest(last_read_seq, least(marks.seq, last_seq)) AS wanted,
                                wrote AND NOT takes_part AS begins
                         FROM unnest(?, ?, ?, ?) AS marks (room_id, user_id, seq, wrote)
                         JOIN room_members USING (room_id, user_id)
                         JOIN rooms ON rooms.id = room_id
                         ORDER BY room_id, user_id FOR NO KEY UPDATE OF room_members),
                     moved AS (
                         UPDATE room_members
                         SET last_read_seq = wanted, takes_part = takes_part OR begins
                         FROM standing
                         WHERE room_members.room_id = standing.room_id
                           AND room_members.user_id = standing.user_id
                           AND (wanted > standing.last_read_seq OR begins))
                     SELECT room_id, user_id, wanted, last_seq, wanted > last_read_seq, member_count
                     FROM standing",
                )
                .bind::<Array<SqlUuid>, _>(rooms)
                .bind::<Array<SqlUuid>, _>(users)
                .bind::<Array<BigInt>, _>(places)
                .bind::<Array<Bool>, _>(wrote)
                .load(connection)?;
            let states: HashMap<(Uuid, Uuid), ReadState> = rows
                .into_iter()
                .map(
                    |(room, user, last_read_seq, last_seq, moved, member_count)| {
                        let state = ReadState {
                            last_read_seq,
                            last_seq,
                            moved,
                            member_count,
                        };
                        ((room, user), state)
                    },
                )
                .collect();
            let state = |mark| states.get(&key(mark)).copied();
            Ok(marks.iter().map(state).collect())
        })
    }
}

/// Adjusts the room's stored number of members.
fn count_members(
    connection: &mut PgConnection,
    room: RoomId,
    change: i64,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    if change != 0 {
        sql::<()>(
            "UPDATE rooms SET member_count = member_count + ?::integer, last_modified = ?
             WHERE id = ?",
        )
        .bind::<BigInt, _>(change)
        .bind::<Timestamptz, _>(now)
        .bind::<SqlUuid, _>(room.uuid())
        .execute(connection)?;
    }
    Ok(())
}

/// A user, whether they are active and deactivated, and one of their rooms.
type MemberRoomRow = (Uuid, bool, bool, Option<Uuid>, bool, bool, i32);

/// Groups consecutive rows of one member.
fn by_member(rows: Vec<MemberRoomRow>) -> Vec<ChatMember> {
    let mut members: Vec<ChatMember> = Vec::new();
    for (user, is_active, is_deactivated, room, read_only, blocked, count) in rows {
        let user_id = UserId::new(user);
        if members.last().is_none_or(|last| last.user_id != user_id) {
            members.push(ChatMember {
                user_id,
                is_active,
                is_deactivated,
                rooms: Vec::new(),
            });
        }
        if let (Some(last), Some(room)) = (members.last_mut(), room) {
            let state = chat_state(room.into(), read_only, blocked, count);
            last.rooms.push(state);
        }
    }
    members
}

fn chat_state(room_id: RoomId, read_only: bool, blocked: bool, member_count: i32) -> RoomChatState {
    RoomChatState {
        room_id,
        read_only,
        blocked,
        member_count: member_count.unsigned_abs(),
    }
}
