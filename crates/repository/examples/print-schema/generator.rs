//! Generates Diesel's schema from the catalogs of a migrated database.
//!
//! The text is the one that Diesel's CLI would generate, including comments as docs. So a build
//! needs no Diesel CLI.

use std::fmt::{self, Write};

use diesel::{
    PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Array, Bool, Nullable, Text},
};

const HEADER: &str =
    "// Written by `cargo run -p abu-repository --example print-schema`; do not edit.\n";

const TABLES: &str = "
    SELECT c.relname::text AS name,
           obj_description(c.oid, 'pg_class') AS comment,
           ARRAY(SELECT a.attname::text
                 FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS key(number, place), pg_attribute a
                 WHERE i.indrelid = c.oid AND i.indisprimary
                   AND a.attrelid = c.oid AND a.attnum = key.number
                 ORDER BY key.place) AS key
    FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
      AND c.relname NOT LIKE '\\_\\_diesel\\_%'
    ORDER BY c.relname";

const COLUMNS: &str = "
    SELECT c.relname::text AS \"table\",
           a.attname::text AS name,
           t.typname::text AS type_name,
           NOT a.attnotnull AS nullable,
           col_description(c.oid, a.attnum) AS comment
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
    ORDER BY c.relname, a.attnum";

/// Only unambiguous foreign keys: a query must name the column if there are several between two
/// tables.
const FOREIGN_KEYS: &str = "
    SELECT min(child.relname)::text AS child,
           min(a.attname)::text AS \"column\",
           min(parent.relname)::text AS parent
    FROM pg_constraint f
    JOIN pg_class child ON child.oid = f.conrelid
    JOIN pg_class parent ON parent.oid = f.confrelid
    JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
    WHERE f.contype = 'f' AND child.relnamespace = current_schema()::regnamespace
      AND child.oid <> parent.oid
    GROUP BY child.oid, parent.oid
    HAVING count(*) = 1 AND min(cardinality(f.conkey)) = 1
    ORDER BY min(child.relname), min(parent.relname)";

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    comment: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    key: Vec<String>,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    type_name: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
    #[diesel(sql_type = Nullable<Text>)]
    comment: Option<String>,
}

#[derive(QueryableByName)]
struct ForeignKey {
    #[diesel(sql_type = Text)]
    child: String,
    #[diesel(sql_type = Text)]
    column: String,
    #[diesel(sql_type = Text)]
    parent: String,
}

/// The text of `schema.rs` for the tables of the connection's current schema.
pub(crate) fn generate(connection: &mut PgConnection) -> QueryResult<String> {
    let tables: Vec<Table> = sql_query(TABLES).load(connection)?;
    let columns: Vec<Column> = sql_query(COLUMNS).load(connection)?;
    let foreign_keys: Vec<ForeignKey> = sql_query(FOREIGN_KEYS).load(connection)?;
    let mut text = String::from(HEADER);
    write_schema(&mut text, &tables, &columns, &foreign_keys)
        .map_err(|error| diesel::result::Error::QueryBuilderError(error.into()))?;
    Ok(text)
}

fn write_schema(
    out: &mut String,
    tables: &[Table],
    columns: &[Column],
    foreign_keys: &[ForeignKey],
) -> fmt::Result {
    for table in tables {
        let own = columns.iter().filter(|column| column.table == table.name);
        write_table(out, table, own)?;
    }
    writeln!(out)?;
    for key in foreign_keys {
        writeln!(
            out,
            "diesel::joinable!({} -> {} ({}));",
            key.child, key.parent, key.column
        )?;
    }
    writeln!(out, "\ndiesel::allow_tables_to_appear_in_same_query!(")?;
    for table in tables {
        writeln!(out, "    {},", table.name)?;
    }
    writeln!(out, ");")
}

fn write_table<'a>(
    out: &mut String,
    table: &Table,
    columns: impl Iterator<Item = &'a Column>,
) -> fmt::Result {
    writeln!(out, "\ndiesel::table! {{")?;
    write_comment(out, "    ", table.comment.as_deref())?;
    writeln!(out, "    {} ({}) {{", table.name, table.key.join(", "))?;
    for column in columns {
        write_comment(out, "        ", column.comment.as_deref())?;
        writeln!(out, "        {} -> {},", column.name, rust_type(column))?;
    }
    writeln!(out, "    }}\n}}")
}

fn write_comment(out: &mut String, indent: &str, comment: Option<&str>) -> fmt::Result {
    for line in comment.unwrap_or_default().lines() {
        writeln!(out, "{indent}/// {}", line.trim())?;
    }
    Ok(())
}

/// Diesel's types have PostgreSQL's names, capitalized.
fn rust_type(column: &Column) -> String {
    let bare = match column.type_name.strip_prefix('_') {
        Some(element) => format!("Array<Nullable<{}>>", capitalized(element)),
        None => capitalized(&column.type_name),
    };
    if column.nullable {
        format!("Nullable<{bare}>")
    } else {
        bare
    }
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}
