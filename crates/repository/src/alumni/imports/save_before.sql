INSERT INTO import_changes (import_id, record_id, before, after_version)
SELECT v.import_id, p.id,
       jsonb_build_object(
           'record', jsonb_build_object(
               'surname', p.surname, 'given_names', p.given_names, 'name_tokens', to_jsonb(p.name_tokens),
               'email', p.email, 'phone', p.phone, 'date_of_birth', p.date_of_birth),
           'awards', (SELECT coalesce(jsonb_agg(to_jsonb(a)), '[]') FROM awards a WHERE a.record_id = p.id),
           'sources', (SELECT coalesce(jsonb_agg(to_jsonb(s)), '[]') FROM record_field_sources s WHERE s.record_id = p.id)),
       p.version + 1
FROM (SELECT DISTINCT import_id, record_id FROM import_verdicts WHERE import_id = ? AND state = 'will_update') AS v
JOIN alumni_records p ON p.id = v.record_id
