-- The record of the address, and its award of the degree in that year or under that number. There may be none.
INSERT INTO import_matches (line, record_id, award_id, is_preferred, is_by_email)
SELECT r.line, p.id, a.id, coalesce(a.matric_norm = r.matric_norm, false), true
FROM import_rows r
JOIN alumni_records p ON lower(p.email) = lower(r.email) AND p.email IS NOT NULL AND p.state <> 'merged'
LEFT JOIN awards a ON a.record_id = p.id AND a.degree_id = r.degree_id
                  AND (a.year = r.year OR a.matric_norm = r.matric_norm)
WHERE r.import_id = ? AND r.defects = '{}' AND r.email IS NOT NULL
  AND NOT EXISTS (SELECT FROM import_repeats o WHERE o.line = r.line)
  AND NOT EXISTS (SELECT FROM import_matches m WHERE m.line = r.line)
