DELETE FROM alumni_records p
WHERE p.created_by_import = ? AND NOT EXISTS (SELECT FROM import_blocked o WHERE o.record_id = p.id)
