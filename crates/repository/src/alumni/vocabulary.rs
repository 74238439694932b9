//! Grown vocabularies: one implementation for two tables of the same shape.

use abu_application::{
    alumni::ports::{TermFilter, TermRecord, VocabularyReads, VocabularyWrites},
    platform::{
        lists::{Seek, Total},
        ports::StoreError,
    },
};
use abu_domain::{
    UserId,
    alumni::profiles::{Term, TermName, TermState, Vocabulary},
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Integer, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    error::{BadRow, Failure},
    like,
    lists::{ascending, total},
    schema::{employers, skills},
    sql::sql,
    store::Session,
};

/// Runs the same code on the table of the vocabulary.
macro_rules! on_table {
    ($vocabulary:expr, $table:ident => $body:expr) => {
        match $vocabulary {
            Vocabulary::Employers => {
                use employers as $table;
                $body
            }
            Vocabulary::Skills => {
                use skills as $table;
                $body
            }
        }
    };
}

/// Chooses between the same statement on either table, written with the names of the tables that differ.
macro_rules! statement {
    ($vocabulary:expr, $($part:tt),+ $(,)?) => {
        match $vocabulary {
            Vocabulary::Employers => concat!($(statement!(@employers $part)),+),
            Vocabulary::Skills => concat!($(statement!(@skills $part)),+),
        }
    };
    (@employers terms) => { "employers" };
    (@employers uses) => { "experiences" };
    (@employers term_id) => { "employer_id" };
    (@skills terms) => { "skills" };
    (@skills uses) => { "profile_skills" };
    (@skills term_id) => { "skill_id" };
    (@$vocabulary:ident $text:literal) => { $text };
}

/// The rows of the table that a filter admits.
macro_rules! filtered {
    ($table:ident, $filter:expr) => {{
        let mut rows = $table::table.into_boxed();
        if !$filter.states.is_empty() {
            let states: Vec<&str> = $filter.states.iter().map(|state| state.name()).collect();
            rows = rows.filter($table::state.eq_any(states));
        }
        if let Some(prefix) = &$filter.prefix {
            rows = match like::starting_with(prefix) {
                Some(pattern) => rows.filter($table::name_key.like(pattern)),
                None => rows.filter($table::id.eq(0)),
            };
        }
        rows
    }};
}

type TermRow = (
    i32,
    Uuid,
    String,
    String,
    String,
    i32,
    DateTime<Utc>,
    DateTime<Utc>,
    Option<Uuid>,
);

fn term(row: TermRow) -> Result<TermRecord, BadRow> {
    let (id, uuid, name, key, state, uses, created_at, last_modified, merged_into) = row;
    let state = TermState::from_name(&state).ok_or(BadRow {
        column: "state of a vocabulary",
        id: uuid,
    })?;
    Ok(TermRecord {
        id,
        uuid,
        name,
        key,
        state,
        merged_into,
        uses: uses.unsigned_abs(),
        created_at,
        last_modified,
    })
}

fn terms(rows: Vec<TermRow>) -> Result<Vec<TermRecord>, Failure> {
    let terms = rows.into_iter().map(term);
    Ok(terms.collect::<Result<_, _>>()?)
}

type TermColumns = (
    Integer,
    SqlUuid,
    Text,
    Text,
    Text,
    Integer,
    Timestamptz,
    Timestamptz,
    diesel::sql_types::Nullable<SqlUuid>,
);

