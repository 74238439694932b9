//! Records of the register: search, changes, history, merges and duplicates.

mod duplicates;
mod links;
mod rows;

use abu_application::{
    alumni::ports::{
        AwardCodes, ClassKey, Classmates, DuplicatePair, MovedLinks, NewMerge, NewRecordEvent,
        RecordEvent, RecordFilter, RecordReads, RecordWrites,
    },
    platform::{
        lists::{Seek, Total},
        ports::StoreError,
    },
};
use abu_domain::{
    AwardId, ImportId, MergeId, RecordId, UserId,
    alumni::register::{Award, AwardDetails, FieldSource, Record, RecordDetails, RecordState},
};
use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{
        Array, BigInt, Date, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
    },
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    alumni::imports::share_register,
    error::BadRow,
    lists::{ascending, in_list_order, total},
    schema::{alumni_records, awards, departments},
    sql::sql,
    store::Session,
};
use rows::{AWARDS, AwardRow, RecordRow, SourceRow, all, texts};

fn uuids(ids: &[impl Copy + Into<Uuid>]) -> Vec<Uuid> {
    ids.iter().map(|id| (*id).into()).collect()
}

/// The records that the filter admits.
fn admitted<'a>(filter: &RecordFilter) -> alumni_records::BoxedQuery<'a, Pg> {
    let mut records = alumni_records::table.into_boxed();
    for spellings in &filter.words {
        let spellings: Vec<Option<String>> = spellings.iter().cloned().map(Some).collect();
        records = records.filter(alumni_records::name_tokens.overlaps_with(spellings));
    }
    if let Some(email) = &filter.email {
        records = records.filter(lower(alumni_records::email).eq(email.to_lowercase()));
    }
    if let Some(import) = filter.import {
        records = records.filter(alumni_records::created_by_import.eq(import.uuid()));
    }
    let states = match &filter.states[..] {
        [] => vec![RecordState::Active.name(), RecordState::Restricted.name()],
        states => states.iter().map(|state| state.name()).collect(),
    };
    records = records.filter(alumni_records::state.eq_any(states));
    if filter.matric.is_none() && filter.year.is_none() && filter.departments.is_empty() {
        return records;
    }
    let mut with = awards::table.select(awards::record_id).into_boxed();
    if let Some(matric) = &filter.matric {
        with = with.filter(awards::matric_norm.eq(matric.clone()));
    }
    if let Some(year) = filter.year {
        with = with.filter(awards::year.eq(year));
    }
    if !filter.departments.is_empty() {
        let of_code = departments::table
            .filter(departments::code.eq_any(filter.departments.clone()))
            .select(departments::id.nullable());
        with = with.filter(awards::department_id.eq_any(of_code));
    }
    records.filter(alumni_records::id.eq_any(with))
}

diesel::define_sql_function! {
    fn lower(text: Nullable<Text>) -> Nullable<Text>;
}

