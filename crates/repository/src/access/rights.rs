//! Permissions, roles and groups: one implementation for three tables of the same shape.

use abu_application::{
    access::ports::{NameFilter, NamedSetReads, NamedSetWrites},
    platform::{
        lists::{Seek, Total},
        ports::StoreError,
    },
};
use abu_domain::{
    access::{AccessName, GroupName, NamedSet, PermissionName, RoleName},
    platform::text::Description,
};
use chrono::{DateTime, Utc};
use diesel::{
    dsl::{self, array},
    prelude::*,
    sql_types::{Array, Bool, Text, Timestamptz},
};

use crate::{
    like,
    lists::{ascending, in_list_order, total},
    schema::{groups, permission_role, permissions, role_group, roles},
    sql::{Sql, sql},
    store::Session,
};

/// A row of one of the tables, with the names of its parts.
#[derive(Queryable)]
struct Row {
    name: String,
    description: String,
    is_system: bool,
    parts: Vec<String>,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

/// The table of the sets whose names have this type.
trait Table: AccessName {
    const STATEMENTS: Statements;
    /// `None` where the sets have no parts.
    const PART_STATEMENTS: Option<PartStatements>;

    fn find(connection: &mut PgConnection, name: &str) -> QueryResult<Option<Row>>;

    /// The rows come as they are read: see [`in_list_order`].
    fn list(
        connection: &mut PgConnection,
        pattern: &str,
        seek: Seek<String>,
        limit: u32,
    ) -> QueryResult<Vec<Row>>;