impl VocabularyReads for Session<'_> {
    fn term(
        &mut self,
        vocabulary: Vocabulary,
        uuid: Uuid,
    ) -> Result<Option<TermRecord>, StoreError> {
        self.run(|connection| {
            let rows: Vec<TermRow> = sql::<TermColumns>(statement!(
                vocabulary,
                "SELECT t.id, t.uuid, t.name, t.name_key, t.state, t.uses, t.created_at, t.last_modified,
                        (SELECT uuid FROM ", terms, " WHERE id = t.merged_into)
                 FROM ", terms, " t WHERE t.uuid = ?"
            ))
            .bind::<SqlUuid, _>(uuid)
            .load(connection)?;
            Ok(terms(rows)?.pop())
        })
    }

    fn list_terms(
        &mut self,
        vocabulary: Vocabulary,
        filter: &TermFilter,
        seek: Seek<String>,
        limit: u32,
    ) -> Result<Vec<TermRecord>, StoreError> {
        self.run(|connection| {
            let ids: Vec<i32> = on_table!(vocabulary, table => {
                ascending!(filtered!(table, filter), seek, table::name_key)
                    .limit(limit.into())
                    .select(table::id)
                    .load(connection)?
            });
            let rows: Vec<TermRow> = sql::<TermColumns>(statement!(
                vocabulary,
                "SELECT t.id, t.uuid, t.name, t.name_key, t.state, t.uses, t.created_at, t.last_modified,
                        (SELECT uuid FROM ", terms, " WHERE id = t.merged_into)
                 FROM ", terms, " t WHERE t.id = ANY (?) ORDER BY t.name_key"
            ))
            .bind::<Array<Integer>, _>(ids)
            .load(connection)?;
            terms(rows)
        })
    }

    fn count_terms(
        &mut self,
        vocabulary: Vocabulary,
        filter: &TermFilter,
    ) -> Result<Total, StoreError> {
        self.run(|connection| {
            Ok(on_table!(vocabulary, table => {
                total(connection, filtered!(table, filter).select(table::id))?
            }))
        })
    }

    fn users_of_term(
        &mut self,
        vocabulary: Vocabulary,
        id: i32,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError> {
        self.run(|connection| {
            let users: Vec<Uuid> = sql::<SqlUuid>(statement!(
                vocabulary,
                "SELECT DISTINCT user_id FROM ",
                uses,
                " WHERE ",
                term_id,
                " = ? AND user_id > ?
                 ORDER BY user_id LIMIT ?"
            ))
            .bind::<Integer, _>(id)
            .bind::<SqlUuid, _>(after.map_or(Uuid::nil(), UserId::uuid))
            .bind::<BigInt, _>(i64::from(limit))
            .load(connection)?;
            Ok(users.into_iter().map(UserId::new).collect())
        })
    }
}

