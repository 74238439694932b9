//! Test databases: a schema of its own for each test, on a shared PostgreSQL.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use abu_application::{
    messaging::ports::StoreOutcome,
    platform::{
        ports::{Clock, StoreError},
        system::SystemClock,
    },
    store::{Reads, Store, Writes},
};
use abu_domain::{
    MessageId, RoomId, UserId,
    messaging::{
        message::{Message, NewMessage},
        room::Room,
        text::MessageText,
    },
};
use abu_embedded_postgres::Postgres;
use abu_repository::{PgStore, PoolSettings, migrations};
use diesel::{
    Connection, PgConnection, RunQueryDsl,
    connection::SimpleConnection,
    dsl::sql,
    sql_types::{Integer, Text},
};
use nix::{errno::Errno, sys::signal::kill, unistd::Pid};
use secrecy::SecretString;
use uuid::Uuid;

use crate::{GroupBuilder, UserBuilder, builders, cluster};

/// A schema with all tables, for one test. Tests use any number of them concurrently.
#[derive(Clone)]
pub struct TestDatabase {
    /// Also the `application_name` of the database's sessions.
    schema: String,
    url: String,
    store: PgStore,
}

impl TestDatabase {
    pub fn new() -> Self {
        Self::on(cluster())
    }

    pub fn on(postgres: &Postgres) -> Self {
        let database = Self::empty_on(postgres);
        migrations::run(&database.url.as_str().into()).expect("the migrations run");
        database
    }

    /// A schema without tables.
    pub fn empty() -> Self {
        Self::empty_on(cluster())
    }

    fn empty_on(postgres: &Postgres) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let schema = format!("test_{}", MADE.fetch_add(1, Ordering::Relaxed));
        connect(&postgres.url())
            .batch_execute(&format!("CREATE SCHEMA {schema}"))
            .expect("a schema can be made");
        let url = format!(
            "{}?options=-csearch_path%3D{schema}&application_name={schema}",
            postgres.url()
        );
        let store = PgStore::connect(settings(&url));
        Self { schema, url, store }
    }

    /// The connection URI, which sets the `search_path` to the test's schema.
    pub fn url(&self) -> SecretString {
        self.url.as_str().into()
    }

    pub fn settings(&self) -> PoolSettings {
        settings(&self.url)
    }

    /// The store on this database, through a small pool that all clones share.
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    pub fn transaction<T>(
        &self,
        work: impl FnOnce(&mut dyn Writes) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        (&self.store as &dyn Store).transaction(work)
    }

    /// Runs `work` on a connection of the store, without a transaction.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&mut dyn Reads) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        (&self.store as &dyn Store).read(work)
    }

    /// A direct connection, for statements that no port offers.
    pub fn connection(&self) -> PgConnection {
        connect(&self.url)
    }

    /// Runs statements on a direct connection.
    pub fn execute(&self, statements: &str) {
        self.connection()
            .batch_execute(statements)
            .expect("the test's statements run");
    }

    /// The result of a query with one text column.
    pub fn texts(&self, query: &str) -> Vec<String> {
        sql::<Text>(query)
            .load(&mut self.connection())
            .expect("the test's query runs")
    }

    /// Blocks writers of the table until the guard is dropped.
    pub fn hold(&self, table: &str) -> HeldTable {
        let mut connection = self.connection();
        connection
            .batch_execute(&format!("BEGIN; LOCK TABLE {table} IN SHARE MODE"))
            .expect("the table can be locked");
        HeldTable {
            _connection: connection,
        }
    }

    /// Blocks readers and writers of the table until the guard is dropped.
    pub fn lock(&self, table: &str) -> HeldTable {
        let mut connection = self.connection();
        connection
            .batch_execute(&format!("BEGIN; LOCK TABLE {table}"))
            .expect("the table can be locked");
        HeldTable {
            _connection: connection,
        }
    }

    /// Blocks writers of the room until the guard is dropped.
    pub fn lock_room(&self, room: RoomId) -> HeldTable {
        let mut connection = self.connection();
        connection
            .batch_execute(&format!(
                "BEGIN; SELECT FROM rooms WHERE id = '{room}' FOR UPDATE"
            ))
            .expect("the room can be locked");
        HeldTable {
            _connection: connection,
        }
    }

    /// Waits until exactly `sessions` sessions of this database wait for a lock.
    pub fn wait_for_blocked(&self, sessions: usize) {
        let mut connection = self.connection();
        while self
            .sessions(&mut connection, "wait_event_type = 'Lock'")
            .len()
            != sessions
        {
            thread::yield_now();
        }
    }

    /// Terminates all sessions of this database, as an administrator or a failing network would, and waits for
    /// their end.
    pub fn end_sessions(&self) {
        let processes = self.sessions(
            &mut self.connection(),
            // `CASE` fixes the order of evaluation, so the calling session does not terminate itself.
            "CASE WHEN pid <> pg_backend_pid() THEN pg_terminate_backend(pid) END",
        );
        // `pg_stat_activity` drops a session before its process closes the socket.
        for process in processes {
            while kill(Pid::from_raw(process), None) != Err(Errno::ESRCH) {
                thread::yield_now();
            }
        }
    }

    /// The process ids of the sessions that match the condition.
    fn sessions(&self, connection: &mut PgConnection, condition: &str) -> Vec<i32> {
        let query = format!(
            "SELECT pid FROM pg_stat_activity WHERE application_name = '{}' AND {condition}",
            self.schema
        );
        sql::<Integer>(&query)
            .load(connection)
            .expect("the server tells of its sessions")
    }

    pub fn user(&self) -> UserBuilder<'_> {
        UserBuilder::new(self)
    }

    pub fn group(&self, owner: UserId) -> GroupBuilder<'_> {
        GroupBuilder::new(self, owner)
    }

    pub fn direct_room(&self, creator: UserId, other: UserId) -> Room {
        builders::direct_room(self, creator, other)
    }

    pub fn message(&self, room: RoomId, sender: UserId, text: &str) -> Message {
        let outcome = self
            .transaction(|tx| tx.store_messages(&[new_message(room, sender, text)]))
            .expect("the message is stored")
            .remove(0);
        match outcome {
            StoreOutcome::Stored(message) => message,
            other => panic!("the message was not stored: {other:?}"),
        }
    }
}

/// A table lock, which a drop releases.
pub struct HeldTable {
    /// Its transaction holds the lock.
    _connection: PgConnection,
}

impl Default for TestDatabase {
    fn default() -> Self {
        Self::new()
    }
}

pub fn new_message(room: RoomId, sender: UserId, text: &str) -> NewMessage {
    NewMessage {
        id: MessageId::new(Uuid::now_v7()),
        room_id: room,
        sender_id: sender,
        text: MessageText::parse(text).expect("the text is a message"),
        client_message_id: None,
        reply_to: None,
        sent_at: SystemClock.now(),
    }
}

/// Long timeouts, because tests share the machine; a small pool, because they share the server.
fn settings(url: &str) -> PoolSettings {
    PoolSettings {
        url: url.into(),
        size: 4,
        connection_timeout: Duration::from_secs(30),
        statement_timeout: Duration::from_secs(30),
    }
}

fn connect(url: &str) -> PgConnection {
    PgConnection::establish(url).expect("the test's PostgreSQL takes connections")
}