    fn count(connection: &mut PgConnection, pattern: &str) -> QueryResult<Total>;
}

struct Statements {
    /// `?, ?, ?` are name, description and now.
    insert: &'static str,
    /// `?, ?, ?, ?` are the new name, the description, now and the name.
    update: &'static str,
    /// Makes the next version of the rows that show the name; `?, ?` are now and the name.
    touch_holders: &'static str,
    /// `?` is the name.
    delete: &'static str,
    /// `?` are names.
    unknown: &'static str,
    /// `?` is the name.
    is_used: &'static str,
}

/// `?, ?` are the name and names of parts.
struct PartStatements {
    add: &'static str,
    remove: &'static str,
}

/// The next version of what changes at `?`: later than the one before, whatever the clocks of several
/// servers say.
macro_rules! next_version {
    ($table:ident) => {
        concat!(
            "greatest(?, ",
            stringify!($table),
            ".last_modified + interval '1 microsecond')"
        )
    };
}

/// The columns of a [`Row`].
macro_rules! columns {
    ($table:ident, $parts:expr) => {
        (
            $table::name,
            $table::description,
            $table::is_system,
            $parts,
            $table::created_at,
            $table::last_modified,
        )
    };
}

/// Implements [`Table`] from the table that links a set with its parts, the one that links it with what
/// holds it and shows its name, and the query for whether it is used.
macro_rules! named_set {
    (
        $name:ident in $table:ident,
        parts: $parts:ident through $part_link:ident ($set_id:ident, $part_id:ident),
        holders: $holders:ident through $link:ident ($id:ident, $holder_id:ident),
        is_used: $is_used:literal,
    ) => {
        named_set! {
            $name in $table,
            part_names: array::<Text, _>(
                $part_link::table
                    .inner_join($parts::table)
                    .filter($part_link::$set_id.eq($table::id))
                    .order($parts::name)
                    .select($parts::name)
            ),
            part_statements: Some(PartStatements {
                add: concat!(
                    "INSERT INTO ", stringify!($part_link),
                    " (", stringify!($set_id), ", ", stringify!($part_id), ")
                     SELECT ", stringify!($table), ".id, ", stringify!($parts), ".id
                     FROM ", stringify!($table), ", ", stringify!($parts), "
                     WHERE ", stringify!($table), ".name = ?
                       AND ", stringify!($parts), ".name = ANY (?)
                     ON CONFLICT DO NOTHING"
                ),
                remove: concat!(
                    "DELETE FROM ", stringify!($part_link), "
                     USING ", stringify!($table), ", ", stringify!($parts), "
                     WHERE ", stringify!($set_id), " = ", stringify!($table), ".id
                       AND ", stringify!($part_id), " = ", stringify!($parts), ".id
                       AND ", stringify!($table), ".name = ?
                       AND ", stringify!($parts), ".name = ANY (?)"
                ),
            }),
            holders: $holders through $link ($id, $holder_id),
            is_used: $is_used,
        }
    };
    (
        $name:ident in $table:ident,
        part_names: $part_names:expr,
        part_statements: $part_statements:expr,
        holders: $holders:ident through $link:ident ($id:ident, $holder_id:ident),
        is_used: $is_used:literal,
    ) => {
        impl Table for $name {
            const STATEMENTS: Statements = Statements {
                insert: concat!(
                    "INSERT INTO ",
                    stringify!($table),
                    " (id, name, description, is_system, created_at, last_modified)
                     SELECT gen_random_uuid(), ?, ?, false, now, now
                     FROM (VALUES (?)) AS clock (now)"
                ),
                update: concat!(
                    "UPDATE ",
                    stringify!($table),
                    "
                     SET name = ?, description = ?, last_modified = ",
                    next_version!($table),
                    "
                     WHERE name = ?"
                ),
                touch_holders: concat!(
                    "UPDATE ",
                    stringify!($holders),
                    "
                     SET last_modified = ",
                    next_version!($holders),
                    "
                     FROM ",
                    stringify!($link),
                    " JOIN ",
                    stringify!($table),
                    " ON ",
                    stringify!($table),
                    ".id = ",
                    stringify!($id),
                    "
                     WHERE ",
                    stringify!($holder_id),
                    " = ",
                    stringify!($holders),
                    ".id
                       AND ",
                    stringify!($table),
                    ".name = ?"
                ),
                delete: concat!("DELETE FROM ", stringify!($table), " WHERE name = ?"),
                unknown: concat!(
                    "SELECT wanted.name FROM unnest(?) WITH ORDINALITY AS wanted (name, place)
                     WHERE NOT EXISTS (SELECT FROM ",
                    stringify!($table),
                    " AS known
                                       WHERE known.name = wanted.name)
                     ORDER BY place"
                ),
                is_used: $is_used,
            };
            const PART_STATEMENTS: Option<PartStatements> = $part_statements;

            fn find(connection: &mut PgConnection, name: &str) -> QueryResult<Option<Row>> {
                $table::table
                    .filter($table::name.eq(name))
                    .select(columns!($table, $part_names))
                    .first(connection)
                    .optional()
            }

            fn list(
                connection: &mut PgConnection,
                pattern: &str,
                seek: Seek<String>,
                limit: u32,
            ) -> QueryResult<Vec<Row>> {
                let filtered = $table::table
                    .filter($table::name.like(pattern))
                    .into_boxed();
                ascending!(filtered, seek, $table::name)
                    .limit(limit.into())
                    .select(columns!($table, $part_names))
                    .load(connection)
            }

            fn count(connection: &mut PgConnection, pattern: &str) -> QueryResult<Total> {
                let filtered = $table::table.filter($table::name.like(pattern));
                total(connection, filtered.select($table::id))
            }
        }
    };
}

named_set! {
    PermissionName in permissions,
    part_names: dsl::sql::<Array<Text>>("ARRAY[]::text[]"),
    part_statements: None,
    holders: roles through permission_role (permission_id, role_id),
    is_used: "SELECT EXISTS (SELECT FROM permissions
                             JOIN permission_role ON permission_id = permissions.id
                             WHERE name = ?)",
}

named_set! {
    RoleName in roles,
    parts: permissions through permission_role (role_id, permission_id),
    holders: groups through role_group (role_id, group_id),
    is_used: "SELECT EXISTS (SELECT FROM role_group WHERE role_id = roles.id)
                  OR EXISTS (SELECT FROM role_assignments
                             WHERE role_id = roles.id
                               AND (valid_until IS NULL OR now() < valid_until))
              FROM roles WHERE name = ?",
}

named_set! {
    GroupName in groups,
    parts: roles through role_group (group_id, role_id),
    holders: users through user_group (group_id, user_id),
    is_used: "SELECT EXISTS (SELECT FROM groups JOIN user_group ON group_id = groups.id
                             WHERE name = ? AND (valid_until IS NULL OR now() < valid_until))",
}