impl VocabularyWrites for Session<'_> {
    fn intern_terms(
        &mut self,
        vocabulary: Vocabulary,
        names: &[TermName],
        uuids: &[Uuid],
        now: DateTime<Utc>,
    ) -> Result<Vec<Term<i32>>, StoreError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<&str> = names.iter().map(TermName::key).collect();
        let texts: Vec<&str> = names.iter().map(TermName::as_str).collect();
        self.run(|connection| {
            // In the order of the keys, so that of two transactions with the same new names one waits.
            sql::<Integer>(statement!(
                vocabulary,
                "INSERT INTO ",
                terms,
                " (uuid, name, name_key, created_at, last_modified)
                 SELECT new.uuid, new.name, new.key, ?, ?
                 FROM unnest(?, ?, ?) AS new (uuid, name, key)
                 WHERE NOT EXISTS (SELECT FROM ",
                terms,
                " WHERE name_key = new.key)
                 ORDER BY new.key
                 ON CONFLICT (name_key) DO NOTHING"
            ))
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(now)
            .bind::<Array<SqlUuid>, _>(uuids)
            .bind::<Array<Text>, _>(&texts)
            .bind::<Array<Text>, _>(&keys)
            .execute(connection)?;
            let rows: Vec<(i32, Uuid, String, bool)> =
                sql::<(Integer, SqlUuid, Text, diesel::sql_types::Bool)>(statement!(
                    vocabulary,
                    "SELECT m.id, m.uuid, m.name, m.state = 'confirmed'
                     FROM unnest(?) WITH ORDINALITY AS asked (key, place)
                     JOIN ",
                    terms,
                    " t ON t.name_key = asked.key
                     JOIN ",
                    terms,
                    " m ON m.id = coalesce(t.merged_into, t.id)
                     ORDER BY place"
                ))
                .bind::<Array<Text>, _>(&keys)
                .load(connection)?;
            let found = rows.into_iter().map(|(id, uuid, name, is_facet)| Term {
                id,
                uuid,
                name,
                is_facet,
            });
            Ok(found.collect())
        })
    }

    fn confirm_used_terms(
        &mut self,
        vocabulary: Vocabulary,
        ids: &[i32],
        users: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<i32>, StoreError> {
        self.run(|connection| {
            let proposed: Vec<i32> = sql::<Integer>(statement!(
                vocabulary,
                "SELECT id FROM ",
                terms,
                " WHERE id = ANY (?) AND state = 'proposed'
                 ORDER BY id FOR NO KEY UPDATE"
            ))
            .bind::<Array<Integer>, _>(ids)
            .load(connection)?;
            if proposed.is_empty() {
                return Ok(Vec::new());
            }
            Ok(sql::<Integer>(statement!(
                vocabulary,
                "UPDATE ",
                terms,
                " t SET state = 'confirmed', last_modified = ?
                 WHERE id = ANY (?) AND state = 'proposed'
                   AND (SELECT count(DISTINCT user_id) FROM ",
                uses,
                " u WHERE u.",
                term_id,
                " = t.id) >= ?
                 RETURNING id"
            ))
            .bind::<Timestamptz, _>(now)
            .bind::<Array<Integer>, _>(proposed)
            .bind::<BigInt, _>(i64::from(users))
            .load(connection)?)
        })
    }

    fn lock_terms(
        &mut self,
        vocabulary: Vocabulary,
        uuids: &[Uuid],
    ) -> Result<Vec<TermRecord>, StoreError> {
        self.run(|connection| {
            let rows: Vec<TermRow> = sql::<TermColumns>(statement!(
                vocabulary,
                "SELECT t.id, t.uuid, t.name, t.name_key, t.state, t.uses, t.created_at, t.last_modified,
                        (SELECT uuid FROM ", terms, " WHERE id = t.merged_into)
                 FROM ", terms, " t WHERE t.uuid = ANY (?) ORDER BY t.id FOR NO KEY UPDATE OF t"
            ))
            .bind::<Array<SqlUuid>, _>(uuids)
            .load(connection)?;
            terms(rows)
        })
    }

    fn save_term(
        &mut self,
        vocabulary: Vocabulary,
        id: i32,
        name: &TermName,
        state: TermState,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            on_table!(vocabulary, table => {
                diesel::update(table::table.find(id))
                    .set((
                        table::name.eq(name.as_str()),
                        table::name_key.eq(name.key()),
                        table::state.eq(state.name()),
                        table::last_modified.eq(now),
                    ))
                    .execute(connection)?;
            });
            Ok(())
        })
    }

    fn merge_term(
        &mut self,
        vocabulary: Vocabulary,
        from: i32,
        into: i32,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<Integer>(statement!(
                vocabulary,
                "UPDATE ",
                terms,
                " SET state = 'merged', merged_into = ?, last_modified = ?
                 WHERE id = ? OR merged_into = ?"
            ))
            .bind::<Integer, _>(into)
            .bind::<Timestamptz, _>(now)
            .bind::<Integer, _>(from)
            .bind::<Integer, _>(from)
            .execute(connection)?;
            Ok(())
        })
    }

    fn replace_term(
        &mut self,
        vocabulary: Vocabulary,
        user: UserId,
        from: i32,
        into: i32,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            let user = user.uuid();
            if vocabulary == Vocabulary::Skills {
                // A profile that has both keeps the one that stays.
                sql::<Integer>(
                    "DELETE FROM profile_skills WHERE user_id = ? AND skill_id = ?
                       AND EXISTS (SELECT FROM profile_skills WHERE user_id = ? AND skill_id = ?)",
                )
                .bind::<SqlUuid, _>(user)
                .bind::<Integer, _>(from)
                .bind::<SqlUuid, _>(user)
                .bind::<Integer, _>(into)
                .execute(connection)?;
            }
            sql::<Integer>(statement!(
                vocabulary,
                "UPDATE ",
                uses,
                " SET ",
                term_id,
                " = ? WHERE user_id = ? AND ",
                term_id,
                " = ?"
            ))
            .bind::<Integer, _>(into)
            .bind::<SqlUuid, _>(user)
            .bind::<Integer, _>(from)
            .execute(connection)?;
            Ok(())
        })
    }

    fn delete_unused_terms(
        &mut self,
        vocabulary: Vocabulary,
        unchanged_since: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<Integer>(statement!(
                vocabulary,
                "DELETE FROM ",
                terms,
                " t WHERE state = 'proposed' AND last_modified < ?
                   AND NOT EXISTS (SELECT FROM ",
                uses,
                " u WHERE u.",
                term_id,
                " = t.id)
                   AND NOT EXISTS (SELECT FROM ",
                terms,
                " WHERE merged_into = t.id)"
            ))
            .bind::<Timestamptz, _>(unchanged_since)
            .execute(connection)?;
            Ok(())
        })
    }

    fn count_uses(
        &mut self,
        vocabulary: Vocabulary,
        after: i32,
        limit: u32,
    ) -> Result<Option<i32>, StoreError> {
        self.run(|connection| {
            let last: Option<i32> = sql::<diesel::sql_types::Nullable<Integer>>(statement!(
                vocabulary,
                "WITH batch AS (
                     SELECT id, uses FROM ",
                terms,
                " WHERE id > ? ORDER BY id LIMIT ?),
                 counted AS (
                     SELECT id, (SELECT count(DISTINCT user_id) FROM ",
                uses,
                " u
                                 WHERE u.",
                term_id,
                " = batch.id)::integer AS now
                     FROM batch),
                 changed AS (
                     UPDATE ",
                terms,
                " t SET uses = counted.now FROM counted
                     WHERE t.id = counted.id AND t.uses <> counted.now)
                 SELECT max(id) FROM batch"
            ))
            .bind::<Integer, _>(after)
            .bind::<BigInt, _>(i64::from(limit))
            .get_result(connection)?;
            Ok(last)
        })
    }
}
