DELETE FROM awards a
WHERE a.created_by_import = ? AND NOT EXISTS (SELECT FROM import_blocked o WHERE o.record_id = a.record_id)
