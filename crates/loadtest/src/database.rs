//! Seeds the server's database with users, rooms and messages by SQL: creating them through the API would take
//! longer than the measurement.

use postgres::{Client, NoTls};

use crate::community::{self, Community};

/// A connection to the database of the server under test.
pub(crate) struct Database(Client);

impl Database {
    pub(crate) fn connect(url: &str) -> Result<Self, postgres::Error> {
        Client::connect(url, NoTls).map(Self)
    }

    /// Inserts all users, rooms and members. Each user has one login session, with the user's own id. The first
    /// member of each room owns it.
    pub(crate) fn found(&mut self, community: Community) -> Result<(), postgres::Error> {
        let (user, room) = (id_of_user("number"), id_of_room("number"));
        let (users, rooms, members) = (community.users(), community.rooms, community.members);
        let member = id_of_user(&format!("(room * {members} + number)"));
        let owner = id_of_user(&format!("number * {members}"));
        let membership = id_of_room("room");
        // `-` is the hash of no password; see `set_passwords`.
        self.0.batch_execute(&format!(
            "INSERT INTO users (id, email, password_hash, firstname, lastname, created_at, last_modified)
             SELECT {user}, 'member' || number || '@example.com', '-', 'Member', number::text, now(), now()
             FROM generate_series(0, {users} - 1) number;
             INSERT INTO user_emails (id, user_id, email, is_primary, verified_at, created_at)
             SELECT {user}, {user}, 'member' || number || '@example.com', true, now(), now()
             FROM generate_series(0, {users} - 1) number;
             INSERT INTO sessions (id, user_id, created_at, last_used_at, refreshed_at, expires_at)
             SELECT {user}, {user}, now(), now(), now(), now() + interval '1 day'
             FROM generate_series(0, {users} - 1) number;
             INSERT INTO rooms (id, kind, name, created_by, created_at, last_modified, last_activity_at, member_count)
             SELECT {room}, 'group', 'Room ' || number, {owner}, now(), now(), now(), {members}
             FROM generate_series(0, {rooms} - 1) number;
             INSERT INTO room_members (room_id, user_id, role, joined_at)
             SELECT {membership}, {member}, CASE number WHEN 0 THEN 'owner' ELSE 'member' END, now()
             FROM generate_series(0, {rooms} - 1) room, generate_series(0, {members} - 1) number;"
        ))?;
        self.settle()
    }

    /// Sets the password hash of all users.
    pub(crate) fn set_passwords(&mut self, hash: &str) -> Result<(), postgres::Error> {
        self.0
            .execute("UPDATE users SET password_hash = $1", &[&hash])?;
        self.settle()
    }

    /// Inserts `count` messages of the first member into room 0. Each text names its `seq`.
    pub(crate) fn write_history(&mut self, count: u64) -> Result<(), postgres::Error> {
        let (room, sender) = (community::room_id(0), community::user_id(0));
        self.0.batch_execute(&format!(
            "INSERT INTO messages (room_id, seq, id, sender_id, body, created_at)
             SELECT '{room}', place, gen_random_uuid(), '{sender}', {HISTORY_TEXT}, now()
             FROM generate_series(1, {count}) place;
             UPDATE rooms SET last_seq = {count} WHERE id = '{room}';"
        ))?;
        self.settle()
    }

    /// Puts user 0 in the place of the first member of every room, makes every other room a direct one, and inserts
    /// `messages` of the other member into each. Every tenth is deleted.
    pub(crate) fn give_all_rooms_to_one(
        &mut self,
        community: Community,
        messages: u32,
    ) -> Result<(), postgres::Error> {
        let rooms = community.rooms;
        let (room, person) = (id_of_room("number"), community::user_id(0));
        let (first, other) = (id_of_user("(number * 2)"), id_of_user("(number * 2 + 1)"));
        self.0.batch_execute(&format!(
            "UPDATE room_members SET user_id = '{person}'
             FROM generate_series(1, {rooms} - 1) number
             WHERE room_id = {room} AND user_id = {first};
             UPDATE rooms SET kind = 'direct', name = NULL, direct_low = '{person}', direct_high = {other}
             FROM generate_series(0, {rooms} - 1, 2) number WHERE rooms.id = {room};
             INSERT INTO messages (room_id, seq, id, sender_id, body, created_at, deleted_at)
             SELECT {room}, place, gen_random_uuid(), {other},
                    CASE place % 10 WHEN 5 THEN '' ELSE {HISTORY_TEXT} END, now(),
                    CASE place % 10 WHEN 5 THEN now() END
             FROM generate_series(0, {rooms} - 1) number, generate_series(1, {messages}) place;
             UPDATE rooms SET last_seq = {messages}, last_activity_at = now() - number * interval '1 minute'
             FROM generate_series(0, {rooms} - 1) number WHERE rooms.id = {room};"
        ))?;
        self.settle()
    }

    /// The number of stored messages.
    pub(crate) fn messages(&mut self) -> Result<u64, postgres::Error> {
        let row = self.0.query_one("SELECT count(*) FROM messages", &[])?;
        Ok(row.get::<_, i64>(0) as u64)
    }

    /// The PostgreSQL version, and whether commits are durable.
    pub(crate) fn describe(&mut self) -> Result<(String, bool), postgres::Error> {
        let row = self.0.query_one(
            "SELECT current_setting('server_version'),
                    current_setting('fsync') = 'on' AND current_setting('synchronous_commit') <> 'off'",
            &[],
        )?;
        Ok((row.get(0), row.get(1)))
    }

    /// Every run starts with fresh statistics and no dirty pages.
    fn settle(&mut self) -> Result<(), postgres::Error> {
        self.0.batch_execute("VACUUM (ANALYZE)")?;
        self.0.batch_execute("CHECKPOINT")
    }
}

/// The e-mail address of the user with this number.
pub(crate) fn email(user: u32) -> String {
    format!("member{user}@example.com")
}

const HISTORY_TEXT: &str = "'This is message number ' || place || ' of the history.'";

/// The text that [`Database::write_history`] inserts at a `seq`.
pub(crate) fn history_text(place: u64) -> String {
    format!("This is message number {place} of the history.")
}

fn id_of_user(number: &str) -> String {
    id("8000", number)
}

fn id_of_room(number: &str) -> String {
    id("9000", number)
}

/// The ids of [`community`], in SQL.
fn id(kind: &str, number: &str) -> String {
    format!("('00000000-0000-4000-{kind}-' || lpad(to_hex({number}), 12, '0'))::uuid")
}
