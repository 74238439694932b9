//! What claims need of the register and of the reference data: always by a bounded number of queries.

use std::collections::BTreeSet;

use abu_application::alumni::ports::{
    AskedCodes, AwardFacts, CandidateQuery, CodeKind, KnownCode, RecordFacts,
};
use abu_domain::{RecordId, alumni::claims::matching::Grouped, platform::text::EmailAddress};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Integer, Nullable, SmallInt, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::sql::sql;

/// Awards of one record that are compared.
const MAX_AWARDS: i64 = 20;

/// Kind, code, id, group, name; of a programme its department's id, faculty and name; the faculty's code.
type CodeColumns = (
    Text,
    Text,
    Integer,
    Nullable<Text>,
    Text,
    Nullable<Integer>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
);

type CodeRow = (
    String,
    String,
    i32,
    Option<String>,
    String,
    Option<i32>,
    Option<String>,
    Option<String>,
    Option<String>,
);

pub(super) fn known_codes(
    connection: &mut PgConnection,
    asked: &AskedCodes,
) -> QueryResult<Vec<KnownCode>> {
    let rows: Vec<CodeRow> = sql::<CodeColumns>(
        "SELECT 'department', d.code, d.id::integer, f.code, d.name,
                NULL::integer, NULL::text, NULL::text, f.code
         FROM departments d JOIN faculties f ON f.id = d.faculty_id WHERE d.code = ANY (?)
         UNION ALL
         SELECT 'programme', p.code, p.id, d.code, p.name,
                d.id::integer, f.code, d.name, f.code
         FROM programmes p JOIN departments d ON d.id = p.department_id
         JOIN faculties f ON f.id = d.faculty_id WHERE p.code = ANY (?)
         UNION ALL
         SELECT 'degree', code, id::integer, level, name,
                NULL, NULL, NULL, NULL
         FROM degrees WHERE code = ANY (?)",
    )
    .bind::<Array<Text>, _>(&asked.departments)
    .bind::<Array<Text>, _>(&asked.programmes)
    .bind::<Array<Text>, _>(&asked.degrees)
    .load(connection)?;
    Ok(rows.into_iter().filter_map(known_code).collect())
}

fn known_code(row: CodeRow) -> Option<KnownCode> {
    let (kind, code, id, group, label, department_id, faculty_id, department, faculty) = row;
    let kind = match kind.as_str() {
        "department" => CodeKind::Department,
        "programme" => CodeKind::Programme,
        "degree" => CodeKind::Degree,
        _ => return None,
    };
    Some(KnownCode {
        kind,
        code,
        facts: Grouped { id, group, label },
        department: department_id.zip(department).map(|(id, label)| Grouped {
            id,
            group: faculty_id,
            label,
        }),
        faculty,
    })
}

type RecordColumns = (
    SqlUuid,
    Text,
    Text,
    Array<Text>,
    Nullable<Text>,
    Nullable<SqlUuid>,
    BigInt,
);

type RecordRow = (
    Uuid,
    String,
    String,
    Vec<String>,
    Option<String>,
    Option<Uuid>,
    i64,
);

pub(super) fn facts(
    connection: &mut PgConnection,
    ids: &[RecordId],
) -> QueryResult<Vec<RecordFacts>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    // A chain of merges is followed to its end.
    let rows: Vec<RecordRow> = sql::<RecordColumns>(
        "WITH RECURSIVE asked AS (
             SELECT id, merged_into FROM alumni_records WHERE id = ANY (?)
             UNION
             SELECT next.id, next.merged_into
             FROM asked JOIN alumni_records next ON next.id = asked.merged_into
         )
         SELECT r.id, surname, given_names, previous_names, email,
                (SELECT user_id FROM claims WHERE record_id = r.id AND state = 'verified'),
                (SELECT count(*) FROM claims WHERE record_id = r.id)
         FROM alumni_records r
         WHERE r.id IN (SELECT id FROM asked WHERE merged_into IS NULL) AND state = 'active'",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)?;
    let mut awards = awards(connection, rows.iter().map(|row| row.0).collect())?;
    let facts = rows.into_iter().map(
        |(id, surname, given_names, previous_names, email, claimed_by, claims)| {
            let own: Vec<AwardFacts> = awards
                .extract_if(.., |(record, _)| *record == id)
                .map(|(_, award)| award)
                .collect();
            RecordFacts {
                id: id.into(),
                surname,
                given_names,
                previous_names,
                // The register may hold what is no address.
                email: email.and_then(|text| EmailAddress::parse(&text).ok()),
                awards: own,
                claimed_by: claimed_by.map(Into::into),
                claims: u32::try_from(claims).unwrap_or(u32::MAX),
            }
        },
    );
    Ok(facts.collect())
}

type AwardColumns = (
    SqlUuid,
    Nullable<Text>,
    SmallInt,
    Nullable<Text>,
    (
        Nullable<Integer>,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Text>,
    ),
    (Nullable<Integer>, Nullable<Text>),
    (Integer, Text, Text, Text),
);

type AwardRow = (
    Uuid,
    Option<String>,
    i16,
    Option<String>,
    (Option<i32>, Option<String>, Option<String>, Option<String>),
    (Option<i32>, Option<String>),
    (i32, String, String, String),
);

