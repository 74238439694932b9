-- In the order of the rules: defects, repeats, doubts, differences. New ids have the form of version 7 and the order of
-- the lines, so that the commit fills each page of an index once.
WITH ids AS MATERIALIZED (
    SELECT lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7' AS first
), rows AS (
    SELECT r.*, ids.first || lpad(to_hex(r.line >> 12 & 4095), 3, '0') || '8' || lpad(to_hex(r.line & 4095), 3, '0') AS ordered
    FROM import_rows r, ids WHERE r.import_id = ?
)
INSERT INTO import_verdicts (import_id, line, state, reasons, record_id, award_id, record_version, diff)
SELECT r.import_id, r.line,
       CASE WHEN r.defects <> '{}' THEN
                CASE WHEN EXISTS (SELECT FROM unnest(r.defects) AS defect
                                  WHERE split_part(defect, ':', 2) NOT IN ('unknown', 'ambiguous'))
                     THEN 'malformed' ELSE 'unknown_value' END
            WHEN again.is_alike OR same.first < r.line THEN 'duplicate_in_file'
            WHEN again.line IS NOT NULL OR m.doubt IS NOT NULL THEN 'conflict'
            WHEN m.line IS NULL THEN 'ready'
            WHEN d.changed IS NOT NULL THEN 'will_update'
            ELSE 'unchanged' END,
       CASE WHEN r.defects <> '{}' THEN r.defects
            WHEN again.is_alike OR same.first < r.line THEN ARRAY['same-as-line:' || coalesce(again.first, same.first)]
            WHEN again.line IS NOT NULL THEN ARRAY['matric-of-line:' || again.first]
            WHEN m.doubt IS NOT NULL THEN ARRAY[m.doubt]
            WHEN d.kept IS NOT NULL THEN ARRAY['kept']
            ELSE '{}' END,
       CASE WHEN r.defects <> '{}' OR again.line IS NOT NULL THEN NULL ELSE coalesce(m.record_id, (r.ordered || right(gen_random_uuid()::text, 12))::uuid) END,
       CASE WHEN r.defects <> '{}' OR again.line IS NOT NULL THEN NULL ELSE coalesce(m.award_id, (r.ordered || right(gen_random_uuid()::text, 12))::uuid) END,
       p.version,
       CASE WHEN d.line IS NOT NULL THEN jsonb_build_object('changed', coalesce(d.changed, '{}'), 'kept', coalesce(d.kept, '{}')) END
FROM rows r
LEFT JOIN import_repeats again ON again.line = r.line
LEFT JOIN import_matches m ON m.line = r.line
LEFT JOIN alumni_records p ON p.id = m.record_id
LEFT JOIN import_differences d ON d.line = r.line
LEFT JOIN import_shared same ON same.award_id = m.award_id
