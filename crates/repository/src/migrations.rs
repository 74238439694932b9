//! Embedded migrations with their backfills, and the migration state of a database.

use std::{
    collections::HashSet,
    thread,
    time::{Duration, Instant},
};

use abu_application::platform::{backoff::Backoff, ports::StoreError};
use diesel::{
    PgConnection,
    connection::SimpleConnection,
    migration::{Migration, MigrationConnection, MigrationSource},
    pg::Pg,
    prelude::*,
    sql_types::{Bool, Text},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use secrecy::SecretString;

use crate::{
    advisory_lock::{Lock, try_lock},
    backfill,
    error::{is_lock_timeout, store_error},
    session::{SessionError, TransactionPooler, open_session},
    sql::sql,
};

/// For callers that run them one by one; others use [`run`].
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Polling interval of a migrator that waits for the lock.
const PAUSE: Duration = Duration::from_millis(200);

/// While a migration waits for a table's lock, all later statements on that table wait behind it.
const SET_UP: &str = "SET statement_timeout = 0; SET lock_timeout = '2s'";

/// How long a migration tries to get its locks.
pub const LOCK_PATIENCE: Duration = Duration::from_secs(300);
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// The difference between a database and the embedded migrations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MigrationState {
    /// Names of the pending migrations and the unfinished backfills, in order.
    pub pending: Vec<String>,
    /// Versions that the database has and this program does not know: a newer release migrated it.
    pub unknown: Vec<String>,
}

/// The texts are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(
        "the database was migrated by a newer release of this program (it knows {}) and lacks {} of this \
         one: run that release, or one after it",
        .unknown.join(", "), .pending.join(", ")
    )]
    Newer {
        /// Versions that this program does not know.
        unknown: Vec<String>,
        /// Names of this program's migrations and backfills that come before them.
        pending: Vec<String>,
    },
    /// Its transaction was rolled back; earlier migrations stay.
    #[error("the migration {name} failed and was undone: {source}")]
    Failed {
        name: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nothing of it is left.
    #[error(
        "another transaction holds a lock that a migration needs; pg_stat_activity names it, and another try \
         may succeed: {0}"
    )]
    Locked(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the database refused: {0}")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Pooler(#[from] TransactionPooler),
    #[error("{0} is no migration of this program that the database has")]
    NoSuchVersion(String),
    #[error(
        "a newer release made later migrations ({}), which this program cannot undo: run that release's \
         abu-admin",
        .0.join(", ")
    )]
    NotOurs(Vec<String>),
    #[error("a server runs on this database: stop it before its migrations are undone")]
    ServerRuns,
}

impl From<SessionError> for MigrationError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Connect(error) => Self::Unavailable(error.into()),
            SessionError::Query(error) => error.into(),
            SessionError::Pooler(pooler) => pooler.into(),
        }
    }
}

impl From<diesel::result::Error> for MigrationError {
    fn from(error: diesel::result::Error) -> Self {
        match store_error(error) {
            StoreError::Unavailable(source) => Self::Unavailable(source),
            StoreError::Locked(source) => Self::Locked(source),
            other => Self::Refused(other.into()),
        }
    }
}

/// Compares the database with the embedded migrations. Changes nothing.
pub fn state(url: &SecretString) -> Result<MigrationState, MigrationError> {
    let mut connection = open_session(url)?;
    let applied = applied(&mut connection)?;
    let mut pending = names(&pending(&applied)?);
    pending.extend(backfill::unfinished(&mut connection)?);
    Ok(MigrationState {
        pending,
        unknown: unknown(applied)?,
    })
}

/// Runs the pending migrations, each in a transaction of its own, and then the unfinished backfills.
/// Returns the names of the migrations, and of the backfills that changed rows. Migrations before a
/// failed one stay, and a backfill goes on where it was.
///
/// Does nothing on the database of a newer release that lacks nothing of this one.
///
/// A session-level advisory lock serializes migrators.
pub fn run(url: &SecretString) -> Result<Vec<String>, MigrationError> {
    run_within(url, LOCK_PATIENCE)
}

