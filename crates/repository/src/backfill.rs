//! Backfill: brings existing rows to the form that this release writes.
//!
//! Backfills run after the migrations, under their lock, while servers of either release run. They
//! go through a table by its key in batches and store their position, so an interrupted one goes on
//! where it was. Every step can be repeated. Text that no rule can mend stays as it is: reading never
//! refuses it.
//!
//! The previous release serves while the first pass runs, and writes its own form. So the first server
//! of the new release makes a second pass.

mod addresses;
mod lines;
mod reactions;

use std::time::Duration;

use diesel::{
    PgConnection,
    prelude::*,
    sql_types::{Bool, Nullable, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    migrations::{MigrationError, retry},
    sql::sql,
};

/// Keys of a batch. The position is stored once a batch.
const BATCH: i32 = 500;

/// Rows after the position, or from the start.
type Position = Option<Uuid>;

/// What one batch did.
struct Batch {
    /// The key of its last row; `None` if no row was left.
    last: Option<Uuid>,
    changed: usize,
}

#[derive(Clone, Copy)]
enum Pass {
    /// Before a server of this release may start.
    First,
    /// Once a server of this release runs.
    Second,
}

/// A backfill: its name in the database, and its next batch after a position.
type Backfill = (&'static str, Run);

enum Run {
    Addresses,
    Reactions,
    Lines(lines::Column),
}

/// Every backfill, in order: addresses first, since log-ins depend on them.
fn all() -> impl Iterator<Item = Backfill> {
    [
        ("user_emails.email", Run::Addresses),
        ("message_reactions.emoji", Run::Reactions),
    ]
    .into_iter()
    .chain(
        lines::COLUMNS
            .iter()
            .map(|column| (column.name, Run::Lines(*column))),
    )
}

/// Names of the backfills that are not finished; none before their table exists.
pub(crate) fn unfinished(connection: &mut PgConnection) -> QueryResult<Vec<String>> {
    let there: bool =
        sql::<Bool>("SELECT to_regclass('backfills') IS NOT NULL").get_result(connection)?;
    if !there {
        return Ok(Vec::new());
    }
    let finished: Vec<String> =
        sql::<Text>("SELECT name FROM backfills WHERE finished_at IS NOT NULL").load(connection)?;
    Ok(all()
        .filter(|(name, _)| !finished.iter().any(|known| known == name))
        .map(|(name, _)| format!("backfill of {name}"))
        .collect())
}

/// Makes the first pass of what is not finished; returns the names of the backfills that changed rows. Tries for
/// `patience` to get the locks of a batch.
pub(crate) fn run(
    connection: &mut PgConnection,
    patience: Duration,
) -> Result<Vec<String>, MigrationError> {
    passes(connection, Pass::First, &|| false, patience)
}

/// Makes the second pass of what was not repeated, until `stops` is true between two batches; returns
/// the names of the backfills that changed rows.
pub(crate) fn repeat(
    connection: &mut PgConnection,
    stops: &dyn Fn() -> bool,
) -> Result<Vec<String>, MigrationError> {
    // The caller tries again.
    passes(connection, Pass::Second, stops, Duration::ZERO)
}

/// No earlier release has written anything.
pub(crate) fn skip_second_pass(connection: &mut PgConnection) -> QueryResult<()> {
    sql::<()>("UPDATE backfills SET repeated_at = now()").execute(connection)?;
    Ok(())
}

/// Has the next server make the second pass again, from the start.
pub(crate) fn demand_second_pass(connection: &mut PgConnection) -> QueryResult<()> {
    sql::<()>("UPDATE backfills SET position = NULL, repeated_at = NULL").execute(connection)?;
    Ok(())
}

/// Whether a second pass is due.
pub(crate) fn awaits_second_pass(connection: &mut PgConnection) -> QueryResult<bool> {
    sql::<Bool>("SELECT EXISTS (SELECT FROM backfills WHERE repeated_at IS NULL)")
        .get_result(connection)
}

fn passes(
    connection: &mut PgConnection,
    pass: Pass,
    stops: &dyn Fn() -> bool,
    patience: Duration,
) -> Result<Vec<String>, MigrationError> {
    let mut changed = Vec::new();
    for (name, backfill) in all() {
        let rows = run_one(connection, name, &backfill, pass, stops, patience)?;
        if rows > 0 {
            log::info!(backfill = name, rows = rows; "brought existing rows to the form of this release");
            changed.push(format!("backfill of {name} ({rows} rows)"));
        }
    }
    Ok(changed)
}

fn run_one(
    connection: &mut PgConnection,
    name: &'static str,
    backfill: &Run,
    pass: Pass,
    stops: &dyn Fn() -> bool,
    patience: Duration,
) -> Result<usize, MigrationError> {
    let Some(mut position) = start(connection, name, pass)? else {
        return Ok(0);
    };
    let mut changed = 0;
    while !stops() {
        let batch = retry(patience, name, || {
            Ok(match backfill {
                Run::Addresses => addresses::batch(connection, position),
                Run::Reactions => reactions::batch(connection, position),
                Run::Lines(column) => column.batch(connection, position),
            }?)
        })?;
        changed += batch.changed;
        let Some(last) = batch.last else {
            finish(connection, name, pass)?;
            return Ok(changed);
        };
        sql::<()>("UPDATE backfills SET position = ? WHERE name = ?")
            .bind::<SqlUuid, _>(last)
            .bind::<Text, _>(name)
            .execute(connection)?;
        position = Some(last);
    }
    Ok(changed)
}

/// Where to begin; `None` if the pass is finished.
fn start(connection: &mut PgConnection, name: &str, pass: Pass) -> QueryResult<Option<Position>> {
    sql::<()>("INSERT INTO backfills (name) VALUES (?) ON CONFLICT DO NOTHING")
        .bind::<Text, _>(name)
        .execute(connection)?;
    let due = sql::<Nullable<SqlUuid>>(match pass {
        Pass::First => "SELECT position FROM backfills WHERE name = ? AND finished_at IS NULL",
        Pass::Second => "SELECT position FROM backfills WHERE name = ? AND repeated_at IS NULL",
    });
    due.bind::<Text, _>(name).get_result(connection).optional()
}

fn finish(connection: &mut PgConnection, name: &str, pass: Pass) -> QueryResult<()> {
    let finished = sql::<()>(match pass {
        Pass::First => "UPDATE backfills SET position = NULL, finished_at = now() WHERE name = ?",
        Pass::Second => "UPDATE backfills SET position = NULL, repeated_at = now() WHERE name = ?",
    });
    finished.bind::<Text, _>(name).execute(connection)?;
    Ok(())
}
