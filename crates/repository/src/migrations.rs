//! The migrations, which travel inside the program, and the state of a database as they see it.

use std::{collections::HashSet, thread, time::Duration};

use abu_application::ports::StoreError;
use diesel::{
    PgConnection,
    connection::SimpleConnection,
    migration::{Migration, MigrationConnection, MigrationSource},
    pg::Pg,
    prelude::*,
    sql_types::{Bool, Integer, Text},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use secrecy::SecretString;

use crate::{
    connection::{ConnectError, open},
    error::store_error,
    sql::sql,
};

/// The migrations themselves, for those who run them one by one. Others use [`run`].
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Half of the advisory lock's key; the other half is the schema. The number itself means nothing.
const LOCK: i32 = 0x0041_4255;

/// How often a migrator that has to wait asks whether the other one is done.
const PAUSE: Duration = Duration::from_millis(200);

/// How a database stands to this program's migrations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MigrationState {
    /// Names of the migrations still to be run, in their order.
    pub pending: Vec<String>,
    /// Versions that were run and that this program does not know: a newer release was here.
    pub unknown: Vec<String>,
}

/// Why the database could not be migrated, in words for its operator.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// It cannot be reached, or went away.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A newer release has migrated it.
    #[error(
        "the database was migrated by a newer release of this program (it knows {}); \
         run that release, or one after it",
        .unknown.join(", ")
    )]
    Newer {
        /// Versions that this program does not know.
        unknown: Vec<String>,
    },
    /// A migration failed. It is undone; those before it stand.
    #[error("the migration {name} failed and was undone: {source}")]
    Failed {
        /// Its name.
        name: String,
        /// What the database said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Anything else the database said.
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

/// Compares the database with this program's migrations. Changes nothing.
pub fn state(url: &SecretString) -> Result<MigrationState, MigrationError> {
    let mut connection = open(url)?;
    let applied = applied(&mut connection)?;
    Ok(MigrationState {
        pending: pending(&applied)?
            .iter()
            .map(|migration| migration.name().to_string())
            .collect(),
        unknown: unknown(applied)?,
    })
}

/// Runs the migrations that are pending, each in a transaction of its own, and returns their names.
/// While one process does this, others wait.
///
/// They wait by a lock of the session: a pooler between us and the database must not share sessions
/// among its clients here.
///
/// # Errors
/// [`MigrationError`]; what was run before the failure stays.
pub fn run(url: &SecretString) -> Result<Vec<String>, MigrationError> {
    let mut connection = open(url)?;
    connection.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0")?;
    lock(&mut connection)?;
    connection.setup()?;
    let applied = applied(&mut connection)?;
    let pending = pending(&applied)?;
    let unknown = unknown(applied)?;
    if !unknown.is_empty() {
        return Err(MigrationError::Newer { unknown });
    }
    // The lock goes with the connection, when this returns.
    pending
        .iter()
        .map(|migration| run_one(&mut connection, migration))
        .collect()
}

/// Waits until no other process migrates this schema. It asks again and again, because a statement
/// that waits would hold up those of the other's that wait for all statements.
fn lock(connection: &mut PgConnection) -> Result<(), MigrationError> {
    let mut told = false;
    loop {
        let locked: bool = sql::<Bool>(
            "SELECT pg_try_advisory_lock(?, oid::integer)
             FROM pg_namespace WHERE nspname = current_schema()",
        )
        .bind::<Integer, _>(LOCK)
        .get_result(connection)?;
        if locked {
            return Ok(());
        }
        if !told {
            log::info!("waiting for another process that migrates the database");
            told = true;
        }
        thread::sleep(PAUSE);
    }
}

/// Versions of the migrations that were run, none where there never was one.
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

/// Those of ours that were not run, in their order.
fn pending(applied: &HashSet<String>) -> Result<Vec<BoxedMigration>, MigrationError> {
    let mut pending = embedded()?;
    pending.retain(|migration| !applied.contains(&version(migration)));
    Ok(pending)
}

/// Those that were run and are not ours.
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
