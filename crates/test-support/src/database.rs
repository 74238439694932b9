//! A test's own database.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use abu_application::{
    ports::{Clock, Store, StoreError, StoreOutcome, Transaction},
    system::SystemClock,
};
use abu_domain::{
    MessageId, RoomId, UserId,
    message::{Message, NewMessage},
    room::Room,
    text::MessageText,
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

/// A schema with all tables, for one test alone. Any number of them are used at the same time.
#[derive(Clone)]
pub struct TestDatabase {
    /// Also what the database's sessions call themselves.
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

    /// A new one on the process's shared PostgreSQL, still without tables.
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

    /// The address, which leads into the test's own schema.
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
        work: impl FnOnce(&mut dyn Transaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        (&self.store as &dyn Store).transaction(work)
    }

    /// Runs `work` on a connection of the store, without a transaction.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&mut dyn Transaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        (&self.store as &dyn Store).read(work)
    }

    /// A connection past the store, for what no port can do.
    pub fn connection(&self) -> PgConnection {
        connect(&self.url)
    }

    /// Runs statements past the store.
    pub fn execute(&self, statements: &str) {
        self.connection()
            .batch_execute(statements)
            .expect("the test's statements run");
    }

    /// What a query of one column of texts gives.
    pub fn texts(&self, query: &str) -> Vec<String> {
        sql::<Text>(query)
            .load(&mut self.connection())
            .expect("the test's query runs")
    }

    /// Holds back whoever would change the table, until what is returned is dropped.
    pub fn hold(&self, table: &str) -> HeldTable {
        let mut connection = self.connection();
        connection
            .batch_execute(&format!("BEGIN; LOCK TABLE {table} IN SHARE MODE"))
            .expect("the table can be locked");
        HeldTable {
            _connection: connection,
        }
    }

    /// Holds back whoever would even read the table, until what is returned is dropped.
    pub fn lock(&self, table: &str) -> HeldTable {
        let mut connection = self.connection();
        connection
            .batch_execute(&format!("BEGIN; LOCK TABLE {table}"))
            .expect("the table can be locked");
        HeldTable {
            _connection: connection,
        }
    }

    /// Returns once so many sessions of this database wait for a lock.
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

    /// Ends all sessions of the store, as an administrator or a failing network would, and returns
    /// when they have ended.
    pub fn end_sessions(&self) {
        let processes = self.sessions(
            &mut self.connection(),
            // In this order, or the asking session may end itself.
            "CASE WHEN pid <> pg_backend_pid() THEN pg_terminate_backend(pid) END",
        );
        // The server forgets a session before the process, and with it the socket, has gone.
        for process in processes {
            while kill(Pid::from_raw(process), None) != Err(Errno::ESRCH) {
                thread::yield_now();
            }
        }
    }

    /// Processes of the sessions that the condition holds for.
    fn sessions(&self, connection: &mut PgConnection, condition: &str) -> Vec<i32> {
        let query = format!(
            "SELECT pid FROM pg_stat_activity WHERE application_name = '{}' AND {condition}",
            self.schema
        );
        sql::<Integer>(&query)
            .load(connection)
            .expect("the server tells of its sessions")
    }

    /// An account with defaults for all that the test does not care about.
    pub fn user(&self) -> UserBuilder<'_> {
        UserBuilder::new(self)
    }

    /// A group room of `owner`, with defaults for all that the test does not care about.
    pub fn group(&self, owner: UserId) -> GroupBuilder<'_> {
        GroupBuilder::new(self, owner)
    }

    /// The direct room of two people, made by `creator`.
    pub fn direct_room(&self, creator: UserId, other: UserId) -> Room {
        builders::direct_room(self, creator, other)
    }

    /// Stores a message from a member of the room.
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

/// A table that nobody changes until this is dropped.
pub struct HeldTable {
    /// Its end is the end of the lock.
    _connection: PgConnection,
}

impl Default for TestDatabase {
    fn default() -> Self {
        Self::new()
    }
}

/// A message still to be stored.
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

/// Patient, because tests share the machine; small, because they share the server.
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
