//! Prepared statements from SQL text that Diesel's query builder cannot express, such as `unnest`.
//!
//! Unlike [`diesel::sql_query`], whose text may vary, these have a fixed text. Diesel prepares them
//! once per connection.

use std::marker::PhantomData;

use diesel::{
    RunQueryDsl,
    expression::{AsExpression, TypedExpressionType},
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::{Error, QueryResult},
    sql_types::SqlType,
};
use uuid::Uuid;

/// Splits pairs of ids into two columns.
pub(crate) fn unzipped<A, B>(pairs: &[(A, B)]) -> (Vec<Uuid>, Vec<Uuid>)
where
    A: Copy + Into<Uuid>,
    B: Copy + Into<Uuid>,
{
    pairs.iter().map(|&(a, b)| (a.into(), b.into())).unzip()
}

/// A statement whose rows have the columns `Columns`.
#[must_use]
pub(crate) struct Sql<'a, Columns> {
    text: &'static str,
    binds: Vec<Box<dyn QueryFragment<Pg> + 'a>>,
    columns: PhantomData<Columns>,
}

/// `text` has a question mark for each bind, in order.
pub(crate) fn sql<'a, Columns>(text: &'static str) -> Sql<'a, Columns> {
    Sql {
        text,
        binds: Vec::new(),
        columns: PhantomData,
    }
}

impl<'a, Columns> Sql<'a, Columns> {
    /// Binds the next question mark to a value of the SQL type `T`.
    pub(crate) fn bind<T, V>(mut self, value: V) -> Self
    where
        T: SqlType + TypedExpressionType,
        V: AsExpression<T>,
        <V as AsExpression<T>>::Expression: QueryFragment<Pg> + 'a,
    {
        self.binds.push(Box::new(value.as_expression()));
        self
    }
}

impl<Columns> QueryFragment<Pg> for Sql<'_, Columns> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut binds = self.binds.iter();
        for (index, part) in self.text.split('?').enumerate() {
            if index > 0 {
                binds
                    .next()
                    .ok_or_else(|| Error::QueryBuilderError("a bind is missing".into()))?
                    .walk_ast(out.reborrow())?;
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

/// Without a static id, Diesel caches the prepared statement by its text.
impl<Columns> QueryId for Sql<'_, Columns> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Columns> Query for Sql<'_, Columns> {
    type SqlType = Columns;
}

impl<Columns, Connection> RunQueryDsl<Connection> for Sql<'_, Columns> {}
