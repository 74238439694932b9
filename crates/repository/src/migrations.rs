//! Embedded migrations with their backfills, and the migration state of a database.

use std::{collections::HashSet, thread, time::Duration};

use abu_application::platform::ports::StoreError;
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
    connection::{ConnectError, open},
    error::store_error,
    sql::sql,
};

/// For callers that run them one by one; others use [`run`].
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Polling interval of a migrator that waits for the lock.
const PAUSE: Duration = Duration::from_millis(200);

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
        "the database was migrated by a newer release of this program (it knows {}); \
         run that release, or one after it",
        .unknown.join(", ")
    )]
    Newer {
        /// Versions that this program does not know.
        unknown: Vec<String>,
    },
    /// Its transaction was rolled back; earlier migrations stay.
    #[error("the migration {name} failed and was undone: {source}")]
    Failed {
        name: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the database refused: {0}")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<ConnectError> for MigrationError {
    fn from(error: ConnectError) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<diesel::result::Error> for MigrationError {
    fn from(error: diesel::result::Error) -> Self {
        match store_error(error) {
            StoreError::Unavailable(source) => Self::Unavailable(source),
            other => Self::Refused(other.into()),
        }
    }
}

/// Compares the database with the embedded migrations. Changes nothing.
pub fn state(url: &SecretString) -> Result<MigrationState, MigrationError> {
    let mut connection = open(url)?;
    let applied = applied(&mut connection)?;
    let mut pending: Vec<String> = pending(&applied)?
        .iter()
        .map(|migration| migration.name().to_string())
        .collect();
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
/// A session-level advisory lock serializes migrators. So a connection pooler must not share
/// sessions among clients here.
pub fn run(url: &SecretString) -> Result<Vec<String>, MigrationError> {
    let mut connection = open(url)?;
    connection.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0")?;
    lock(&mut connection, &|| false)?;
    connection.setup()?;
    let applied = applied(&mut connection)?;
    let is_new = applied.is_empty();
    let pending = pending(&applied)?;
    let unknown = unknown(applied)?;
    if !unknown.is_empty() {
        return Err(MigrationError::Newer { unknown });
    }
    let mut done = Vec::new();
    for migration in &pending {
        done.push(run_one(&mut connection, migration)?);
    }
    done.extend(backfill::run(&mut connection)?);
    if is_new {
        backfill::skip_second_pass(&mut connection)?;
    }
    // The lock ends with the connection.
    Ok(done)
}

/// Makes the second pass of the backfills where it is due, for rows that the previous release wrote
/// during the first one. Returns the names of the backfills that changed rows. Call it in the first
/// server of this release: `stops` ends it between two batches, and the next server goes on there.
pub fn repeat_backfills(
    url: &SecretString,
    stops: &dyn Fn() -> bool,
) -> Result<Vec<String>, MigrationError> {
    let mut connection = open(url)?;
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
    Ok(backfill::demand_second_pass(&mut open(url)?)?)
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

fn run_one(
    connection: &mut PgConnection,
    migration: &BoxedMigration,
) -> Result<String, MigrationError> {
    let name = migration.name().to_string();
    match connection.run_migration(migration) {
        Ok(_) => {
            log::info!(migration = name.as_str(); "migrated the database");
            Ok(name)
        }
        Err(source) => Err(MigrationError::Failed { name, source }),
    }
}
