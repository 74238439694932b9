INSERT INTO record_field_sources (record_id, award_id, field, source, import_id, actor_id, changed_at)
SELECT b.record_id, b.award_id, b.field, b.source, b.import_id, b.actor_id, b.changed_at
FROM import_changes c
CROSS JOIN LATERAL jsonb_populate_recordset(NULL::record_field_sources, c.before -> 'sources') AS b
WHERE c.import_id = ? AND NOT EXISTS (SELECT FROM import_blocked o WHERE o.record_id = c.record_id)
