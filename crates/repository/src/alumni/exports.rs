//! What the alumni area holds about a user, for a copy of their data.

use abu_application::{
    alumni::ports::{AlumniExportReads, AlumniPart},
    identity::ports::ExportPage,
    platform::ports::StoreError,
};
use abu_domain::UserId;

use crate::{export_rows::page, store::Session};

impl AlumniExportReads for Session<'_> {
    fn alumni_rows(
        &mut self,
        user: UserId,
        part: AlumniPart,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ExportPage, StoreError> {
        self.run(|connection| Ok(page(connection, query_of(part), user.uuid(), after, limit)?))
    }
}

/// Nothing about reviewers, and of the register only the record that the account is linked to.
fn query_of(part: AlumniPart) -> &'static str {
    match part {
        AlumniPart::Claims => {
            "SELECT id::text, jsonb_build_object(
                 'uuid', id, 'state', state, 'awards', awards, 'names', names, 'list_me', list_me,
                 'method', method, 'submitted_at', submitted_at, 'due_at', due_at,
                 'decided_at', decided_at, 'created_at', created_at, 'last_modified', last_modified)
             FROM claims WHERE user_id = ? AND id::text > ? ORDER BY id::text LIMIT ?"
        }
        AlumniPart::ClaimEvents => {
            "SELECT claim_events.id::text, jsonb_build_object(
                 'claim_uuid', claim_id, 'at', at, 'kind', kind, 'reason_code', reason_code,
                 'message', message)
             FROM claims JOIN claim_events ON claim_id = claims.id
             WHERE user_id = ? AND visible_to_applicant AND claim_events.id::text > ?
             ORDER BY claim_events.id::text LIMIT ?"
        }
        AlumniPart::ClaimEvidence => {
            "SELECT claim_evidence.id::text, jsonb_build_object(
                 'uuid', claim_evidence.id, 'claim_uuid', claim_id, 'kind', kind, 'bytes', bytes,
                 'sha256', encode(sha256, 'hex'), 'uploaded_at', uploaded_at,
                 'deleted_after', delete_after)
             FROM claims JOIN claim_evidence ON claim_id = claims.id
             WHERE user_id = ? AND uploaded_at IS NOT NULL AND claim_evidence.id::text > ?
             ORDER BY claim_evidence.id::text LIMIT ?"
        }
        AlumniPart::AlumniRecord => {
            "SELECT record.id::text, jsonb_build_object(
                 'surname', surname, 'given_names', given_names, 'previous_names', previous_names,
                 'email', email, 'phone', phone, 'date_of_birth', date_of_birth,
                 'awards', (
                     SELECT coalesce(jsonb_agg(jsonb_build_object(
                         'matric', matric_raw, 'degree', degrees.name, 'programme', programmes.name,
                         'department', departments.name, 'year', year,
                         'class_of_degree', class_of_degree) ORDER BY year, awards.id), '[]')
                     FROM awards JOIN degrees ON degrees.id = awards.degree_id
                     LEFT JOIN programmes ON programmes.id = awards.programme_id
                     LEFT JOIN departments ON departments.id = awards.department_id
                     WHERE awards.record_id = record.id))
             FROM claims JOIN alumni_records AS record ON record.id = claims.record_id
             WHERE claims.user_id = ? AND claims.state = 'verified' AND record.id::text > ?
             ORDER BY record.id::text LIMIT ?"
        }
        AlumniPart::Profile => {
            "SELECT p.user_id::text, jsonb_build_object(
                 'preferred_name', preferred_name, 'headline', headline, 'bio', bio,
                 'country', c.name, 'state', s.name, 'city', city, 'industry', i.name,
                 'slug', slug, 'allow_indexing', allow_indexing, 'listed', is_listed,
                 'created_at', p.created_at, 'last_modified', p.last_modified)
             FROM profiles p
             LEFT JOIN countries c ON c.id = country_id
             LEFT JOIN states s ON s.id = state_id
             LEFT JOIN industries i ON i.id = industry_id
             WHERE p.user_id = ? AND p.user_id::text > ? LIMIT ?"
        }
        AlumniPart::PrivacyLevels => {
            "SELECT field, jsonb_build_object('field', field, 'level', level)
             FROM field_visibility WHERE user_id = ? AND field > ? ORDER BY field LIMIT ?"
        }
        AlumniPart::Experiences => {
            "SELECT e.id::text, jsonb_build_object(
                 'uuid', e.id, 'employer', m.name, 'title', title,
                 'started', to_char(started, 'YYYY-MM'), 'ended', to_char(ended, 'YYYY-MM'),
                 'is_current', is_current)
             FROM experiences e LEFT JOIN employers m ON m.id = employer_id
             WHERE e.user_id = ? AND e.id::text > ? ORDER BY e.id::text LIMIT ?"
        }
        AlumniPart::Educations => {
            "SELECT id::text, jsonb_build_object(
                 'uuid', id, 'institution', institution, 'degree', degree, 'field', field,
                 'from_year', from_year, 'to_year', to_year)
             FROM educations WHERE user_id = ? AND id::text > ? ORDER BY id::text LIMIT ?"
        }
        AlumniPart::Skills => {
            "SELECT s.name_key, jsonb_build_object('name', s.name)
             FROM profile_skills p JOIN skills s ON s.id = skill_id
             WHERE p.user_id = ? AND s.name_key > ? ORDER BY s.name_key LIMIT ?"
        }
        AlumniPart::Links => {
            "SELECT id::text, jsonb_build_object(
                 'uuid', id, 'kind', kind, 'url', url, 'created_at', created_at)
             FROM profile_links WHERE user_id = ? AND id::text > ? ORDER BY id::text LIMIT ?"
        }
    }
}
