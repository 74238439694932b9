-- A merge may have moved an award to a record that the import neither made nor changed: it stays there.
DELETE FROM awards a
WHERE a.created_by_import = ?
  AND NOT EXISTS (SELECT FROM import_blocked o WHERE o.record_id = a.record_id)
  AND (EXISTS (SELECT FROM alumni_records p WHERE p.id = a.record_id AND p.created_by_import = a.created_by_import)
       OR EXISTS (SELECT FROM import_changes c WHERE c.import_id = a.created_by_import AND c.record_id = a.record_id))
