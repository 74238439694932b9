//! Rights of users, and the seeding of permissions, roles and groups.

use std::collections::{BTreeMap, BTreeSet};

use abu_application::{
    access::ports::{AccessReads, AccessWrites, CallerRecord, HeldPermission},
    platform::ports::StoreError,
};
use abu_domain::{
    LoginSessionId, UserId,
    access::{
        GroupName, Permission, PermissionName, RoleName, SEEDED_GROUPS, SEEDED_ROLES,
        SUPER_ADMIN_GROUP, Scope,
    },
};
use chrono::{DateTime, Utc};
use diesel::{
    dsl::exists,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Untyped, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    error::Failure,
    schema::{groups, user_emails, user_group, users},
    sql::{Sql, sql},
    store::Session,
};

/// Columns by name: a swap of booleans in a tuple would compile.
#[derive(QueryableByName)]
struct CallerRow {
    #[diesel(sql_type = Bool)]
    is_active: bool,
    #[diesel(sql_type = Bool)]
    is_deactivated: bool,
    #[diesel(sql_type = Bool)]
    is_superuser: bool,
    #[diesel(sql_type = Bool)]
    totp_due: bool,
    /// Names of the globally held permissions.
    #[diesel(sql_type = Array<Text>)]
    everywhere: Vec<String>,
    /// As many as `in_chapters`.
    #[diesel(sql_type = Array<SqlUuid>)]
    chapters: Vec<Uuid>,
    /// Names of the permissions held in the chapter at the same index.
    #[diesel(sql_type = Array<Text>)]
    in_chapters: Vec<String>,
}

