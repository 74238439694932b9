-- An empty cell changes nothing. Of several lines on one record, the first one alone changes the record itself.
INSERT INTO import_differences (line, changed, kept)
SELECT d.line,
       jsonb_object_agg(f.field, f.change) FILTER (WHERE NOT f.is_kept),
       jsonb_object_agg(f.field, f.change) FILTER (WHERE f.is_kept)
FROM (
    SELECT r.line, m.record_id, m.award_id, coalesce(o.first < r.line, false) AS is_later, r, p, a
    FROM import_rows r
    JOIN import_matches m ON m.line = r.line AND m.doubt IS NULL
    JOIN alumni_records p ON p.id = m.record_id
    LEFT JOIN awards a ON a.id = m.award_id
    LEFT JOIN import_shared o ON o.record_id = m.record_id AND o.award_id IS NULL
    WHERE r.import_id = ? AND (
        m.award_id IS NULL
        OR (r.surname, r.given_names) IS DISTINCT FROM (p.surname, p.given_names)
        OR r.email IS NOT NULL AND lower(r.email) IS DISTINCT FROM lower(p.email)
        OR r.phone IS NOT NULL AND r.phone IS DISTINCT FROM p.phone
        OR r.date_of_birth IS NOT NULL AND r.date_of_birth IS DISTINCT FROM p.date_of_birth
        OR r.year <> a.year
        OR r.matric_norm IS NOT NULL AND r.matric_norm IS DISTINCT FROM a.matric_norm
        OR r.department_id IS NOT NULL AND r.department_id IS DISTINCT FROM a.department_id
        OR r.programme_id IS NOT NULL AND r.programme_id IS DISTINCT FROM a.programme_id
        OR r.class_of_degree IS NOT NULL AND r.class_of_degree IS DISTINCT FROM a.class_of_degree)
) AS d
CROSS JOIN LATERAL (
    SELECT v.field, jsonb_build_object('before', v.before, 'after', v.after) AS change,
           v.field <> 'award' AND (v.owner IS NULL OR EXISTS (
               SELECT FROM record_field_sources s
               WHERE s.record_id = d.record_id AND s.award_id IS NOT DISTINCT FROM v.award_id
                 AND s.field = ANY (v.sources) AND s.source IN ('office', 'self'))) AS is_kept
    FROM (VALUES
        -- The tokens are of the whole name, so its parts change together.
        ('names', true, '{surname,given_names}'::text[], NULL::uuid, (d.p).created_by_import, (d.p).surname || ', ' || (d.p).given_names, (d.r).surname || ', ' || (d.r).given_names),
        ('email', true, '{email}', NULL, (d.p).created_by_import, lower((d.p).email), lower((d.r).email)),
        ('phone', true, '{phone}', NULL, (d.p).created_by_import, (d.p).phone, (d.r).phone),
        ('date_of_birth', true, '{date_of_birth}', NULL, (d.p).created_by_import, (d.p).date_of_birth::text, (d.r).date_of_birth::text),
        ('award', false, '{}', NULL, NULL, NULL,
            CASE WHEN d.award_id IS NULL THEN concat_ws(' ', (SELECT code FROM degrees WHERE id = (d.r).degree_id), (d.r).year) END),
        ('year', false, '{year}', d.award_id, (d.a).created_by_import, (d.a).year::text, (d.r).year::text),
        ('matric', false, '{matric}', d.award_id, (d.a).created_by_import, (d.a).matric_norm, (d.r).matric_norm),
        ('department', false, '{department}', d.award_id, (d.a).created_by_import,
            (SELECT code FROM departments WHERE id = (d.a).department_id), (SELECT code FROM departments WHERE id = (d.r).department_id)),
        ('programme', false, '{programme}', d.award_id, (d.a).created_by_import,
            (SELECT code FROM programmes WHERE id = (d.a).programme_id), (SELECT code FROM programmes WHERE id = (d.r).programme_id)),
        ('class_of_degree', false, '{class_of_degree}', d.award_id, (d.a).created_by_import, (d.a).class_of_degree, (d.r).class_of_degree)
    ) AS v (field, is_of_record, sources, award_id, owner, before, after)
    WHERE v.after IS DISTINCT FROM v.before AND v.after IS NOT NULL
      AND CASE WHEN v.is_of_record THEN NOT d.is_later WHEN v.field = 'award' THEN true ELSE d.award_id IS NOT NULL END
) AS f
GROUP BY d.line
