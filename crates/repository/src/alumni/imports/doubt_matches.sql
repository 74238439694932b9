-- A number or an address alone proves no identity: the names must agree, and the award must not contradict.
UPDATE import_matches m SET doubt = d.code
FROM (
    SELECT m.ctid AS place, CASE
        WHEN p.state <> 'active' THEN 'restricted'
        WHEN NOT p.name_tokens && r.name_tokens THEN 'other-name'
        WHEN NOT m.is_by_email THEN NULL
        WHEN NOT (p.name_tokens <@ r.name_tokens OR r.name_tokens <@ p.name_tokens) THEN 'other-name'
        WHEN a.matric_norm <> r.matric_norm THEN 'other-matric'
        WHEN m.award_id IS NULL AND EXISTS (
            SELECT FROM awards o
            WHERE o.record_id = m.record_id AND o.degree_id = r.degree_id AND o.department_id = r.department_id
              AND (o.matric_norm IS NULL OR r.matric_norm IS NULL)) THEN 'other-year'
        END AS code
    FROM import_matches m
    JOIN import_rows r ON r.line = m.line
    JOIN alumni_records p ON p.id = m.record_id
    LEFT JOIN awards a ON a.id = m.award_id
    WHERE r.import_id = ? AND m.doubt IS NULL
) AS d
WHERE m.ctid = d.place AND d.code IS NOT NULL
