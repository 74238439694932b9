use abu_application::{
    access::ports::{GroupReads, GroupWrites, NameFilter},
    platform::{
        lists::{Seek, Total},
        ports::StoreError,
    },
};
use abu_domain::{
    access::{Group, GroupName, RoleName},
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
    schema::{groups, role_group, roles},
    sql::sql,
    store::Session,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = groups, check_for_backend(Pg))]
struct GroupRow {
    id: Uuid,
    name: String,
    description: String,
    is_system: bool,
    #[diesel(select_expression = array(role_names()))]
    #[diesel(select_expression_type = array<Text, role_names>)]
    roles: Vec<String>,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

#[auto_type]
fn role_names() -> _ {
    role_group::table
        .inner_join(roles::table)
        .filter(role_group::group_id.eq(groups::id))
        .order(roles::name)
        .select(roles::name)
}

impl TryFrom<GroupRow> for Group {
    type Error = BadRow;

    fn try_from(row: GroupRow) -> Result<Self, BadRow> {
        let (id, described) = (row.id, &row.description);
        let roles = row.roles.iter();
        Ok(Self {
            name: parsed("groups.name", id, GroupName::parse, &row.name)?,
            description: parsed("groups.description", id, Description::parse, described)?,
            is_system: row.is_system,
            roles: roles
                .map(|name| parsed("roles.name", id, RoleName::parse, name))
                .collect::<Result<_, _>>()?,
            created_at: row.created_at,
            last_modified: row.last_modified,
        })
    }
}

/// The groups that pass the filter, still without an order; `None` where none can.
fn filtered(filter: &NameFilter) -> Option<groups::BoxedQuery<'static, Pg>> {
    let all = groups::table.into_boxed();
    Some(match &filter.contains {
        Some(part) => all.filter(groups::name.like(like::containing(&part.to_lowercase())?)),
        None => all,
    })
}

impl GroupReads for Session<'_> {
    fn group(&mut self, name: &GroupName) -> Result<Option<Group>, StoreError> {
        self.run(|connection| {
            let row = groups::table
                .filter(groups::name.eq(name.as_str()))
                .select(GroupRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(Group::try_from).transpose()?)
        })
    }

    fn list_groups(
        &mut self,
        filter: &NameFilter,
        seek: Seek<String>,
        limit: u32,
    ) -> Result<Vec<Group>, StoreError> {
        let Some(query) = filtered(filter) else {
            return Ok(Vec::new());
        };
        let backward = seek.is_backward();
        self.run(|connection| {
            let rows = ascending!(query, seek, groups::name)
                .limit(limit.into())
                .select(GroupRow::as_select())
                .load(connection)?;
            let rows = in_list_order(backward, rows).into_iter();
            Ok(rows.map(Group::try_from).collect::<Result<_, _>>()?)
        })
    }

    fn count_groups(&mut self, filter: &NameFilter) -> Result<Total, StoreError> {
        self.run(|connection| match filtered(filter) {
            Some(query) => Ok(total(connection, query.select(groups::id))?),
            None => Ok(Total::Exactly(0)),
        })
    }

    fn unknown_groups(&mut self, names: &[GroupName]) -> Result<Vec<GroupName>, StoreError> {
        self.unknown_named(unknown_names!("groups"), names, GroupName::as_str)
    }

    fn group_is_used(&mut self, name: &GroupName) -> Result<bool, StoreError> {
        self.finds(
            "SELECT EXISTS (SELECT FROM groups JOIN user_group ON group_id = groups.id
                            WHERE name = ?)",
            name.as_str(),
        )
    }
}

impl GroupWrites for Session<'_> {
    fn insert_group(
        &mut self,
        name: &GroupName,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.insert_named(insert_one!("groups"), name.as_str(), description, now)
    }

    fn update_group(
        &mut self,
        name: &GroupName,
        new_name: &GroupName,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if new_name != name {
            self.touch_named(
                concat!(
                    "UPDATE users SET last_modified = ",
                    next_version!("users"),
                    " FROM user_group JOIN groups ON groups.id = group_id
                     WHERE user_id = users.id AND groups.name = ?"
                ),
                name.as_str(),
                now,
            )?;
        }
        let names = (name.as_str(), new_name.as_str());
        self.update_named(update_one!("groups"), names, description, now)
    }

    fn add_roles_to_group(
        &mut self,
        group: &GroupName,
        roles: &[RoleName],
    ) -> Result<(), StoreError> {
        self.link(
            "INSERT INTO role_group (group_id, role_id)
             SELECT groups.id, roles.id FROM groups, roles
             WHERE groups.name = ? AND roles.name = ANY (?)
             ON CONFLICT DO NOTHING",
            group.as_str(),
            roles.iter().map(RoleName::as_str).collect(),
        )
    }

    fn remove_roles_from_group(
        &mut self,
        group: &GroupName,
        roles: &[RoleName],
    ) -> Result<(), StoreError> {
        self.link(
            "DELETE FROM role_group USING groups, roles
             WHERE group_id = groups.id AND role_id = roles.id
               AND groups.name = ? AND roles.name = ANY (?)",
            group.as_str(),
            roles.iter().map(RoleName::as_str).collect(),
        )
    }

    fn delete_group(&mut self, name: &GroupName) -> Result<(), StoreError> {
        self.execute(sql("DELETE FROM groups WHERE name = ?").bind::<Text, _>(name.as_str()))
    }
}
