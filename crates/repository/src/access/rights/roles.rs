use abu_application::{
    access::ports::{NameFilter, RoleReads, RoleWrites},
    platform::{
        lists::{Seek, Total},
        ports::StoreError,
    },
};
use abu_domain::{
    access::{PermissionName, Role, RoleName},
    platform::text::Description,
};
use chrono::{DateTime, Utc};
use diesel::{
    dsl::{array, auto_type},
    pg::Pg,
    prelude::*,
    sql_types::Text,
};
use uuid::Uuid;

use super::{insert_one, next_version, parsed, unknown_names, update_one};
use crate::{
    error::BadRow,
    like,
    lists::{ascending, in_list_order, total},
    schema::{permission_role, permissions, roles},
    sql::sql,
    store::Session,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = roles, check_for_backend(Pg))]
struct RoleRow {
    id: Uuid,
    name: String,
    description: String,
    is_system: bool,
    #[diesel(select_expression = array(permission_names()))]
    #[diesel(select_expression_type = array<Text, permission_names>)]
    permissions: Vec<String>,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

#[auto_type]
fn permission_names() -> _ {
    permission_role::table
        .inner_join(permissions::table)
        .filter(permission_role::role_id.eq(roles::id))
        .order(permissions::name)
        .select(permissions::name)
}

impl TryFrom<RoleRow> for Role {
    type Error = BadRow;

    fn try_from(row: RoleRow) -> Result<Self, BadRow> {
        let (id, described) = (row.id, &row.description);
        let permissions = row.permissions.iter();
        Ok(Self {
            name: parsed("roles.name", id, RoleName::parse, &row.name)?,
            description: parsed("roles.description", id, Description::parse, described)?,
            is_system: row.is_system,
            permissions: permissions
                .map(|name| parsed("permissions.name", id, PermissionName::parse, name))
                .collect::<Result<_, _>>()?,
            created_at: row.created_at,
            last_modified: row.last_modified,
        })
    }
}

/// The roles that pass the filter, still without an order; `None` where none can.
fn filtered(filter: &NameFilter) -> Option<roles::BoxedQuery<'static, Pg>> {
    let all = roles::table.into_boxed();
    Some(match &filter.contains {
        Some(part) => all.filter(roles::name.like(like::containing(&part.to_lowercase())?)),
        None => all,
    })
}

impl RoleReads for Session<'_> {
    fn role(&mut self, name: &RoleName) -> Result<Option<Role>, StoreError> {
        self.run(|connection| {
            let row = roles::table
                .filter(roles::name.eq(name.as_str()))
                .select(RoleRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(Role::try_from).transpose()?)
        })
    }

    fn list_roles(
        &mut self,
        filter: &NameFilter,
        seek: Seek<String>,
        limit: u32,
    ) -> Result<Vec<Role>, StoreError> {
        let Some(query) = filtered(filter) else {
            return Ok(Vec::new());
        };
        let backward = seek.is_backward();
        self.run(|connection| {
            let rows = ascending!(query, seek, roles::name)
                .limit(limit.into())
                .select(RoleRow::as_select())
                .load(connection)?;
            let rows = in_list_order(backward, rows).into_iter();
            Ok(rows.map(Role::try_from).collect::<Result<_, _>>()?)
        })
    }

    fn count_roles(&mut self, filter: &NameFilter) -> Result<Total, StoreError> {
        self.run(|connection| match filtered(filter) {
            Some(query) => Ok(total(connection, query.select(roles::id))?),
            None => Ok(Total::Exactly(0)),
        })
    }

    fn unknown_roles(&mut self, names: &[RoleName]) -> Result<Vec<RoleName>, StoreError> {
        self.unknown_named(unknown_names!("roles"), names, RoleName::as_str)
    }

    fn role_is_used(&mut self, name: &RoleName) -> Result<bool, StoreError> {
        self.finds(
            "SELECT EXISTS (SELECT FROM role_group WHERE role_id = roles.id)
                 OR EXISTS (SELECT FROM role_assignments
                            WHERE role_id = roles.id
                              AND (valid_until IS NULL OR now() < valid_until))
             FROM roles WHERE name = ?",
            name.as_str(),
        )
    }
}

impl RoleWrites for Session<'_> {
    fn insert_role(
        &mut self,
        name: &RoleName,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.insert_named(insert_one!("roles"), name.as_str(), description, now)
    }

    fn update_role(
        &mut self,
        name: &RoleName,
        new_name: &RoleName,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if new_name != name {
            self.touch_named(
                concat!(
                    "UPDATE groups SET last_modified = ",
                    next_version!("groups"),
                    " FROM role_group JOIN roles ON roles.id = role_id
                     WHERE group_id = groups.id AND roles.name = ?"
                ),
                name.as_str(),
                now,
            )?;
        }
        let names = (name.as_str(), new_name.as_str());
        self.update_named(update_one!("roles"), names, description, now)
    }

    fn add_permissions_to_role(
        &mut self,
        role: &RoleName,
        permissions: &[PermissionName],
    ) -> Result<(), StoreError> {
        self.link(
            "INSERT INTO permission_role (role_id, permission_id)
             SELECT roles.id, permissions.id FROM roles, permissions
             WHERE roles.name = ? AND permissions.name = ANY (?)
             ON CONFLICT DO NOTHING",
            role.as_str(),
            permissions.iter().map(PermissionName::as_str).collect(),
        )
    }

    fn remove_permissions_from_role(
        &mut self,
        role: &RoleName,
        permissions: &[PermissionName],
    ) -> Result<(), StoreError> {
        self.link(
            "DELETE FROM permission_role USING roles, permissions
             WHERE role_id = roles.id AND permission_id = permissions.id
               AND roles.name = ? AND permissions.name = ANY (?)",
            role.as_str(),
            permissions.iter().map(PermissionName::as_str).collect(),
        )
    }

    fn delete_role(&mut self, name: &RoleName) -> Result<(), StoreError> {
        self.execute(sql("DELETE FROM roles WHERE name = ?").bind::<Text, _>(name.as_str()))
    }
}
