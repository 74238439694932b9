-- Of ready lines, and of lines that give a known person another award.
INSERT INTO awards (id, record_id, programme_id, department_id, degree_id, year, class_of_degree, matric_raw, matric_norm, created_by_import, created_at, last_modified)
SELECT v.award_id, v.record_id, r.programme_id, r.department_id, r.degree_id, r.year, r.class_of_degree, r.matric_raw, r.matric_norm,
       r.import_id, n.now, n.now
FROM (SELECT ?::timestamptz AS now) AS n, import_verdicts v JOIN import_rows r USING (import_id, line)
WHERE v.import_id = ? AND (v.state = 'ready' OR v.state = 'will_update' AND jsonb_exists(v.diff -> 'changed', 'award'))
ORDER BY v.record_id
