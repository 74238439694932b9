//! Permissions, roles and groups.

use std::collections::{BTreeMap, BTreeSet};

use abu_application::ports::{AccessRows, CallerRecord, StoreError};
use abu_domain::{
    SessionId, UserId,
    access::{Permission, SEEDED_GROUPS, SEEDED_ROLES},
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, Bool, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    schema::{groups, user_group},
    sql::sql,
    store::Session,
};

/// Whether they are active, hidden, superusers, and due to set up one-time passwords; what they hold
/// everywhere; and what they hold in chapters, as two lists of one length.
type CallerRow = (bool, bool, bool, bool, Vec<String>, Vec<Uuid>, Vec<String>);

fn caller_record(row: CallerRow) -> CallerRecord {
    let (is_active, is_deactivated, is_superuser, totp_due, everywhere, chapters, names) = row;
    let mut in_chapters: BTreeMap<Uuid, BTreeSet<String>> = BTreeMap::new();
    for (chapter, name) in chapters.into_iter().zip(names) {
        in_chapters.entry(chapter).or_default().insert(name);
    }
    CallerRecord {
        is_active,
        is_deactivated,
        is_superuser,
        totp_due,
        permissions: everywhere.into_iter().collect(),
        in_chapters,
    }
}

impl AccessRows for Session<'_> {
    fn caller(
        &mut self,
        user: UserId,
        session: SessionId,
    ) -> Result<Option<CallerRecord>, StoreError> {
        self.run(|connection| {
            let found: Option<CallerRow> = sql::<(
                Bool,
                Bool,
                Bool,
                Bool,
                Array<Text>,
                Array<SqlUuid>,
                Array<Text>,
            )>(
                "WITH held AS (
                         SELECT role_id, NULL::uuid AS chapter
                         FROM user_group JOIN role_group USING (group_id) WHERE user_id = ?
                         UNION
                         SELECT role_id, scope_id
                         FROM role_assignments
                         WHERE user_id = ? AND valid_from <= now()
                           AND (valid_until IS NULL OR now() < valid_until)),
                     granted AS (
                         SELECT DISTINCT chapter, permissions.name
                         FROM held JOIN permission_role USING (role_id)
                         JOIN permissions ON permissions.id = permission_id)
                     SELECT is_active, deactivated_at IS NOT NULL, is_superuser, totp_due,
                            ARRAY(SELECT name FROM granted WHERE chapter IS NULL),
                            ARRAY(SELECT chapter FROM granted WHERE chapter IS NOT NULL
                                  ORDER BY chapter, name),
                            ARRAY(SELECT name FROM granted WHERE chapter IS NOT NULL
                                  ORDER BY chapter, name)
                     FROM sessions JOIN users ON users.id = sessions.user_id
                     WHERE sessions.id = ? AND users.id = ?
                       AND (revoked_at IS NULL OR NOT is_active)",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<SqlUuid, _>(session.uuid())
            .bind::<SqlUuid, _>(user.uuid())
            .get_result(connection)
            .optional()?;
            Ok(found.map(caller_record))
        })
    }

    fn seed_access(&mut self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        self.run(|connection| {
            Ok(seed_permissions(connection, now)?
                + seed_roles(connection, now)?
                + seed_groups(connection, now)?
                + seed_permissions_of_roles(connection)?
                + seed_roles_of_groups(connection)?)
        })
    }

    fn add_to_group(&mut self, user: UserId, group: &str) -> Result<bool, StoreError> {
        let id = self.run(|connection| {
            Ok(groups::table
                .filter(groups::name.eq(group))
                .select(groups::id)
                .first::<Uuid>(connection)
                .optional()?)
        })?;
        let Some(id) = id else {
            return Err(StoreError::Other(format!("there is no {group}").into()));
        };
        self.run(|connection| {
            let added = diesel::insert_into(user_group::table)
                .values((
                    user_group::user_id.eq(user.uuid()),
                    user_group::group_id.eq(id),
                ))
                .on_conflict_do_nothing()
                .execute(connection)?;
            Ok(added == 1)
        })
    }
}

/// Adds those of `?, ?` (names and descriptions) that the table misses.
macro_rules! insert_named {
    ($table:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " (id, name, description, is_system, created_at, last_modified)
             SELECT gen_random_uuid(), name, description, true, now, now
             FROM unnest(?, ?) AS seeded (name, description), (VALUES (?)) AS clock (now)
             ON CONFLICT (name) DO NOTHING"
        )
    };
}

fn seed_named(
    connection: &mut PgConnection,
    statement: &'static str,
    named: impl Iterator<Item = (&'static str, &'static str)>,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let (names, descriptions): (Vec<_>, Vec<_>) = named.unzip();
    sql::<()>(statement)
        .bind::<Array<Text>, _>(names)
        .bind::<Array<Text>, _>(descriptions)
        .bind::<Timestamptz, _>(now)
        .execute(connection)
}

fn seed_permissions(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    let all = Permission::ALL.iter();
    let named = all.map(|permission| (permission.name(), permission.description()));
    seed_named(connection, insert_named!("permissions"), named, now)
}

fn seed_roles(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    let named = SEEDED_ROLES
        .iter()
        .map(|role| (role.name, role.description));
    seed_named(connection, insert_named!("roles"), named, now)
}

fn seed_groups(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    let named = SEEDED_GROUPS
        .iter()
        .map(|group| (group.name, group.description));
    seed_named(connection, insert_named!("groups"), named, now)
}

fn seed_permissions_of_roles(connection: &mut PgConnection) -> QueryResult<usize> {
    let (roles, permissions): (Vec<_>, Vec<_>) = SEEDED_ROLES
        .iter()
        .flat_map(|role| role.permissions.iter().map(|held| (role.name, held.name())))
        .unzip();
    sql::<()>(
        "INSERT INTO permission_role (role_id, permission_id)
         SELECT roles.id, permissions.id
         FROM unnest(?, ?) AS seeded (role, permission)
         JOIN roles ON roles.name = seeded.role
         JOIN permissions ON permissions.name = seeded.permission
         ON CONFLICT DO NOTHING",
    )
    .bind::<Array<Text>, _>(roles)
    .bind::<Array<Text>, _>(permissions)
    .execute(connection)
}

fn seed_roles_of_groups(connection: &mut PgConnection) -> QueryResult<usize> {
    let (groups, roles): (Vec<_>, Vec<_>) = SEEDED_GROUPS
        .iter()
        .flat_map(|group| group.roles.iter().map(|held| (group.name, *held)))
        .unzip();
    sql::<()>(
        "INSERT INTO role_group (group_id, role_id)
         SELECT groups.id, roles.id
         FROM unnest(?, ?) AS seeded (group_name, role)
         JOIN groups ON groups.name = seeded.group_name
         JOIN roles ON roles.name = seeded.role
         ON CONFLICT DO NOTHING",
    )
    .bind::<Array<Text>, _>(groups)
    .bind::<Array<Text>, _>(roles)
    .execute(connection)
}