/// Tries for `patience` to get the locks of a migration.
pub fn run_within(url: &SecretString, patience: Duration) -> Result<Vec<String>, MigrationError> {
    let mut connection = migrator(url)?;
    connection.setup()?;
    let applied = applied(&mut connection)?;
    let is_new = applied.is_empty();
    let pending = pending(&applied)?;
    let unknown = unknown(applied)?;
    require_order(&mut connection, &pending, unknown)?;
    let mut done = Vec::new();
    for migration in &pending {
        let name = migration.name().to_string();
        retry(patience, &name, || run_one(&mut connection, migration))?;
        log::info!(migration = name.as_str(); "migrated the database");
        done.push(name);
    }
    done.extend(backfill::run(&mut connection, patience)?);
    if is_new {
        backfill::skip_second_pass(&mut connection)?;
    }
    // The lock ends with the connection.
    Ok(done)
}

/// Names of the migrations that [`revert`] to `version` undoes, the newest first.
pub fn after(url: &SecretString, version: &str) -> Result<Vec<String>, MigrationError> {
    let mut connection = open_session(url)?;
    Ok(names(&applied_after(&mut connection, version)?))
}

/// Runs the `down.sql` of all migrations after `version`, the newest first, each in a transaction of its own.
/// Returns their names. No server runs meanwhile.
pub fn revert(url: &SecretString, version: &str) -> Result<Vec<String>, MigrationError> {
    let mut connection = migrator(url)?;
    if !try_lock(&mut connection, Lock::Server)? {
        return Err(MigrationError::ServerRuns);
    }
    let mut done = Vec::new();
    for migration in applied_after(&mut connection, version)? {
        let name = migration.name().to_string();
        retry(LOCK_PATIENCE, &name, || {
            let reverted = connection.revert_migration(&migration);
            reverted.map_err(|source| failure(&migration, source))
        })?;
        log::info!(migration = name.as_str(); "undid a migration");
        done.push(name);
    }
    Ok(done)
}

/// A connection that holds the lock of migrators.
fn migrator(url: &SecretString) -> Result<PgConnection, MigrationError> {
    let mut connection = open_session(url)?;
    connection.batch_execute(SET_UP)?;
    lock(&mut connection, &|| false)?;
    Ok(connection)
}

/// A migration may rely on all earlier ones, so none of this program's runs after a later one of another release.
fn require_order(
    connection: &mut PgConnection,
    pending: &[BoxedMigration],
    unknown: Vec<String>,
) -> Result<(), MigrationError> {
    let newest = unknown.iter().max();
    let mut late = names(
        pending
            .iter()
            .filter(|migration| Some(&version(migration)) < newest),
    );
    if !unknown.is_empty() {
        late.extend(backfill::unfinished(connection)?);
    }
    match late.is_empty() {
        true => Ok(()),
        false => Err(MigrationError::Newer {
            unknown,
            pending: late,
        }),
    }
}

/// Repeats what waited too long for a lock, with back-off, for `patience`.
pub(crate) fn retry<T>(
    patience: Duration,
    name: &str,
    mut step: impl FnMut() -> Result<T, MigrationError>,
) -> Result<T, MigrationError> {
    let deadline = Instant::now() + patience;
    let mut backoff = Backoff::between(FIRST_RETRY, LONGEST_RETRY);
    loop {
        match step() {
            Err(MigrationError::Locked(_)) if Instant::now() < deadline => {
                let wait = backoff.next_wait();
                log::warn!(
                    migration = name, seconds:% = format_args!("{:.1}", wait.as_secs_f64());
                    "another transaction holds a lock that a migration needs, which is tried again"
                );
                thread::sleep(wait);
            }
            outcome => return outcome,
        }
    }
}

/// Makes the second pass of the backfills where it is due, for rows that the previous release wrote
/// during the first one. Returns the names of the backfills that changed rows. Call it in the first
/// server of this release: `stops` ends it between two batches, and the next server goes on there.
pub fn repeat_backfills(
    url: &SecretString,
    stops: &dyn Fn() -> bool,
) -> Result<Vec<String>, MigrationError> {
    let mut connection = open_session(url)?;
    connection.batch_execute(SET_UP)?;
    if !backfill::awaits_second_pass(&mut connection)? {
        return Ok(Vec::new());
    }
    match lock(&mut connection, stops)? {
        true => backfill::repeat(&mut connection, stops),
        false => Ok(Vec::new()),
    }
}

