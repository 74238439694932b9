//! Texts of one line, a column each.

use abu_domain::{
    identity::text::PhoneNumber,
    messaging::text::RoomName,
    platform::text::{Description, DeviceName, EmailAddress, OfficeTitle, PersonName, Reason},
};
use diesel::{
    PgConnection,
    prelude::*,
    sql_query,
    sql_types::{Integer, Nullable, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

use super::{BATCH, Batch, Position};

#[derive(Clone, Copy)]
pub(super) struct Column {
    /// `table.column`.
    pub(super) name: &'static str,
    table: &'static str,
    key: &'static str,
    column: &'static str,
    /// The form of this release; `None` if the text has none.
    mended: fn(&str) -> Option<String>,
}

macro_rules! columns {
    ($($table:ident ($key:ident): $column:ident by $mended:expr;)*) => {
        pub(super) const COLUMNS: &[Column] = &[$(Column {
            name: concat!(stringify!($table), ".", stringify!($column)),
            table: stringify!($table),
            key: stringify!($key),
            column: stringify!($column),
            mended: |text| Some($mended(text)?.as_str().to_owned()),
        },)*];
    };
}

columns! {
    users (id): firstname by PersonName::mended;
    users (id): middlename by PersonName::mended;
    users (id): lastname by PersonName::mended;
    users (id): phone by |text| PhoneNumber::parse(text).ok();
    email_changes (id): old_email by |text| EmailAddress::parse(text).ok();
    email_changes (id): new_email by |text| EmailAddress::parse(text).ok();
    email_outbox (id): recipient by |text| EmailAddress::parse(text).ok();
    sessions (id): device_name by DeviceName::mended;
    erasures (user_id): reason by Reason::mended;
    permissions (id): description by Description::mended;
    roles (id): description by Description::mended;
    groups (id): description by Description::mended;
    role_assignments (id): office_title by OfficeTitle::mended;
    rooms (id): name by RoomName::mended;
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    text: Option<String>,
}

impl Column {
    /// Each row is a statement of its own, so no lock waits for another row.
    pub(super) fn batch(
        &self,
        connection: &mut PgConnection,
        position: Position,
    ) -> QueryResult<Batch> {
        let rows = self.rows(connection, position)?;
        let last = rows.last().map(|row| row.id);
        let mut changed = 0;
        for row in rows {
            let Some(text) = row.text else { continue };
            match (self.mended)(&text) {
                Some(mended) if mended != text => {
                    changed += self.update(connection, row.id, &text, &mended)?;
                }
                _ => {}
            }
        }
        Ok(Batch { last, changed })
    }

    fn rows(&self, connection: &mut PgConnection, position: Position) -> QueryResult<Vec<Row>> {
        let Self {
            table, key, column, ..
        } = self;
        sql_query(format!(
            "SELECT {key} AS id, {column} AS text FROM {table}
             WHERE $1 IS NULL OR {key} > $1 ORDER BY {key} LIMIT $2"
        ))
        .bind::<Nullable<SqlUuid>, _>(position)
        .bind::<Integer, _>(BATCH)
        .load(connection)
    }

    /// A row that has changed meanwhile has the new form already, or is left to a reader.
    fn update(
        &self,
        connection: &mut PgConnection,
        id: Uuid,
        before: &str,
        after: &str,
    ) -> QueryResult<usize> {
        let Self {
            table, key, column, ..
        } = self;
        sql_query(format!(
            "UPDATE {table} SET {column} = $1 WHERE {key} = $2 AND {column} = $3"
        ))
        .bind::<Text, _>(after)
        .bind::<SqlUuid, _>(id)
        .bind::<Text, _>(before)
        .execute(connection)
    }
}
