//! What profiles hold about a user, for a copy of their data.

use abu_application::alumni::ports::AlumniPart;

pub(super) fn query_of(part: AlumniPart) -> &'static str {
    match part {
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