impl RecordReads for Session<'_> {
    fn record(&mut self, id: RecordId) -> Result<Option<Record>, StoreError> {
        Ok(self.records(&[id])?.pop())
    }

    fn records(&mut self, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        self.run(|connection| {
            let rows = alumni_records::table
                .filter(alumni_records::id.eq_any(uuids(ids)))
                .order(alumni_records::id)
                .select(RecordRow::as_select())
                .load(connection)?;
            all(rows)
        })
    }

    fn awards_of(&mut self, records: &[RecordId]) -> Result<Vec<(Award, AwardCodes)>, StoreError> {
        self.run(|connection| {
            let rows: Vec<AwardRow> = sql::<rows::AwardColumns>(AWARDS)
                .bind::<Array<SqlUuid>, _>(uuids(records))
                .load(connection)?;
            let awards = rows.into_iter().map(TryInto::try_into);
            Ok(awards.collect::<Result<_, BadRow>>()?)
        })
    }

    fn field_sources(&mut self, record: RecordId) -> Result<Vec<FieldSource>, StoreError> {
        self.run(|connection| {
            let rows: Vec<SourceRow> = sql::<rows::SourceColumns>(
                "SELECT id, award_id, field, source, import_id, actor_id, changed_at
                 FROM record_field_sources WHERE record_id = ? ORDER BY id",
            )
            .bind::<SqlUuid, _>(record.uuid())
            .load(connection)?;
            let sources = rows.into_iter().map(|row| rows::source(record, row));
            Ok(sources.collect::<Result<_, BadRow>>()?)
        })
    }

    fn list_records(
        &mut self,
        filter: &RecordFilter,
        seek: Seek<RecordId>,
        limit: u32,
    ) -> Result<Vec<Record>, StoreError> {
        self.run(|connection| {
            let seek = seek.map(RecordId::uuid);
            let rows = ascending!(admitted(filter), seek, alumni_records::id)
                .limit(limit.into())
                .select(RecordRow::as_select())
                .load(connection)?;
            Ok(in_list_order(seek.is_backward(), all(rows)?))
        })
    }

    fn count_records(&mut self, filter: &RecordFilter) -> Result<Total, StoreError> {
        self.run(|connection| {
            let records = admitted(filter).select(alumni_records::id);
            Ok(total(connection, records)?)
        })
    }

    fn record_history(
        &mut self,
        record: RecordId,
        limit: u32,
    ) -> Result<Vec<RecordEvent>, StoreError> {
        type Columns = (
            Timestamptz,
            Text,
            Nullable<SqlUuid>,
            Nullable<SqlUuid>,
            Nullable<SqlUuid>,
            Jsonb,
        );
        type Row = (
            DateTime<Utc>,
            String,
            Option<Uuid>,
            Option<Uuid>,
            Option<Uuid>,
            Value,
        );
        self.run(|connection| {
            let rows: Vec<Row> = sql::<Columns>(include_str!("history.sql"))
                .bind::<SqlUuid, _>(record.uuid())
                .bind::<SqlUuid, _>(record.uuid())
                .bind::<SqlUuid, _>(record.uuid())
                .bind::<BigInt, _>(i64::from(limit))
                .load(connection)?;
            let event = |(at, kind, actor, import, merge, before): Row| RecordEvent {
                at,
                kind,
                actor: actor.map(UserId::new),
                import: import.map(ImportId::new),
                merge: merge.map(MergeId::new),
                before,
            };
            Ok(rows.into_iter().map(event).collect())
        })
    }

    fn list_duplicates(
        &mut self,
        seek: Seek<(RecordId, RecordId)>,
        limit: u32,
    ) -> Result<Vec<DuplicatePair>, StoreError> {
        self.run(|connection| duplicates::list(connection, seek, limit))
    }

    fn count_duplicates(&mut self) -> Result<Total, StoreError> {
        self.run(duplicates::count)
    }

    fn claimed_records(&mut self, records: &[RecordId]) -> Result<Vec<RecordId>, StoreError> {
        self.run(|connection| links::claimed(connection, records))
    }

    fn classmates_after(
        &mut self,
        after: Option<ClassKey>,
        about: u32,
    ) -> Result<Classmates, StoreError> {
        self.run(|connection| duplicates::classmates_after(connection, after, about))
    }
}

