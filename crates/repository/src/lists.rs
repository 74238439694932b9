//! Keyset pagination: predicates and orders of a page, and bounded counts.

use abu_application::platform::lists::Total;
use diesel::{
    PgConnection, RunQueryDsl,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::QueryResult,
    sql_types::BigInt,
};

/// Restricts a boxed query to the rows after or before a position and orders it from there.
macro_rules! sought {
    ($query:expr, $seek:expr,
     |$after:ident| $is_after:expr, $forward:expr,
     |$before:ident| $is_before:expr, $backward:expr) => {{
        let query = $query;
        match &$seek {
            ::abu_application::platform::lists::Seek::After(None) => query.order($forward),
            ::abu_application::platform::lists::Seek::After(Some($after)) => {
                query.filter($is_after).order($forward)
            }
            ::abu_application::platform::lists::Seek::Before(None) => query.order($backward),
            ::abu_application::platform::lists::Seek::Before(Some($before)) => {
                query.filter($is_before).order($backward)
            }
        }
    }};
}

/// A page ordered ascending by a unique column. The rows come in reading order: see
/// [`in_list_order`].
macro_rules! ascending {
    ($query:expr, $seek:expr, $key:expr) => {
        $crate::lists::sought!(
            $query,
            $seek,
            |from| $key.gt(from),
            $key.asc(),
            |from| $key.lt(from),
            $key.desc()
        )
    };
}

/// A page ordered descending by a unique column.
macro_rules! descending {
    ($query:expr, $seek:expr, $key:expr) => {
        $crate::lists::sought!(
            $query,
            $seek,
            |from| $key.lt(from),
            $key.desc(),
            |from| $key.gt(from),
            $key.asc()
        )
    };
}

/// A page ordered by time, newest first, and by id on equal times.
macro_rules! newest_first {
    ($query:expr, $seek:expr, $time:expr, $id:expr) => {
        $crate::lists::by_time!(
            $query,
            $seek.map(|from| (from.at, from.id.uuid())),
            $time,
            $id
        )
    };
}

/// Like [`newest_first`] for a position of a time and any key.
macro_rules! by_time {
    ($query:expr, $seek:expr, $time:expr, $key:expr) => {
        $crate::lists::sought!(
            $query,
            $seek,
            // The first condition is redundant, but lets the index scan start at the position.
            |from| $time.le(from.0).and($time.lt(from.0).or($key.lt(from.1))),
            ($time.desc(), $key.desc()),
            |from| $time.ge(from.0).and($time.gt(from.0).or($key.gt(from.1))),
            ($time.asc(), $key.asc())
        )
    };
}

pub(crate) use {ascending, by_time, descending, newest_first, sought};

/// Reverses rows that were read backward.
pub(crate) fn in_list_order<T>(backward: bool, mut rows: Vec<T>) -> Vec<T> {
    if backward {
        rows.reverse();
    }
    rows
}

/// Counts the rows, at most up to [`Total::EXACT_UP_TO`] + 1.
pub(crate) fn total(
    connection: &mut PgConnection,
    rows: impl QueryFragment<Pg>,
) -> QueryResult<Total> {
    let counted = Counted {
        rows,
        most: Total::EXACT_UP_TO as i64 + 1,
    };
    let counted: i64 = counted.get_result(connection)?;
    Ok(Total::of(counted.unsigned_abs()))
}

/// `SELECT count(*)` over a query that ends with its conditions, with a limit.
struct Counted<Rows> {
    rows: Rows,
    most: i64,
}

impl<Rows: QueryFragment<Pg>> QueryFragment<Pg> for Counted<Rows> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (");
        self.rows.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.most)?;
        out.push_sql(") AS counted");
        Ok(())
    }
}

/// Without a static id, Diesel caches the prepared statement by its text.
impl<Rows> QueryId for Counted<Rows> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Rows> Query for Counted<Rows> {
    type SqlType = BigInt;
}

impl<Rows, Connection> RunQueryDsl<Connection> for Counted<Rows> {}
