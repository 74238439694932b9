//! Facts about members: one query for each kind of row, however many members.

use std::collections::HashMap;

use abu_application::alumni::ports::Member;
use abu_domain::alumni::visibility::Privacy;
use diesel::{
    prelude::*,
    sql_types::{Array, Uuid as SqlUuid},
};
use uuid::Uuid;

use super::rows::{
    AwardColumns, AwardRow, EducationColumns, EducationRow, ExperienceColumns, ExperienceRow,
    LevelColumns, LevelRow, LinkColumns, LinkRow, MemberColumns, MemberRow, SkillColumns, SkillRow,
};
use crate::{error::Failure, sql::sql};

/// The members of these accounts.
pub(super) fn members(
    connection: &mut PgConnection,
    users: &[Uuid],
) -> Result<Vec<Member>, Failure> {
    let mut rows: Vec<MemberRow> = sql::<MemberColumns>(
        "SELECT u.id, u.firstname, u.middlename, u.lastname, u.phone, u.created_at,
                (SELECT email FROM user_emails
                 WHERE user_id = u.id AND is_primary AND verified_at IS NOT NULL),
                u.verification = 'verified', u.is_active AND u.deactivated_at IS NULL,
                EXISTS (SELECT FROM erasures WHERE user_id = u.id AND started_at IS NOT NULL),
                coalesce(p.is_listed,
                         (SELECT granted FROM consents WHERE user_id = u.id AND purpose = 'directory'
                          ORDER BY created_at DESC, id DESC LIMIT 1), false),
                r.id, r.surname, r.given_names, r.previous_names, coalesce(r.state = 'restricted', false),
                p.slug, coalesce(p.allow_indexing, false), p.preferred_name, p.headline, p.bio, p.city,
                coalesce(p.version, 0), p.last_modified,
                co.id, co.code, co.name, st.id, st.code, st.name, i.id, i.code, i.name
         FROM users u
         LEFT JOIN profiles p ON p.user_id = u.id
         LEFT JOIN claims cl ON cl.user_id = u.id AND cl.state = 'verified'
         LEFT JOIN alumni_records r ON r.id = cl.record_id
         LEFT JOIN countries co ON co.id = p.country_id
         LEFT JOIN states st ON st.id = p.state_id
         LEFT JOIN industries i ON i.id = p.industry_id
         WHERE u.id = ANY (?) AND u.erased_at IS NULL",
    )
    .bind::<Array<SqlUuid>, _>(users)
    .load(connection)?;
    rows.sort_unstable_by_key(|row| row.user());

    let records: Vec<Uuid> = rows.iter().filter_map(MemberRow::record).collect();
    let mut awards = by_owner(awards(connection, &records)?, AwardRow::owner);
    let mut experiences = by_owner(experiences(connection, users)?, ExperienceRow::owner);
    let mut educations = by_owner(educations(connection, users)?, EducationRow::owner);
    let mut skills = by_owner(skills(connection, users)?, SkillRow::owner);
    let mut links = by_owner(links(connection, users)?, LinkRow::owner);
    let mut levels = by_owner(levels(connection, users)?, LevelRow::owner);
    rows.into_iter()
        .map(|row| {
            let user = row.user();
            let record = row.record().unwrap_or_default();
            let mut member = row.into_member();
            let facts = &mut member.facts;
            let taken = awards.remove(&record).unwrap_or_default();
            facts.awards = taken.into_iter().map(AwardRow::into_award).collect();
            let taken = experiences.remove(&user).unwrap_or_default();
            facts.experiences = taken
                .into_iter()
                .map(ExperienceRow::into_experience)
                .collect();
            let taken = educations.remove(&user).unwrap_or_default();
            facts.educations = taken
                .into_iter()
                .map(EducationRow::into_education)
                .collect();
            let taken = skills.remove(&user).unwrap_or_default();
            facts.skills = taken.into_iter().map(SkillRow::into_skill).collect();
            let taken = links.remove(&user).unwrap_or_default();
            facts.links = taken.into_iter().map(LinkRow::into_link).collect();
            let taken = levels.remove(&user).unwrap_or_default();
            let choices = taken.into_iter().filter_map(LevelRow::into_choice);
            member.privacy = Privacy::from_storage(choices.collect::<Result<Vec<_>, _>>()?);
            Ok(member)
        })
        .collect()
}

