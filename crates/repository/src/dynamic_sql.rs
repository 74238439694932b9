//! Statements whose text depends on what is asked, such as searches: only the given conditions are in it.
//!
//! Values are always bound. Diesel keeps no prepared statement of them, since there are too many texts.

use std::marker::PhantomData;

use diesel::{
    RunQueryDsl,
    expression::{AsExpression, TypedExpressionType},
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::QueryResult,
    sql_types::SqlType,
};

enum Part<'a> {
    Text(&'static str),
    Bind(Box<dyn QueryFragment<Pg> + 'a>),
}

/// Parts of a statement, in order.
#[derive(Default)]
#[must_use]
pub(crate) struct DynamicSql<'a>(Vec<Part<'a>>);

impl<'a> DynamicSql<'a> {
    pub(crate) fn text(text: &'static str) -> Self {
        Self(vec![Part::Text(text)])
    }

    pub(crate) fn push(&mut self, text: &'static str) {
        self.0.push(Part::Text(text));
    }

    /// Adds a value of the SQL type `T`.
    pub(crate) fn bind<T, V>(&mut self, value: V)
    where
        T: SqlType + TypedExpressionType,
        V: AsExpression<T>,
        <V as AsExpression<T>>::Expression: QueryFragment<Pg> + 'a,
    {
        self.0.push(Part::Bind(Box::new(value.as_expression())));
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The statement, whose rows have the columns `Columns`.
    pub(crate) fn returning<Columns>(self) -> Statement<'a, Columns> {
        Statement {
            parts: self.0,
            columns: PhantomData,
        }
    }
}

#[must_use]
pub(crate) struct Statement<'a, Columns> {
    parts: Vec<Part<'a>>,
    columns: PhantomData<Columns>,
}

impl<Columns> QueryFragment<Pg> for Statement<'_, Columns> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_sql(text),
                Part::Bind(value) => value.walk_ast(out.reborrow())?,
            }
        }
        Ok(())
    }
}

impl<Columns> QueryId for Statement<'_, Columns> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Columns> Query for Statement<'_, Columns> {
    type SqlType = Columns;
}

impl<Columns, Connection> RunQueryDsl<Connection> for Statement<'_, Columns> {}
