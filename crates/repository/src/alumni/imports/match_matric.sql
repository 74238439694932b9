INSERT INTO import_matches (line, record_id, award_id, is_preferred, is_by_email)
SELECT r.line, a.record_id, a.id, a.year = r.year, false
FROM import_rows r
JOIN awards a ON a.matric_norm = r.matric_norm AND a.degree_id = r.degree_id
WHERE r.import_id = ? AND r.defects = '{}' AND r.matric_norm IS NOT NULL
  AND NOT EXISTS (SELECT FROM import_repeats p WHERE p.line = r.line)