impl<N: Table> NamedSetReads<N> for Session<'_> {
    fn named(&mut self, name: &N) -> Result<Option<NamedSet<N>>, StoreError> {
        self.run(|connection| {
            let row = N::find(connection, name.as_str())?;
            Ok(row.and_then(named_set))
        })
    }

    fn list_named(
        &mut self,
        filter: &NameFilter,
        seek: Seek<String>,
        limit: u32,
    ) -> Result<Vec<NamedSet<N>>, StoreError> {
        let Some(pattern) = pattern(filter) else {
            return Ok(Vec::new());
        };
        let backward = seek.is_backward();
        self.run(|connection| {
            let rows = N::list(connection, &pattern, seek, limit)?;
            let rows = in_list_order(backward, rows).into_iter();
            Ok(rows.filter_map(named_set).collect())
        })
    }

    fn count_named(&mut self, filter: &NameFilter) -> Result<Total, StoreError> {
        self.run(|connection| match pattern(filter) {
            Some(pattern) => Ok(N::count(connection, &pattern)?),
            None => Ok(Total::Exactly(0)),
        })
    }

    fn unknown_names(&mut self, names: &[N]) -> Result<Vec<N>, StoreError> {
        let unknown: Vec<String> = self.run(|connection| {
            Ok(sql::<Text>(N::STATEMENTS.unknown)
                .bind::<Array<Text>, _>(texts(names))
                .load(connection)?)
        })?;
        let is_unknown = |name: &&N| unknown.iter().any(|unknown| unknown == name.as_str());
        Ok(names.iter().filter(is_unknown).cloned().collect())
    }

    fn is_used(&mut self, name: &N) -> Result<bool, StoreError> {
        self.run(|connection| {
            let found = sql::<Bool>(N::STATEMENTS.is_used)
                .bind::<Text, _>(name.as_str())
                .get_result(connection)
                .optional()?;
            Ok(found.unwrap_or(false))
        })
    }
}

impl<N: Table> NamedSetWrites<N> for Session<'_> {
    fn insert_named(
        &mut self,
        name: &N,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.execute(
            sql(N::STATEMENTS.insert)
                .bind::<Text, _>(name.as_str())
                .bind::<Text, _>(description.as_str())
                .bind::<Timestamptz, _>(now),
        )
    }

    fn update_named(
        &mut self,
        name: &N,
        new_name: &N,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if new_name != name {
            self.execute(
                sql(N::STATEMENTS.touch_holders)
                    .bind::<Timestamptz, _>(now)
                    .bind::<Text, _>(name.as_str()),
            )?;
        }
        self.execute(
            sql(N::STATEMENTS.update)
                .bind::<Text, _>(new_name.as_str())
                .bind::<Text, _>(description.as_str())
                .bind::<Timestamptz, _>(now)
                .bind::<Text, _>(name.as_str()),
        )
    }

    fn add_parts(&mut self, name: &N, parts: &[N::Part]) -> Result<(), StoreError> {
        let statement = N::PART_STATEMENTS.map(|statements| statements.add);
        self.link(statement, name, parts)
    }

    fn remove_parts(&mut self, name: &N, parts: &[N::Part]) -> Result<(), StoreError> {
        let statement = N::PART_STATEMENTS.map(|statements| statements.remove);
        self.link(statement, name, parts)
    }

    fn delete_named(&mut self, name: &N) -> Result<(), StoreError> {
        self.execute(sql(N::STATEMENTS.delete).bind::<Text, _>(name.as_str()))
    }
}

impl Session<'_> {
    fn link<N: Table>(
        &mut self,
        statement: Option<&'static str>,
        name: &N,
        parts: &[N::Part],
    ) -> Result<(), StoreError> {
        let Some(statement) = statement.filter(|_| !parts.is_empty()) else {
            return Ok(());
        };
        self.execute(
            sql(statement)
                .bind::<Text, _>(name.as_str())
                .bind::<Array<Text>, _>(texts(parts)),
        )
    }

    fn execute(&mut self, statement: Sql<'_, ()>) -> Result<(), StoreError> {
        self.run(|connection| {
            statement.execute(connection)?;
            Ok(())
        })
    }
}

/// `None` for a type without names, which no table has.
fn named_set<N: Table>(row: Row) -> Option<NamedSet<N>> {
    let parts = row.parts.into_iter();
    Some(NamedSet {
        name: N::from_storage(row.name)?,
        description: Description::from_storage(row.description),
        is_system: row.is_system,
        parts: parts.filter_map(N::Part::from_storage).collect(),
        created_at: row.created_at,
        last_modified: row.last_modified,
    })
}

/// The pattern of names that pass the filter; `None` where none can.
fn pattern(filter: &NameFilter) -> Option<String> {
    let part = filter.contains.as_deref().unwrap_or_default();
    like::containing(&part.to_lowercase())
}

fn texts<N: AccessName>(names: &[N]) -> Vec<&str> {
    names.iter().map(N::as_str).collect()
}