/// The rows of each owner, in their order.
fn by_owner<Row>(rows: Vec<Row>, owner: fn(&Row) -> Uuid) -> HashMap<Uuid, Vec<Row>> {
    let mut of: HashMap<Uuid, Vec<Row>> = HashMap::new();
    for row in rows {
        of.entry(owner(&row)).or_default().push(row);
    }
    of
}

fn awards(connection: &mut PgConnection, records: &[Uuid]) -> Result<Vec<AwardRow>, Failure> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sql::<AwardColumns>(
        "SELECT a.record_id, a.id, a.year, a.matric_raw, a.class_of_degree,
                g.id, g.code, g.name, p.id, p.code, p.name, d.id, d.code, d.name, f.id, f.code, f.name
         FROM awards a
         JOIN degrees g ON g.id = a.degree_id
         LEFT JOIN programmes p ON p.id = a.programme_id
         LEFT JOIN departments d ON d.id = coalesce(a.department_id, p.department_id)
         LEFT JOIN faculties f ON f.id = d.faculty_id
         WHERE a.record_id = ANY (?)
         ORDER BY a.year, a.id",
    )
    .bind::<Array<SqlUuid>, _>(records)
    .load(connection)?)
}

fn experiences(
    connection: &mut PgConnection,
    users: &[Uuid],
) -> Result<Vec<ExperienceRow>, Failure> {
    // A name that was merged is shown as what it stands for, before the work itself is rewritten.
    Ok(sql::<ExperienceColumns>(
        "SELECT e.user_id, e.id, e.title, e.started, e.ended, e.is_current,
                m.id, m.uuid, m.name, coalesce(m.state = 'confirmed', false)
         FROM experiences e
         LEFT JOIN employers named ON named.id = e.employer_id
         LEFT JOIN employers m ON m.id = coalesce(named.merged_into, named.id)
         WHERE e.user_id = ANY (?)",
    )
    .bind::<Array<SqlUuid>, _>(users)
    .load(connection)?)
}

fn educations(connection: &mut PgConnection, users: &[Uuid]) -> Result<Vec<EducationRow>, Failure> {
    Ok(sql::<EducationColumns>(
        "SELECT user_id, id, institution, degree, field, from_year, to_year
         FROM educations WHERE user_id = ANY (?)",
    )
    .bind::<Array<SqlUuid>, _>(users)
    .load(connection)?)
}

fn skills(connection: &mut PgConnection, users: &[Uuid]) -> Result<Vec<SkillRow>, Failure> {
    // Two names of one skill are one, until the profile itself is rewritten.
    Ok(sql::<SkillColumns>(
        "SELECT user_id, id, uuid, name, is_facet
         FROM (SELECT DISTINCT ON (p.user_id, m.id)
                      p.user_id, m.id, m.uuid, m.name, m.state = 'confirmed' AS is_facet, p.position
               FROM profile_skills p
               JOIN skills named ON named.id = p.skill_id
               JOIN skills m ON m.id = coalesce(named.merged_into, named.id)
               WHERE p.user_id = ANY (?)
               ORDER BY p.user_id, m.id, p.position) AS one
         ORDER BY user_id, position, id",
    )
    .bind::<Array<SqlUuid>, _>(users)
    .load(connection)?)
}

fn links(connection: &mut PgConnection, users: &[Uuid]) -> Result<Vec<LinkRow>, Failure> {
    Ok(sql::<LinkColumns>(
        "SELECT user_id, id, kind, url FROM profile_links WHERE user_id = ANY (?)
         ORDER BY user_id, created_at, id",
    )
    .bind::<Array<SqlUuid>, _>(users)
    .load(connection)?)
}

fn levels(connection: &mut PgConnection, users: &[Uuid]) -> Result<Vec<LevelRow>, Failure> {
    Ok(sql::<LevelColumns>(
        "SELECT user_id, field, level FROM field_visibility WHERE user_id = ANY (?)",
    )
    .bind::<Array<SqlUuid>, _>(users)
    .load(connection)?)
}