impl RecordWrites for Session<'_> {
    fn share_register(&mut self) -> Result<bool, StoreError> {
        self.run(share_register)
    }

    fn lock_records(&mut self, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        self.run(|connection| {
            let rows = alumni_records::table
                .filter(alumni_records::id.eq_any(uuids(ids)))
                .order(alumni_records::id)
                .select(RecordRow::as_select())
                .for_update()
                .load(connection)?;
            all(rows)
        })
    }

    fn insert_record(
        &mut self,
        id: RecordId,
        details: &RecordDetails,
        tokens: &[String],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.write_record(
            "INSERT INTO alumni_records (surname, given_names, previous_names, name_tokens, email, phone, date_of_birth,
                                         state, created_at, last_modified, id)
             SELECT n.surname, n.given_names, n.previous_names, n.name_tokens, n.email, n.phone, n.date_of_birth,
                    n.state, n.now, n.now, n.id
             FROM (SELECT ?::text AS surname, ?::text AS given_names, ?::text[] AS previous_names, ?::text[] AS name_tokens,
                          ?::text AS email, ?::text AS phone, ?::date AS date_of_birth, ?::text AS state,
                          ?::timestamptz AS now, ?::uuid AS id) AS n",
            id,
            details,
            tokens,
            RecordState::Active,
            now,
        )
    }

    fn update_record(
        &mut self,
        id: RecordId,
        details: &RecordDetails,
        tokens: &[String],
        state: RecordState,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.write_record(
            "UPDATE alumni_records SET
                 surname = ?, given_names = ?, previous_names = ?, name_tokens = ?, email = ?, phone = ?,
                 date_of_birth = ?, state = ?, last_modified = ?, version = version + 1
             WHERE id = ?",
            id,
            details,
            tokens,
            state,
            now,
        )
    }

    fn insert_award(
        &mut self,
        id: AwardId,
        record: RecordId,
        details: &AwardDetails,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::insert_into(awards::table)
                .values((
                    awards::id.eq(id.uuid()),
                    awards::record_id.eq(record.uuid()),
                    rows::award_values(details),
                    awards::created_at.eq(now),
                    awards::last_modified.eq(now),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn update_award(
        &mut self,
        id: AwardId,
        details: &AwardDetails,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(awards::table.find(id.uuid()))
                .set((
                    rows::award_values(details),
                    awards::version.eq(awards::version + 1),
                    awards::last_modified.eq(now),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn delete_awards(&mut self, ids: &[AwardId]) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::delete(awards::table.filter(awards::id.eq_any(uuids(ids))))
                .execute(connection)?;
            Ok(())
        })
    }

    fn note_sources(
        &mut self,
        record: RecordId,
        sources: &[FieldSource],
    ) -> Result<(), StoreError> {
        let award: Vec<Option<Uuid>> = sources
            .iter()
            .map(|source| source.award.map(AwardId::uuid))
            .collect();
        let import: Vec<Option<Uuid>> = sources
            .iter()
            .map(|source| source.import.map(ImportId::uuid))
            .collect();
        let actor: Vec<Option<Uuid>> = sources
            .iter()
            .map(|source| source.actor.map(UserId::uuid))
            .collect();
        let field: Vec<&str> = sources.iter().map(|source| &*source.field).collect();
        let source: Vec<&str> = sources.iter().map(|source| source.source.name()).collect();
        let at: Vec<DateTime<Utc>> = sources.iter().map(|source| source.at).collect();
        self.run(|connection| {
            sql::<Integer>(
                "INSERT INTO record_field_sources (record_id, award_id, field, source, import_id, actor_id, changed_at)
                 SELECT ?, s.* FROM unnest(?::uuid[], ?::text[], ?::text[], ?::uuid[], ?::uuid[], ?::timestamptz[]) AS s
                 ON CONFLICT ON CONSTRAINT record_field_sources_key DO UPDATE SET
                     source = excluded.source, import_id = excluded.import_id, actor_id = excluded.actor_id,
                     changed_at = excluded.changed_at",
            )
            .bind::<SqlUuid, _>(record.uuid())
            .bind::<Array<Nullable<SqlUuid>>, _>(award)
            .bind::<Array<Text>, _>(field)
            .bind::<Array<Text>, _>(source)
            .bind::<Array<Nullable<SqlUuid>>, _>(import)
            .bind::<Array<Nullable<SqlUuid>>, _>(actor)
            .bind::<Array<Timestamptz>, _>(at)
            .execute(connection)?;
            Ok(())
        })
    }

    fn add_record_event(
        &mut self,
        event: &NewRecordEvent,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<Integer>(
                "INSERT INTO record_events (record_id, at, kind, actor_id, merge_id, before) VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind::<SqlUuid, _>(event.record.uuid())
            .bind::<Timestamptz, _>(now)
            .bind::<Text, _>(event.kind)
            .bind::<Nullable<SqlUuid>, _>(event.actor.map(UserId::uuid))
            .bind::<Nullable<SqlUuid>, _>(event.merge.map(MergeId::uuid))
            .bind::<Jsonb, _>(event.before.clone())
            .execute(connection)?;
            Ok(())
        })
    }

    fn snapshot_records(&mut self, ids: &[RecordId]) -> Result<Value, StoreError> {
        self.run(|connection| {
            Ok(sql::<Jsonb>(
                "SELECT coalesce(jsonb_object_agg(p.id, jsonb_build_object(
                     'record', to_jsonb(p),
                     'awards', (SELECT coalesce(jsonb_agg(to_jsonb(a)), '[]') FROM awards a WHERE a.record_id = p.id),
                     'sources', (SELECT coalesce(jsonb_agg(to_jsonb(s)), '[]') FROM record_field_sources s WHERE s.record_id = p.id)
                 )), '{}') FROM alumni_records p WHERE p.id = ANY (?)",
            )
            .bind::<Array<SqlUuid>, _>(uuids(ids))
            .get_result(connection)?)
        })
    }

    fn move_awards(
        &mut self,
        ids: &[AwardId],
        to: RecordId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(awards::table.filter(awards::id.eq_any(uuids(ids))))
                .set((
                    awards::record_id.eq(to.uuid()),
                    awards::version.eq(awards::version + 1),
                    awards::last_modified.eq(now),
                ))
                .execute(connection)?;
            sql::<Integer>(
                "UPDATE record_field_sources SET record_id = ? WHERE award_id = ANY (?)",
            )
            .bind::<SqlUuid, _>(to.uuid())
            .bind::<Array<SqlUuid>, _>(uuids(ids))
            .execute(connection)?;
            Ok(())
        })
    }

    fn lock_claims_on(&mut self, records: &[RecordId]) -> Result<(), StoreError> {
        self.run(|connection| links::lock_claims(connection, records))
    }

    fn move_links(&mut self, from: RecordId, to: RecordId) -> Result<MovedLinks, StoreError> {
        self.run(|connection| links::move_all(connection, from, to))
    }

    fn mark_merged(
        &mut self,
        drop: RecordId,
        keep: RecordId,
        now: DateTime<Utc>,
    ) -> Result<Vec<RecordId>, StoreError> {
        self.run(|connection| {
            let earlier: Vec<Uuid> = diesel::update(
                alumni_records::table.filter(alumni_records::merged_into.eq(drop.uuid())),
            )
            .set(alumni_records::merged_into.eq(keep.uuid()))
            .returning(alumni_records::id)
            .get_results(connection)?;
            diesel::update(alumni_records::table.find(drop.uuid()))
                .set((
                    alumni_records::state.eq(RecordState::Merged.name()),
                    alumni_records::merged_into.eq(keep.uuid()),
                    alumni_records::version.eq(alumni_records::version + 1),
                    alumni_records::last_modified.eq(now),
                ))
                .execute(connection)?;
            Ok(earlier.into_iter().map(RecordId::new).collect())
        })
    }

    fn insert_merge(&mut self, merge: &NewMerge) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<Integer>(
                "INSERT INTO record_merges (id, keep_id, drop_id, choices, before, moved, keep_modified_at, actor_id, at)
                 SELECT n.id, n.keep, n.drop, n.choices, n.before, n.moved, n.now, n.actor, n.now
                 FROM (SELECT ?::uuid AS id, ?::uuid AS keep, ?::uuid AS drop, ?::jsonb AS choices, ?::jsonb AS before,
                              ?::jsonb AS moved, ?::uuid AS actor, ?::timestamptz AS now) AS n",
            )
            .bind::<SqlUuid, _>(merge.id.uuid())
            .bind::<SqlUuid, _>(merge.keep.uuid())
            .bind::<SqlUuid, _>(merge.drop.uuid())
            .bind::<Jsonb, _>(merge.choices.clone())
            .bind::<Jsonb, _>(merge.before.clone())
            .bind::<Jsonb, _>(merge.moved.clone())
            .bind::<Nullable<SqlUuid>, _>(merge.actor.map(UserId::uuid))
            .bind::<Timestamptz, _>(merge.at)
            .execute(connection)?;
            Ok(())
        })
    }

    fn dismiss_duplicate(
        &mut self,
        left: RecordId,
        right: RecordId,
        by: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| duplicates::dismiss(connection, left, right, by, now))
    }

    fn find_shared_matrics(
        &mut self,
        after: Option<&str>,
        about: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        self.run(|connection| duplicates::find_shared_matrics(connection, after, about, now))
    }

    fn note_namesakes(
        &mut self,
        pairs: &[(RecordId, RecordId)],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| duplicates::note_namesakes(connection, pairs, now))
    }

    fn forget_duplicates(&mut self, before: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(|connection| duplicates::forget(connection, before))
    }
}

impl Session<'_> {
    /// Runs a statement that takes a record's columns, its state, a time and its id.
    fn write_record(
        &mut self,
        text: &'static str,
        id: RecordId,
        details: &RecordDetails,
        tokens: &[String],
        state: RecordState,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let email = details
            .email
            .as_ref()
            .map(|email| email.as_str().to_owned());
        let phone = details
            .phone
            .as_ref()
            .map(|phone| phone.as_str().to_owned());
        self.run(|connection| {
            sql::<Integer>(text)
                .bind::<Text, _>(details.surname.as_str())
                .bind::<Text, _>(details.given_names.as_str())
                .bind::<Array<Text>, _>(texts(&details.previous_names))
                .bind::<Array<Text>, _>(tokens.to_vec())
                .bind::<Nullable<Text>, _>(email)
                .bind::<Nullable<Text>, _>(phone)
                .bind::<Nullable<Date>, _>(details.date_of_birth)
                .bind::<Text, _>(state.name())
                .bind::<Timestamptz, _>(now)
                .bind::<SqlUuid, _>(id.uuid())
                .execute(connection)?;
            Ok(())
        })
    }
}
