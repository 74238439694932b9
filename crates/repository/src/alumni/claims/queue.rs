//! The queue of reviewers: by the time when claims are due.

use abu_application::{
    alumni::ports::{ClaimFilter, DuePosition},
    platform::lists::Seek,
};
use diesel::{pg::Pg, prelude::*};

use super::rows::ClaimRow;
use crate::{
    lists::{in_list_order, sought},
    schema::claims,
};

pub(super) fn filtered(filter: &ClaimFilter) -> claims::BoxedQuery<'static, Pg> {
    let mut query = claims::table
        .filter(claims::due_at.is_not_null())
        .into_boxed();
    if !filter.states.is_empty() {
        let states = filter.states.iter().map(|state| state.name());
        query = query.filter(claims::state.eq_any(states));
    }
    if let Some(before) = filter.due_before {
        query = query.filter(claims::due_at.lt(before));
    }
    if !filter.faculties.is_empty() {
        let faculties: Vec<Option<String>> = filter.faculties.iter().cloned().map(Some).collect();
        query = query.filter(claims::faculties.overlaps_with(faculties));
    }
    query
}

pub(super) fn page(
    connection: &mut PgConnection,
    filter: &ClaimFilter,
    seek: &Seek<DuePosition>,
    limit: u32,
) -> QueryResult<Vec<ClaimRow>> {
    let seek = seek.map(|from| (from.due_at, from.id.uuid()));
    let rows = sought!(
        filtered(filter),
        seek,
        // The first condition is redundant, but lets the index scan start at the position.
        |from| claims::due_at
            .ge(from.0)
            .and(claims::due_at.gt(from.0).or(claims::id.gt(from.1))),
        (claims::due_at.asc(), claims::id.asc()),
        |from| claims::due_at
            .le(from.0)
            .and(claims::due_at.lt(from.0).or(claims::id.lt(from.1))),
        (claims::due_at.desc(), claims::id.desc())
    )
    .limit(limit.into())
    .select(ClaimRow::as_select())
    .load(connection)?;
    Ok(in_list_order(seek.is_backward(), rows))
}