fn awards(
    connection: &mut PgConnection,
    records: Vec<Uuid>,
) -> QueryResult<Vec<(Uuid, AwardFacts)>> {
    let rows: Vec<AwardRow> = sql::<AwardColumns>(
        "SELECT a.record_id, a.matric_norm, a.year, a.class_of_degree,
                d.id::integer, f.code, d.name, d.code,
                p.id, p.name,
                g.id::integer, g.level, g.name, g.code
         FROM unnest(?) AS asked (id)
         CROSS JOIN LATERAL (SELECT * FROM awards WHERE record_id = asked.id
                             ORDER BY year, id LIMIT ?) a
         JOIN degrees g ON g.id = a.degree_id
         LEFT JOIN programmes p ON p.id = a.programme_id
         LEFT JOIN departments d ON d.id = coalesce(a.department_id, p.department_id)
         LEFT JOIN faculties f ON f.id = d.faculty_id
         ORDER BY a.record_id, a.year, a.id",
    )
    .bind::<Array<SqlUuid>, _>(records)
    .bind::<BigInt, _>(MAX_AWARDS)
    .load(connection)?;
    Ok(rows.into_iter().map(award).collect())
}

fn award(row: AwardRow) -> (Uuid, AwardFacts) {
    let (record, matric, year, class_of_degree, department, programme, degree) = row;
    let (department_id, faculty, department, department_code) = department;
    let (programme_id, programme) = programme;
    let (degree_id, level, degree, degree_code) = degree;
    let facts = AwardFacts {
        matric,
        year,
        class_of_degree,
        department: department_id.zip(department).map(|(id, label)| Grouped {
            id,
            group: faculty,
            label,
        }),
        programme: programme_id.zip(programme).map(|(id, label)| Grouped {
            id,
            group: department_code.clone(),
            label,
        }),
        degree: Grouped {
            id: degree_id,
            group: Some(level),
            label: degree,
        },
        degree_code,
        department_code,
    };
    (record, facts)
}

/// Two names find a person within the years of the claim; one name is enough within the department, the very years of
/// the claim first.
pub(super) fn candidates(
    connection: &mut PgConnection,
    query: &CandidateQuery,
    limit: u32,
) -> QueryResult<Vec<RecordId>> {
    let limit = i64::from(limit);
    let [first, second, third] = &query.spellings;
    let (from, to) = query.years;
    let mut found: BTreeSet<Uuid> = BTreeSet::new();
    if !query.matrics.is_empty() {
        let by_matric: Vec<Uuid> =
            sql::<SqlUuid>("SELECT record_id FROM awards WHERE matric_norm = ANY (?) LIMIT ?")
                .bind::<Array<Text>, _>(&query.matrics)
                .bind::<BigInt, _>(limit)
                .load(connection)?;
        found.extend(by_matric);
    }
    let by_names: Vec<Uuid> = sql::<SqlUuid>(
        "SELECT id FROM alumni_records r
         WHERE (name_tokens && ? AND name_tokens && ?
                OR name_tokens && ? AND name_tokens && ?
                OR name_tokens && ? AND name_tokens && ?)
           AND state = 'active'
           AND (? = 0 OR EXISTS (SELECT FROM awards
                                 WHERE record_id = r.id AND year BETWEEN ? AND ?))
         LIMIT ?",
    )
    .bind::<Array<Text>, _>(first)
    .bind::<Array<Text>, _>(second)
    .bind::<Array<Text>, _>(first)
    .bind::<Array<Text>, _>(third)
    .bind::<Array<Text>, _>(second)
    .bind::<Array<Text>, _>(third)
    .bind::<SmallInt, _>(to)
    .bind::<SmallInt, _>(from)
    .bind::<SmallInt, _>(to)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    found.extend(by_names);
    if !query.departments.is_empty() {
        let any: Vec<String> = query.spellings.iter().flatten().cloned().collect();
        // The inner limits bound the work in large departments; `OFFSET 0` keeps the planner from another order.
        let in_set: Vec<Uuid> = sql::<SqlUuid>(
            "(SELECT r.id
              FROM (SELECT record_id FROM awards
                    WHERE department_id = ANY (?) AND year = ANY (?) LIMIT 4000) a
              CROSS JOIN LATERAL (SELECT id FROM alumni_records
                                  WHERE id = a.record_id AND name_tokens && ? AND state = 'active'
                                  OFFSET 0) r
              LIMIT ?)
             UNION ALL
             (SELECT r.id
              FROM (SELECT record_id FROM awards
                    WHERE department_id = ANY (?) AND year BETWEEN ? AND ? AND year <> ALL (?)
                    LIMIT 2000) a
              CROSS JOIN LATERAL (SELECT id FROM alumni_records
                                  WHERE id = a.record_id AND name_tokens && ? AND state = 'active'
                                  OFFSET 0) r
              LIMIT ?)",
        )
        .bind::<Array<SmallInt>, _>(&query.departments)
        .bind::<Array<SmallInt>, _>(&query.exact_years)
        .bind::<Array<Text>, _>(&any)
        .bind::<BigInt, _>(limit)
        .bind::<Array<SmallInt>, _>(&query.departments)
        .bind::<SmallInt, _>(from)
        .bind::<SmallInt, _>(to)
        .bind::<Array<SmallInt>, _>(&query.exact_years)
        .bind::<Array<Text>, _>(&any)
        .bind::<BigInt, _>(limit)
        .load(connection)?;
        found.extend(in_set);
    }
    Ok(found.into_iter().map(RecordId::new).collect())
}
