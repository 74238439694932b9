//! Role assignments.

use abu_application::{
    access::ports::{AssignmentFilter, AssignmentReads, AssignmentWrites},
    platform::{
        lists::{Seek, TimePosition, Total},
        ports::StoreError,
    },
};
use abu_domain::{
    AssignmentId, UserId,
    access::{Assignment, RoleName, Scope, Term},
    platform::text::OfficeTitle,
};
use chrono::{DateTime, Utc};
use diesel::{
    dsl::{InnerJoin, IntoBoxed, now as moment},
    pg::Pg,
    prelude::*,
    sql_types::{Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    error::BadRow,
    lists::{in_list_order, newest_first, total},
    schema::{role_assignments, roles},
    sql::sql,
    store::Session,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = role_assignments, check_for_backend(Pg))]
struct AssignmentRow {
    id: Uuid,
    user_id: Uuid,
    #[diesel(select_expression = roles::name)]
    role: String,
    scope_id: Option<Uuid>,
    valid_from: DateTime<Utc>,
    valid_until: Option<DateTime<Utc>>,
    office_title: Option<String>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

impl TryFrom<AssignmentRow> for Assignment {
    type Error = BadRow;

    fn try_from(row: AssignmentRow) -> Result<Self, BadRow> {
        Ok(Self {
            id: row.id.into(),
            user_id: row.user_id.into(),
            role: RoleName::from_storage(row.role),
            scope: row.scope_id.map_or(Scope::Global, Scope::Chapter),
            term: Term::new(row.valid_from, row.valid_until).ok_or(BadRow {
                column: "role_assignments.valid_until",
                id: row.id,
            })?,
            office_title: row.office_title.map(OfficeTitle::from_storage),
            created_by: row.created_by.map(UserId::new),
            created_at: row.created_at,
            last_modified: row.last_modified,
        })
    }
}

type Assignments<'a> = IntoBoxed<'a, InnerJoin<role_assignments::table, roles::table>, Pg>;

/// The filtered query, without an order.
fn filtered(filter: &AssignmentFilter) -> Assignments<'_> {
    let mut query = role_assignments::table
        .inner_join(roles::table)
        .into_boxed();
    if let Some(user) = filter.user {
        query = query.filter(role_assignments::user_id.eq(user.uuid()));
    }
    if !filter.roles.is_empty() {
        let names = filter.roles.iter().map(|role| role.as_str());
        query = query.filter(roles::name.eq_any(names));
    }
    if let Some(chapter) = filter.chapter {
        query = query.filter(role_assignments::scope_id.eq(chapter));
    }
    let now = moment.into_sql::<Timestamptz>();
    let runs = role_assignments::valid_from.le(now).and(
        role_assignments::valid_until
            .is_null()
            .or(role_assignments::valid_until.assume_not_null().gt(now)),
    );
    match filter.active {
        Some(true) => query.filter(runs),
        Some(false) => query.filter(diesel::dsl::not(runs)),
        None => query,
    }
}

impl AssignmentReads for Session<'_> {
    fn assignment(&mut self, id: AssignmentId) -> Result<Option<Assignment>, StoreError> {
        self.run(|connection| {
            let row = role_assignments::table
                .inner_join(roles::table)
                .filter(role_assignments::id.eq(id.uuid()))
                .select(AssignmentRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(Assignment::try_from).transpose()?)
        })
    }

    fn list_assignments(
        &mut self,
        filter: &AssignmentFilter,
        seek: Seek<TimePosition<AssignmentId>>,
        limit: u32,
    ) -> Result<Vec<Assignment>, StoreError> {
        self.run(|connection| {
            let (time, id) = (role_assignments::created_at, role_assignments::id);
            let rows = newest_first!(filtered(filter), seek, time, id)
                .limit(limit.into())
                .select(AssignmentRow::as_select())
                .load(connection)?;
            let rows = in_list_order(seek.is_backward(), rows).into_iter();
            Ok(rows.map(Assignment::try_from).collect::<Result<_, _>>()?)
        })
    }

    fn count_assignments(&mut self, filter: &AssignmentFilter) -> Result<Total, StoreError> {
        self.run(|connection| {
            let all = filtered(filter).select(role_assignments::id);
            Ok(total(connection, all)?)
        })
    }

    fn is_assigned(
        &mut self,
        user: UserId,
        role: &RoleName,
        scope: Scope,
        term: Term,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            Ok(sql::<Bool>(
                "SELECT EXISTS (
                     SELECT FROM role_assignments JOIN roles ON roles.id = role_id
                     WHERE user_id = ? AND roles.name = ? AND scope_id IS NOT DISTINCT FROM ?
                       AND tstzrange(valid_from, valid_until) && tstzrange(?, ?))",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<Text, _>(role.as_str())
            .bind::<Nullable<SqlUuid>, _>(scope.chapter())
            .bind::<Timestamptz, _>(term.from())
            .bind::<Nullable<Timestamptz>, _>(term.until())
            .get_result(connection)?)
        })
    }
}

impl AssignmentWrites for Session<'_> {
    fn insert_assignment(&mut self, assignment: &Assignment) -> Result<(), StoreError> {
        self.run(|connection| {
            let role = roles::table
                .filter(roles::name.eq(assignment.role.as_str()))
                .select(roles::id)
                .single_value();
            diesel::insert_into(role_assignments::table)
                .values((
                    role_assignments::id.eq(assignment.id.uuid()),
                    role_assignments::user_id.eq(assignment.user_id.uuid()),
                    role_assignments::role_id.eq(role.assume_not_null()),
                    role_assignments::scope_type.eq(assignment.scope.kind()),
                    role_assignments::scope_id.eq(assignment.scope.chapter()),
                    role_assignments::valid_from.eq(assignment.term.from()),
                    role_assignments::valid_until.eq(assignment.term.until()),
                    role_assignments::office_title
                        .eq(assignment.office_title.as_ref().map(OfficeTitle::as_str)),
                    role_assignments::created_by.eq(assignment.created_by.map(UserId::uuid)),
                    role_assignments::created_at.eq(assignment.created_at),
                    role_assignments::last_modified.eq(assignment.last_modified),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn end_assignment(&mut self, id: AssignmentId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(|connection| {
            // Clocks differ. A server's clock may be behind the one that started the term. It may
            // also be ahead of the database's, which decides whether a term runs.
            sql::<()>(
                "UPDATE role_assignments
                 SET valid_until = greatest(valid_from + interval '1 microsecond',
                                            least(valid_until, ?, now())),
                     last_modified = ?
                 WHERE id = ?",
            )
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(now)
            .bind::<SqlUuid, _>(id.uuid())
            .execute(connection)?;
            Ok(())
        })
    }

    fn delete_assignment(&mut self, id: AssignmentId) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::delete(role_assignments::table.find(id.uuid())).execute(connection)?;
            Ok(())
        })
    }
}
