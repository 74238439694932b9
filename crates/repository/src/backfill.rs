//! Backfill: brings existing rows to the form that this release writes.
//!
//! Backfills run after the migrations, under their lock, while servers of either release run. They
//! go through a table by its key in batches and store their position, so an interrupted one goes on
//! where it was. Every step can be repeated. Text that no rule can mend stays as it is: reading never
//! refuses it.

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

/// Runs what is not finished; returns the names of the backfills that changed rows. Tries for `patience` to get
/// the locks of a batch.
pub(crate) fn run(
    connection: &mut PgConnection,
    patience: Duration,
) -> Result<Vec<String>, MigrationError> {
    let mut changed = Vec::new();
    for (name, backfill) in all() {
        let rows = run_one(connection, name, &backfill, patience)?;
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
    patience: Duration,
) -> Result<usize, MigrationError> {
    let Some(mut position) = start(connection, name)? else {
        return Ok(0);
    };
    let mut changed = 0;
    loop {
        let batch = retry(patience, name, || {
            Ok(match backfill {
                Run::Addresses => addresses::batch(connection, position),
                Run::Reactions => reactions::batch(connection, position),
                Run::Lines(column) => column.batch(connection, position),
            }?)
        })?;
        changed += batch.changed;
        let Some(last) = batch.last else {
            sql::<()>("UPDATE backfills SET finished_at = now() WHERE name = ?")
                .bind::<Text, _>(name)
                .execute(connection)?;
            return Ok(changed);
        };
        sql::<()>("UPDATE backfills SET position = ? WHERE name = ?")
            .bind::<SqlUuid, _>(last)
            .bind::<Text, _>(name)
            .execute(connection)?;
        position = Some(last);
    }
}

/// Where to begin; `None` if the backfill is finished.
fn start(connection: &mut PgConnection, name: &str) -> QueryResult<Option<Position>> {
    sql::<()>("INSERT INTO backfills (name) VALUES (?) ON CONFLICT DO NOTHING")
        .bind::<Text, _>(name)
        .execute(connection)?;
    sql::<Nullable<SqlUuid>>(
        "SELECT position FROM backfills WHERE name = ? AND finished_at IS NULL",
    )
    .bind::<Text, _>(name)
    .get_result(connection)
    .optional()
}
