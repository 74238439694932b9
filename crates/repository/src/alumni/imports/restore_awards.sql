UPDATE awards a SET
    year = b.year, matric_raw = b.matric_raw, matric_norm = b.matric_norm, department_id = b.department_id, programme_id = b.programme_id,
    class_of_degree = b.class_of_degree, version = a.version + 1, last_modified = n.now
FROM (SELECT ?::timestamptz AS now) AS n, import_changes c
CROSS JOIN LATERAL jsonb_populate_recordset(NULL::awards, c.before -> 'awards') AS b
WHERE c.import_id = ? AND a.id = b.id AND a.version <> b.version
  AND NOT EXISTS (SELECT FROM import_blocked o WHERE o.record_id = c.record_id)
