UPDATE awards a SET
    year = CASE WHEN jsonb_exists(c.fields, 'year') THEN r.year ELSE a.year END,
    matric_raw = CASE WHEN jsonb_exists(c.fields, 'matric') THEN r.matric_raw ELSE a.matric_raw END,
    matric_norm = CASE WHEN jsonb_exists(c.fields, 'matric') THEN r.matric_norm ELSE a.matric_norm END,
    department_id = CASE WHEN jsonb_exists(c.fields, 'department') THEN r.department_id ELSE a.department_id END,
    programme_id = CASE WHEN jsonb_exists(c.fields, 'programme') THEN r.programme_id ELSE a.programme_id END,
    class_of_degree = CASE WHEN jsonb_exists(c.fields, 'class_of_degree') THEN r.class_of_degree ELSE a.class_of_degree END,
    version = a.version + 1, last_modified = n.now
FROM (SELECT ?::timestamptz AS now) AS n, import_rows r
JOIN import_verdicts v USING (import_id, line)
CROSS JOIN LATERAL (SELECT v.diff -> 'changed' AS fields) AS c
WHERE v.import_id = ? AND v.state = 'will_update' AND a.id = v.award_id
  AND c.fields - '{names,email,phone,date_of_birth,award}'::text[] <> '{}'
