use abu_application::{
    access::ports::{NameFilter, PermissionReads, PermissionWrites},
    platform::{
        lists::{Seek, Total},
        ports::StoreError,
    },
};
use abu_domain::{
    access::{PermissionName, PermissionRecord},
    platform::text::Description,
};
use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Text};
use uuid::Uuid;

use super::{insert_one, next_version, parsed, unknown_names, update_one};
use crate::{
    error::BadRow,
    like,
    lists::{ascending, in_list_order, total},
    schema::permissions,
    sql::sql,
    store::Session,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = permissions, check_for_backend(Pg))]
struct PermissionRow {
    id: Uuid,
    name: String,
    description: String,
    is_system: bool,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

impl TryFrom<PermissionRow> for PermissionRecord {
    type Error = BadRow;

    fn try_from(row: PermissionRow) -> Result<Self, BadRow> {
        let (id, described) = (row.id, &row.description);
        Ok(Self {
            name: parsed("permissions.name", id, PermissionName::parse, &row.name)?,
            description: parsed("permissions.description", id, Description::parse, described)?,
            is_system: row.is_system,
            created_at: row.created_at,
            last_modified: row.last_modified,
        })
    }
}

/// The permissions that pass the filter, still without an order; `None` where none can.
fn filtered(filter: &NameFilter) -> Option<permissions::BoxedQuery<'static, Pg>> {
    let all = permissions::table.into_boxed();
    Some(match &filter.contains {
        Some(part) => all.filter(permissions::name.like(like::containing(&part.to_lowercase())?)),
        None => all,
    })
}

impl PermissionReads for Session<'_> {
    fn permission(
        &mut self,
        name: &PermissionName,
    ) -> Result<Option<PermissionRecord>, StoreError> {
        self.run(|connection| {
            let row = permissions::table
                .filter(permissions::name.eq(name.as_str()))
                .select(PermissionRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(PermissionRecord::try_from).transpose()?)
        })
    }

    fn list_permissions(
        &mut self,
        filter: &NameFilter,
        seek: Seek<String>,
        limit: u32,
    ) -> Result<Vec<PermissionRecord>, StoreError> {
        let Some(query) = filtered(filter) else {
            return Ok(Vec::new());
        };
        let backward = seek.is_backward();
        self.run(|connection| {
            let rows = ascending!(query, seek, permissions::name)
                .limit(limit.into())
                .select(PermissionRow::as_select())
                .load(connection)?;
            let rows = in_list_order(backward, rows).into_iter();
            Ok(rows
                .map(PermissionRecord::try_from)
                .collect::<Result<_, _>>()?)
        })
    }

    fn count_permissions(&mut self, filter: &NameFilter) -> Result<Total, StoreError> {
        self.run(|connection| match filtered(filter) {
            Some(query) => Ok(total(connection, query.select(permissions::id))?),
            None => Ok(Total::Exactly(0)),
        })
    }

    fn unknown_permissions(
        &mut self,
        names: &[PermissionName],
    ) -> Result<Vec<PermissionName>, StoreError> {
        self.unknown_named(unknown_names!("permissions"), names, PermissionName::as_str)
    }

    fn permission_is_used(&mut self, name: &PermissionName) -> Result<bool, StoreError> {
        self.finds(
            "SELECT EXISTS (SELECT FROM permissions
                            JOIN permission_role ON permission_id = permissions.id
                            WHERE name = ?)",
            name.as_str(),
        )
    }
}

impl PermissionWrites for Session<'_> {
    fn insert_permission(
        &mut self,
        name: &PermissionName,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.insert_named(insert_one!("permissions"), name.as_str(), description, now)
    }

    fn update_permission(
        &mut self,
        name: &PermissionName,
        new_name: &PermissionName,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if new_name != name {
            self.touch_named(
                concat!(
                    "UPDATE roles SET last_modified = ",
                    next_version!("roles"),
                    " FROM permission_role JOIN permissions ON permissions.id = permission_id
                     WHERE role_id = roles.id AND permissions.name = ?"
                ),
                name.as_str(),
                now,
            )?;
        }
        let names = (name.as_str(), new_name.as_str());
        self.update_named(update_one!("permissions"), names, description, now)
    }

    fn delete_permission(&mut self, name: &PermissionName) -> Result<(), StoreError> {
        self.execute(sql("DELETE FROM permissions WHERE name = ?").bind::<Text, _>(name.as_str()))
    }
}
