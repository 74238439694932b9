-- What the office did, what imports overwrote, and the import that created the record.
SELECT at, kind, actor_id, import_id, merge_id, before FROM (
    SELECT at, kind, actor_id, NULL::uuid AS import_id, merge_id, before, id AS place
    FROM record_events WHERE record_id = ?
    UNION ALL
    SELECT coalesce(i.committed_at, i.last_modified), 'changed', i.committed_by, c.import_id, NULL,
           (c.before -> 'record') - 'name_tokens', 0
    FROM import_changes c JOIN imports i ON i.id = c.import_id WHERE c.record_id = ?
    UNION ALL
    SELECT p.created_at, 'created', i.committed_by, p.created_by_import, NULL, '{}', -1
    FROM alumni_records p JOIN imports i ON i.id = p.created_by_import WHERE p.id = ?
) AS events
ORDER BY at DESC, place DESC LIMIT ?