/// Has the next server make the second pass again, for rows that an earlier release wrote after a
/// rollback.
pub fn demand_second_pass(url: &SecretString) -> Result<(), MigrationError> {
    Ok(backfill::demand_second_pass(&mut open_session(url)?)?)
}

/// Waits until no other process migrates this schema; false once `stops` is true. Polls, because a
/// waiting statement would block those of the other migrator that wait for all running statements.
fn lock(connection: &mut PgConnection, stops: &dyn Fn() -> bool) -> Result<bool, MigrationError> {
    let mut is_logged = false;
    while !try_lock(connection, Lock::Migration)? {
        if stops() {
            return Ok(false);
        }
        if !is_logged {
            log::info!("waiting for another process that migrates the database");
            is_logged = true;
        }
        thread::sleep(PAUSE);
    }
    Ok(true)
}

/// Versions of the applied migrations; empty for a new database.
fn applied(connection: &mut PgConnection) -> Result<HashSet<String>, MigrationError> {
    let there: bool = sql::<Bool>("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL")
        .get_result(connection)?;
    if !there {
        return Ok(HashSet::new());
    }
    let versions: Vec<String> =
        sql::<Text>("SELECT version FROM __diesel_schema_migrations").load(connection)?;
    Ok(versions.into_iter().collect())
}

/// Embedded migrations that are not applied, in order.
fn pending(applied: &HashSet<String>) -> Result<Vec<BoxedMigration>, MigrationError> {
    let mut pending = embedded()?;
    pending.retain(|migration| !applied.contains(&version(migration)));
    Ok(pending)
}

/// Applied versions that are not embedded.
fn unknown(mut applied: HashSet<String>) -> Result<Vec<String>, MigrationError> {
    for migration in embedded()? {
        applied.remove(&version(&migration));
    }
    let mut unknown: Vec<String> = applied.into_iter().collect();
    unknown.sort_unstable();
    Ok(unknown)
}

type BoxedMigration = Box<dyn Migration<Pg>>;

fn embedded() -> Result<Vec<BoxedMigration>, MigrationError> {
    let mut all =
        MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(MigrationError::Refused)?;
    all.sort_unstable_by_key(version);
    Ok(all)
}

fn version(migration: &BoxedMigration) -> String {
    migration.name().version().to_string()
}

fn names<'a>(migrations: impl IntoIterator<Item = &'a BoxedMigration>) -> Vec<String> {
    let migrations = migrations.into_iter();
    migrations
        .map(|migration| migration.name().to_string())
        .collect()
}

/// The embedded migrations after `wanted` that the database has, the newest first.
fn applied_after(
    connection: &mut PgConnection,
    wanted: &str,
) -> Result<Vec<BoxedMigration>, MigrationError> {
    let applied = applied(connection)?;
    let mut known = embedded()?;
    known.retain(|migration| applied.contains(&version(migration)));
    let last = wanted.to_owned();
    if !known.iter().any(|migration| version(migration) == last) {
        return Err(MigrationError::NoSuchVersion(last));
    }
    let mut foreign = unknown(applied)?;
    foreign.retain(|version| *version > last);
    if !foreign.is_empty() {
        return Err(MigrationError::NotOurs(foreign));
    }
    known.retain(|migration| version(migration) > last);
    known.reverse();
    Ok(known)
}

fn run_one(
    connection: &mut PgConnection,
    migration: &BoxedMigration,
) -> Result<(), MigrationError> {
    let run = connection.run_migration(migration);
    run.map(|_version| ())
        .map_err(|source| failure(migration, source))
}

fn failure(
    migration: &BoxedMigration,
    source: Box<dyn std::error::Error + Send + Sync>,
) -> MigrationError {
    match is_lock_timeout(&*source) {
        true => MigrationError::Locked(source),
        false => MigrationError::Failed {
            name: migration.name().to_string(),
            source,
        },
    }
}
