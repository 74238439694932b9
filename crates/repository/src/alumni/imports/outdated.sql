-- Lines whose verdict the register has outrun: the record changed, or one appeared for a ready line. A ready line
-- matched nothing when it was judged, so only what was changed later can match it.
WITH recent AS (
    SELECT p.id, p.name_tokens, lower(p.email) AS email FROM alumni_records p, imports i
    WHERE i.id = ? AND p.last_modified >= i.judged_at - interval '1 hour' AND p.state <> 'merged'
), ready AS (
    SELECT r.* FROM import_rows r JOIN import_verdicts v USING (import_id, line)
    WHERE r.import_id = ? AND v.state = 'ready' AND EXISTS (SELECT FROM recent)
)
SELECT line FROM (
    SELECT v.line FROM import_verdicts v LEFT JOIN alumni_records p ON p.id = v.record_id
    WHERE v.import_id = ? AND v.state IN ('will_update', 'unchanged')
      AND (p.version IS DISTINCT FROM v.record_version OR p.state <> 'active')
    UNION
    SELECT r.line FROM ready r JOIN awards a ON a.matric_norm = r.matric_norm AND a.degree_id = r.degree_id
    JOIN recent p ON p.id = a.record_id
    UNION
    SELECT r.line FROM ready r JOIN recent p ON p.email = lower(r.email)
    UNION
    SELECT r.line FROM ready r JOIN recent p ON p.name_tokens = r.name_tokens
    JOIN awards a ON a.record_id = p.id AND a.year = r.year AND a.degree_id = r.degree_id
     AND coalesce(a.department_id, -1::smallint) = coalesce(r.department_id, -1::smallint)
     AND (r.matric_norm IS NULL OR a.matric_norm IS NULL)
) AS outdated
ORDER BY line LIMIT ?
