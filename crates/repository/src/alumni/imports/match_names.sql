-- Equal names in one class: two people, if both have matriculation numbers.
INSERT INTO import_matches (line, record_id, award_id, is_preferred, is_by_email)
SELECT r.line, p.id, a.id, false, false
FROM import_rows r
JOIN (alumni_records p JOIN awards a ON a.record_id = p.id)
  ON p.name_tokens = r.name_tokens AND a.year = r.year AND a.degree_id = r.degree_id
 AND coalesce(a.department_id, -1::smallint) = coalesce(r.department_id, -1::smallint)
 AND (r.matric_norm IS NULL OR a.matric_norm IS NULL)
WHERE r.import_id = ? AND r.defects = '{}'
  AND NOT EXISTS (SELECT FROM import_repeats o WHERE o.line = r.line)
  AND NOT EXISTS (SELECT FROM import_matches m WHERE m.line = r.line)
