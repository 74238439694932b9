//! Permissions, roles and groups.

use abu_application::ports::{AccessRows, CallerRecord, StoreError};
use abu_domain::{
    UserId,
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

impl AccessRows for Session<'_> {
    fn caller(&mut self, id: UserId) -> Result<Option<CallerRecord>, StoreError> {
        self.run(|connection| {
            let found: Option<(bool, bool, Vec<String>)> = sql::<(Bool, Bool, Array<Text>)>(
                "SELECT is_active, is_superuser, ARRAY(
                     SELECT DISTINCT permissions.name
                     FROM user_group
                     JOIN role_group USING (group_id)
                     JOIN permission_role USING (role_id)
                     JOIN permissions ON permissions.id = permission_id
                     WHERE user_id = users.id)
                 FROM users WHERE id = ?",
            )
            .bind::<SqlUuid, _>(id.uuid())
            .get_result(connection)
            .optional()?;
            Ok(
                found.map(|(is_active, is_superuser, permissions)| CallerRecord {
                    is_active,
                    is_superuser,
                    permissions: permissions.into_iter().collect(),
                }),
            )
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