/// Rights of the user `?` as a [`CallerRow`]. The binds are the user and those of `$lasts` three
/// times, with [`SUPER_ADMIN_GROUP`] before the last ones, and those of `$from`. Memberships and
/// assigned roles count if their end satisfies `$lasts`, assigned roles also if their start satisfies
/// `$begun`. Super admins hold all permissions.
macro_rules! holdings {
    ($begun:literal, $lasts:literal, $totp_due:literal, $from:literal) => {
        concat!(
            "WITH held AS (
                 SELECT role_id, NULL::uuid AS chapter
                 FROM user_group JOIN role_group USING (group_id)
                 WHERE user_id = ? AND (valid_until IS NULL OR ",
            $lasts,
            ")
                 UNION
                 SELECT role_id, scope_id FROM role_assignments
                 WHERE user_id = ? AND ",
            $begun,
            " AND (valid_until IS NULL OR ",
            $lasts,
            ")),
             granted AS (
                 SELECT chapter, permissions.name
                 FROM held JOIN permission_role USING (role_id)
                 JOIN permissions ON permissions.id = permission_id
                 UNION
                 SELECT NULL, permissions.name FROM permissions
                 WHERE EXISTS (SELECT FROM user_group JOIN groups ON groups.id = group_id
                               WHERE user_id = ? AND groups.name = ?
                                 AND (valid_until IS NULL OR ",
            $lasts,
            ")))
             SELECT is_active, deactivated_at IS NOT NULL AS is_deactivated, is_superuser, ",
            $totp_due,
            " AS totp_due,
               ARRAY(SELECT name FROM granted WHERE chapter IS NULL) AS everywhere,
               ARRAY(SELECT chapter FROM granted WHERE chapter IS NOT NULL
                     ORDER BY chapter, name) AS chapters,
               ARRAY(SELECT name FROM granted WHERE chapter IS NOT NULL
                     ORDER BY chapter, name) AS in_chapters
             FROM ",
            $from,
        )
    };
}

/// Names of the permissions outside `?` that a user among `$holders` holds now or in a future term.
/// Leaves super admins out.
macro_rules! exceeds {
    ($holders:literal) => {
        concat!(
            "WITH holders AS (",
            $holders,
            "),
             beyond AS (
                 SELECT role_id, permissions.name
                 FROM permission_role JOIN permissions ON permissions.id = permission_id
                 WHERE permissions.name <> ALL (?)),
             given AS (
                 SELECT role_id, user_id FROM user_group JOIN role_group USING (group_id)
                 WHERE valid_until IS NULL OR now() < valid_until
                 UNION ALL
                 SELECT role_id, user_id FROM role_assignments
                 WHERE valid_until IS NULL OR now() < valid_until)
             SELECT DISTINCT beyond.name FROM beyond JOIN given USING (role_id)
             WHERE user_id IN (SELECT user_id FROM holders)
               AND user_id NOT IN (SELECT user_id FROM user_group JOIN groups ON groups.id = group_id
                                   WHERE groups.name = ?
                                     AND (valid_until IS NULL OR now() < valid_until))"
        )
    };
}

impl From<CallerRow> for CallerRecord {
    fn from(row: CallerRow) -> Self {
        let mut in_chapters: BTreeMap<Uuid, BTreeSet<String>> = BTreeMap::new();
        for (chapter, name) in row.chapters.into_iter().zip(row.in_chapters) {
            in_chapters.entry(chapter).or_default().insert(name);
        }
        Self {
            is_active: row.is_active,
            is_deactivated: row.is_deactivated,
            is_superuser: row.is_superuser,
            totp_due: row.totp_due,
            permissions: row.everywhere.into_iter().collect(),
            in_chapters,
        }
    }
}

fn names(
    connection: &mut PgConnection,
    statement: Sql<'_, Text>,
) -> Result<BTreeSet<String>, Failure> {
    let names: Vec<String> = statement.load(connection)?;
    Ok(names.into_iter().collect())
}

impl AccessReads for Session<'_> {
    fn caller(
        &mut self,
        user: UserId,
        session: LoginSessionId,
    ) -> Result<Option<CallerRecord>, StoreError> {
        let user = user.uuid();
        self.run(|connection| {
            let found: Option<CallerRow> = sql::<Untyped>(holdings!(
                "valid_from <= now()",
                "now() < valid_until",
                "totp_due",
                "sessions JOIN users ON users.id = sessions.user_id
                 WHERE sessions.id = ? AND users.id = ?
                   AND (revoked_at IS NULL OR NOT is_active)"
            ))
            .bind::<SqlUuid, _>(user)
            .bind::<SqlUuid, _>(user)
            .bind::<SqlUuid, _>(user)
            .bind::<Text, _>(SUPER_ADMIN_GROUP)
            .bind::<SqlUuid, _>(session.uuid())
            .bind::<SqlUuid, _>(user)
            .get_result(connection)
            .optional()?;
            Ok(found.map(CallerRecord::from))
        })
    }

    fn holder(&mut self, user: UserId) -> Result<Option<CallerRecord>, StoreError> {
        let user = user.uuid();
        self.run(|connection| {
            let found: Option<CallerRow> = sql::<Untyped>(holdings!(
                "true",
                "now() < valid_until",
                "false",
                "users WHERE users.id = ?"
            ))
            .bind::<SqlUuid, _>(user)
            .bind::<SqlUuid, _>(user)
            .bind::<SqlUuid, _>(user)
            .bind::<Text, _>(SUPER_ADMIN_GROUP)
            .bind::<SqlUuid, _>(user)
            .get_result(connection)
            .optional()?;
            Ok(found.map(CallerRecord::from))
        })
    }

    fn held_until(
        &mut self,
        user: UserId,
        until: Option<DateTime<Utc>>,
    ) -> Result<Option<CallerRecord>, StoreError> {
        let user = user.uuid();
        self.run(|connection| {
            let found: Option<CallerRow> = sql::<Untyped>(holdings!(
                "valid_from <= now()",
                "valid_until >= ?",
                "false",
                "users WHERE users.id = ?"
            ))
            .bind::<SqlUuid, _>(user)
            .bind::<Nullable<Timestamptz>, _>(until)
            .bind::<SqlUuid, _>(user)
            .bind::<Nullable<Timestamptz>, _>(until)
            .bind::<SqlUuid, _>(user)
            .bind::<Text, _>(SUPER_ADMIN_GROUP)
            .bind::<Nullable<Timestamptz>, _>(until)
            .bind::<SqlUuid, _>(user)
            .get_result(connection)
            .optional()?;
            Ok(found.map(CallerRecord::from))
        })
    }

    fn held_permissions(
        &mut self,
        user: UserId,
        limit: u32,
    ) -> Result<Vec<HeldPermission>, StoreError> {
        let user = user.uuid();
        self.run(|connection| {
            let rows: Vec<(String, Option<Uuid>, Option<DateTime<Utc>>)> =
                sql::<(Text, Nullable<SqlUuid>, Nullable<Timestamptz>)>(
                    "WITH held AS (
                         SELECT role_id, NULL::uuid AS chapter, valid_until AS until
                         FROM user_group JOIN role_group USING (group_id)
                         WHERE user_id = ? AND (valid_until IS NULL OR now() < valid_until)
                         UNION ALL
                         SELECT role_id, scope_id, valid_until
                         FROM role_assignments
                         WHERE user_id = ? AND valid_from <= now()
                           AND (valid_until IS NULL OR now() < valid_until)),
                     granted AS (
                         SELECT permissions.name, chapter, until
                         FROM held JOIN permission_role USING (role_id)
                         JOIN permissions ON permissions.id = permission_id
                         UNION ALL
                         SELECT permissions.name, NULL, valid_until
                         FROM permissions, user_group JOIN groups ON groups.id = group_id
                         WHERE user_id = ? AND groups.name = ?
                           AND (valid_until IS NULL OR now() < valid_until))
                     SELECT name, chapter,
                            CASE WHEN bool_or(until IS NULL) THEN NULL ELSE max(until) END
                     FROM granted GROUP BY name, chapter
                     ORDER BY chapter NULLS FIRST, name LIMIT ?",
                )
                .bind::<SqlUuid, _>(user)
                .bind::<SqlUuid, _>(user)
                .bind::<SqlUuid, _>(user)
                .bind::<Text, _>(SUPER_ADMIN_GROUP)
                .bind::<BigInt, _>(i64::from(limit))
                .load(connection)?;
            let held = rows
                .into_iter()
                .map(|(name, chapter, until)| HeldPermission {
                    permission: PermissionName::from_storage(name),
                    scope: chapter.map_or(Scope::Global, Scope::Chapter),
                    until,
                });
            Ok(held.collect())
        })
    }

    fn permissions_of_roles(&mut self, roles: &[RoleName]) -> Result<BTreeSet<String>, StoreError> {
        let roles: Vec<&str> = roles.iter().map(RoleName::as_str).collect();
        self.run(|connection| {
            let given = sql::<Text>(
                "SELECT DISTINCT permissions.name
                 FROM roles JOIN permission_role ON role_id = roles.id
                 JOIN permissions ON permissions.id = permission_id
                 WHERE roles.name = ANY (?)",
            );
            names(connection, given.bind::<Array<Text>, _>(roles))
        })
    }

    fn permissions_of_groups(
        &mut self,
        groups: &[GroupName],
    ) -> Result<BTreeSet<String>, StoreError> {
        let groups: Vec<&str> = groups.iter().map(GroupName::as_str).collect();
        self.run(|connection| {
            let given = sql::<Text>(
                "SELECT permissions.name
                 FROM groups JOIN role_group ON group_id = groups.id
                 JOIN permission_role USING (role_id)
                 JOIN permissions ON permissions.id = permission_id
                 WHERE groups.name = ANY (?)
                 UNION
                 SELECT permissions.name FROM permissions WHERE ? = ANY (?)",
            );
            let given = given
                .bind::<Array<Text>, _>(groups.clone())
                .bind::<Text, _>(SUPER_ADMIN_GROUP)
                .bind::<Array<Text>, _>(groups);
            names(connection, given)
        })
    }

    fn excess_of_holders(
        &mut self,
        role: &RoleName,
        held: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, StoreError> {
        self.run(|connection| {
            let beyond = sql::<Text>(exceeds!(
                "SELECT user_id
                 FROM roles JOIN role_group ON role_id = roles.id
                 JOIN user_group USING (group_id)
                 WHERE roles.name = ? AND (valid_until IS NULL OR now() < valid_until)
                 UNION
                 SELECT user_id FROM roles JOIN role_assignments ON role_id = roles.id
                 WHERE roles.name = ? AND (valid_until IS NULL OR now() < valid_until)"
            ));
            let beyond = beyond
                .bind::<Text, _>(role.as_str())
                .bind::<Text, _>(role.as_str())
                .bind::<Array<Text>, _>(held.iter().collect::<Vec<_>>())
                .bind::<Text, _>(SUPER_ADMIN_GROUP);
            names(connection, beyond)
        })
    }

    fn excess_of_members(
        &mut self,
        group: &GroupName,
        held: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, StoreError> {
        self.run(|connection| {
            let beyond = sql::<Text>(exceeds!(
                "SELECT user_id FROM groups JOIN user_group ON group_id = groups.id
                 WHERE groups.name = ? AND (valid_until IS NULL OR now() < valid_until)"
            ));
            let beyond = beyond
                .bind::<Text, _>(group.as_str())
                .bind::<Array<Text>, _>(held.iter().collect::<Vec<_>>())
                .bind::<Text, _>(SUPER_ADMIN_GROUP);
            names(connection, beyond)
        })
    }

    fn other_active_super_admins(&mut self, user: UserId) -> Result<u64, StoreError> {
        self.run(|connection| {
            let proved = user_emails::table
                .filter(user_emails::user_id.eq(users::id))
                .filter(user_emails::is_primary)
                .filter(user_emails::verified_at.is_not_null());
            let others: i64 = user_group::table
                .inner_join(groups::table)
                .inner_join(users::table)
                .filter(groups::name.eq(SUPER_ADMIN_GROUP))
                .filter(user_group::valid_until.is_null())
                .filter(users::is_active)
                .filter(exists(proved))
                .filter(users::id.ne(user.uuid()))
                .count()
                .get_result(connection)?;
            Ok(others.unsigned_abs())
        })
    }

    fn unseeded_permissions(&mut self) -> Result<BTreeSet<String>, StoreError> {
        self.run(|connection| {
            let unseeded = sql::<Text>(
                "SELECT name FROM unnest(?) AS seeded (name)
                 WHERE name NOT IN (SELECT permissions.name FROM permissions WHERE is_system)",
            );
            names(
                connection,
                unseeded.bind::<Array<Text>, _>(seeded_permissions()),
            )
        })
    }
}

impl AccessWrites for Session<'_> {
    fn lock_rights(&mut self) -> Result<(), StoreError> {
        let locked = self.run(|connection| {
            Ok(groups::table
                .filter(groups::name.eq(SUPER_ADMIN_GROUP))
                .select(groups::id)
                .for_no_key_update()
                .first::<Uuid>(connection)
                .optional()?)
        })?;
        match locked {
            Some(_group) => Ok(()),
            None => Err(StoreError::Other("nothing is seeded".into())),
        }
    }

    fn seed_access(&mut self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        self.run(|connection| {
            drop_namesakes(connection)?;
            let new = NewRows {
                permissions: seed_permissions(connection, now)?,
                roles: seed_roles(connection, now)?,
                groups: seed_groups(connection, now)?,
            };
            Ok(new.permissions.len()
                + new.roles.len()
                + new.groups.len()
                + seed_permissions_of_roles(connection, &new)?
                + seed_roles_of_groups(connection, &new)?)
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
            let added = sql::<()>(
                "INSERT INTO user_group AS known (user_id, group_id) VALUES (?, ?)
                 ON CONFLICT (user_id, group_id) DO UPDATE SET valid_until = NULL
                 WHERE known.valid_until IS NOT NULL",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<SqlUuid, _>(id)
            .execute(connection)?;
            Ok(added == 1)
        })
    }
}

/// Names of the rows that this seeding has added.
struct NewRows {
    permissions: Vec<String>,
    roles: Vec<String>,
    groups: Vec<String>,
}

/// Inserts the missing rows of `?, ?` (names and descriptions) and returns their names.
macro_rules! insert_named {
    ($table:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " (id, name, description, is_system, created_at, last_modified)
             SELECT gen_random_uuid(), name, description, true, now, now
             FROM unnest(?, ?) AS seeded (name, description), (VALUES (?)) AS clock (now)
             ON CONFLICT (name) DO NOTHING
             RETURNING name"
        )
    };
}

fn seeded_permissions() -> Vec<&'static str> {
    Permission::ALL.iter().map(|all| all.name()).collect()
}

/// Deletes permissions that an administrator created under a seeded name: their holders received
/// another right.
fn drop_namesakes(connection: &mut PgConnection) -> QueryResult<usize> {
    sql::<()>("DELETE FROM permissions WHERE NOT is_system AND name = ANY (?)")
        .bind::<Array<Text>, _>(seeded_permissions())
        .execute(connection)
}

fn seed_named(
    connection: &mut PgConnection,
    statement: &'static str,
    named: impl Iterator<Item = (&'static str, &'static str)>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<String>> {
    let (names, descriptions): (Vec<_>, Vec<_>) = named.unzip();
    sql::<Text>(statement)
        .bind::<Array<Text>, _>(names)
        .bind::<Array<Text>, _>(descriptions)
        .bind::<Timestamptz, _>(now)
        .load(connection)
}

fn seed_permissions(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<Vec<String>> {
    let all = Permission::ALL.iter();
    let named = all.map(|permission| (permission.name(), permission.description()));
    seed_named(connection, insert_named!("permissions"), named, now)
}

fn seed_roles(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<Vec<String>> {
    let named = SEEDED_ROLES
        .iter()
        .map(|role| (role.name, role.description));
    seed_named(connection, insert_named!("roles"), named, now)
}

fn seed_groups(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<Vec<String>> {
    let named = SEEDED_GROUPS
        .iter()
        .map(|group| (group.name, group.description));
    seed_named(connection, insert_named!("groups"), named, now)
}

/// Links new rows only, so links that an administrator removed stay removed. Links seeded roles
/// only, never one that an administrator created under a name that was seeded later.
fn seed_permissions_of_roles(connection: &mut PgConnection, new: &NewRows) -> QueryResult<usize> {
    let (roles, permissions): (Vec<_>, Vec<_>) = SEEDED_ROLES
        .iter()
        .flat_map(|role| role.permissions.iter().map(|held| (role.name, held.name())))
        .unzip();
    sql::<()>(
        "INSERT INTO permission_role (role_id, permission_id)
         SELECT roles.id, permissions.id
         FROM unnest(?, ?) AS seeded (role, permission)
         JOIN roles ON roles.name = seeded.role AND roles.is_system
         JOIN permissions ON permissions.name = seeded.permission
         WHERE roles.name = ANY (?) OR permissions.name = ANY (?)
         ON CONFLICT DO NOTHING",
    )
    .bind::<Array<Text>, _>(roles)
    .bind::<Array<Text>, _>(permissions)
    .bind::<Array<Text>, _>(&new.roles)
    .bind::<Array<Text>, _>(&new.permissions)
    .execute(connection)
}

/// See [`seed_permissions_of_roles`].
fn seed_roles_of_groups(connection: &mut PgConnection, new: &NewRows) -> QueryResult<usize> {
    let (groups, roles): (Vec<_>, Vec<_>) = SEEDED_GROUPS
        .iter()
        .flat_map(|group| group.roles.iter().map(|held| (group.name, *held)))
        .unzip();
    sql::<()>(
        "INSERT INTO role_group (group_id, role_id)
         SELECT groups.id, roles.id
         FROM unnest(?, ?) AS seeded (group_name, role)
         JOIN groups ON groups.name = seeded.group_name AND groups.is_system
         JOIN roles ON roles.name = seeded.role AND roles.is_system
         WHERE groups.name = ANY (?) OR roles.name = ANY (?)
         ON CONFLICT DO NOTHING",
    )
    .bind::<Array<Text>, _>(groups)
    .bind::<Array<Text>, _>(roles)
    .bind::<Array<Text>, _>(&new.groups)
    .bind::<Array<Text>, _>(&new.roles)
    .execute(connection)
}
