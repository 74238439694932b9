//! Permissions, roles and groups, as the office changes them.

mod groups;
mod permissions;
mod roles;

use abu_application::platform::ports::StoreError;
use abu_domain::{Violation, platform::text::Description};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, Bool, Text, Timestamptz},
};
use uuid::Uuid;

use crate::{
    error::BadRow,
    sql::{Sql, sql},
    store::Session,
};

/// The next version of what is changed at `?`: later than the one before, whatever the clocks of
/// several servers say.
macro_rules! next_version {
    ($table:literal) => {
        concat!(
            "greatest(?, ",
            $table,
            ".last_modified + interval '1 microsecond')"
        )
    };
}

/// Adds a row of the office's own: `?, ?, ?` are its name, its description and now.
macro_rules! insert_one {
    ($table:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " (id, name, description, is_system, created_at, last_modified)
             SELECT gen_random_uuid(), ?, ?, false, now, now FROM (VALUES (?)) AS clock (now)"
        )
    };
}

/// Gives the row another name and description: `?, ?, ?, ?` are the new name, the description, now and
/// the name it has.
macro_rules! update_one {
    ($table:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET name = ?, description = ?, last_modified = ",
            $crate::access::rights::next_version!($table),
            " WHERE name = ?"
        )
    };
}

/// Those of the names `?` that the table has not.
macro_rules! unknown_names {
    ($table:literal) => {
        concat!(
            "SELECT wanted.name FROM unnest(?) WITH ORDINALITY AS wanted (name, place)
             WHERE NOT EXISTS (SELECT FROM ",
            $table,
            " AS known WHERE known.name = wanted.name)
             ORDER BY place"
        )
    };
}

use {insert_one, next_version, unknown_names, update_one};

impl Session<'_> {
    fn insert_named(
        &mut self,
        statement: &'static str,
        name: &str,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.execute(
            sql(statement)
                .bind::<Text, _>(name)
                .bind::<Text, _>(description.as_str())
                .bind::<Timestamptz, _>(now),
        )
    }

    fn update_named(
        &mut self,
        statement: &'static str,
        (name, new_name): (&str, &str),
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.execute(
            sql(statement)
                .bind::<Text, _>(new_name)
                .bind::<Text, _>(description.as_str())
                .bind::<Timestamptz, _>(now)
                .bind::<Text, _>(name),
        )
    }

    /// Whoever shows the name `?` has changed with it, at `?`.
    fn touch_named(
        &mut self,
        statement: &'static str,
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.execute(
            sql(statement)
                .bind::<Timestamptz, _>(now)
                .bind::<Text, _>(name),
        )
    }

    fn unknown_named<N: Clone>(
        &mut self,
        statement: &'static str,
        names: &[N],
        text: impl Fn(&N) -> &str,
    ) -> Result<Vec<N>, StoreError> {
        let texts: Vec<&str> = names.iter().map(&text).collect();
        let unknown: Vec<String> = self.run(|connection| {
            Ok(sql::<Text>(statement)
                .bind::<Array<Text>, _>(texts)
                .load(connection)?)
        })?;
        let is_unknown = |name: &&N| unknown.iter().any(|unknown| unknown == text(name));
        Ok(names.iter().filter(is_unknown).cloned().collect())
    }

    /// Whether the statement, whose one bind is the name, finds something.
    fn finds(&mut self, statement: &'static str, name: &str) -> Result<bool, StoreError> {
        self.run(|connection| {
            let found = sql::<Bool>(statement)
                .bind::<Text, _>(name)
                .get_result(connection)
                .optional()?;
            Ok(found.unwrap_or(false))
        })
    }

    /// A statement about one row and others that it is linked with: the binds are their names.
    fn link(
        &mut self,
        statement: &'static str,
        one: &str,
        others: Vec<&str>,
    ) -> Result<(), StoreError> {
        if others.is_empty() {
            return Ok(());
        }
        self.execute(
            sql(statement)
                .bind::<Text, _>(one)
                .bind::<Array<Text>, _>(others),
        )
    }

    fn execute(&mut self, statement: Sql<'_, ()>) -> Result<(), StoreError> {
        self.run(|connection| {
            statement.execute(connection)?;
            Ok(())
        })
    }
}

/// A stored name or description, as the type that it was stored from.
fn parsed<T>(
    column: &'static str,
    id: Uuid,
    parse: impl FnOnce(&str) -> Result<T, Violation>,
    text: &str,
) -> Result<T, BadRow> {
    parse(text).map_err(|_| BadRow { column, id })
}
