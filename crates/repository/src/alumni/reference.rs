//! Reference data: one implementation for seven tables of the same shape.
//!
//! Entries travel as JSON: a list and its version are then one row of one statement, and a whole data file is one
//! parameter.

mod row;
mod statements;

use abu_application::{
    alumni::ports::{FileHead, ListHead, ReferenceReads, ReferenceWrites},
    platform::ports::StoreError,
};
use abu_domain::alumni::reference::{Catalogue, Code, Content, Entry, Kind};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Date, Integer, Nullable, Text, Timestamptz},
};

use crate::{error::Failure, schema::reference_lists, sql::sql, store::Session};
use row::{NewRow, entries, kind_of};
use statements::{CATALOGUE, of};

type HeadColumns = (Text, BigInt, Integer, Text, Nullable<Date>, Timestamptz);

#[derive(Queryable)]
struct HeadRow {
    kind: String,
    version: i64,
    file_version: i32,
    source: String,
    retrieved: Option<NaiveDate>,
    last_modified: DateTime<Utc>,
}

impl TryFrom<HeadRow> for ListHead {
    type Error = Failure;

    fn try_from(row: HeadRow) -> Result<Self, Failure> {
        Ok(Self {
            kind: kind_of(&row.kind)?,
            version: row.version,
            file: FileHead {
                version: row.file_version,
                source: row.source,
                retrieved: row.retrieved,
            },
            last_modified: row.last_modified,
        })
    }
}

impl ReferenceReads for Session<'_> {
    fn reference_lists(&mut self) -> Result<Vec<ListHead>, StoreError> {
        self.run(|connection| {
            let rows: Vec<HeadRow> = reference_lists::table
                .select((
                    reference_lists::kind,
                    reference_lists::version,
                    reference_lists::file_version,
                    reference_lists::source,
                    reference_lists::retrieved,
                    reference_lists::last_modified,
                ))
                .load(connection)?;
            let heads: Result<Vec<ListHead>, _> =
                rows.into_iter().map(ListHead::try_from).collect();
            let mut heads = heads?;
            heads.sort_by_key(|head| head.kind);
            Ok(heads)
        })
    }

    fn reference_list(&mut self, kind: Kind) -> Result<(ListHead, Vec<Entry>), StoreError> {
        self.run(|connection| {
            let (head, json): (HeadRow, String) =
                sql::<(HeadColumns, Text)>(of(kind).list).get_result(connection)?;
            Ok((head.try_into()?, entries(&json)?))
        })
    }

    fn reference_entry(&mut self, kind: Kind, code: &Code) -> Result<Option<Entry>, StoreError> {
        self.run(|connection| {
            let json: String = sql::<Text>(of(kind).entry)
                .bind::<Text, _>(code.as_str())
                .get_result(connection)?;
            Ok(entries(&json)?.pop())
        })
    }

    fn catalogue(&mut self) -> Result<Catalogue, StoreError> {
        self.run(|connection| {
            let json: String = sql::<Text>(CATALOGUE).get_result(connection)?;
            Ok(Catalogue::new(entries(&json)?))
        })
    }
}

impl ReferenceWrites for Session<'_> {
    fn lock_reference_list(&mut self, kind: Kind) -> Result<(), StoreError> {
        self.run(|connection| {
            let _version: i64 = reference_lists::table
                .find(kind.name())
                .select(reference_lists::version)
                .for_update()
                .first(connection)?;
            Ok(())
        })
    }

    fn insert_reference_entries(
        &mut self,
        kind: Kind,
        contents: &[Content],
        edited_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.write_entries(kind, of(kind).insert, contents, edited_at, now)
    }

    fn update_reference_entries(
        &mut self,
        kind: Kind,
        contents: &[Content],
        edited_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.write_entries(kind, of(kind).update, contents, edited_at, now)
    }

    fn next_reference_version(
        &mut self,
        kind: Kind,
        now: DateTime<Utc>,
    ) -> Result<i64, StoreError> {
        self.run(|connection| {
            Ok(diesel::update(reference_lists::table.find(kind.name()))
                .set((
                    reference_lists::version.eq(reference_lists::version + 1),
                    reference_lists::last_modified.eq(now),
                ))
                .returning(reference_lists::version)
                .get_result(connection)?)
        })
    }

    fn note_reference_file(&mut self, kind: Kind, file: &FileHead) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(reference_lists::table.find(kind.name()))
                .set((
                    reference_lists::file_version.eq(file.version),
                    reference_lists::source.eq(&file.source),
                    reference_lists::retrieved.eq(file.retrieved),
                ))
                .execute(connection)?;
            Ok(())
        })
    }
}

impl Session<'_> {
    /// Writes the entries, then their successors, which may be among them.
    fn write_entries(
        &mut self,
        kind: Kind,
        statement: &'static str,
        contents: &[Content],
        edited_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if contents.is_empty() {
            return Ok(());
        }
        let rows: Vec<NewRow<'_>> = contents.iter().map(NewRow::of).collect();
        let json = serde_json::to_string(&rows).map_err(|error| StoreError::Other(error.into()))?;
        self.run(|connection| {
            sql::<()>(statement)
                .bind::<Text, _>(&json)
                .bind::<Nullable<Timestamptz>, _>(edited_at)
                .bind::<Timestamptz, _>(now)
                .execute(connection)?;
            sql::<()>(of(kind).successors)
                .bind::<Text, _>(&json)
                .execute(connection)?;
            Ok(())
        })
    }
}
