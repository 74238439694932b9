INSERT INTO record_field_sources (record_id, award_id, field, source, import_id, changed_at)
SELECT DISTINCT v.record_id, f.award_id, f.field, 'import', v.import_id, n.now
FROM (SELECT ?::timestamptz AS now) AS n, import_verdicts v
CROSS JOIN LATERAL (
    SELECT CASE WHEN k IN ('names', 'email', 'phone', 'date_of_birth') THEN NULL ELSE v.award_id END AS award_id,
           unnest(CASE k WHEN 'names' THEN '{surname,given_names}'::text[] ELSE ARRAY[k] END) AS field
    FROM jsonb_object_keys(v.diff -> 'changed') AS k WHERE k <> 'award'
) AS f
WHERE v.import_id = ? AND v.state = 'will_update'
ON CONFLICT ON CONSTRAINT record_field_sources_key
DO UPDATE SET source = 'import', import_id = excluded.import_id, actor_id = NULL, changed_at = excluded.changed_at
