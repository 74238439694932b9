DELETE FROM record_field_sources s USING import_changes c
WHERE c.import_id = ? AND s.record_id = c.record_id
  AND NOT EXISTS (SELECT FROM import_blocked o WHERE o.record_id = c.record_id)
